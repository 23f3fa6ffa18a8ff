"""Pages of the desk: today."""

from django.urls import URLPattern

routes: list[URLPattern] = []
