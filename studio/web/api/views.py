"""What all addresses of the API share."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework import generics
from rest_framework.response import Response

from studio.web.routes import Policy


class View(generics.GenericAPIView):
    """One address: guarded by its declared policy, answering in JSON, its lists paged in one total order."""

    ordering: tuple[str, ...] = ("-pk",)
    lookup_field = "pk"
    lookup_url_kwarg = "code"

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are."""
        return Response(status=204)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """The policy's methods are the view's."""
        headers: dict[str, str] = super().default_response_headers
        policy = getattr(getattr(self.request.resolver_match, "func", None), "policy", None)
        if isinstance(policy, Policy):
            headers["Allow"] = ", ".join(policy.allowed_methods)
        return headers


class ListView(View, generics.ListAPIView):
    """A list."""


class OneView(View, generics.RetrieveAPIView):
    """One of them, by its code."""
