"""Ignore files and attributes: the template's lines come in above the project's, which win."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.project.facts import Facts


@dataclass(frozen=True)
class Lines:
    """A merged file of lines.

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

    The last matching line decides in these files, so the project's own lines come last. A line
    that would change how an existing file of the project is treated is left out.
    """
    present = {line.strip() for line in ours.splitlines()}
    present |= {line.strip("/") for line in present}
    left_out: dict[str, str] = {}
    wanted: set[str] = set()
    for line in theirs.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        if pattern in present or pattern.strip("/") in present:
            continue
        if why := _find_harm(path, pattern, facts):
            left_out[pattern] = why
        else:
            wanted.add(pattern)
    # A block comes in with its comments, without the lines that are not wanted.
    blocks: list[str] = []
    for _, block in groupby(theirs.splitlines(), key=lambda line: bool(line.strip())):
        lines = [line for line in block if line.startswith("#") or line.strip() in wanted]
        if any(not line.startswith("#") for line in lines):
            blocks.append("\n".join(lines))
    text = "\n\n".join(blocks)
    merged = f"{text}\n\n{ours}" if text and ours else text or ours
    return Lines(merged, len(wanted), left_out)


def fresh_lines(path: str, theirs: str, facts: Facts) -> Lines:
    """The template's file for a project that has none, without the lines that would do harm."""
    left_out: dict[str, str] = {}
    lines = []
    for line in theirs.splitlines(keepends=True):
        pattern = line.strip()
        comment = not pattern or pattern.startswith("#")
        if not comment and (why := _find_harm(path, pattern, facts)):
            left_out[pattern] = why
        else:
            lines.append(line)
    return Lines("".join(lines), len(lines), left_out)


def _find_harm(path: str, pattern: str, facts: Facts) -> str:
    """Why a line must not come into a project; empty where it may."""
    if path == ".gitattributes" and "text=auto" in pattern:
        # Git would show a file with other line ends as changed at once.
        for each, file in facts.files.items():
            content = facts.content(each) if file.tracked and not file.link else None
            if content and b"\r\n" in content and b"\0" not in content[:8000]:
                return f"{each} has line ends of Windows"
    if path == ".gitignore":
        for tracked in filter(match_patterns([pattern]), facts.tracked):
            return f"git has {tracked}"
    return ""
