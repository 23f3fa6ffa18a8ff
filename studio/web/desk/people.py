"""Pages of the desk: people."""

from django.urls import URLPattern

routes: list[URLPattern] = []
