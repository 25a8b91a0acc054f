"""Read Poetry's own table in terms of PEP 621."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.package import Package, Place

_SAME_KEYS = ("name", "version", "description", "readme", "keywords", "classifiers", "scripts")
_URLS = {"homepage": "Homepage", "repository": "Repository", "documentation": "Documentation"}
_LONGEST = 500  # characters of a person, or of a constraint
_PERSON = compile_lazily(r"\s*([^<>]*?)\s*(?:<([^<>]*)(>.*)?)?\s*")


def read(pyproject: Document, system: Mapping[str, Any]) -> Package:
    """Read ``[tool.poetry]``.

    Poetry adds the classifiers of the licence and of the supported Pythons when it builds, so
    ``classifiers`` is among the unknown keys.
    """
    table = pyproject.table("tool", "poetry")
    required = pyproject.table("tool", "poetry", "dependencies")
    data = {**system, **{key: table[key] for key in _SAME_KEYS if key in table}}
    for key in ("authors", "maintainers"):
        if isinstance(table.get(key), list):
            data[key] = [_split_person(str(each)) for each in table[key]]
    if isinstance(table.get("license"), str):
        data["license"] = table["license"]
    if isinstance(scripts := data.get("scripts"), dict):
        data["scripts"] = {name: _read_program(each) for name, each in scripts.items()}
    urls = {name: table[key] for key, name in _URLS.items() if key in table}
    if urls := {**urls, **pyproject.table("tool", "poetry", "urls")}:
        data["urls"] = urls
    if isinstance(python := required.get("python"), str):
        data["requires-python"] = convert_constraint(python)
    # What is optional only comes with an extra.
    wanted = {
        name: spec
        for name, spec in required.items()
        if name != "python" and not (isinstance(spec, dict) and spec.get("optional") is True)
    }
    data["dependencies"] = [convert_requirement(name, spec) for name, spec in wanted.items()]
    unknown = {"classifiers"}
    if table.get("version") in (None, "0.0.0", "0") or "poetry-dynamic-versioning" in str(
        pyproject.get("build-system", "requires")
    ):
        data.pop("version", None)
        unknown.add("version")
    names = list(wanted)
    return Package(
        "poetry", data, frozenset(unknown), lambda keys: _find_place(pyproject, names, keys)
    )


def complete(package: Package, own: Package) -> Package:
    """What Poetry builds where ``[project]`` stands beside its own table, which fills the gaps.

    That is so since version 2. Its classifiers are left out: some it adds itself.
    """
    taken = {key for key, value in own.data.items() if value and not package.get(key)}
    taken.discard("classifiers")
    if package.get("optional-dependencies"):
        taken.discard("dependencies")
    data = {**package.data, **{key: own.data[key] for key in taken}}
    unknown = (package.unknown - taken) | (own.unknown - package.data.keys())

    def where(keys: Keys) -> Place:
        return own.where(keys) if keys and keys[0] in taken else package.where(keys)

    return Package(package.form, data, unknown, where)


def _read_program(told: Any) -> Any:
    """What a program runs; a table may say so, or that it is a file."""
    is_console = isinstance(told, dict) and told.get("type", "console") == "console"
    return told.get("reference") if is_console else told


def _find_place(pyproject: Document, names: list[str], keys: Keys) -> Place:
    above: Keys = ("tool", "poetry")
    match keys:
        case ("build-backend", *_):
            above, keys = ("build-system",), ("build-backend",)
        case ("requires-python", *_):
            keys = ("dependencies", "python")
        case ("dependencies", int(index)) if index < len(names):
            keys = ("dependencies", names[index])
        case ("urls", *_) if not pyproject.table("tool", "poetry", "urls"):
            keys = (next((key for key in _URLS if pyproject.get(*above, key)), "urls"),)
    return Place(pyproject.path, pyproject.line(*above, *keys))


def _split_person(text: str) -> dict[str, str]:
    match = _PERSON.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return {"name": text}
    person = {"name": match[1], "email": (match[2] or "") + (match[3] or "")[1:]}
    return {key: value for key, value in person.items() if value}


_REVISIONS = ("rev", "tag", "branch")


def _address_git(url: str, spec: dict[str, Any]) -> str:
    """The address of a repository as pip takes it; a short one, `git@host:path`, becomes long."""
    short = re.fullmatch(r"([\w.-]+@[\w.-]+):(?!/)(\S*)", url)
    address = f"git+ssh://{short[1]}/{short[2]}" if short else f"git+{url.removeprefix('git+')}"
    revision = next((str(spec[key]) for key in _REVISIONS if spec.get(key)), "")
    return f"{address}@{revision}" if revision else address


def convert_requirement(name: str, spec: Any) -> str:
    """Convert a dependency of Poetry to the form of PEP 508."""
    match spec:
        case str():
            versions = convert_constraint(spec)
            return name + ("" if versions in ("", "*") else versions)
        case {"git": str(url)} | {"url": str(url)}:
            return f"{name} @ {_address_git(url, spec) if 'git' in spec else url}"
        case {"path": str(path)}:
            return f"{name} @ file:{path}"
        case {"version": str(version)}:
            extras = ",".join(map(str, spec.get("extras", []) or []))
            marker = f"; {spec['markers']}" if spec.get("markers") else ""
            return convert_requirement(f"{name}[{extras}]" if extras else name, version) + marker
        case [first, *_]:
            return convert_requirement(name, first)
    return name


def convert_constraint(text: str) -> str:
    """Convert a version constraint of Poetry to PEP 440; what that cannot express stays."""
    if len(text) > _LONGEST:
        return text
    parts = [part.strip() for part in re.split(r"\s*,\s*|(?<=[\d*])\s+(?=[<>=!^~])", text.strip())]
    return ",".join(_convert_clause(part) for part in parts if part not in ("", "*"))


def _convert_clause(part: str) -> str:
    match = re.fullmatch(r"(\^|~(?!=))?\s*v?(\d+(?:\.\d+)*)((?:\.\*)?)(\S*)", part)
    if match is None:
        return part
    sign, version, star, rest = match.groups()
    if sign is None:
        return f"=={version}{star}{rest}"
    if star:
        return part
    numbers = [int(number) for number in version.split(".")]
    if sign == "^":
        # The leftmost number that is not 0 goes up in the first incompatible version.
        at = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
        upper = [*numbers[:at], numbers[at] + 1, *([0] if at == 0 else [])]
    else:
        upper = [numbers[0] + 1] if len(numbers) == 1 else [numbers[0], numbers[1] + 1]
    return f">={version}{rest},<{'.'.join(map(str, upper))}"
