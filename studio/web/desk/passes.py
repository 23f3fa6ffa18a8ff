"""Pages of the desk: passes."""

from django.urls import URLPattern

routes: list[URLPattern] = []
