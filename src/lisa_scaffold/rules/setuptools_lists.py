"""What setuptools is told to package one by one, and where it looks for that."""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import join
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.project.setup_call import Argument, read_call


class Named(NamedTuple):
    """Packages or modules that are named.

    Attributes
    ----------
    names
        Their full names.
    folders
        Where packages lie, by name; that of all others under an empty one.
    place
        Where they are named.
    """

    names: tuple[str, ...]
    folders: Mapping[str, str]
    place: Place


def find_folder(name: str, folders: Mapping[str, str]) -> str:
    """The folder of a package, as setuptools finds it: by the nearest name above that has one."""
    above = name.split(".") if name else []
    below: list[str] = []
    while above:
        if (folder := folders.get(".".join(above))) is not None:
            return join(folder, *below)
        below.insert(0, above.pop())
    return join(folders.get("", ""), *below)


def read_list(facts: Facts, key: str) -> Named | None:
    """What a key names (``packages``, ``py_modules``), where it is one list that is known whole.

    The table of ``pyproject.toml`` wins over ``setup.cfg``, and that over ``setup.py``.
    """
    own = facts.pyproject.table("tool", "setuptools")
    folders = own.get("package-dir", {})
    names = own.get(key.replace("_", "-"))
    if names is not None:
        place = Place(
            "pyproject.toml", facts.pyproject.line("tool", "setuptools", key.replace("_", "-"))
        )
        return _make(names, folders, place)
    options = facts.ini("setup.cfg")
    told = options.get("options", key)
    arguments, is_whole = _read_arguments(facts)
    if told is not None and key not in arguments and is_whole:
        named = [each for each in re.split(r"[\s,]+", str(told)) if each]
        lines = str(options.get("options", "package_dir", default="")).split("\n")
        pairs = (line.partition("=") for line in lines if "=" in line)
        folders = {name.strip(): folder.strip() for name, _, folder in pairs} or folders
        return _make(named, folders, Place("setup.cfg", options.line("options", key)))
    if told is not None or key not in arguments or not is_whole:
        return None
    given, where = arguments[key], arguments.get("package_dir")
    if not given.is_known or (where and not where.is_known):
        return None
    return _make(given.value, where.value if where else folders, Place("setup.py", given.line))


def _read_arguments(facts: Facts) -> tuple[Mapping[str, Argument], bool]:
    """What ``setup.py`` hands over, and whether that is all."""
    if not facts.has("setup.py"):
        return {}, True
    module = facts.python("setup.py")
    if isinstance(module, Problem):
        return {}, False
    call = read_call(module)
    return call.arguments, call.is_whole


def _make(names: Any, folders: Any, place: Place) -> Named | None:
    """The list, where it is one of names alone."""
    is_list = isinstance(names, list | tuple) and all(isinstance(each, str) for each in names)
    if not is_list or not isinstance(folders, dict) or any(":" in each for each in names):
        return None
    return Named(tuple(names), {str(key): str(each) for key, each in folders.items()}, place)
