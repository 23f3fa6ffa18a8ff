"""Who: the studio itself, logins, the people it knows, and the households that pay for them."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import CheckConstraint, Q, Value
from django.db.models.functions import Concat, Lower, Replace
from django.utils.crypto import salted_hmac

from studio.people.rules import permissions
from studio.people.rules.permissions import Actor, Capability, Role

ROLE_CHOICES = [(role.value, words) for role, words in permissions.ROLE_WORDS.items()]


class StudioManager(models.Manager["Studio"]):
    def current(self) -> "Studio":
        """The one studio of this installation. A new installation gets a row with plain defaults."""
        studio, _ = self.get_or_create(pk=Studio.ONLY)
        return studio


class Studio(models.Model):
    """The business this installation belongs to. There is exactly one."""

    ONLY: ClassVar[int] = 1

    class Weekday(models.IntegerChoices):
        MONDAY = 0
        TUESDAY = 1
        WEDNESDAY = 2
        THURSDAY = 3
        FRIDAY = 4
        SATURDAY = 5
        SUNDAY = 6

    id = models.SmallIntegerField(primary_key=True, default=ONLY, editable=False)
    name = models.CharField(max_length=120, default="Studio")
    legal_name = models.CharField(max_length=200, blank=True)
    address = models.TextField(blank=True)
    tax_id = models.CharField(max_length=60, blank=True)
    time_zone = models.CharField(max_length=60, default="Europe/London")
    currency = models.CharField(max_length=3, default="GBP")
    locale = models.CharField(max_length=20, default="en-GB")
    week_starts_on = models.SmallIntegerField(choices=Weekday, default=Weekday.MONDAY)
    member_cancellation_enabled = models.BooleanField(default=True)
    invoice_due_days = models.PositiveSmallIntegerField(default=14)

    objects: ClassVar[StudioManager] = StudioManager()

    class Meta:
        verbose_name_plural = "studio"
        constraints = [
            CheckConstraint(name="there_is_one_studio", condition=Q(id=1)),
            CheckConstraint(name="week_starts_on_a_weekday", condition=Q(week_starts_on__range=(0, 6))),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A login. Without a password it can sign in only by an e-mailed code, until one is set."""
        if not email:
            raise ValueError("A login needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """The owner of the installation, who may also open Django's own admin."""
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A login: an e-mail address and how to prove it. What its owner may do comes from their Person."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    # Part of what keeps a browser signed in: raising it signs the user out everywhere.
    sign_in_generation = models.PositiveIntegerField(default=0)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [CheckConstraint(name="login_email_is_lower_case", condition=Q(email=Lower("email")))]

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Whether Django's own admin opens for them: only for the owner of the installation."""
        return self.is_superuser

    def get_session_auth_hash(self) -> str:
        return self._sign_in_hash()

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._sign_in_hash(secret)

    def _sign_in_hash(self, secret: str | None = None) -> str:
        value = f"{self.password}:{self.sign_in_generation}"
        return salted_hmac("studio.people.User.sign_in", value, secret=secret, algorithm="sha256").hexdigest()


class Household(models.Model):
    """People whose bills go to one payer."""

    name = models.CharField(max_length=120)
    payer = models.ForeignKey("people.Person", on_delete=models.PROTECT, related_name="pays_for")

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, actor: Actor) -> Self:
        """People whose details this actor may read.

        The desk sees everyone. Everyone else sees themselves and those they pay for; who is on a
        practitioner's own rosters is a question for the floor that knows sessions.
        """
        if actor.may(Capability.SEE_PEOPLE):
            return self
        if actor.person_id is None:
            return self.none()
        return self.filter(Q(pk=actor.person_id) | Q(household__payer=actor.person_id))

    def active(self) -> Self:
        return self.filter(is_active=True)

    def practitioners(self) -> Self:
        """People who may be asked to give a session."""
        return self.filter(role=Role.PRACTITIONER)

    def lock(self, person_id: int) -> "Person":
        """One person, held until the transaction ends."""
        return self.select_for_update(no_key=True).get(pk=person_id)


class Person(models.Model):
    """Anyone the business knows: member, practitioner, staff, child. May have a login."""

    user = models.OneToOneField(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="person")
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=20, choices=ROLE_CHOICES, default=Role.MEMBER.value)
    # Granted beside what the role brings: values of Capability. No choices, so a new one is no migration.
    capabilities = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    household = models.ForeignKey(
        Household, null=True, blank=True, on_delete=models.SET_NULL, related_name="people"
    )
    is_active = models.BooleanField(default=True)
    # Beside the studio's own setting: one person may lose the right to cancel by themselves.
    may_cancel = models.BooleanField(default=True)
    joined_on = models.DateField(null=True, blank=True)
    # What the desk types when it looks for someone: name, address or phone, in any order and case.
    search_text = models.GeneratedField(
        # The output field is named here, because Postgres columns of two types meet in it.
        expression=Lower(
            Concat(
                "name",
                Value(" "),
                "email",
                Value(" "),
                Replace("phone", Value(" ")),
                output_field=models.TextField(),
            )
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects: ClassVar[models.Manager["Person"]] = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            CheckConstraint(name="person_has_a_name", condition=~Q(name="")),
            CheckConstraint(name="person_role_is_known", condition=Q(role__in=[role.value for role in Role])),
        ]
        indexes = [
            GinIndex(OpClass("search_text", name="gin_trgm_ops"), name="person_search_text_trigram"),
            models.Index(Lower("name"), "id", name="person_by_name"),
            models.Index(fields=["role", "is_active"], name="person_by_role"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def actor(self) -> Actor:
        """This person as the one who acts. Someone deactivated may do nothing."""
        if not self.is_active:
            return Actor(person_id=self.pk, role=Role(self.role))
        return Actor(
            person_id=self.pk,
            role=Role(self.role),
            capabilities=permissions.capabilities_of(Role(self.role), self.capabilities),
        )
