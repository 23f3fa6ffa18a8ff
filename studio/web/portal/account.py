"""The member's own account: how they are called and reached, and how they sign in."""

from __future__ import annotations

from allauth.account.decorators import reauthentication_required
from django import forms as django_forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from memberships.domain import people
from studio.lib.refusals import Refused
from studio.people.models import Person
from studio.web import toasts
from studio.web.portal import forms
from studio.web.requests import Request
from studio.web.routes import SIGNED_IN, route


def account(request: Request) -> HttpResponse:
    """Everything that is theirs to change, one link each."""
    return render(
        request, "portal/account.html", {"me": _me(request), "has_password": _has_password(request)}
    )


def details(request: Request) -> HttpResponse:
    """Name and phone."""
    me = _me(request)
    form = forms.DetailsForm(request.POST or None, initial={"name": me.name, "phone": me.phone})
    if request.method == "POST" and form.is_valid():
        try:
            people.edit(
                person_id=me.pk,
                name=form.cleaned_data["name"],
                phone=form.cleaned_data["phone"],
                email=me.email,
                by=request.actor,
                at=request.now,
                key=request.POST.get("key") or None,
            )
        except Refused as refused:
            _show(refused, form)
        else:
            toasts.tell(request, "Your details are saved.")
            return redirect("portal:account")
    return _form_page(request, form, title="Your details")


@reauthentication_required
def address(request: Request) -> HttpResponse:
    """The e-mail address, which opens the account: asked for the password first, signed out after."""
    me = _me(request)
    form = forms.AddressForm(request.POST or None, initial={"email": me.email})
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"].lower()
        try:
            people.edit(
                person_id=me.pk,
                name=me.name,
                phone=me.phone,
                email=email,
                by=request.actor,
                at=request.now,
                key=request.POST.get("key") or None,
            )
        except Refused as refused:
            _show(refused, form)
        else:
            if email != me.email:
                toasts.tell(request, f"Your address is now {email}. Sign in with it.")
            return redirect("portal:account")
    return _form_page(request, form, title="Your e-mail address")


routes = [
    route("me/", account, name="account", policy=SIGNED_IN),
    route("me/details/", details, name="details", policy=SIGNED_IN.on("GET", "POST")),
    route("me/email/", address, name="address", policy=SIGNED_IN.on("GET", "POST")),
]


def _form_page(request: Request, form: django_forms.Form, *, title: str) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "key": request.POST.get("key", ""),
        "crumbs": [("Account", reverse("portal:account"))],
    }
    return render(request, "portal/account_form.html", context, status=422 if form.is_bound else 200)


def _show(refused: Refused, form: django_forms.Form) -> None:
    """What the verb says, beside the field it is about."""
    for reason in refused.reasons:
        form.add_error(reason.field if reason.field in form.fields else None, str(reason))


def _has_password(request: Request) -> bool:
    user = _me(request).user
    return user is not None and user.has_usable_password()


def _me(request: Request) -> Person:
    assert request.person is not None  # the policy lets nobody else in
    return request.person
