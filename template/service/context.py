"""What every page knows."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def describe_site(_request: HttpRequest) -> dict[str, object]:
    """Name and version of the site."""
    return {"site_name": settings.SITE_NAME, "version": settings.VERSION}
