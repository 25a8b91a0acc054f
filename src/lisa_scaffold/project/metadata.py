"""Read the metadata of a Python package, wherever it is stated.

It may be in ``[project]``, in Poetry's or Flit's own table, or in setuptools' files; nothing is
ever run to get it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.project.package import Package, Place, join_author_and_url

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


def read(files: Files) -> Package:
    """Read the metadata that a project states about its package."""
    pyproject = files.pyproject
    backend = pyproject.get("build-system", "build-backend")
    backend = backend if isinstance(backend, str) else ""
    system = {"build-backend": backend} if backend else {}
    if table := pyproject.table("project"):
        return _from_project(pyproject, table, system)
    # Beside setuptools as backend, Poetry's table is a left-over that no build reads.
    has_setup = files.has("setup.cfg", "setup.py")
    is_setuptools = backend.startswith("setuptools") and has_setup
    if pyproject.table("tool", "poetry") and not is_setuptools:
        from lisa_scaffold.project import poetry

        return poetry.read(pyproject, system)
    if flit := pyproject.table("tool", "flit", "metadata"):
        return _from_flit(pyproject, flit, system)
    if has_setup:
        from lisa_scaffold.project import setuptools

        return setuptools.read(files, system)
    return Package(data=system, where=_place_finder(pyproject, ("build-system",)))


def _place_finder(document: Document, above: Keys) -> Callable[[Keys], Place]:
    """Make a function that finds the place of a key below others in a document."""

    def where(keys: Keys) -> Place:
        if keys[:1] == ("build-backend",):
            return Place(document.path, document.line("build-system", *keys))
        return Place(document.path, document.line(*above, *keys))

    return where


def _from_project(pyproject: Document, table: dict[str, Any], system: Mapping[str, Any]) -> Package:
    data = {**system, **table}
    match table.get("license"):
        case {"text": str(text)}:
            data["license"] = text
        case {"file": str(file)}:
            del data["license"]
            data["license-files"] = [file]
    own = pyproject.get("tool", "setuptools", "license-files")
    if "license-files" not in data and isinstance(own, list):
        # The place before PEP 639, which setuptools still reads.
        data["license-files"] = own
    dynamic = table.get("dynamic")
    unknown = frozenset(map(str, dynamic)) if isinstance(dynamic, list) else frozenset()
    package = Package("project", data, unknown, _place_finder(pyproject, ("project",)))
    if package.backend == "poetry" and pyproject.table("tool", "poetry"):
        from lisa_scaffold.project import poetry

        return poetry.complete(package, poetry.read(pyproject, system))
    return package


_FLIT_KEYS = {
    "author": "author",
    "author-email": "author_email",
    "maintainer": "maintainer",
    "maintainer-email": "maintainer_email",
    "classifiers": "classifiers",
    "dist-name": "name",
    "home-page": "url",
    "keywords": "keywords",
    "license": "license",
    "requires": "dependencies",
    "requires-extra": "optional-dependencies",
    "requires-python": "requires-python",
    "urls": "urls",
    "description-file": "readme",
}


def _from_flit(pyproject: Document, table: dict[str, Any], system: Mapping[str, Any]) -> Package:
    data = {**system, **{new: table[old] for old, new in _FLIT_KEYS.items() if old in table}}
    data.setdefault("name", table.get("module", ""))
    join_author_and_url(data)
    own = {new: old for old, new in _FLIT_KEYS.items()}
    places = _place_finder(pyproject, ("tool", "flit", "metadata"))

    def where(keys: Keys) -> Place:
        return places((own.get(str(keys[0]), keys[0]), *keys[1:]) if keys else keys)

    # The version and the description are in the module itself.
    return Package("flit", data, frozenset(["version", "description"]), where)
