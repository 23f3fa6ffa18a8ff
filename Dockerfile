# One image for web, worker, beat and migrate: the same code, another command.
FROM python:3.13-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements/runtime.txt /tmp/runtime.txt
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r /tmp/runtime.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=studio.settings \
    STUDIO_ENV=production \
    STATIC_ROOT=/app/staticfiles
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin studio
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
# Collecting files needs settings, not secrets: these values end with this line.
RUN SECRET_KEY=only-for-this-line-of-the-build-0123456789abcdef ALLOWED_HOSTS=build.example \
    DATABASE_URL=postgres://build.example/build python manage.py collectstatic --noinput
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=20s --retries=4 \
    CMD ["python", "-m", "studio.ops.healthcheck", "web"]
CMD ["gunicorn", "studio.wsgi:application", "--bind=0.0.0.0:8000", "--worker-class=gthread", \
     "--workers=2", "--threads=8", "--timeout=30", "--graceful-timeout=25", "--max-requests=20000", \
     "--max-requests-jitter=2000", "--worker-tmp-dir=/dev/shm", "--no-control-socket", \
     "--access-logfile=-", "--access-logformat=%(m)s %(U)s %(s)s %(M)s ms"]
