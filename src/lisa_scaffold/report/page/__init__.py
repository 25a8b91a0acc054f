"""Self-contained pages: no network, no other file, readable without their script.

Jinja escapes its texts, and the Content-Security-Policy lets the browser use the style and the
script of the page alone, whatever else might get into it.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup, escape

from lisa_scaffold.lines import count
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief, visible
from lisa_scaffold.versions import shorten

MOST_DIFF = 2000
"""Lines of a diff that are shown."""
CODE = compile_lazily(r"`([^`]+)`")
"""What stands between backticks is code."""

_TAB = 4


def build_page(
    name: str,
    filters: Mapping[str, Callable[..., Any]],
    *,
    styles: Sequence[str] = (),
    **context: Any,
) -> str:
    """A page made from the parts of one name: its template, style and script.

    Parameters
    ----------
    name
        The name of the parts; the frame and the common style come before them.
    filters
        What the template needs beside the common filters ``brief``, ``code``, ``count``, ``diff``,
        ``shorten`` and ``shown``.
    styles
        Names of other parts whose style it has too.
    context
        What the page is about.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda each: _read_part(f"{each}.html.jinja")),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        brief=brief,
        code=mark_code,
        count=count,
        diff=show_diff,
        shorten=shorten,
        shown=show_line,
        **filters,
    )
    style = "".join(_read_part(f"{each}.css") for each in ("frame", *styles, name))
    script = _read_part(f"{name}.js")
    # Style and script are named by their content (https://www.w3.org/TR/CSP3/).
    hashes = [b64encode(hashlib.sha256(x.encode()).digest()).decode() for x in (style, script)]
    page = environment.get_template(name).render(
        **context,
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        policy=(
            f"default-src 'none'; style-src 'sha256-{hashes[0]}'; "
            f"script-src 'sha256-{hashes[1]}'; base-uri 'none'; form-action 'none'"
        ),
    )
    return f"{page}\n"


@cache
def _read_part(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def mark_code(text: str) -> Markup:
    """A text of one line; what stands between backticks is code."""
    html = str(escape(brief(text)))
    return Markup(CODE.sub(r"<code>\1</code>", html))  # noqa: S704 - escaped


def mark_prose(text: str, link: re.Pattern[str]) -> Markup:
    """Paragraphs of our own, with code, and links where the pattern finds a text and an address."""
    html = str(escape(text))
    linked = link.sub(r'<a href="\2">\1</a>', CODE.sub(r"<code>\1</code>", html))
    paragraphs = re.split(r"\n\s*\n", linked)
    return Markup("".join(f"<p>{each}</p>" for each in paragraphs))  # noqa: S704 - escaped


def show_line(line: str) -> str:
    """A line of a file, with everything that is invisible written out."""
    return visible(line.expandtabs(_TAB))


def show_diff(text: str) -> list[tuple[str, str]]:
    """The lines of a diff, each with the style that it is shown in."""
    styles = {"+": "added", "-": "removed", "@": "hunk"}
    lines = text.removesuffix("\n").split("\n")
    shown = [(styles.get(line[:1], ""), show_line(line)) for line in lines[:MOST_DIFF]]
    if len(lines) > MOST_DIFF:
        shown.append(("", f"… and {len(lines) - MOST_DIFF} lines more"))
    return shown
