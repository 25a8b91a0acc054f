"""What is said of a project where work on it has failed."""

from __future__ import annotations

import shlex
from pathlib import Path

from lisa_scaffold.errors import LisaError, of_machine
from lisa_scaffold.git import BROKEN, GitError
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief

_OPTION = "--data"
_FORBIDDEN = "Permission denied"
# What git and requests say of a network, and what helps there; the first that fits.
_REMEDIES = (
    (
        compile_lazily(r"(?i)proxy"),
        "Check the proxy: the variables https_proxy and no_proxy, and http.proxy of git.",
    ),
    (
        compile_lazily(r"(?i)certificate|\bssl\b|\btls\b"),
        "Check the server's certificate: the authority that signed it has to be known here "
        "(http.sslCAInfo), and the clock be right.",
    ),
    (
        compile_lazily(
            r"(?i)could not resolve|failed to resolve|name or service not known|name resolution"
        ),
        "Check the server's name, and whether there is a network.",
    ),
    (
        compile_lazily(r"(?i)connection refused|failed to connect|couldn't connect"),
        "The server is there and does not answer: check its port, or wait.",
    ),
)


def say_error(error: Exception, folder: Path | None = None) -> str:
    """What went wrong and what to do, in one line; whatever nobody has foreseen is a defect.

    Parameters
    ----------
    error
        The error.
    folder
        The local clone that it is about.
    """
    if isinstance(error, OSError):
        error = of_machine(error)
    if isinstance(error, GitError):
        error = _explain(error, folder)
    if isinstance(error, LisaError):
        return " ".join(f"{error.message}. {error.hint}".split())
    return f"a defect of lisa-scaffold: {type(error).__name__}: {error}"


def name_command(error: Exception, verb: str, folder: Path | None) -> Exception:
    """The same error, where its remedy is an option, or lines, that only one project's verb has.

    Parameters
    ----------
    error
        The error.
    verb
        The verb.
    folder
        The local clone that it is about.
    """
    if not isinstance(error, LisaError) or isinstance(error, GitError):
        return error
    place = shlex.quote(str(folder)) if folder else "CLONE"
    if _OPTION in error.hint:
        options = error.hint[error.hint.index(_OPTION) :]
        hint = f"Do this one by itself: lisa-scaffold {verb} {place} {options}"
        return LisaError(error.message, hint)
    first, *lines = error.message.splitlines()
    if not lines:
        return error
    # In one sentence, lines that are to be copied are none any more.
    hint = f"What to do is printed by: lisa-scaffold {verb} {place}"
    return LisaError(first.rpartition(". ")[0] or first.removesuffix(":"), hint)


def _explain(error: GitError, folder: Path | None) -> LisaError:
    """What helps, where git does not say it."""
    if folder and _FORBIDDEN in error.message:
        said = next(line for line in error.message.splitlines() if _FORBIDDEN in line)
        what = f"{folder}: you may not read or write a part of it ({brief(said, 120)})"
        command = f"chmod -R u+rwX {shlex.quote(str(folder / '.git'))}"
        return LisaError(what, f"Give yourself the right: {command}")
    if BROKEN.search(error.message):
        lines = error.message.splitlines()
        said = next(line for line in lines if BROKEN.search(line))
        what = f"a part of the repository is missing or broken ({brief(said, 120)})"
        return LisaError(f"{folder}: {what}" if folder else what, "Clone it again.")
    remedy = find_remedy(error.message)
    return LisaError(error.message.removesuffix("."), remedy) if remedy else error


def find_remedy(message: str) -> str:
    """What helps where a network does not, by what is said of it; empty where nobody knows."""
    found = (remedy for pattern, remedy in _REMEDIES if pattern.search(message))
    return next(found, "")
