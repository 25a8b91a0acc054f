"""Locks: they have what the project requires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.quality_sessions import find_sessions
from lisa_scaffold.rules.rule import SHOULD, Hit, rule
from lisa_scaffold.versions import normalize_name, parse_version, split_requirement

SESSION = "lock"
"""What writes the locks of the template, in nox."""

OURS = f"nox -s {SESSION}"
"""The command of it, which stands in the heads of those locks."""

HEAD = 400  # characters
"""Where that is looked for."""

MADE_FOR = {
    "build-constraints.txt": ("build-system", "requires"),
    "constraints.txt": ("project", "dependencies"),
}
"""The locks of the template, each with what it is made for."""

OTHERS = {"pdm.lock": "pdm lock", "poetry.lock": "poetry lock", "uv.lock": "uv lock"}
"""Locks of other tools, each with the command that renews it."""

# Where the settings of these tools replace or leave out what anything asks for.
_REPLACED = (
    ("pdm", "resolution", "overrides"),
    ("pdm", "resolution", "excludes"),
    ("uv", "exclude-dependencies"),
    ("uv", "override-dependencies"),
)
_PACKAGE = compile_lazily(
    r"(?m)^\[\[package\]\]\nname = \"([^\"\n]++)\"(?:\nversion = \"([^\"\n]++)\")?"
)
_GROUPS_OF_PDM = compile_lazily(r"(?m)^groups = \[([^\]]*+)\]")
_BESIDE = compile_lazily(r"\s(?:\\$|#|--)")
_MORE = compile_lazily(r"(?m)^(?:-[re]\b|--(?:requirement|editable)\b|\.|/|\w++:)")
"""A line of a lock that brings what it does not name."""

_VARIABLES = compile_lazily(r"\b(?:extra|implementation_version|platform_(?:release|version))\b")
"""What no lock tells, and a marker may ask for."""

_LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
}
_RECENT = (3, 14)
"""A Python that every project has that tells of none."""

_NEWER = 8  # Pythons


class _Pin(NamedTuple):
    version: str
    line: int


class _Wanted(NamedTuple):
    """A requirement: its name as it stands there, its bounds, and whether a marker limits it."""

    name: str
    spec: str
    is_limited: bool


def _find_locks(facts: Facts) -> dict[str, str]:
    """The locks of a project that are made for its own requirements, and what renews each."""
    found: dict[str, str] = {}
    if facts.package.form in ("project", "poetry"):
        found = {path: command for path, command in OTHERS.items() if facts.has(path)}
    if "poetry" not in (*facts.pyproject.table("tool"), facts.package.backend):
        # It stayed behind.
        found.pop("poetry.lock", None)
    ours = [path for path in MADE_FOR if OURS in facts.text(path)[:HEAD]]
    if ours:
        sessions = find_sessions(facts)
        if sessions is None or SESSION in sessions:
            found |= dict.fromkeys(ours, OURS)
    return found


@rule("MET027", SHOULD, when=_find_locks)
def locks_have_requirements(facts: Facts) -> Iterator[Hit]:
    """Locks have what the project requires.

    Why: The image, and whoever installs from the lock, gets versions that the project excludes, or
    not all that it imports; or the installation stops.

    How: Renew the lock with the command that made it, and commit it with the change of the
    requirements. The template's `constraints.txt` and `build-constraints.txt` are looked at, and
    `uv.lock`, `poetry.lock` and `pdm.lock`. What only the tool can tell is no finding.

    Source: [uv: locking and syncing](https://docs.astral.sh/uv/concepts/projects/sync/#checking-the-lockfile):
    a lock that does not match the metadata is outdated.
    """
    for path, command in _find_locks(facts).items():
        for line, what in explain_stale(facts, path):
            yield Hit(path, line, f"{what}: run `{command}`")


def explain_stale(facts: Facts, path: str) -> Iterator[tuple[int, str]]:
    """What a lock lacks of what it is made for, and what of it is excluded: line and words.

    Nothing is said of what cannot be told without the tool that makes it.
    """
    pins = _read_pins(facts, path)
    if pins is None:
        return
    wanted = [*_list_wanted(facts, path)]
    missing = {each.name: None for each in wanted if normalize_name(each.name) not in pins}
    if missing and not (path in MADE_FOR and _MORE.search(facts.text(path))):
        yield 1, f"does not lock {join_names(missing, most=3)} yet"
    yield from dict.fromkeys(_find_excluded(wanted, pins, path))


def list_asked(facts: Facts, path: str) -> list[str]:
    """The names of what a lock of the template is made for, as the project writes them."""
    stated = (split_requirement(text.strip()) for text in _list_stated(facts, path))
    return [parts["name"] for parts in stated if parts]


def _list_stated(facts: Facts, path: str) -> list[str]:
    table, key = MADE_FOR.get(path, MADE_FOR["constraints.txt"])
    if table == "project" and path in OTHERS:
        return [] if key in facts.package.unknown else facts.package.texts(key)
    return [each for each in facts.pyproject.items(table, key) if isinstance(each, str)]


def _list_wanted(facts: Facts, path: str) -> Iterator[_Wanted]:
    """The requirements that a lock certainly has to meet."""
    replaced = {facts.package.name, *_list_replaced(facts, path)}
    for text in _list_stated(facts, path):
        parts = split_requirement(text.strip())
        if not parts or parts["url"] or normalize_name(parts["name"]) in replaced:
            continue
        marker = parts["marker"].strip(" ;\t")
        # What other tools lock may be limited to some platforms.
        if not marker or (path in MADE_FOR and _is_met(facts, marker)):
            yield _Wanted(parts["name"], parts["spec"].rstrip(), bool(marker))


def _list_replaced(facts: Facts, path: str) -> Iterator[str]:
    """Names that settings of tools replace or leave out, or whose requirement they limit."""
    tools = facts.pyproject.table("tool")
    for keys in _REPLACED:
        for each in facts.pyproject.get("tool", *keys, default=()) or ():
            if isinstance(each, str) and (parts := split_requirement(each.strip())):
                yield normalize_name(parts["name"])
    if path == "poetry.lock" and "poetry" in tools:
        for name, told in facts.pyproject.table("tool", "poetry", "dependencies").items():
            if not isinstance(told, str):
                yield normalize_name(name)


def _is_met(facts: Facts, marker: str) -> bool:
    """Whether a marker holds on Linux for a Python of the project: a lock for all has it then."""
    from packaging.markers import InvalidMarker, Marker

    if _VARIABLES.search(marker):
        return False
    try:
        told = Marker(marker)
    except InvalidMarker:
        return False
    major, first = facts.package.oldest_python or _RECENT
    pythons = (f"{major}.{first + more}" for more in range(_NEWER))
    return any(
        told.evaluate(_LINUX | {"python_version": each, "python_full_version": f"{each}.99"})
        for each in pythons
        if facts.package.allows_python(each)
    )


def _read_pins(facts: Facts, path: str) -> dict[str, list[_Pin]] | None:
    """The names that a lock has, each with its versions; of an address there is none.

    ``None`` where it is not one that tells.
    """
    text = facts.text(path)
    pins: dict[str, list[_Pin]] = {}
    if path in MADE_FOR:
        for number, line in enumerate(facts.lines(path), 1):
            stated = _BESIDE.split(line, maxsplit=1)[0]
            if line[:1].isalnum() and (parts := split_requirement(stated)):
                versions = pins.setdefault(normalize_name(parts["name"]), [])
                if parts["spec"].startswith("=="):
                    versions.append(_Pin(parts["spec"].strip("= "), number))
        return pins
    groups = _GROUPS_OF_PDM.search(text) if path == "pdm.lock" else None
    if groups and '"default"' not in groups[1]:
        return None
    number, end = 1, 0
    for each in _PACKAGE.finditer(text):
        number, end = number + text.count("\n", end, each.start()), each.start()
        versions = pins.setdefault(normalize_name(each[1]), [])
        if each[2]:
            versions.append(_Pin(each[2], number))
    return pins or None


def _find_excluded(
    wanted: list[_Wanted], pins: Mapping[str, list[_Pin]], path: str
) -> Iterator[tuple[int, str]]:
    """What is said of each requirement that excludes what is locked for it.

    One with a marker may be meant for some of the versions alone, and so may one among the
    conflicting groups of other tools.
    """
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    for each in wanted:
        try:
            allowed = SpecifierSet(each.spec.strip("() "))
        except InvalidSpecifier:
            continue
        locked = pins.get(normalize_name(each.name), [])
        versions = [pin for pin in locked if parse_version(pin.version)]
        outside = [pin for pin in versions if not allowed.contains(pin.version, prereleases=True)]
        is_whole = outside == versions == locked
        if outside and (is_whole or (path in MADE_FOR and not each.is_limited)):
            shown = join_names([pin.version for pin in outside], most=3)
            yield (
                outside[0].line,
                f"pins {each.name} {shown}, which `{each.name}{each.spec}` excludes",
            )
