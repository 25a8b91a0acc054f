"""Read ``setup.cfg`` and ``setup.py`` in terms of PEP 621, without running them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lisa_scaffold.formats.document import Document, Keys, Problem
from lisa_scaffold.project.package import Package, Place, join_author_and_url

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


_CFG_KEYS = {
    ("metadata", "name"): "name",
    ("metadata", "version"): "version",
    ("metadata", "description"): "description",
    ("metadata", "long_description"): "readme",
    ("metadata", "license"): "license",
    ("metadata", "license_files"): "license-files",
    ("metadata", "classifiers"): "classifiers",
    ("metadata", "keywords"): "keywords",
    ("metadata", "project_urls"): "urls",
    ("metadata", "url"): "url",
    ("metadata", "author"): "author",
    ("metadata", "author_email"): "author_email",
    ("options", "python_requires"): "requires-python",
    ("options", "install_requires"): "dependencies",
}
_SETUP_KEYS = {
    "python_requires": "requires-python",
    "install_requires": "dependencies",
    "extras_require": "optional-dependencies",
    "license_files": "license-files",
    "long_description": "readme",
    "project_urls": "urls",
}
_ANY_KEYS = {
    *_SETUP_KEYS,
    *("name", "version", "description", "license", "classifiers", "keywords"),
    *("author", "author_email", "url"),
}
_JOINED_KEYS = {"author": "authors", "author_email": "authors", "url": "urls"}
_LIST_KEYS = ("classifiers", "dependencies", "license-files", "keywords")


def read(files: Files, system: Mapping[str, Any]) -> Package:
    """Read ``setup.cfg`` and ``setup.py``, which takes precedence."""
    places: dict[str, Place] = {}
    unknown: set[str] = set()
    data: dict[str, Any] = dict(system)
    _read_cfg(files.ini("setup.cfg"), data, unknown, places)
    module = files.python("setup.py")
    if not isinstance(module, Problem):
        _read_py(module, data, unknown, places)
    if "setuptools_scm" in str(files.pyproject.get("build-system", "requires")):
        unknown.add("version")
    if not places and not files.has("setup.py"):
        # A setup.cfg that only configures tools has no metadata.
        return Package(data=data)
    unknown |= {new for old, new in _JOINED_KEYS.items() if old in unknown}
    join_author_and_url(data)
    lines = {path: files.lines(path) for path in ("setup.cfg", "setup.py")}
    # Where a missing key would be added: not to a setup.cfg that only configures tools.
    first = next((place.path for place in places.values()), "setup.py")

    def where(keys: Keys) -> Place:
        if keys[:1] == ("build-backend",):
            line = files.pyproject.line("build-system", "build-backend")
            return Place("pyproject.toml", line)
        alias = {"authors": "author", "urls": "url"}.get(str(keys[0]) if keys else "", "")
        place = places.get(str(keys[0])) if keys else None
        place = place or places.get(alias) or Place(first, 1)
        match keys:
            case (str(key), int(index)) if isinstance(data.get(key), list):
                # The first line below the key that holds the text of the item.
                text = str(data[key][index])
                below = enumerate(lines[place.path][place.line - 1 :], place.line)
                number = next((number for number, line in below if text in line), place.line)
                return Place(place.path, number)
        return place

    return Package("setuptools", data, frozenset(unknown), where)


def _read_cfg(
    cfg: Document, data: dict[str, Any], unknown: set[str], places: dict[str, Place]
) -> None:
    for (section, option), key in _CFG_KEYS.items():
        # Both forms are in use; setuptools reads dashes as underscores.
        used = next((o for o in (option, option.replace("_", "-")) if cfg.get(section, o)), None)
        if used is None:
            continue
        places[key] = Place(cfg.path, cfg.line(section, used))
        text = cfg.get(section, used)
        stripped = text.strip()
        if key == "readme" and stripped.startswith("file:"):
            data[key] = stripped.removeprefix("file:").split(",")[0].strip()
        elif stripped.startswith(("attr:", "file:")):
            unknown.add(key)
        elif key in _LIST_KEYS:
            # As setuptools itself parts them; see its page on setup.cfg, "list-semi".
            separator = ";" if key == "dependencies" else ","
            parts = text.split("\n" if "\n" in text else separator)
            data[key] = [each.strip() for each in parts if each.strip()]
        elif key == "urls":
            pairs = (line.partition("=") for line in text.split("\n") if "=" in line)
            data[key] = {name.strip(): value.strip() for name, _, value in pairs}
        else:
            data[key] = stripped


def _read_py(
    module: ast.Module, data: dict[str, Any], unknown: set[str], places: dict[str, Place]
) -> None:
    names = _find_constants(module)
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="setup") | ast.Attribute(attr="setup")):
                keywords = node.keywords
            case _:
                continue
        if any(keyword.arg is None for keyword in keywords):
            # Whatever is not named may be in what is unpacked.
            named = {keyword.arg for keyword in keywords}
            unknown |= {_SETUP_KEYS.get(key, key) for key in _ANY_KEYS - named} - data.keys()
        for keyword in keywords:
            if keyword.arg is None:
                continue
            key = _SETUP_KEYS.get(keyword.arg, keyword.arg.replace("_", "-"))
            key = keyword.arg if keyword.arg == "author_email" else key
            places[key] = Place("setup.py", keyword.value.lineno)
            value = keyword.value
            if isinstance(value, ast.Name):
                value = names.get(value.id, value)
            try:
                data[key] = ast.literal_eval(value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                # Only running the file can tell.
                data.pop(key, None)
                unknown.add(key)


def _find_constants(module: ast.Module) -> dict[str, ast.expr]:
    """The values of names that the module sets once, at its top level."""
    found: dict[str, ast.expr] = {}
    twice: set[str] = set()
    for node in module.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                twice |= {name} & found.keys()
                found[name] = value
            case ast.AugAssign(target=ast.Name(id=name)):
                twice.add(name)
    return {name: value for name, value in found.items() if name not in twice}
