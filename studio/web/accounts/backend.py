"""Who a session or a password belongs to, read together with the person in one query."""

from allauth.account.auth_backends import AuthenticationBackend

from studio.people.models import User


class SignInBackend(AuthenticationBackend):
    """Sign-in by e-mail address; an inactive login or person is nobody."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("person__household").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def user_can_authenticate(self, user: User) -> bool:
        person = getattr(user, "person", None)
        return user.is_active and (person is None or person.is_active)
