"""The declared policy, asked by Django REST framework after it has read the token or the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from studio.web import middleware
from studio.web.routes import Entry, Policy

if TYPE_CHECKING:
    # The framework's views read this class while they are being imported.
    from rest_framework.views import APIView


class DeclaredPolicy(BasePermission):
    """Admits whom the address's policy admits. An address mounted without one admits nobody.

    A browser's sign-in counts only with the second step, where the studio asks for one; a token is not given
    without it.
    """

    message = "You may not do this. An admin can give you the permission."

    def has_permission(self, request: Request, view: APIView) -> bool:
        # The token was read after the middleware ran: work out again who asks.
        middleware.know(request._request)  # type: ignore[arg-type]
        match = request.resolver_match
        policy = getattr(match.func, "policy", None) if match else None
        if not isinstance(policy, Policy):
            return False
        method = request.method or ""
        if method not in policy.allowed_methods:
            raise MethodNotAllowed(method)
        if policy.entry is Entry.ANYONE:
            return True
        lacks_second_step = request._request.lacks_second_step  # type: ignore[attr-defined]
        if request.auth is None and request.user.is_authenticated and lacks_second_step:
            return False
        return policy.admits(request._request)  # type: ignore[arg-type]
