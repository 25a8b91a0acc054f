"""Poetry's own table as PEP 621 would have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.project.package import Package, Place

_SAME = ("name", "version", "description", "readme", "keywords", "classifiers", "scripts")
_URLS = {"homepage": "Homepage", "repository": "Repository", "documentation": "Documentation"}
_LONGEST = 500  # characters of a person, or of a constraint
_PERSON = re.compile(r"\s*([^<>]*?)\s*(?:<([^<>]*)(>.*)?)?\s*")


def read(pyproject: Document, system: Mapping[str, Any]) -> Package:
    """What ``[tool.poetry]`` says.

    Poetry adds the classifiers of the licence and of the supported Pythons by itself, so those
    count as a build's affair: ``classifiers`` is among the unknown keys.
    """
    table = pyproject.table("tool", "poetry")
    required = pyproject.table("tool", "poetry", "dependencies")
    data = {**system, **{key: table[key] for key in _SAME if key in table}}
    for key in ("authors", "maintainers"):
        if isinstance(table.get(key), list):
            data[key] = [_person(str(each)) for each in table[key]]
    if isinstance(table.get("license"), str):
        data["license"] = table["license"]
    urls = {name: table[key] for key, name in _URLS.items() if key in table}
    if urls := {**urls, **pyproject.table("tool", "poetry", "urls")}:
        data["urls"] = urls
    if isinstance(said := required.get("python"), str):
        data["requires-python"] = constraint(said)
    wanted = {name: spec for name, spec in required.items() if name != "python"}
    data["dependencies"] = [requirement(name, spec) for name, spec in wanted.items()]
    unknown = {"classifiers"}
    if table.get("version") in (None, "0.0.0", "0") or "poetry-dynamic-versioning" in str(
        pyproject.get("build-system", "requires")
    ):
        data.pop("version", None)
        unknown.add("version")
    names = list(wanted)
    return Package("poetry", data, frozenset(unknown), lambda keys: _place(pyproject, names, keys))


def _place(pyproject: Document, names: list[str], keys: Keys) -> Place:
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


def _person(text: str) -> dict[str, str]:
    match = _PERSON.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return {"name": text}
    said = {"name": match[1], "email": (match[2] or "") + (match[3] or "")[1:]}
    return {key: value for key, value in said.items() if value}


def requirement(name: str, spec: Any) -> str:
    """A dependency of Poetry in the form of PEP 508."""
    match spec:
        case str():
            said = constraint(spec)
            return name + ("" if said in ("", "*") else said)
        case {"git": str(url)} | {"url": str(url)}:
            return f"{name} @ {url}"
        case {"path": str(path)}:
            return f"{name} @ file:{path}"
        case {"version": str(version)}:
            extras = ",".join(map(str, spec.get("extras", []) or []))
            marker = f"; {spec['markers']}" if spec.get("markers") else ""
            return requirement(f"{name}[{extras}]" if extras else name, version) + marker
        case [first, *_]:
            return requirement(name, first)
    return name


def constraint(text: str) -> str:
    """A version constraint of Poetry in the form of PEP 440; what it cannot say, as it stands."""
    if len(text) > _LONGEST:
        return text
    parts = [part.strip() for part in re.split(r"\s*,\s*|(?<=[\d*])\s+(?=[<>=!^~])", text.strip())]
    return ",".join(_clause(part) for part in parts if part not in ("", "*"))


def _clause(part: str) -> str:
    match = re.fullmatch(r"(\^|~(?!=))?\s*(\d+(?:\.\d+)*)((?:\.\*)?)(\S*)", part)
    if match is None:
        return part
    sign, numbers, star, rest = match[1], [int(n) for n in match[2].split(".")], match[3], match[4]
    if sign is None:
        return f"=={part}"
    upper = _caret(numbers) if sign == "^" else _tilde(numbers)
    return f">={match[2]}{rest},<{'.'.join(map(str, upper))}" if not star else part


def _caret(numbers: list[int]) -> list[int]:
    """The first version that is no longer compatible: the leftmost number that is not 0 goes up."""
    at = next((i for i, number in enumerate(numbers) if number), len(numbers) - 1)
    return [*numbers[:at], numbers[at] + 1, *([0] if at == 0 else [])]


def _tilde(numbers: list[int]) -> list[int]:
    return [numbers[0] + 1] if len(numbers) == 1 else [numbers[0], numbers[1] + 1]
