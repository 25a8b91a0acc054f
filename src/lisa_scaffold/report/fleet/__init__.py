"""How a fleet stands, and what an update did in it: one module for each form."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from lisa_scaffold.fleet.records import Status
from lisa_scaffold.shown import redacted_in

FORMATS = {
    "text": "text",
    "json": "machine",
    "csv": "table",
    "markdown": "text",
    "html": "html",
}
"""The forms of the status, and the module that makes each."""


def report(form: str, status: Status, **look: Any) -> str:
    """The status in one of the forms.

    Parameters
    ----------
    form
        One of ``FORMATS``.
    status
        The status.
    look
        Of the text: ``width`` and ``paint``, as of :func:`lisa_scaffold.report.document.as_text`.
    """
    module = import_module(f"lisa_scaffold.report.fleet.{FORMATS[form]}")
    write = getattr(module, f"as_{form}")
    text: str = write(redacted_in(status), **(look if form == "text" else {}))
    return text
