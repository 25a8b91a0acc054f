"""What is answered where a request failed."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

RETRY_SECONDS = 10


def tell_failure(request: HttpRequest) -> HttpResponse:
    """Answer what nobody expected (500); where the database is at fault, that this passes (503).

    Whoever asks by a program may then try again, and so may a proxy or a search engine. The page
    has no template: those that there are ask the database who looks at them.
    """
    if not isinstance(sys.exception(), OperationalError | InterfaceError):
        return server_error(request)
    text = "The site is busy, or its database is away. Try again in a few seconds.\n"
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    return HttpResponse(text, status=503, content_type="text/plain", headers=headers)
