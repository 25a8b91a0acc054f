"""How the commands end that bring changes into a project: what is written, and what is told."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lisa_scaffold.cli.boundary import changing
from lisa_scaffold.cli.terminal import say
from lisa_scaffold.errors import LisaError
from lisa_scaffold.shown import visible


def carry_out(  # noqa: PLR0913 - the parts of an ending, each by its name
    what: str,
    current: Any,
    synced: Any,
    branch: str | None,
    message: Callable[[], str],
    *,
    kept: Callable[[], tuple[str, str]] | None = None,
) -> None:
    """Commit changes on a new branch, or else stage them in the work tree.

    Parameters
    ----------
    what
        What they are, such as ``the update``.
    current
        The project.
    synced
        The changes.
    branch
        The new branch; empty or ``None``: they are staged.
    message
        Makes the message of the commit.
    kept
        Makes the report that is kept where they are staged, and what is left to be done.

    Raises
    ------
    LisaError
        If something stands in the way; nothing is changed then.
    """
    from lisa_scaffold.sync.bring_in import bring_in, commit_on_branch

    if branch:
        with changing(f"{what} is committed on the branch {branch}"):
            in_the_way = commit_on_branch(current, synced, branch, message())
        for path in in_the_way:
            say(
                f"{visible(path)}: an untracked file stands where {branch} adds another, and git "
                "will not merge over it. Commit it, or move it away."
            )
    else:
        with changing(f"{what} is staged"):
            bring_in(current, synced, kept() if kept else None)


def open_page(page: str, command: str) -> None:
    """Leave a page in a temporary file that nobody else can read, and show it in the browser.

    Raises
    ------
    LisaError
        If it cannot be written.
    """
    import webbrowser

    try:
        number, name = tempfile.mkstemp(prefix=f"lisa-scaffold-{command}-", suffix=".html")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(page)
    except OSError as error:
        folder = tempfile.gettempdir()
        raise LisaError(
            f"{folder}: {error.strerror}", "Free some space there, or set TMPDIR to another folder."
        ) from error
    opened = webbrowser.open(Path(name).as_uri())
    say(f"The page: {name}" if opened else f"No browser was found here. The page: {name}")
