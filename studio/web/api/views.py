"""What all addresses of the API share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import generics, mixins
from rest_framework.response import Response

from studio.web.api.requests import Request
from studio.web.routes import Policy

if TYPE_CHECKING:
    _Base = generics.GenericAPIView[Any]
else:
    _Base = generics.GenericAPIView


class View(_Base):
    """One address: guarded by its declared policy, answering in JSON, its lists paged in one total order."""

    request: Request
    ordering: tuple[str, ...] = ("-pk",)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are."""
        return Response(status=204)

    @property
    def default_response_headers(self) -> dict[str, str]:
        """The policy's methods are the view's."""
        headers: dict[str, str] = super().default_response_headers
        match = self.request.resolver_match
        policy = getattr(match.func, "policy", None) if match else None
        if isinstance(policy, Policy):
            headers["Allow"] = ", ".join(policy.allowed_methods)
        return headers


class Listed(mixins.ListModelMixin, View):
    """A list."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.list(request, *args, **kwargs)


class One(mixins.RetrieveModelMixin, View):
    """One of them, by the code in its address."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.retrieve(request, *args, **kwargs)
