"""The web door: gunicorn serves ``studio.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
# Only the web process pools its connections and limits its statements; settings read this.
os.environ.setdefault("STUDIO_PROCESS", "web")

application = get_wsgi_application()
