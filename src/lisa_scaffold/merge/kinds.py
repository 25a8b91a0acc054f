"""What sort of file a path names, which mergers suit it, and what a merge of it must fulfil."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

Merge = Callable[[str, str, str], tuple[str, tuple[str, ...]] | None]

_NAMES = {
    ".coveragerc": "ini",
    ".editorconfig": "ini",
    ".flake8": "ini",
    ".gitlab-ci.yml": "yaml",
    ".gitmodules": "ini",
    ".pylintrc": "ini",
    "CODEOWNERS": "lines",
    "Containerfile": "dockerfile",
    "Dockerfile": "dockerfile",
    "Pipfile": "toml",
    "package-lock.json": "generated",
}
_SUFFIXES = {
    "cfg": "ini",
    "cff": "yaml",
    "code-workspace": "json",
    "dockerfile": "dockerfile",
    "in": "lines",
    "ini": "ini",
    "ipynb": "json",
    "json": "json",
    "json5": "json",
    "jsonc": "json",
    # Made whole by a tool: halves of two make none.
    "lock": "generated",
    "properties": "ini",
    "py": "python",
    "pyi": "python",
    "toml": "toml",
    "yaml": "yaml",
    "yml": "yaml",
    **dict.fromkeys(("adoc", "markdown", "md", "mdx", "rst", "txt"), "prose"),
}
_PATTERNS = (
    ("lines", re.compile(r"(.*/)?(\.\w*ignore|\.gitattributes)")),
    ("pip", re.compile(r".*(requirements|constraints)[^/]*\.(txt|in)")),
    ("pip", re.compile(r"(.*/)?requirements/[^/]+\.(txt|in)")),
    ("text", re.compile(r"(.*/)?CMakeLists\.txt")),
    ("dockerfile", re.compile(r"(.*/)?(Docker|Container)file([.-][^/]*)?")),
)
_PROSE = re.compile(r"(README|LICEN[CS]E|COPYING|NOTICE|AUTHORS|CHANGE(S|LOG)|NEWS|TODO)(\.\w+)?")
_STRUCTURED = ("toml", "yaml", "json")
# Loaded where a file of the kind is merged: nobody waits for the others.
_MERGERS = {
    "dockerfile": ("dockerfile", "merge"),
    "ini": ("lines", "merge_ini"),
    "json": ("keyed", "merge_json"),
    "lines": ("lines", "merge"),
    "pip": ("lines", "merge_requirements"),
    "python": ("python", "merge"),
    "text": ("text", "merge"),
    "toml": ("keyed", "merge_toml"),
    "yaml": ("keyed", "merge_yaml"),
}
_CHECKED = ("dockerfile", "ini", "python")
# These have looked at the lines themselves, or know better where a line belongs.
_WITHOUT_TEXT = ("dockerfile", "lines", "pip", "python")


def kind(path: str, text: str) -> str:
    """What sort of file this is: by its name, or else by its first line."""
    name = path.rpartition("/")[2]
    for sort, pattern in _PATTERNS:
        if pattern.fullmatch(path):
            return sort
    known = _NAMES.get(name) or _SUFFIXES.get(name.rpartition(".")[2].lower())
    if known:
        return known
    if _PROSE.fullmatch(name):
        return "prose"
    return "python" if re.match(r"#!.*\bpython", text) else "text"


def mergers(kind: str, *, new: bool) -> Iterator[Merge]:
    """The mergers for a sort of file, best first.

    A file that both sides added has no base to tell order or removals from: there, lines alone
    say nothing.
    """
    if kind == "generated":
        return
    if kind != "text":
        yield _merger(kind)
    if not new and kind not in _WITHOUT_TEXT:
        yield _merger("text")


def _merger(kind: str) -> Merge:
    module, name = _MERGERS[kind]
    found: Merge = getattr(import_module(f"lisa_scaffold.merge.{module}"), name)
    return found


def problem(  # noqa: PLR0913, PLR0917 - three versions and what came of them
    path: str,
    base: str,
    ours: str,
    theirs: str,
    merged: str,
    notes: Sequence[str] = (),
    *,
    by_git: bool = False,
) -> str | None:
    """What is wrong with a merged file; ``None`` for nothing.

    Where git merged it (`by_git`), only what is surely wrong counts.
    """
    sort = kind(path, ours)
    found: str | None = None
    if sort in _STRUCTURED:
        guard = import_module("lisa_scaffold.merge.verify")
        found = guard.problem(path, base, ours, theirs, merged, notes, by_git=by_git)
    elif sort in _CHECKED:
        checker = import_module(f"lisa_scaffold.merge.{_MERGERS[sort][0]}")
        found = checker.problem(base, ours, theirs, merged)
    return found


def only_pins(path: str, base: str, ours: str) -> bool:
    """Whether nothing but pinned versions moved between two versions of a file."""
    from lisa_scaffold import versions
    from lisa_scaffold.formats.tree import NotSure
    from lisa_scaffold.merge import removed

    sort = kind(path, ours)
    if sort not in _STRUCTURED:
        return versions.only_moved(base, ours)
    parse = import_module(f"lisa_scaffold.formats.{sort}").parse
    try:
        return removed.only_pins(parse(base), parse(ours))
    except NotSure:
        return False
