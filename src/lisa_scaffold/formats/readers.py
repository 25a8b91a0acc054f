"""Readers of files with keys and values: TOML, JSON, INI and properties."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from lisa_scaffold.bounds import DEEP, LONG, explain_crowded_toml
from lisa_scaffold.formats.document import Document, Keys, Position, Problem, bounded

# The library's time grows with the square of lines that it cannot read, and of spaces in one.
_MOST_LINES = 10_000


def read_toml(path: str, text: str) -> Document:
    """Read a TOML file."""
    import tomllib

    if beyond := explain_crowded_toml(text):
        return Document(path, problem=Problem(path, *beyond, "TOML"))
    try:
        document = Document(path, tomllib.loads(text), locate=lambda: _locate_toml(text))
        return bounded(document, "TOML")
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", str(error))
        line = int(found[1]) if found and found[1] else text.rstrip("\n").count("\n") + 1
        message = str(error)[: found.start()] if found else str(error)
        return Document(path, problem=Problem(path, line, message, "TOML"))
    except (RecursionError, ValueError) as error:
        return _refuse(path, error, "TOML")


def _refuse(path: str, error: Exception, form: str) -> Document:
    """A file that a parser gave up, not for its grammar."""
    reason = DEEP if isinstance(error, RecursionError) else LONG
    return Document(path, problem=Problem(path, 1, reason, form))


def _locate_toml(text: str) -> dict[Keys, Position]:
    """The position of every key and item: the pieces of a lossless tree are added up."""
    from lisa_scaffold.formats import toml as lossless
    from lisa_scaffold.formats.tree import NotSure

    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[Keys, Position] = {}

    def locate(branch: Any, above: Keys, at: int) -> int:
        """Locate the entries of a branch that begins at a place; its end."""
        at += len(branch.opening)
        counts: dict[Keys, int] = {}
        for index, entry in enumerate(branch.entries):
            at += len(entry.lead)
            keys = (*above, *(entry.key or (index,)))
            if entry.item:
                number = counts[keys] = counts.get(keys, -1) + 1
                keys = (*keys, number)
            line = bisect_right(starts, at)
            raw = getattr(entry.node, "text", None)
            position = Position(line, at - starts[line - 1] + 1, raw)
            for end in range(1, len(keys)):
                found.setdefault(keys[:end], position)
            found[keys] = position
            at += len(entry.head)
            at = locate(entry.node, keys, at) if raw is None else at + len(raw)
            at += len(entry.gap) + entry.comma + len(entry.tail)
        return at + len(branch.closing)

    try:
        # A file may lack its last newline.
        locate(lossless.parse(text if text.endswith("\n") else f"{text}\n"), (), 0)
    except (NotSure, RecursionError):
        return {}
    return found


def read_json(path: str, text: str) -> Document:
    """Read a JSON file."""
    from json import JSONDecodeError, loads

    def locate() -> Mapping[Keys, Position]:
        from lisa_scaffold.formats import yaml_data

        return yaml_data.load(path, text).positions

    try:
        return bounded(Document(path, loads(text), locate=locate), "JSON")
    except JSONDecodeError as error:
        return Document(path, problem=Problem(path, error.lineno, error.msg, "JSON"))
    except (RecursionError, ValueError) as error:
        return _refuse(path, error, "JSON")


def read_ini(path: str, text: str) -> Document:
    """Read a file of sections with keys, such as ``setup.cfg``: a table for each section."""
    from configparser import ConfigParser
    from configparser import Error as IniError

    if text.count("\n") > _MOST_LINES:
        message = f"more than {_MOST_LINES} lines"
        return Document(path, problem=Problem(path, 1, message, "INI"))
    if match := re.search(r"\S[^\S\n]{200}", text):
        line = text.count("\n", 0, match.start()) + 1
        return Document(path, problem=Problem(path, line, "200 spaces in a line", "INI"))
    parser = ConfigParser(interpolation=None, default_section="", empty_lines_in_values=True)
    try:
        parser.read_string(text)
    except IniError as error:
        lines = [number for number, _ in getattr(error, "errors", [])]
        line = lines[0] if lines else getattr(error, "lineno", None) or 1
        message = error.message.split("\n")[0].replace("<string>", path)
        return Document(path, problem=Problem(path, line, message, "INI"))
    data = {name: dict(parser[name]) for name in parser.sections()}
    return Document(path, data, locate=lambda: _locate_ini(text))


def _locate_ini(text: str) -> dict[Keys, Position]:
    found: dict[Keys, Position] = {}
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.match(r"\[([^]]+)\]", line):
            section = match[1]
            found[section,] = Position(number, 1)
        elif match := re.match(r"([^\s#;=:\[][^=:]*)[=:]\s*(.*)", line):
            found[section, match[1].rstrip().lower()] = Position(number, 1, match[2])
    return found


_SET = r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*)"


def read_env(path: str, text: str) -> Document:
    """Read a file of ``NAME=value`` lines, as Compose does, without what its values refer to."""
    data: dict[str, str] = {}
    found: dict[Keys, Position] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if match := re.fullmatch(_SET, line):
            name, value = match[1], match[2].rstrip()
            quote = value[:1]
            if quote in ("'", '"') and (end := value.find(quote, 1)) > 0:
                value = value[1:end]
            else:
                value = re.split(r"(?:^|\s)#", value, maxsplit=1)[0].rstrip()
            data[name] = value
            found[name,] = Position(number, 1, value)
    return Document(path, data, locate=lambda: found)


def read_properties(path: str, text: str) -> Document:
    """Read a file of ``key=value`` lines, such as ``sonar-project.properties``."""
    data: dict[str, str] = {}
    found: dict[Keys, Position] = {}
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        written = line.strip()
        if not written or written[0] in "#!":
            continue
        while written.endswith("\\"):
            written = written[:-1] + next(lines, (0, ""))[1].strip()
        key, _, value = (part.strip() for part in written.partition("=" if "=" in written else ":"))
        data[key] = value
        found[key,] = Position(number, 1, value)
    return Document(path, data, locate=lambda: found)
