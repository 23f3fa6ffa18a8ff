"""The declared policy, asked by Django REST framework after it has read the token or the session."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from studio.web import middleware
from studio.web.routes import Policy


class DeclaredPolicy(BasePermission):
    """Admits whom the address's policy admits. An address mounted without one admits nobody."""

    message = "You may not do this. An admin can give you the permission."

    def has_permission(self, request: Request, view: APIView) -> bool:
        # The token was read after the middleware ran: work out again who asks.
        middleware.know(request._request)  # type: ignore[arg-type]
        match = request.resolver_match
        policy = getattr(match.func, "policy", None) if match else None
        return isinstance(policy, Policy) and policy.admits(request._request)  # type: ignore[arg-type]
