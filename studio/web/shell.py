"""The frame around all pages: the choice of theme, and the pages for when something is not there or broke."""

from __future__ import annotations

import logging
import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from studio.web import context, refusal_pages
from studio.web.requests import Request

log = logging.getLogger(__name__)

ONE_YEAR = 365 * 24 * 3600  # seconds


def choose_theme(request: Request) -> HttpResponse:
    """Keep the theme in a cookie, so that the next page is right from its first byte, and go back."""
    chosen = request.POST.get("theme", "auto")
    back = refusal_pages.safe_next(request, request.POST.get("next")) or "/"
    answer = HttpResponseRedirect(back)
    if chosen in context.THEMES:
        answer.set_cookie(
            context.THEME_COOKIE, chosen, max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure()
        )
    return answer


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "shell/404.html", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """500: leans on nothing that may be what failed (no database, no context), and names a code to quote."""
    code = uuid.uuid4().hex[:6].upper()
    log.error("Page failed, code %s: %s", code, request.path)
    return HttpResponse(loader.get_template("shell/500.html").render({"code": code}), status=500)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page was open too long, or under another sign-in: nothing was done; load it again."""
    return render(request, "shell/form_expired.html", status=403)
