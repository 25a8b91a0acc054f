"""Find the packages of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lisa_scaffold.project.files import Files
    from lisa_scaffold.project.package import Package

_NOT_PACKAGES = frozenset(
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
    def packages(self) -> list[str]:
        """The folders of packages, without lone modules."""
        return [folder for folder in self.folders.values() if not folder.endswith(".py")]

    @property
    def names(self) -> tuple[str, ...]:
        """The import names."""
        return tuple(self.folders)


def read(files: Files, package: Package) -> Layout:
    """Find the packages of a project."""
    modules = [path for path in files.files if path.endswith(_MODULES)]
    in_src = _find_packages(path[4:] for path in modules if path.startswith("src/"))
    if in_src:
        return Layout("src", {name: f"src/{folder}" for name, folder in in_src.items()})
    flat = _find_packages(path for path in modules if path.partition("/")[0] not in _NOT_PACKAGES)
    if not flat and (name := package.name.replace("-", "_")):
        flat = {name: f"{name}.py"} if f"{name}.py" in files.files else {}
    return Layout("flat" if flat else "", flat)


def _find_packages(modules: Iterable[str]) -> dict[str, str]:
    """Packages by name: folders with ``__init__.py`` that are in no other such folder."""
    folders = {path.rpartition("/")[0] for path in modules if path.endswith("/__init__.py")}
    packages = {}
    for folder in sorted(folders):
        parts = folder.split("/")
        is_inner = any("/".join(parts[:end]) in folders for end in range(1, len(parts)))
        is_test = "tests" in parts or "test" in parts
        if not is_inner and not is_test and all(part.isidentifier() for part in parts):
            packages[".".join(parts)] = folder
    return packages
