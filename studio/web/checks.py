"""What ``manage.py check`` asks of the doors."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, Tags, register

from studio.web import routes


@register(Tags.urls)
def every_address_has_a_policy(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[Error]:
    """An address without a declared policy is an error: nobody would have decided who may use it."""
    return [Error(routes.undeclared_message(pattern), id="web.E001") for pattern in routes.undeclared()]
