"""Logs: one JSON object a line on standard output, each with the number of its request."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

from gunicorn.glogging import Logger
from pythonjsonlogger.json import JsonFormatter

request_id: ContextVar[str] = ContextVar("request_id", default="")


class AddRequest(logging.Filter):
    """Adds the number of the request that is being answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it, and let the record through."""
        record.request_id = request_id.get()
        return True


class SkipOutages(logging.Filter):
    """Leaves out that a part is away: an alert says so, and not a mail for each request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is something else."""
        return getattr(record, "status_code", 0) != 503


class SkipProbes(logging.Filter):
    """Leaves out that a probe was refused: it comes every second, and the log says why already."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is none."""
        request = getattr(record, "request", None)
        return getattr(request, "path", "") not in ("/livez", "/readyz", "/metrics")


def make_formatter() -> logging.Formatter:
    """Make the form of a line."""
    return JsonFormatter(
        "{asctime}{levelname}{name}{message}{request_id}",
        style="{",
        rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        # What Django adds for its own pages, and nobody can read in a line.
        reserved_attrs=[*logging.makeLogRecord({}).__dict__, "request", "taskName"],
    )


class Gunicorn(Logger):  # type: ignore[misc]
    """Gunicorn's own words in the same form."""

    def setup(self, cfg: Any) -> None:
        """Replace the handlers that gunicorn makes."""
        super().setup(cfg)
        handler = logging.StreamHandler()
        handler.addFilter(AddRequest())
        handler.setFormatter(make_formatter())
        self.error_log.handlers = [handler]
