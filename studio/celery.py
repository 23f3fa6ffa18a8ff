"""The Celery application and the timetable of all background work.

The broker holds nudges only: due work is a query over rows, so a missed tick or a flushed
broker loses nothing. A task may run twice, late or in parallel with the same end state.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

app = Celery("studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# name of the tick -> task by name and period in seconds. Each task asks the database what is due.
app.conf.beat_schedule = {
    "expand series": {"task": "sessions_app.tasks.expand_series", "schedule": 30.0},
    "grant settled dues": {"task": "memberships.tasks.grant_settled_dues", "schedule": 60.0},
    "expire credits": {"task": "memberships.tasks.expire_credits", "schedule": 3600.0},
    "issue due invoices": {"task": "billing.tasks.issue_due_invoices", "schedule": 30.0},
    "write and send messages": {"task": "studio.notifications.tasks.write_and_send", "schedule": 15.0},
}
