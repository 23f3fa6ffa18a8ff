"""Settings of the test run: the product's own; only the password hash is a quick one."""

import os

os.environ["STUDIO_ENV"] = "test"

from studio.settings import *  # noqa: F403

# Argon2 is slow on purpose; a test that is about hashing says so and overrides this.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The database cache outlives a test's rollback; counted sign-in tries must not.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
