"""What ``lisa-scaffold check`` found: one module for each form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from lisa_scaffold.model import Checked, Severity
from lisa_scaffold.shown import redacted_in

FORMATS = {
    "text": "text",
    "json": "machine",
    "junit": "junit",
    "gitlab": "gitlab",
    "html": "html",
    "markdown": "markdown",
}
"""The forms of the report, and the module that makes each."""

SHOWS_LINES = ("html",)
"""Forms that show the lines around findings."""


def report(
    form: str,
    results: Sequence[Checked],
    fail_on: Severity = Severity.MUST,
    width: int = 0,
    paint: Callable[[str, str], str] | None = None,
) -> str:
    """The results in one of the forms.

    Parameters
    ----------
    form
        One of ``FORMATS``.
    results
        The projects.
    fail_on
        The severity from which a finding fails a pipeline.
    width
        Columns of the terminal that shows the text; 0: none does.
    paint
        Gives words of the text a style, by its name; ``None``: none has any.
    """
    module = import_module(f"lisa_scaffold.report.check.{FORMATS[form]}")
    options: dict[str, Any] = {}
    if form == "junit":
        options["fail_on"] = fail_on
    elif form == "text":
        options["width"] = width
        options |= {"paint": paint} if paint else {}
    # Before anything is cut off: half an address is no longer recognised as one.
    text: str = module.report(redacted_in(list(results)), **options)
    return text
