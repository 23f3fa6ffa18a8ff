"""Pages on the way in that allauth does not have quite as they are needed here."""

from allauth.account import views as account
from django.http import HttpResponse
from django.shortcuts import redirect

from studio.web.requests import Request


def confirm_address(request: Request) -> HttpResponse:
    """The code that proves an address, while signing in. Who is in already has nothing to confirm here."""
    if request.user.is_authenticated:
        return redirect("/")
    return account.email_verification_sent(request)
