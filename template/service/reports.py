"""What operators are told of an error, by mail or by a service that speaks Sentry's protocol.

Where it happened, and the number of the request, by which the log tells more: nothing of who asked,
of what was sent, or of the values that the code had in hand, among which are secrets.
"""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError
from django.views.debug import ExceptionReporter

from service import logs

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


class Reporter(ExceptionReporter):
    """Writes the mail: Django's own tells all settings, and what a form had in it."""

    # It is no part of a page, and need not be safe for one.
    def get_traceback_text(self) -> str:  # type: ignore[override]
        """Tell the request and the lines of code that it came to."""
        asked = f"{self.request.method} {self.request.path}" if self.request else "no request"
        lines = [f"{asked}, number {logs.request_id.get() or 'unknown'}\n\n"]
        if isinstance(self.exc_value, BaseException):
            lines += traceback.format_exception(self.exc_value)
        return "".join(lines)


def strip(event: Event, hint: Hint) -> Event | None:
    """Strip an event of what is nobody's business; one of a database that is away is none.

    Parameters
    ----------
    event
        What would be sent.
    hint
        What it was made from.
    """
    error = (hint.get("exc_info") or (None, None, None))[1]
    if isinstance(error, OperationalError | InterfaceError):
        return None
    for part in ("breadcrumbs", "extra", "user"):
        event.pop(part, None)  # type: ignore[misc]
    asked = event.get("request", {})
    event["request"] = {key: asked[key] for key in ("method", "url") if key in asked}
    event["tags"] = {"request_id": logs.request_id.get()}
    return event
