"""Pages of the desk: sessions."""

from django.urls import URLPattern

routes: list[URLPattern] = []
