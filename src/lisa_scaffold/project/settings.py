"""The settings of a project for lisa-scaffold: rules, waivers, and files that it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from lisa_scaffold.formats.document import Document, Keys, Problem
from lisa_scaffold.pattern import compile_lazily

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


FILE = "lisa-scaffold.toml"
TABLE = ("tool", "lisa-scaffold")
_KNOWN_KEYS = ("select", "ignore", "strict", "skip", "fleet", "mirrors", "waivers")
_MOST_ITEMS = 500  # of each: whoever needs more means a whole family of rules
_ADDRESS = compile_lazily(r"[\w.-]{1,250}(:\d{1,5})?(/[\w.-]{1,250}){1,20}")
_WAIVER_KEYS = ("code", "path", "reason", "expires")


class Waiver(NamedTuple):
    """A recorded exception from a rule.

    Attributes
    ----------
    code
        The rule, or the letters of a family.
    path
        Pattern of the paths that it covers; empty: all.
    reason
        Why.
    expires
        The last day on which it holds; ``None``: it never expires.
    line
        Its line in the settings.
    """

    code: str
    path: str
    reason: str
    expires: date | None
    line: int

    def has_expired(self, today: date | None) -> bool:
        """Whether its last day is over; never where today is not known."""
        return bool(today and self.expires and self.expires < today)


class Settings(NamedTuple):
    """The settings of a project.

    Attributes
    ----------
    path
        The file with the settings.
    select, ignore
        Codes, or the letters of families, each with its line.
    waivers
        The recorded exceptions.
    problems
        Settings that are not valid.
    strict
        Whether strict rules are applied, as they are to projects of the template.
    skip
        Patterns, as in ``.gitignore``, of paths that no update touches.
    fleet
        Whether the project takes part in the updates of its fleet.
    mirrors
        Where copies of lisa-scaffold are, whose components are taken for its own.
    """

    path: str = "pyproject.toml"
    select: tuple[tuple[str, int], ...] = ()
    ignore: tuple[tuple[str, int], ...] = ()
    waivers: tuple[Waiver, ...] = ()
    problems: tuple[Problem, ...] = ()
    strict: bool = False
    skip: tuple[str, ...] = ()
    fleet: bool = True
    mirrors: tuple[str, ...] = ()


def read(files: Files) -> Settings:
    """Read ``lisa-scaffold.toml`` or, without one, ``[tool.lisa-scaffold]``."""
    own = files.has(FILE)
    document = files.toml(FILE) if own else files.pyproject
    above: Keys = () if own else TABLE
    table = document.get(*above)
    if table is None:
        return Settings()
    problems: list[Problem] = []
    if own and files.pyproject.get(*TABLE) is not None:
        line = files.pyproject.line(*TABLE)
        message = f"these settings are ignored because of {FILE}: move them there"
        problems.append(Problem("pyproject.toml", line, message, ""))
    if not isinstance(table, dict):
        message = "`lisa-scaffold` must be a table: write `[tool.lisa-scaffold]`, then the settings"
        problem = Problem(document.path, document.line(*above), message, "")
        return Settings(document.path, problems=(problem,))
    reader = _Reader(document, above, problems)
    reader.refuse_unknown(table, _KNOWN_KEYS, above)
    strict, skip = reader.flag("strict"), tuple(reader.patterns("skip"))
    fleet, mirrors = reader.flag("fleet", default=True), tuple(reader.mirrors("mirrors"))
    return Settings(
        document.path,
        tuple(reader.codes("select")),
        tuple(reader.codes("ignore")),
        tuple(reader.waivers()),
        tuple(problems),
        strict,
        skip,
        fleet,
        mirrors,
    )


class _Reader:
    """Read one table and collect what is wrong with it."""

    def __init__(self, document: Document, above: Keys, problems: list[Problem]) -> None:
        self._document = document
        self._above = above
        self._problems = problems

    def refuse_unknown(self, table: dict[str, Any], known: tuple[str, ...], above: Keys) -> None:
        """Note unknown keys."""
        for key in islice(table, _MOST_ITEMS):
            if key not in known:
                message = (
                    f"unknown key `{key}` has no effect: use {', '.join(known[:-1])} or {known[-1]}"
                )
                self._note(message, *above, key)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A value that is true or false."""
        value = self._document.get(*self._above, key, default=default)
        if isinstance(value, bool):
            return value
        self._note(f"`{key}` must be true or false, without quotes", *self._above, key)
        return default

    def codes(self, key: str) -> Iterator[tuple[str, int]]:
        """A list of codes, each with its line."""
        for index, code in enumerate(self._list(key, "codes")):
            keys = (*self._above, key, index)
            if isinstance(code, str) and code:
                yield code, self._document.line(*keys)
            else:
                self._note(
                    f'`{key}`: {code!r} is not a rule code: write one such as "LIC002"', *keys
                )

    def patterns(self, key: str) -> Iterator[str]:
        """A list of patterns of paths."""
        for index, pattern in enumerate(self._list(key, "patterns")):
            if isinstance(pattern, str) and pattern.strip():
                yield pattern
            else:
                self._note(
                    f'`{key}`: {pattern!r} is not a path pattern: write one such as "docs/*.md"',
                    *self._above,
                    key,
                    index,
                )

    def mirrors(self, key: str) -> Iterator[str]:
        """A list of projects on a server."""
        for index, address in enumerate(self._list(key, "addresses")):
            if isinstance(address, str) and _ADDRESS.fullmatch(address):
                yield address
            else:
                message = (
                    f"`{key}`: {address!r} is not where a project is: write one such as "
                    '"gitlab.example.org/mirrors/lisa-scaffold"'
                )
                self._note(message, *self._above, key, index)

    def waivers(self) -> Iterator[Waiver]:
        """The waivers that are valid."""
        for index, table in enumerate(self._list("waivers", "tables")):
            keys: Keys = (*self._above, "waivers", index)
            if not isinstance(table, dict):
                self._note("each waiver must be a table with `code` and `reason`", *keys)
                continue
            self.refuse_unknown(table, _WAIVER_KEYS, keys)
            if waiver := self._read_waiver(table, keys):
                yield waiver

    def _list(self, key: str, items: str) -> list[Any]:
        """The items of a list that count."""
        value = self._document.get(*self._above, key, default=[])
        if not isinstance(value, list):
            self._note(f"`{key}` must be a list of {items}", *self._above, key)
            return []
        if len(value) > _MOST_ITEMS:
            message = f"`{key}`: only the first {_MOST_ITEMS} entries have an effect"
            self._note(message, *self._above, key, _MOST_ITEMS)
        return value[:_MOST_ITEMS]

    def _read_waiver(self, table: dict[str, Any], keys: Keys) -> Waiver | None:
        code, path = table.get("code"), table.get("path", "")
        reason, expires = table.get("reason"), parse_date(table.get("expires"))
        valid = {
            "code": isinstance(code, str) and code,
            "path": isinstance(path, str),
            "reason": isinstance(reason, str) and reason.strip(),
            "expires": expires or "expires" not in table,
        }
        for key, is_valid in valid.items():
            if not is_valid:
                right = {"expires": "a date such as 2027-01-31"}.get(
                    key, "a text, in quotes and not empty"
                )
                message = f"`{key}` must be {right}" if key in table else f"add a `{key}`"
                self._note(f"this waiver has no effect: {message}", *keys, key)
        if not all(valid.values()):
            return None
        line = self._document.line(*keys, "code")
        return Waiver(str(code), str(path), str(reason).strip(), expires, line)

    def _note(self, message: str, *keys: str | int) -> None:
        line = self._document.line(*keys)
        self._problems.append(Problem(self._document.path, line, message, ""))


def parse_date(value: Any) -> date | None:
    """Read a date, either TOML's own or a text."""
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
