"""What the doors keep: how a program stays signed in."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from studio.people.models import User


class ApiToken(models.Model):
    """A program's sign-in. The token itself is shown once; only its hash is kept.

    It ends on its day, when it is revoked, and with everything that signs its owner out everywhere: a new
    password, another role, a closed account.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    sign_in_hash = models.CharField(max_length=64, help_text="What the login was like when it was made.")
    label = models.CharField(max_length=80, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_on = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="token_ends_after_it_is_made"
            )
        ]

    def __str__(self) -> str:
        return self.label or f"token {self.pk}"
