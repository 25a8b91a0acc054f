"""The settings of a fleet: ``fleet.toml`` says which projects there are, and how they are updated.

What is not valid is refused with its line, all of it at once: a fleet that is read half would lose
projects without a word.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from lisa_scaffold import files
from lisa_scaffold.errors import LisaError
from lisa_scaffold.formats import readers
from lisa_scaffold.formats.document import Document, Key, decoded
from lisa_scaffold.formats.ignored import is_pattern
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.settings import parse_date
from lisa_scaffold.shown import brief
from lisa_scaffold.similar import find_similar

FILE = "fleet.toml"

_HINT = "What there is: https://lisa.pages.in2p3.fr/lisa-scaffold/reference/fleet.html"
_REVOKE = (
    "A token never stands in this file: if that is one, take it out and revoke it, as everybody "
    "who sees the repository has it"
)
_SECRET = compile_lazily(r"(?i)^(?:private[-_]?)?(?:access[-_]?)?(?:token|password|secret)$")
_LOCAL = frozenset(["localhost", "127.0.0.1", "::1"])
_MOST = 5000  # entries of a list
_NAME = compile_lazily(r"[A-Za-z_][A-Za-z0-9_]*")
_SHARE = compile_lazily(r"(\d{1,3}(?:\.\d{1,3})?) ?%")
# See https://docs.gitlab.com/user/reserved_names/ for what a path of GitLab's may be.
_PATH = compile_lazily(r"(?![.-])[\w.-]+(?:/(?![.-])[\w.-]+)*")


class Server(NamedTuple):
    """A GitLab server, and which of its projects belong to the fleet.

    Attributes
    ----------
    url
        Its address, without a slash at its end.
    groups
        Paths of groups, all of whose projects are meant, those of their subgroups too.
    projects
        Paths of single projects.
    token_variable
        The variable that holds the token.
    token_file
        The file that holds it instead; ``None`` where the variable does.
    """

    url: str
    groups: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    token_variable: str = "LISA_FLEET_TOKEN"  # noqa: S105 - the name of a variable
    token_file: Path | None = None


class Updates(NamedTuple):
    """How updates come into the projects.

    Attributes
    ----------
    labels
        Labels of the merge requests; by the first they are found again.
    assign
        Patterns of names, each with the user who gets the merge request; the first that fits holds.
    canaries
        Patterns of the projects that come first.
    wave
        The share of the fleet that one run begins with; 1: all of it.
    stop_at
        The share of failed pipelines above which no further project is begun with.
    """

    labels: tuple[str, ...] = ("lisa-scaffold",)
    assign: tuple[tuple[str, str], ...] = ()
    canaries: tuple[str, ...] = ()
    wave: float = 1.0
    stop_at: float = 0.2


class Ignored(NamedTuple):
    """Projects that are left out on purpose.

    Attributes
    ----------
    projects
        A pattern of their names.
    reason
        Why.
    expires
        The last day on which that holds; ``None``: it holds for good.
    line
        Its line in the settings.
    """

    projects: str
    reason: str
    expires: date | None
    line: int

    def has_expired(self, today: date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and self.expires < today


class Fleet(NamedTuple):
    """A fleet as it is set up.

    Attributes
    ----------
    path
        The file.
    folders
        Folders that are local clones, or have some in them.
    include, exclude
        Patterns, as in ``.gitignore``, of the names that belong to it; no pattern includes all.
    server
        The GitLab server; ``None`` where the fleet is local clones alone.
    updates
        How updates come into the projects.
    ignored
        What is left out on purpose, each with the reason.
    """

    path: Path
    folders: tuple[Path, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    server: Server | None = None
    updates: Updates = Updates()
    ignored: tuple[Ignored, ...] = ()


def read(path: Path) -> Fleet:
    """Read the settings of a fleet.

    Parameters
    ----------
    path
        The file, or the folder that has it.

    Raises
    ------
    LisaError
        If there is none, it is no TOML, or any entry is not valid.
    """
    if path.is_dir():
        path = path / FILE
    try:
        content = files.read_named(path)
    except (LisaError, OSError) as error:
        why = error.message if isinstance(error, LisaError) else f"{path}: {error.strerror}"
        raise LisaError(why, f"A fleet is set up in a {FILE}. {_HINT}") from error
    document = readers.read_toml(str(path), decoded(content))
    if problem := document.problem:
        what = f"{path}:{problem.line}: no TOML that can be read: {problem.message}"
        raise LisaError(what, "Mend the line.")
    reader = _Reader(document)
    fleet = reader.read(path)
    if reader.problems:
        first, *more = reader.problems
        raise LisaError("\n  ".join([first, *more]), _HINT)
    return fleet


def read_share(text: str) -> float:
    """A share such as ``5%``, as a number from 0 to 1.

    Raises
    ------
    LisaError
        If it is none.
    """
    found = _SHARE.fullmatch(text.strip())
    if not found or float(found[1]) > 100:  # noqa: PLR2004 - per cent
        raise LisaError(f"{brief(text, 40)}: no share", "Write one such as 5%.")
    return float(found[1]) / 100


def read_wave(text: str) -> float:
    """A share of the fleet that a run begins with.

    Raises
    ------
    LisaError
        If it is none, or no run would begin with any project.
    """
    share = read_share(text)
    if not share:
        raise LisaError(f"{text}: a wave begins with none", "Write a share such as 5%.")
    return share


class _Reader:
    """Reads the tables, and collects all that is wrong with them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[str] = []

    def read(self, path: Path) -> Fleet:
        self.refuse_unknown(("folders", "include", "exclude", "ignore", "gitlab", "update"))
        folders = tuple(path.parent / Path(each).expanduser() for each in self.texts("folders"))
        for number, folder in enumerate(folders):
            if not _is_folder(folder):
                self.note(f"`folders`: {folder}: no such folder", "folders", number)
        server = self.server(path) if "gitlab" in self.document.data else None
        if not folders and server is None:
            self.note("no projects: name `folders` of local clones, or a server in `[gitlab]`")
        patterns = {}
        for key in ("include", "exclude"):
            patterns[key] = self.texts(key)
            for number, pattern in enumerate(patterns[key]):
                if not is_pattern(pattern):
                    self.note(f"`{key}`: {brief(pattern, 80)}: no pattern", key, number)
        return Fleet(
            *(path, folders, patterns["include"], patterns["exclude"], server),
            self.updates() if "update" in self.document.data else Updates(),
            tuple(self.ignored()),
        )

    def ignored(self) -> Iterator[Ignored]:
        for number in range(len(self.items("ignore", what="tables", kind=dict))):
            keys: tuple[Key, ...] = ("ignore", number)
            self.refuse_unknown(("projects", "reason", "expires"), *keys)
            pattern, reason = self.text(*keys, "projects"), self.text(*keys, "reason")
            if not is_pattern(pattern):
                self.note(f"`projects`: {brief(pattern, 80)}: no pattern", *keys, "projects")
            value = self.document.get(*keys, "expires")
            expires = parse_date(value)
            if value is not None and expires is None:
                self.note("`expires` must be a date such as 2027-01-31", *keys, "expires")
            yield Ignored(pattern, reason, expires, self.document.line(*keys))

    def server(self, path: Path) -> Server:
        here, usual = "gitlab", Server("")
        self.refuse_unknown(("url", "groups", "projects", "token-variable", "token-file"), here)
        url = self.text(here, "url").rstrip("/")
        if why := _find_fault(url):
            self.note(f"`url` {why}", here, "url")
        variable = self.text(here, "token-variable", default=usual.token_variable)
        if not _NAME.fullmatch(variable):
            what = f"`token-variable` must be the name of a variable. {_REVOKE}"
            self.note(what, here, "token-variable")
        file = self.text(here, "token-file", default="")
        if file and "token-variable" in self.document.table(here):
            self.note("`token-file` and `token-variable`: name one of them", here, "token-file")
        groups, projects = self.paths(here, "groups"), self.paths(here, "projects")
        if not groups and not projects:
            self.note("no projects: name `groups` or `projects`", here)
        place = path.parent / Path(file).expanduser() if file else None
        return Server(url, groups, projects, variable, place)

    def updates(self) -> Updates:
        here, usual = "update", Updates()
        self.refuse_unknown(("labels", "assign", "canaries", "wave", "stop-at"), here)
        labels = self.texts(here, "labels") or usual.labels
        for number, label in enumerate(labels):
            if "," in label:
                what = f"`labels`: {brief(label, 40)}: GitLab takes no label with a comma"
                self.note(what, here, "labels", number)
        assign = []
        for number in range(len(self.items(here, "assign", what="tables", kind=dict))):
            keys: tuple[Key, ...] = (here, "assign", number)
            self.refuse_unknown(("projects", "to"), *keys)
            assign.append((self.text(*keys, "projects"), self.text(*keys, "to").lstrip("@")))
        wave = self.share(here, "wave", default=usual.wave)
        stop_at = self.share(here, "stop-at", default=usual.stop_at)
        canaries = self.texts(here, "canaries")
        return Updates(labels, tuple(assign), canaries, wave, stop_at)

    def text(self, *keys: Key, default: str | None = None) -> str:
        """A text; one that may be missing has a default."""
        value = self.document.get(*keys, default=default)
        if isinstance(value, str) and (value.strip() or default == ""):
            return value
        what = "must be a text, in quotes and not empty" if value is not None else "is missing"
        self.note(f"`{keys[-1]}` {what}", *keys)
        return default or "missing"

    def share(self, *keys: Key, default: float) -> float:
        value = self.document.get(*keys, default=None)
        if value is None:
            return default
        try:
            share = read_share(value if isinstance(value, str) else "")
        except LisaError:
            self.note(f'`{keys[-1]}` must be a share, as in "5%"', *keys)
            return default
        if keys[-1] == "wave" and not share:
            self.note('`wave` must be more than 0%, as in "5%": else no run begins with any', *keys)
        return share

    def items(self, *keys: Key, what: str, kind: type) -> list[Any]:
        """The items of a list, those of the wrong type left out."""
        value = self.document.get(*keys, default=[])
        if not isinstance(value, list) or len(value) > _MOST:
            self.note(f"`{keys[-1]}` must be a list of {what}, of {_MOST} at most", *keys)
            return []
        for number, each in enumerate(value):
            if not isinstance(each, kind) or not each:
                self.note(
                    f"`{keys[-1]}` must be a list of {what}, none of them empty", *keys, number
                )
        return value if all(isinstance(each, kind) for each in value) else []

    def texts(self, *keys: Key) -> tuple[str, ...]:
        return tuple(self.items(*keys, what="texts", kind=str))

    def paths(self, *keys: Key) -> tuple[str, ...]:
        """Paths of groups or projects."""
        found = self.texts(*keys)
        for number, each in enumerate(found):
            if not _PATH.fullmatch(each):
                what = f"`{keys[-1]}`: {brief(each, 80)}: no path such as lisa/analysis"
                self.note(what, *keys, number)
        return found

    def refuse_unknown(self, known: Sequence[str], *keys: Key) -> None:
        table = self.document.get(*keys)
        if not isinstance(table, dict):
            self.note(f"`{keys[-1]}` must be a table: write `[{keys[-1]}]`", *keys)
            return
        for key in table.keys() - set(known):
            if _SECRET.search(key):
                self.note(f"`{brief(key, 40)}`: {_REVOKE}", *keys, key)
                continue
            close = find_similar(key, known)
            meant = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(known)}"
            self.note(f"unknown key `{brief(key, 40)}`: {meant}", *keys, key)

    def note(self, message: str, *keys: Key) -> None:
        self.problems.append(f"{self.document.path}:{self.document.line(*keys)}: {message}")


def _is_folder(path: Path) -> bool:
    """Whether there is a folder; one that nobody may look at is a project that cannot be read."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


def _find_fault(url: str) -> str:
    """Why a text is not the address of a server; empty where it is."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    del port
    if "@" in url or parts.query or parts.fragment:
        return f"must be the address alone. {_REVOKE}"
    if host and parts.scheme == "http" and host not in _LOCAL:
        return f'would send the token unencrypted: "https://{brief(parts.netloc, 80)}" is meant'
    is_local = host in _LOCAL
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_local)):
        return 'must be the address of a server, as in "https://gitlab.com"'
    return ""
