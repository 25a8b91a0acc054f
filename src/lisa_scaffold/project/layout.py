"""Where a package's modules are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lisa_scaffold.project.files import Files
    from lisa_scaffold.project.package import Package

_ASIDE = frozenset(
    [
        *("bench", "benchmarks", "bin", "build", "data", "dist", "doc", "docs", "examples"),
        *("example", "notebooks", "scripts", "test", "tests", "tools", "utils", "validation"),
        *("docker", "ci", "conda", "paper", "tutorials"),
    ]
)
_MODULES = (".py", ".pyx", ".pyi", ".so", ".c", ".cc", ".cpp", ".cu", ".f90", ".rs")


class Layout(NamedTuple):
    """Where a package's modules are.

    Attributes
    ----------
    style
        ``src`` or ``flat``; empty where there are no modules.
    folders
        The folder of each package that is imported by name, or the file of a lone module, by
        import name: ``{"lisa_noise": "src/lisa_noise"}``. A namespace package has its full name,
        ``lisa.noise``.
    """

    style: str
    folders: dict[str, str]

    @property
    def names(self) -> tuple[str, ...]:
        """The import names."""
        return tuple(self.folders)


def read(files: Files, package: Package) -> Layout:
    """Find the packages of a project."""
    modules = [path for path in files.files if path.endswith(_MODULES)]
    in_src = _packages(path[4:] for path in modules if path.startswith("src/"))
    if in_src:
        return Layout("src", {name: f"src/{folder}" for name, folder in in_src.items()})
    flat = _packages(path for path in modules if path.partition("/")[0] not in _ASIDE)
    if not flat and (name := package.name.replace("-", "_")):
        flat = {name: f"{name}.py"} if f"{name}.py" in files.files else {}
    return Layout("flat" if flat else "", flat)


def _packages(modules: Iterable[str]) -> dict[str, str]:
    """Packages by name: a folder with ``__init__.py``, and none above it that has one."""
    listed = list(modules)
    folders = {path.rpartition("/")[0] for path in listed if path.endswith("/__init__.py")}
    tops = {folder for folder in folders if not _has_package_above(folder, folders)}
    own = [top for top in sorted(tops) if top and not _is_aside(top)]
    return {folder.replace("/", "."): folder for folder in own if _importable(folder)}


def _has_package_above(folder: str, folders: set[str]) -> bool:
    parts = folder.split("/")
    return any("/".join(parts[:end]) in folders for end in range(1, len(parts)))


def _is_aside(folder: str) -> bool:
    return any(part in ("tests", "test") for part in folder.split("/"))


def _importable(folder: str) -> bool:
    return all(part.isidentifier() for part in folder.split("/"))
