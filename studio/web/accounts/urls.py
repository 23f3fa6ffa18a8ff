"""Addresses of signing in. Allauth's own names, one by one: what is not listed is not served."""

from allauth.account import views as account
from allauth.mfa.base import views as second_step
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as app

from studio.web.accounts import invitations, views
from studio.web.routes import PUBLIC, SIGNED_IN, in_sign_in, route, route_matching

ANYONE = PUBLIC.on("GET", "POST")
# Open to staff who are still setting up their authenticator app, or leaving.
SELF = in_sign_in(SIGNED_IN.on("GET", "POST"))
SELF_READING = in_sign_in(SIGNED_IN)
RESET_KEY = r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$"

urlpatterns = [
    route("login/", account.login, name="account_login", policy=ANYONE),
    route("login/code/", account.request_login_code, name="account_request_login_code", policy=ANYONE),
    route(
        "login/code/confirm/", account.confirm_login_code, name="account_confirm_login_code", policy=ANYONE
    ),
    route("logout/", account.logout, name="account_logout", policy=ANYONE),
    route("inactive/", account.account_inactive, name="account_inactive", policy=PUBLIC),
    route("signup/", account.signup, name="account_signup", policy=ANYONE),
    route(
        "confirm-email/",
        views.confirm_address,
        name="account_email_verification_sent",
        policy=ANYONE,
    ),
    route("reauthenticate/", account.reauthenticate, name="account_reauthenticate", policy=SELF),
    route("password/change/", account.password_change, name="account_change_password", policy=SELF),
    route("password/set/", account.password_set, name="account_set_password", policy=SELF),
    route("password/reset/", account.password_reset, name="account_reset_password", policy=ANYONE),
    route(
        "password/reset/done/", account.password_reset_done, name="account_reset_password_done", policy=PUBLIC
    ),
    route_matching(
        RESET_KEY, account.password_reset_from_key, name="account_reset_password_from_key", policy=ANYONE
    ),
    route(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
        policy=PUBLIC,
    ),
    route("invitation/<str:token>/", invitations.accept, name="invitation", policy=ANYONE),
    route("2fa/", second_step.index, name="mfa_index", policy=SELF_READING),
    route("2fa/authenticate/", second_step.authenticate, name="mfa_authenticate", policy=ANYONE),
    route("2fa/reauthenticate/", second_step.reauthenticate, name="mfa_reauthenticate", policy=SELF),
    route("2fa/totp/activate/", app.activate_totp, name="mfa_activate_totp", policy=SELF),
    route("2fa/totp/deactivate/", app.deactivate_totp, name="mfa_deactivate_totp", policy=SELF),
    route(
        "2fa/recovery-codes/",
        recovery_codes.view_recovery_codes,
        name="mfa_view_recovery_codes",
        policy=SELF_READING,
    ),
    route(
        "2fa/recovery-codes/generate/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
        policy=SELF,
    ),
    route(
        "2fa/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
        policy=SELF_READING,
    ),
]
