"""Find the packages of a project."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lisa_scaffold.project.files import Files
    from lisa_scaffold.project.package import Package

_NOT_PACKAGES = frozenset(
    [
        *("bench", "benchmarks", "bin", "build", "data", "dist", "doc", "docs", "examples"),
        *("example", "notebooks", "scripts", "test", "tests", "tools", "utils", "validation"),
        *("asv", "asv_bench", "docker", "ci", "conda", "paper", "tutorials"),
    ]
)
_MODULES = (".py", ".pyx", ".pyi", ".so", ".c", ".cc", ".cpp", ".cu", ".f90", ".rs")


class Layout(NamedTuple):
    """Where a package's modules are.

    Attributes
    ----------
    style
        ``src``, also where the folder above the packages has another name, or ``flat``; empty where
        there are no modules.
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
    found = _find_all(files, package)
    shipped = _find_shipped(files, package, found.folders)
    return Layout(found.style if shipped else "", shipped)


def _find_shipped(files: Files, package: Package, found: dict[str, str]) -> dict[str, str]:
    """The packages among those found that setuptools takes, as far as its settings tell.

    Where they tell of none that was found, the build may put them elsewhere: all count then.
    """
    listed, placed = package.get("packages"), package.table("package-dir")
    if package.form == "setuptools" and isinstance(listed, list):
        # The folder of the project itself is no folder of a package here.
        is_top = any(placed.get(each) in ("", ".") for each in package.texts("packages"))
        shipped = {name: folder for name, folder in found.items() if name in listed}
        return shipped if shipped or is_top else found
    taken, left = _read_patterns(files, "include"), _read_patterns(files, "exclude")
    shipped = {
        name: folder
        for name, folder in found.items()
        if (not taken or _is_among(name, taken)) and not _is_among(name, left)
    }
    return shipped or found


def _read_patterns(files: Files, key: str) -> list[str]:
    """The names of packages that setuptools is told to find, or to leave out."""
    find = _table(_table(files.pyproject.table("tool", "setuptools").get("packages")).get("find"))
    told = find.get(key, files.ini("setup.cfg").get("options.packages.find", key))
    given = told.replace(",", "\n").split("\n") if isinstance(told, str) else told
    named = (str(each).strip() for each in given) if isinstance(given, list) else ()
    return [each for each in named if each]


def _is_among(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, each) for each in patterns)


def _find_all(files: Files, package: Package) -> Layout:
    """The packages that the files show, whether or not they are shipped."""
    modules = [path for path in files.files if path.endswith(_MODULES)]
    root, named = _find_stated(files)
    if named:
        return Layout("flat", named)
    if root:
        below = (path[len(root) + 1 :] for path in modules if path.startswith(f"{root}/"))
        if found := _find_packages(below):
            return Layout("src", {name: f"{root}/{folder}" for name, folder in found.items()})
    in_src = _find_packages(path[4:] for path in modules if path.startswith("src/"))
    if in_src and not _holds_sources_alone(in_src, files):
        return Layout("src", {name: f"src/{folder}" for name, folder in in_src.items()})
    # Beside its settings, airspeed velocity has benchmarks, whatever the folder is called.
    others = _NOT_PACKAGES | {
        path.partition("/")[0] for path in files.files if path.endswith("/asv.conf.json")
    }
    flat = _find_packages(path for path in modules if path.partition("/")[0] not in others)
    apart = _find_projects(files) if package.form else []
    flat = {
        name: folder
        for name, folder in flat.items()
        if not any(f"{folder}/".startswith(f"{each}/") for each in apart)
    } or flat
    if not flat and (name := package.name.replace("-", "_")):
        flat = {name: f"{name}.py"} if f"{name}.py" in files.files else {}
    return Layout("flat" if flat else "", flat)


def _find_projects(files: Files) -> list[str]:
    """The folders of projects inside this one, with packages and requirements of their own.

    Where the file lies in a package itself, it is a part of the build of that.
    """
    told = (path.rpartition("/") for path in files.files)
    folders = [folder for folder, _, name in told if folder and name in _OF_PROJECTS]
    return [each for each in folders if f"{each}/__init__.py" not in files.files]


_OF_PROJECTS = ("pyproject.toml", "setup.py")


def _find_stated(files: Files) -> tuple[str, dict[str, str]]:
    """Where the settings of the build say that packages lie.

    Returns
    -------
    tuple
        The folder above them all, empty where none is named; and the folders of those that are
        named one by one and are there.
    """
    own = files.pyproject.table("tool", "setuptools")
    given = {**_read_pairs(files.ini("setup.cfg").get("options", "package_dir"))}
    given |= {str(name): str(folder) for name, folder in _table(own.get("package-dir")).items()}
    find = _table(_table(own.get("packages")).get("find"))
    where = find.get("where", files.ini("setup.cfg").get("options.packages.find", "where"))
    told = where if isinstance(where, list) else [where or ""]
    roots = [*told, given.pop("", ""), *_read_poetry(files)]
    named = {
        name: folder.strip("/")
        for name, folder in given.items()
        if f"{folder.strip('/')}/__init__.py" in files.files
    }
    plain = (str(each).strip().removeprefix("./").strip("/") for each in roots)
    return next((each for each in plain if each not in ("", ".")), ""), named


def _holds_sources_alone(found: dict[str, str], files: Files) -> bool:
    """Whether what lies in ``src`` is only what the packages at the top are compiled from."""
    for folder in found.values():
        below = [path for path in files.files if path.startswith(f"src/{folder}/")]
        plain = [path for path in below if path.endswith(".py") and "/__init__." not in path]
        if plain or f"{folder}/__init__.py" not in files.files:
            return False
    return bool(found)


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _read_pairs(text: object) -> dict[str, str]:
    """The pairs of ``package_dir`` in ``setup.cfg``."""
    lines = text.split("\n") if isinstance(text, str) else []
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name.strip(): folder.strip() for name, _, folder in pairs}


def _read_poetry(files: Files) -> list[object]:
    entries = files.pyproject.items("tool", "poetry", "packages")
    return [each["from"] for each in entries if isinstance(each, dict) and "from" in each]


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
