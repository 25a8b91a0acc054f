"""Packaging: what the settings of a build name exists, as each backend reads its paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import join

from lisa_scaffold.formats.document import Keys
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.requirement import find_missing
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, join_alike, join_words, rule
from lisa_scaffold.rules.setuptools_lists import find_folder, read_list

Named = tuple[tuple[str, ...], Keys]
"""Where something may lie that the settings name (in one of these paths), and their keys."""


@rule(
    "PKG007",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: facts.pyproject.table("tool") or facts.has("setup.py", "setup.cfg"),
)
def named_packages_exist(facts: Facts) -> Iterator[Hit]:
    """Packages that the build settings name exist.

    Why: Otherwise the build stops, or makes a package without its modules.

    How: Correct the name, or add what is missing.

    Source: [setuptools](https://setuptools.pypa.io/en/latest/userguide/pyproject_config.html#setuptools-specific-configuration),
    [hatch](https://hatch.pypa.io/latest/config/build/#packages),
    [Flit](https://flit.pypa.io/en/stable/pyproject_toml.html#module-section),
    [uv](https://docs.astral.sh/uv/concepts/build-backend/#modules),
    [PDM](https://backend.pdm-project.org/build_config/),
    [Poetry](https://python-poetry.org/docs/pyproject/#packages),
    [maturin](https://www.maturin.rs/config.html),
    [scikit-build-core](https://scikit-build-core.readthedocs.io/en/latest/configuration/index.html#customizing-the-built-wheel).
    """
    for paths, keys in _find_named_paths(facts):
        missing = [find_missing(facts, path) for path in paths]
        if missing and all(missing):
            line = facts.pyproject.line(*keys)
            message = f"the build looks for {missing[0]}, which does not exist: correct the name"
            yield Hit("pyproject.toml", line, message)
    if facts.package.backend == "setuptools":
        yield from _find_missing_modules(facts)


def _find_missing_modules(facts: Facts) -> Iterator[Hit]:
    """The modules that ``setup.py`` or ``setup.cfg`` names one by one, and that are not there.

    Packages are left out: of those a setup.py may make one.
    """
    named = read_list(facts, "py_modules")
    # In the table they are told of above.
    if named is None or named.place.path == "pyproject.toml":
        return
    paths = []
    for name in named.names:
        package, _, module = name.rpartition(".")
        paths.append(join(find_folder(package, named.folders), f"{module}.py"))
    if missing := [each for path in paths if (each := find_missing(facts, path))]:
        many = ("do", "names") if missing[1:] else ("does", "name")
        message = f"the build looks for {join_words(missing)}, which {many[0]} not exist"
        yield Hit(*named.place, f"{message}: correct the {many[1]}")


_WHEEL: Keys = ("tool", "hatch", "build", "targets", "wheel")
_SCIKIT: Keys = ("tool", "scikit-build", "wheel", "packages")
_LISTS: dict[str, tuple[Keys, ...]] = {
    "hatchling": ((*_WHEEL, "packages"), (*_WHEEL, "only-include")),
    "scikit-build-core": (_SCIKIT,),
    "setuptools": (("tool", "setuptools", "packages", "find", "where"),),
}
_FOLDERS: dict[str, Keys] = {
    "maturin": ("tool", "maturin", "python-source"),
    "pdm": ("tool", "pdm", "build", "package-dir"),
    "uv": ("tool", "uv", "build-backend", "module-root"),
}


def _find_named_paths(facts: Facts) -> Iterator[Named]:
    """The files and folders that the settings of the build name; meson-python's name none."""
    backend = facts.package.backend
    for keys in _LISTS.get(backend, ()):
        yield from _list_paths(facts, keys)
    match facts.pyproject.get(*_FOLDERS.get(backend, ("-",))):
        case str(folder):
            yield (folder,), _FOLDERS[backend]
    if backend in _NAMED:
        yield from _NAMED[backend](facts)


def _named_for_scikit_build(facts: Facts) -> Iterator[Named]:
    # A table has the name in the wheel as key.
    for name, path in facts.pyproject.table(*_SCIKIT).items():
        yield (str(path),), (*_SCIKIT, name)


def _named_for_poetry(facts: Facts) -> Iterator[Named]:
    keys: Keys = ("tool", "poetry", "packages")
    for index, each in enumerate(facts.pyproject.items(*keys)):
        if isinstance(each, dict) and "include" in each:
            path = join(str(each.get("from", "")), str(each["include"]))
            yield (path,), (*keys, index)


def _named_for_flit(facts: Facts) -> Iterator[Named]:
    for keys in ("tool", "flit", "module", "name"), ("tool", "flit", "metadata", "module"):
        match facts.pyproject.get(*keys):
            case str(name):
                stem = name.replace(".", "/")
                yield (stem, f"{stem}.py", f"src/{stem}", f"src/{stem}.py"), keys


def _named_for_uv(facts: Facts) -> Iterator[Named]:
    above: Keys = ("tool", "uv", "build-backend")
    named = facts.pyproject.get(*above, "module-name")
    root = facts.pyproject.get(*above, "module-root", default="src")
    for index, name in enumerate(named if isinstance(named, list) else [named]):
        if isinstance(name, str) and isinstance(root, str):
            at: Keys = (index,) if isinstance(named, list) else ()
            yield (join(root, name.replace(".", "/")),), (*above, "module-name", *at)


def _named_for_setuptools(facts: Facts) -> Iterator[Named]:
    pyproject = facts.pyproject
    table: Keys = ("tool", "setuptools")
    told = pyproject.table(*table, "package-dir")
    folders = {name: str(folder) for name, folder in told.items()}
    for index, name in enumerate(pyproject.items(*table, "packages")):
        yield (find_folder(str(name), folders),), (*table, "packages", index)
    for index, name in enumerate(pyproject.items(*table, "py-modules")):
        package, _, module = str(name).rpartition(".")
        yield (join(find_folder(package, folders), f"{module}.py"),), (*table, "py-modules", index)


_NAMED: dict[str, Callable[[Facts], Iterator[Named]]] = {
    "flit": _named_for_flit,
    "poetry": _named_for_poetry,
    "scikit-build-core": _named_for_scikit_build,
    "setuptools": _named_for_setuptools,
    "uv": _named_for_uv,
}


def _list_paths(facts: Facts, keys: Keys, prefix: str = "") -> Iterator[Named]:
    for index, name in enumerate(facts.pyproject.items(*keys)):
        yield (f"{prefix}{name}",), (*keys, index)


@rule(
    "PKG009",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.package.backend == "setuptools"
        and facts.pyproject.table("tool", "setuptools", "package-data")
    ),
)
def named_data_exist(facts: Facts) -> Iterator[Hit]:
    """Data files that the build settings name exist.

    Why: Otherwise the package is built without them, and nothing says so.

    How: Correct the name, or add what is missing.

    Source: [data files](https://setuptools.pypa.io/en/latest/userguide/datafiles.html); a LISA
    package names a `py.typed` that does not exist.
    """
    yield from join_alike(_find_missing_data(facts))


def _find_missing_data(facts: Facts) -> Iterator[Hit]:
    """The data files that are not there."""
    above: Keys = ("tool", "setuptools", "package-data")
    for package in facts.pyproject.table(*above):
        folder = facts.layout.folders.get(package)
        for (path,), keys in _list_paths(facts, (*above, package), f"{folder}/") if folder else ():
            if missing := find_missing(facts, path):
                message = (
                    f"{missing} does not exist, so the package will not have it: correct the name"
                )
                yield Hit("pyproject.toml", facts.pyproject.line(*keys), message)
