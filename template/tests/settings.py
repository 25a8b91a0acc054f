"""Settings of the tests: those of the service, told what a place would tell."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("SITE_HOST", "testserver")
os.environ.setdefault("SECRET_KEY", "of no use but in tests, where nobody need be kept from it")
if "DB_HOST" not in os.environ:
    os.environ.setdefault("DB_FILE", f"{tempfile.gettempdir()}/service-tests.sqlite")
os.environ.setdefault("S3_ENDPOINT", "http://127.0.0.1:9")
os.environ.setdefault("S3_BUCKET", "data")
os.environ.setdefault("S3_ACCESS_KEY", "test")
os.environ.setdefault("S3_SECRET_KEY", "test")
os.environ.setdefault("EMAIL_VERIFICATION", "none")

from service.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The pages' files are not collected here.
WHITENOISE_AUTOREFRESH = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
