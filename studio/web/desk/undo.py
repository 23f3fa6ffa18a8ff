"""Pages of the desk: undo."""

from django.urls import URLPattern

routes: list[URLPattern] = []
