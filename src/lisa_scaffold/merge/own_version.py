"""The project's own version: a template that moves the one it starts with decides nothing there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from lisa_scaffold.pattern import compile_lazily

# Tables of TOML and INI files whose key `version` is the project's own: PEP 621, Poetry, Cargo,
# setuptools.
_TABLES = {
    "pyproject.toml": ("project", "tool.poetry"),
    "Cargo.toml": ("package", "workspace.package"),
    "setup.cfg": ("metadata",),
}
_HEADER = compile_lazily(r"\s*\[([^\[\]]+)\]\s*(?:[#;].*)?")
_IN_TABLE = compile_lazily(r"\s*version\s*[=:]\s*[\"']?([vV]?\d[\w.+!-]*)[\"']?\s*(?:#.*)?")
_IN_JSON = compile_lazily(r'\s*"version"\s*:\s*"([vV]?\d[^"]*)"\s*(?:,\s*)?')
_MEMBER = compile_lazily(r'(\s+)"')

# Lines of other files, by name.
_LINES = {
    "CITATION.cff": r"version:\s*[\"']?([vV]?\d[\w.+!-]*)[\"']?\s*",
    "Chart.yaml": r"(?:version|appVersion):\s*[\"']?([vV]?\d[\w.+!-]*)[\"']?\s*",
    "sonar-project.properties": r"sonar\.projectVersion\s*=\s*(\S+)\s*",
    "VERSION": r"([vV]?\d[\w.+!-]*)\s*",
    "*.py": r"__version__\s*(?::\s*\w+\s*)?=\s*[\"']([^\"']+)[\"']\s*(?:#.*)?",
}
_JSON = {"package.json", "codemeta.json", ".zenodo.json", "composer.json"}


def keep_own(path: str, base: str, ours: str, theirs: str) -> tuple[str, tuple[str, ...]]:
    """The template's text without its change to a version that the project has changed.

    Parameters
    ----------
    path
        The file's path: its name tells where the version stands.
    base, ours, theirs
        The three sides.

    Returns
    -------
    tuple
        The template's text, and a note on each version that is not taken.
    """
    before, mine, offered = (dict(_find(path, text)) for text in (base, ours, theirs))
    notes, text = [], theirs
    # From the end on, so that places stay right.
    for key, (start, end) in reversed(offered.items()):
        if key not in before or key not in mine:
            continue
        old, own = base[slice(*before[key])], ours[slice(*mine[key])]
        new = theirs[start:end]
        if len({old, own, new}) == 3:  # noqa: PLR2004 - all of them differ
            text = text[:start] + old + text[end:]
            notes.append(f"The version is the project's own: {own} stays, {new} is not taken.")
    return text, tuple(dict.fromkeys(notes))


def _find(path: str, text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """The places of the project's version: a key for each, and its start and end."""
    name = PurePosixPath(path).name
    tables = _TABLES.get(name, ())
    pattern = _LINES.get("*.py" if name.endswith(".py") else name)
    if not tables and name not in _JSON and pattern is None:
        return
    table, margin, start = "", "", 0
    for line in text.splitlines(keepends=True):
        body = line.rstrip("\r\n")
        found = None
        if tables:
            header = _HEADER.fullmatch(body)
            table = header[1].strip() if header else table
            found = _IN_TABLE.fullmatch(body) if table in tables else None
        elif pattern:
            found = re.fullmatch(pattern, body)
        elif member := _MEMBER.match(body):
            margin = margin or member[1]
            found = _IN_JSON.fullmatch(body) if member[1] == margin else None
        if found:
            key = f"{table} {body[: found.start(1)].strip()}"
            yield key, (start + found.start(1), start + found.end(1))
        start += len(line)
