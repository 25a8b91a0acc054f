"""Ignore files and attributes: the template's lines come in above the project's, which win."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lisa_scaffold.project.facts import Facts


@dataclass(frozen=True)
class Lines:
    """What became of a file of lines.

    Attributes
    ----------
    text
        The merged file.
    added
        Number of lines that came in.
    left_out
        Lines of the template that did not, each with the reason.
    """

    text: str
    added: int
    left_out: dict[str, str]


def merge_lines(path: str, ours: str, theirs: str, facts: Facts) -> Lines:
    """Bring the template's lines into a project's file.

    In these files the last line that fits decides, so the project's own come last. A line that
    would change what holds for a file that the project has is left out.
    """
    own = {line.strip() for line in ours.splitlines()} | {
        line.strip().strip("/") for line in ours.splitlines()
    }
    left_out: dict[str, str] = {}
    wanted: set[str] = set()
    for line in theirs.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#") or pattern in own or pattern.strip("/") in own:
            continue
        if why := unfit(path, pattern, facts):
            left_out[pattern] = why
        else:
            wanted.add(pattern)
    blocks = "\n\n".join("\n".join(block) for block in _blocks(theirs, wanted))
    return Lines(
        f"{blocks}\n\n{ours}" if blocks and ours else blocks or ours, len(wanted), left_out
    )


def fresh_lines(path: str, theirs: str, facts: Facts) -> Lines:
    """The template's file for a project that has none, without what does not fit."""
    left_out: dict[str, str] = {}
    kept = []
    for line in theirs.splitlines(keepends=True):
        pattern = line.strip()
        why = unfit(path, pattern, facts) if pattern and not pattern.startswith("#") else ""
        if why:
            left_out[pattern] = why
        else:
            kept.append(line)
    return Lines("".join(kept), len(kept), left_out)


def unfit(path: str, pattern: str, facts: Facts) -> str:
    """Why a line must not hold in a project; empty where it may."""
    if path == ".gitattributes":
        return _changes_ends(pattern, facts)
    if path == ".gitignore":
        found = _matched(pattern, facts.tracked)
        return f"git has {found}" if found else ""
    return ""


def _matched(pattern: str, paths: Iterable[str]) -> str:
    """The first path that a pattern of an ignore file names."""
    from pathspec import GitIgnoreSpec

    return next(iter(GitIgnoreSpec.from_lines([pattern]).match_files(paths)), "")


def _changes_ends(pattern: str, facts: Facts) -> str:
    """A file with other line ends, that git would show as changed at once."""
    if "text=auto" not in pattern:
        return ""
    for path, file in facts.files.items():
        content = facts.content(path) if file.tracked and not file.link else None
        if content and b"\r\n" in content and b"\0" not in content[:8000]:
            return f"{path} has line ends of Windows"
    return ""


def _blocks(text: str, wanted: set[str]) -> Iterator[list[str]]:
    """The blocks of a file, parted by blank lines, as far as they hold wanted lines."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip():
            block.append(line)
            continue
        kept = [each for each in block if each.startswith("#") or each.strip() in wanted]
        if any(not each.startswith("#") for each in kept):
            yield kept
        block = []
