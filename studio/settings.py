"""Settings for every process of Studio, read from the environment.

``STUDIO_ENV`` is ``production``, ``demo``, ``test`` or ``development`` (the default, which answers on
loopback addresses only). Production refuses to start when a secret is missing or a switch is unsafe.
The variables are listed in ``docs/deploy.md``.
"""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO_DIR = Path(os.environ.get("STUDIO_DEMO_DIR", BASE_DIR / ".demo"))


def _flag(name: str, default: bool = False) -> bool:
    """A yes/no variable: 1, true, yes and on mean yes."""
    value = os.environ.get(name, "")
    return value.strip().lower() in {"1", "true", "yes", "on"} if value else default


def _words(name: str, default: str = "") -> list[str]:
    """A variable holding words separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def _secret(name: str, default: str = "") -> str:
    """A secret from the environment, or from the file that ``NAME_FILE`` points to."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get(name, default)


def _of_running_demo(name: str) -> str:
    """What a demo that runs from this folder left for commands in another terminal; empty without one."""
    state = DEMO_DIR / name
    return state.read_text().strip() if ENV == "development" and state.exists() else ""


ENV = os.environ.get("STUDIO_ENV", "development")
if ENV not in {"production", "demo", "test", "development"}:
    raise ImproperlyConfigured(f"STUDIO_ENV is {ENV!r}; use production, demo, test or development.")
IS_PRODUCTION = ENV == "production"
# The web process pools its connections and limits its statements; workers and commands do neither.
IS_WEB = os.environ.get("STUDIO_PROCESS") == "web"

# --- secrets and switches ----------------------------------------------------------------------------

DEFAULT_SECRET_KEY = "development-only-never-in-production-5e1b1c7b0f6d4d0f8f7f"
SECRET_KEY = _secret("SECRET_KEY", DEFAULT_SECRET_KEY)
SECRET_KEY_FALLBACKS = _words("SECRET_KEY_FALLBACKS")
DEBUG = _flag("STUDIO_DEBUG", default=ENV == "development")
ALLOWED_HOSTS = _words("ALLOWED_HOSTS", "" if IS_PRODUCTION else "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _words("CSRF_TRUSTED_ORIGINS")
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000")

STRIPE_SECRET_KEY = _secret("STRIPE_SECRET_KEY")
STRIPE_WEBHOOK_SECRETS = [part for part in _secret("STRIPE_WEBHOOK_SECRETS").split(",") if part]
STRIPE_LIVE = _flag("STRIPE_LIVE")

if IS_PRODUCTION:
    if SECRET_KEY == DEFAULT_SECRET_KEY or len(SECRET_KEY) < 40:
        raise ImproperlyConfigured("SECRET_KEY must be set to at least 40 random characters in production.")
    if DEBUG:
        raise ImproperlyConfigured("STUDIO_DEBUG must be off in production: it shows settings to visitors.")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS must name the addresses of this studio, for example "
            "ALLOWED_HOSTS=book.example.org."
        )
if STRIPE_LIVE and not STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
    raise ImproperlyConfigured(
        "STRIPE_LIVE is on, but STRIPE_SECRET_KEY is not a live key. Set a live key, or turn STRIPE_LIVE off."
    )
if not STRIPE_LIVE and STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
    raise ImproperlyConfigured(
        "STRIPE_SECRET_KEY is a live key, but STRIPE_LIVE is off. Turn STRIPE_LIVE on, or set a test key."
    )

# --- applications ------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "studio.people",
    "studio.audit",
    "studio.notifications",
    "studio.web",
    "studio.ops",
    "scheduling",
    "billing",
    "memberships",
    "sessions_app",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_filters",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "studio.web.middleware.RequestFactsMiddleware",
]

ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = "studio.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "studio.web.context.shell",
            ],
            "builtins": ["django.templatetags.static", "studio.web.templatetags.studio"],
        },
    },
]

# --- database ----------------------------------------------------------------------------------------


def database(url: str, *, is_web: bool) -> dict[str, object]:
    """Django's description of the Postgres at *url*.

    A writer waits three seconds for a lock, then the use case is tried again; a page's statement ends
    after ten seconds. The web process keeps a pool, because making a connection costs more than a query.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must look like postgres://user:password@host:5432/name.")
    limits = "-c lock_timeout=3000" + (" -c statement_timeout=10000" if is_web else "")
    asked = dict(parse_qsl(parts.query))
    options: dict[str, object] = {
        "connect_timeout": 3,
        "options": f"{limits} {asked.pop('options', '')}".strip(),
        # Only the hand-written statements of the hot verbs are bound, and so prepared, on the server.
        "prepare_threshold": 2,
        **asked,
    }
    if is_web:
        pool_size = int(os.environ.get("DATABASE_POOL_SIZE", "10"))
        options["pool"] = {"min_size": 2, "max_size": pool_size, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "studio",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # A pool keeps connections itself. Workers hold one for the length of a task.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": options,
    }


def _database_url() -> str:
    """DATABASE_URL, else the address that a running demo left, else a local server's default."""
    if url := _secret("DATABASE_URL"):
        return url
    if IS_PRODUCTION:
        raise ImproperlyConfigured("DATABASE_URL must be set in production.")
    return _of_running_demo("database_url") or "postgres://postgres@127.0.0.1:5432/studio"


DATABASES = {"default": database(_database_url(), is_web=IS_WEB)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Counts sign-in tries. In Postgres, so that the limits hold while the broker is away.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "web_cache"},
}

# --- people ------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["studio.web.accounts.backend.SignInBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 30 * 60  # seconds

# Members sign up by themselves only where the studio says so; otherwise the desk invites them.
STUDIO_SIGN_UP_OPEN = _flag("STUDIO_SIGN_UP_OPEN")
# Whoever sees other people's details shows an authenticator app's code beside the password.
STUDIO_STAFF_TOTP_REQUIRED = _flag("STUDIO_STAFF_TOTP_REQUIRED", default=IS_PRODUCTION)
STUDIO_DESK_IDLE = timedelta(minutes=30)
STUDIO_DESK_DAY = timedelta(hours=12)

ACCOUNT_ADAPTER = "studio.web.accounts.adapter.SignInAdapter"
MFA_ADAPTER = "studio.web.accounts.second_step.SecondStepAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "studio.web.accounts.forms.SignUpForm"
_FORMS = "studio.web.accounts.worded_forms."
ACCOUNT_FORMS = {
    "login": _FORMS + "LoginForm",
    "signup": _FORMS + "SignupForm",
    "request_login_code": _FORMS + "RequestLoginCodeForm",
    "confirm_login_code": _FORMS + "ConfirmLoginCodeForm",
    "confirm_email_verification_code": _FORMS + "ConfirmAddressForm",
    "reset_password": _FORMS + "ResetPasswordForm",
    "reset_password_from_key": _FORMS + "ResetPasswordKeyForm",
    "change_password": _FORMS + "ChangePasswordForm",
    "set_password": _FORMS + "SetPasswordForm",
    "reauthenticate": _FORMS + "ReauthenticateForm",
}
MFA_FORMS = {
    "authenticate": _FORMS + "SecondStepForm",
    "reauthenticate": _FORMS + "SecondStepAgainForm",
    "activate_totp": _FORMS + "ActivateAppForm",
}
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 15 * 60  # seconds
ACCOUNT_SESSION_REMEMBER = True
# How many proxies of ours stand in front; the address of whoever tries passwords is read behind them.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXY_COUNT", "0"))
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60  # seconds
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Studio"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# --- sessions, cookies, headers ----------------------------------------------------------------------

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "studio.web.shell.form_expired"
if IS_PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # The prefix makes browsers refuse these cookies from a neighbouring subdomain.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    SECURE_SSL_REDIRECT = _flag("SECURE_SSL_REDIRECT", default=True)
    # The container's own health check speaks plain HTTP.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    if _flag("BEHIND_PROXY"):
        # Only when a proxy that overwrites this header is in front: anyone can send it otherwise.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# --- language, time, files ---------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", BASE_DIR / "staticfiles")) if IS_PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Outside production nothing is collected beforehand; files are served from where they lie.
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG

# --- mail --------------------------------------------------------------------------------------------

DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL") or "Studio <studio@northside.example>"
SERVER_EMAIL = DEFAULT_FROM_EMAIL
if IS_PRODUCTION:
    _mail = {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": os.environ.get("EMAIL_HOST") or "localhost",
            "port": int(os.environ.get("EMAIL_PORT") or 587),
            "username": os.environ.get("EMAIL_HOST_USER", ""),
            "password": _secret("EMAIL_HOST_PASSWORD"),
            "use_tls": _flag("EMAIL_USE_TLS", default=True),
            "timeout": 20,  # seconds
        },
    }
elif ENV == "demo":
    _mail = {
        "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "OPTIONS": {"file_path": str(DEMO_DIR / "mail")},
    }
else:
    _mail = {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
MAILERS = {"default": _mail}

# --- background work ---------------------------------------------------------------------------------

CELERY_BROKER_URL = _secret("REDIS_URL") or _of_running_demo("redis_url") or "redis://127.0.0.1:6379/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 3  # seconds
# A task that runs longer than the visibility timeout would be given to a second worker.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    # A nudge must not keep a page waiting when the broker is away: losing it loses nothing.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
# Celery reads this in three places and takes the first it meets.
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 900}
CELERY_VISIBILITY_TIMEOUT = 900  # seconds
CELERY_TASK_TIME_LIMIT = 300  # seconds
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10  # seconds
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True

# --- API ---------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "studio.web.api.access.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["studio.web.api_access.DeclaredPolicy"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "studio.web.api.paging.Pages",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "studio.web.api.problems.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Studio API",
    "DESCRIPTION": "Sessions, series, people, bookings, credits and invoices. Rows are named by short codes. "
    "Moments are in UTC; amounts are whole numbers of the smallest unit. Lists come in pages: follow `next`. "
    "Send an `Idempotency-Key` with everything that changes something. Errors are problem+json (RFC 9457) "
    "with every reason.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "PATH_CONVERTER_OVERRIDES": {
        "code": {"type": "string", "pattern": "^[0-9a-z]{6,13}$", "example": "k7f3qa"}
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "studio.web.api.schema.with_problems",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- log ---------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
}
