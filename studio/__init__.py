"""Studio: booking, membership and billing for a gym or a studio."""

from studio.celery import app as celery_app

__all__ = ("celery_app",)
