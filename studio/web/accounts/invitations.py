"""Taking up an invitation. Its message is written by studio.notifications."""

from django.contrib.auth.hashers import make_password
from django.http import HttpResponse
from django.shortcuts import redirect, render

from memberships.domain import people
from studio.lib.refusals import Refused
from studio.people.queries import invitations
from studio.web.accounts.forms import ChoosePasswordForm
from studio.web.requests import Request


def accept(request: Request, token: str) -> HttpResponse:
    """The page behind the link: choose a password, then sign in with it."""
    try:
        user = invitations.invited(token, at=request.now)
    except Refused as refused:
        return _private(
            render(request, "account/invitation_over.html", {"reasons": refused.reasons}, status=410)
        )
    form = ChoosePasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        password_hash = make_password(form.cleaned_data["password"])
        people.accept_invitation(
            user_id=user.pk, password_hash=password_hash, by=user.person.actor, at=request.now
        )
        return redirect("account_login")
    status = 422 if form.is_bound else 200
    return _private(
        render(request, "account/invitation.html", {"form": form, "invited": user}, status=status)
    )


def _private(response: HttpResponse) -> HttpResponse:
    """The address itself is a secret: it must not stay in a cache.

    The site's policy keeps it out of Referer headers to others; "no-referrer" would go further, but then
    browsers hide where the form came from, and it could not be told from a forged one.
    """
    response["Cache-Control"] = "no-store, private"
    return response
