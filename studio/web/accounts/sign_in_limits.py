"""How long a sign-in lasts. The desk's is short: its computer stands where visitors pass."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.contrib.auth import logout

from studio.web.requests import Request

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
# Writing "still here" on every page would cost each of them an update.
SEEN_EVERY = timedelta(minutes=5)


def start(request: Request) -> None:
    """Begin counting; called at every sign-in."""
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = request.now.timestamp()


def is_fresh(request: Request) -> bool:
    """Whether they signed in so lately that asking for the password again would prove nothing."""
    if SIGNED_IN_AT not in request.session:
        return False
    age = request.now - _moment(request, SIGNED_IN_AT)
    return age < timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def end_if_over(request: Request) -> None:
    """Sign the team out after a quiet half hour or a long day. Members keep the cookie's two weeks."""
    if not request.user.is_authenticated:
        return
    person = getattr(request.user, "person", None)
    if person is None or not person.actor.is_desk or SIGNED_IN_AT not in request.session:
        return
    now = request.now
    seen_at = _moment(request, SEEN_AT)
    quiet_too_long = now - seen_at > settings.STUDIO_DESK_IDLE + SEEN_EVERY
    day_over = now - _moment(request, SIGNED_IN_AT) > settings.STUDIO_DESK_DAY
    if quiet_too_long or day_over:
        logout(request)
    elif now - seen_at > SEEN_EVERY:
        request.session[SEEN_AT] = now.timestamp()


def _moment(request: Request, name: str) -> datetime:
    return datetime.fromtimestamp(request.session[name], tz=UTC)
