"""Pages of the desk: roster."""

from django.urls import URLPattern

routes: list[URLPattern] = []
