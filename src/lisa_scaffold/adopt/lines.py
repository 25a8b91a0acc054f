"""Ignore files and attributes: the template's lines come in above the project's, which win."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
    blocks = _pick_blocks(theirs, wanted)
    text = "\n\n".join(blocks)
    merged = f"{text}\n\n{ours}" if text and ours else text or ours
    if text and not merged.endswith("\n"):
        merged += "\n"
    return Lines(merged, len(wanted), left_out)


def fresh_lines(path: str, theirs: str, facts: Facts) -> Lines:
    """The template's file for a project that has none, without the lines that would do harm."""
    left_out: dict[str, str] = {}
    for line in theirs.splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#") and (why := _find_harm(path, pattern, facts)):
            left_out[pattern] = why
    if not left_out:
        return Lines(theirs, len(theirs.splitlines()), {})
    patterns = {line.strip() for line in theirs.splitlines() if not line.startswith("#")}
    blocks = _pick_blocks(theirs, patterns - left_out.keys())
    text = "\n\n".join(blocks) + "\n" if blocks else ""
    return Lines(text, len(text.splitlines()), left_out)


def _pick_blocks(text: str, wanted: Collection[str]) -> list[str]:
    """The blocks of a file with the lines that are wanted, and the comments above one of those."""
    blocks: list[str] = []
    for is_block, block in groupby(text.splitlines(), key=lambda line: bool(line.strip())):
        lines: list[str] = []
        comments: list[str] = []
        for is_comment, run in groupby(block, key=lambda line: line.startswith("#")):
            kept = [line for line in run if is_comment or line.strip() in wanted]
            if is_comment:
                comments = kept
            elif kept:
                lines += [*comments, *kept]
                comments = []
        if is_block and lines:
            blocks.append("\n".join(lines))
    return blocks


def find_windows_ends(facts: Facts) -> Iterator[str]:
    """The files that git has with line ends of Windows."""
    for path, file in facts.files.items():
        content = facts.content(path) if file.tracked and not file.link else None
        if content and b"\r\n" in content and b"\0" not in content[:8000]:
            yield path


def _find_harm(path: str, pattern: str, facts: Facts) -> str:
    """Why a line must not come into a project; empty where it may."""
    if path == ".gitattributes" and "text=auto" in pattern:
        # Git would show a file with other line ends as changed at once.
        for each in find_windows_ends(facts):
            return f"{each} has line ends of Windows"
    if path == ".gitignore":
        for tracked in filter(match_patterns([pattern]), facts.tracked):
            return f"git has {tracked}"
    return ""
