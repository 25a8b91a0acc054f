"""What is said about a Python package, in one form.

It may stand in ``[project]``, in Poetry's or Flit's own table, or in setuptools' files; nothing is
ever run to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from lisa_scaffold.formats.document import Document, Keys
from lisa_scaffold.project.package import Package, Place

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


def read(files: Files) -> Package:
    """What a project says about its package."""
    pyproject = files.pyproject
    backend = _backend(pyproject)
    system = {"build-backend": backend} if backend else {}
    if table := pyproject.table("project"):
        return _from_project(pyproject, table, system)
    # Next to setuptools as backend, a table of Poetry's is a left-over that no build reads.
    if pyproject.table("tool", "poetry") and not _by_setuptools(files, backend):
        from lisa_scaffold.project import poetry

        return poetry.read(pyproject, system)
    if flit := pyproject.table("tool", "flit", "metadata"):
        return _from_flit(pyproject, flit, system)
    if files.has("setup.cfg", "setup.py"):
        from lisa_scaffold.project import setuptools

        return setuptools.read(files, system)
    return Package(data=system, where=_places(pyproject, ("build-system",)))


def _by_setuptools(files: Files, backend: str) -> bool:
    return backend.startswith("setuptools") and files.has("setup.cfg", "setup.py")


def _backend(pyproject: Document) -> str:
    said = pyproject.get("build-system", "build-backend")
    return said if isinstance(said, str) else ""


def _places(document: Document, above: Keys) -> Callable[[Keys], Place]:
    """Finds keys that stand below others in a document."""

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
    dynamic = table.get("dynamic")
    unknown = frozenset(map(str, dynamic)) if isinstance(dynamic, list) else frozenset()
    return Package("project", data, unknown, _places(pyproject, ("project",)))


_FLIT = {
    "author": "author",
    "classifiers": "classifiers",
    "dist-name": "name",
    "home-page": "homepage",
    "keywords": "keywords",
    "license": "license",
    "requires": "dependencies",
    "requires-extra": "optional-dependencies",
    "requires-python": "requires-python",
    "urls": "urls",
    "description-file": "readme",
}


def _from_flit(pyproject: Document, table: dict[str, Any], system: Mapping[str, Any]) -> Package:
    data = {**system, **{new: table[old] for old, new in _FLIT.items() if old in table}}
    data.setdefault("name", table.get("module", ""))
    if home := data.pop("homepage", None):
        data["urls"] = {"Homepage": home, **(data.get("urls") or {})}
    person = {"name": data.pop("author", None), "email": table.get("author-email")}
    if said := {key: value for key, value in person.items() if value}:
        data["authors"] = [said]
    own = {new: old for old, new in _FLIT.items()}
    places = _places(pyproject, ("tool", "flit", "metadata"))

    def where(keys: Keys) -> Place:
        return places((own.get(str(keys[0]), keys[0]), *keys[1:]) if keys else keys)

    # The version and the description stand in the module itself.
    return Package("flit", data, frozenset(["version", "description"]), where)
