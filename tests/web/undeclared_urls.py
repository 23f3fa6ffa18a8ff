"""A site with an address nobody decided about."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("bare/", bare)]
