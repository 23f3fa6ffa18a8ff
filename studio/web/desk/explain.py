"""Pages of the desk: explain."""

from django.urls import URLPattern

routes: list[URLPattern] = []
