"""What the code imports, an installation brings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.own_modules import (
    find_words,
    is_there,
    list_made,
    list_stems,
    may_be_made,
)
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, count_more_places, rule
from lisa_scaffold.rules.setuptools_lists import find_folder, read_list
from lisa_scaffold.sharing import shared
from lisa_scaffold.versions import normalize_name, split_requirement

# Folders of what is run beside the package, or of code for whoever has the other package anyway.
_BESIDE = compile_lazily(
    r"(?:^|/)(?:_*tests?|testing|conftest|benchmarks?|examples?|docs?|scripts?|tools?|demos?|contrib"
    r"|integrations?|extras?|ext|extensions?|plugins?|backends?|adapters?|compat|recipes?|dev"
    r"|_?vendor(?:ed)?|externals?|extern|third_?party|templates?|notebooks?|experimental|mocks?"
    r"|test_[^/]*|[^/]*_tests?)(?:/|\.py$)"
)
# Extras that developers install, and no user does.
_FOR_DEVELOPERS = compile_lazily(
    r"(?:unit-?)?tests?(?:ing|-.*)?|dev(?:el|elop|eloper|elopers|elopment)?(?:-.*)?|ci"
    r"|docs?(?:-.*)?|documentation|lint(?:ing)?|types?|typing|mypy|style|qa|build|release"
)
_STATEMENT = compile_lazily(r"(?m)^(?:import|from)\b((?:[^\n\\]|\\\n?)*)")
_WORD = compile_lazily(r"[A-Za-z_]\w*")
# What brings others that are in everybody's hands, so that their absence is no surprise to anybody.
_NUMERIC = frozenset(
    [
        *("arviz", "asdf", "astropy", "astroquery", "bilby", "cartopy", "corner", "cupy"),
        *("dynesty", "emcee", "eryn", "fitsio", "gwpy", "h5netcdf", "h5py", "healpy", "iminuit"),
        *("jax", "lalsuite", "lisaglitch", "lisagwresponse", "lisainstrument", "lisaorbits"),
        *(
            "anndata",
            "awkward",
            "boost-histogram",
            "ctapipe",
            "gammapy",
            "gwcs",
            "hist",
            "mdanalysis",
        ),
        *("mdtraj", "metpy", "nibabel", "obspy", "pyccl", "scanpy", "sunpy", "uproot"),
        *("lmfit", "matplotlib", "nessai", "netcdf4", "numba", "numexpr", "numpyro"),
        *("opencv-python", "opencv-python-headless", "optuna", "pandas", "photutils", "pyarrow"),
        *("pycbc", "pyerfa", "pyfftw", "pymc", "pytdi", "scikit-image", "scikit-learn", "scipy"),
        *("seaborn", "sgp4", "shapely", "skyfield", "specutils", "spiceypy", "statsmodels"),
        *("tables", "tensorflow", "torch", "ultranest", "xarray", "zarr"),
    ]
)
_BROUGHT: dict[str, frozenset[str]] = {
    "numpy": _NUMERIC,
    "python-dateutil": frozenset(["matplotlib", "pandas", "seaborn", "xarray"]),
    "pillow": frozenset(["matplotlib", "scikit-image", "seaborn"]),
    "pandas": frozenset(["seaborn", "xarray", "arviz", "statsmodels"]),
    "matplotlib": frozenset(["seaborn", "corner", "arviz", "gwpy", "bilby", "pycbc"]),
    "scipy": frozenset(
        [
            *("scikit-learn", "scikit-image", "statsmodels", "gwpy", "bilby", "jax", "lmfit"),
            *("arviz", "pymc", "dynesty", "pycbc", "lisainstrument", "lisaorbits", "pytdi"),
        ]
    ),
    "xarray": frozenset(["arviz"]),
    "pyerfa": frozenset(["astropy"]),
    "astropy": frozenset(["gwpy", "photutils", "specutils", "astroquery", "bilby", "pycbc"]),
    "pyyaml": frozenset(["astropy", "dask", "bokeh"]),
    "h5py": frozenset(["gwpy", "lisainstrument", "lisaorbits", "pycbc"]),
    "requests": frozenset(["gwpy", "astroquery", "gwosc", "pycbc"]),
    "joblib": frozenset(["scikit-learn"]),
    "six": frozenset(
        [
            *("python-dateutil", "matplotlib", "pandas", "seaborn", "xarray", "arviz", "html5lib"),
            *("astroquery", "gwpy", "bilby", "boto3", "bleach", "pycbc", "lalsuite"),
        ]
    ),
    "nibabel": frozenset(["nilearn", "dipy", "nipype", "mne"]),
    "obspy": frozenset(["eqcorrscan", "msnoise", "pyasdf", "instaseis", "rf"]),
    "rasterio": frozenset(["rioxarray", "rasterstats", "odc-stac", "stackstac"]),
    "setuptools": frozenset(["torch", "tensorflow", "pbr", "numba", "lalsuite", "pycbc"]),
    "tqdm": frozenset(["gwpy", "bilby", "pycbc", "dynesty"]),
}


# What newer versions of a distribution no longer bring.
_BOUNDED = {"pkg_resources": "setuptools<82"}
_KEYS = {"setuptools": "install_requires", "flit": "requires"}
"""What requirements are called, by where the metadata is stated."""


def _states_requirements(facts: Facts) -> bool:
    package = facts.package
    unknown = {"dependencies", "optional-dependencies"} & package.unknown
    return bool(facts.is_built and package.form and not unknown and facts.layout.packages)


@rule("MET022", SHOULD, kinds=PACKAGE, when=_states_requirements)
def imports_are_required(facts: Facts) -> Iterator[Hit]:
    """What the package imports is among its requirements.

    Why: It works where the other package happens to be installed. Whoever installs this one alone
    gets an error at its first import.

    How: Add the distribution to `dependencies`. What is only needed by a part of the package may
    stay an extra (`[project.optional-dependencies]`), and be imported where it is used. Dependency
    groups, and extras such as `test` and `dev`, are for whoever works on the package: who installs
    it has nothing of them.

    Source: [writing pyproject.toml](https://packaging.python.org/en/latest/guides/writing-pyproject-toml/#dependencies-and-requirements).
    """
    named = _find_installed(facts)
    named |= {brought for brought in _BROUGHT if named & _BROUGHT[brought]}
    own = {normalize_name(facts.package.name), *_find_own(facts)}

    def is_missing(name: str) -> bool:
        options = imported.find_distributions(name)
        return bool(options) and not named & {*options} and name not in own

    # To parse every module takes ten times as long as to look for the words.
    if not any(map(is_missing, _find_words(facts))):
        return
    places: dict[str, list[tuple[str, int]]] = {}
    for path in sorted(_find_modules(facts)):
        for each in imported.find_imports(facts, path):
            if is_missing(each.name):
                places.setdefault(each.name, []).append((path, each.line))
    key = _KEYS.get(facts.package.form, "dependencies")
    for name, found in places.items():
        wanted = _BOUNDED.get(name) or imported.find_distributions(name)[0]
        message = f"imports {name}, which no requirement names: add `{wanted}` to `{key}`"
        yield Hit(*found[0], f"{message}{count_more_places(found)}")


_COMPILING = frozenset(["maturin", "meson-python", "scikit-build-core"])


_WAY = compile_lazily(r"\bsys\.(?:path|modules|meta_path)\b|\b__path__\b")


def _writes_its_modules(facts: Facts) -> bool:
    """Whether every module of the packages is a file that somebody has written, as far as told."""
    is_compiled = "Extension(" in facts.text("setup.py") or "cythonize" in facts.text("setup.py")
    return (
        facts.is_built
        and bool(facts.layout.packages)
        and not (is_compiled or facts.package.backend in _COMPILING)
    )


@rule("MET023", MUST, kinds=PACKAGE, when=_writes_its_modules)
def own_modules_exist(facts: Facts) -> Iterator[Hit]:
    """Modules of its own that the package imports exist.

    Why: Otherwise nobody can import the package, or that part of it. It still works where an older
    installation has the module left over.

    How: Correct the name, or take the import out where the module was removed.

    Source: [the import system](https://docs.python.org/3/reference/import.html#searching).
    """
    for name, folder in facts.layout.folders.items():
        if folder.endswith(".py"):
            continue
        modules = _list_modules(facts, name, folder)
        for path in sorted(_reach(facts, modules, [name])):
            for wanted, line in _find_own_imports(facts, path, name, folder):
                if _may_be_made(facts, wanted) or is_there(facts, wanted, name, folder):
                    continue
                # Rare, and to read what is required takes its time.
                if not _is_shared(facts, name):
                    message = f"there is no module {wanted}, so this fails: correct or remove it"
                    yield Hit(path, line, message)


_WITH_FILES = compile_lazily(r"\b(?:setuptools|vcs)[-_.](?:scm|git|versioning)|\bpackage_data\b")


def _names_its_packages(facts: Facts) -> bool:
    """Whether setuptools has a list of packages, and nothing else adds modules to them."""
    own = facts.pyproject.table("tool", "setuptools")
    texts = [facts.text(path) for path in ("setup.py", "setup.cfg")]
    texts.append(str(facts.pyproject.get("build-system", "requires")))
    return bool(
        facts.is_built
        and facts.package.backend == "setuptools"
        and not facts.text("MANIFEST.in").strip()
        and "package-data" not in own
        and not any(map(_WITH_FILES.search, texts))
        and read_list(facts, "packages")
    )


@rule("MET025", MUST, kinds=PACKAGE, when=_names_its_packages)
def imported_packages_are_listed(facts: Facts) -> Iterator[Hit]:
    """Packages of its own that the package imports are in the list of packages.

    Why: Of a list, setuptools takes what it names and nothing below: whoever installs the package
    gets an error at the import. In a checkout it works all the same.

    How: Add the package to the list, or let setuptools find all:
    `include = ["lisa_noise", "lisa_noise.*"]` under `[tool.setuptools.packages.find]`, or
    `find_packages()` in `setup.py`.

    Source: [package discovery](https://setuptools.pypa.io/en/latest/userguide/package_discovery.html):
    each package is listed, also those inside others.
    """
    listed = read_list(facts, "packages")
    if listed is None:
        return
    missing: dict[str, tuple[str, int]] = {}
    scripts = [str(each).partition(":")[0] for each in facts.package.table("scripts").values()]
    for name in listed.names:
        folder = find_folder(name, listed.folders)
        modules = _list_modules(facts, name, folder)
        # What is below an inner package is that one's, and not what is found here.
        own = {each: path for each, path in modules.items() if _is_within(each, name, path)}
        for path in sorted(_reach(facts, own, [name, *scripts])):
            for wanted, line in _find_own_imports(facts, path, name, folder):
                if inner := _find_left_out(wanted, name, modules, listed.names):
                    missing.setdefault(inner, (path, line))
    for inner, (path, line) in missing.items():
        message = f"imports {inner}, which no installation has: add it to `packages`"
        yield Hit(path, line, f"{message} in {listed.place.path}")


def _is_within(module: str, package: str, path: str) -> bool:
    """Whether a module lies in the folder of a package itself."""
    depth = module.count(".") - package.count(".")
    return depth == 0 or (depth == 1 and not path.endswith("/__init__.py"))


def _find_left_out(
    wanted: str, package: str, modules: Mapping[str, str], listed: Sequence[str]
) -> str:
    """The first package above a module, or it itself, that is there and not listed."""
    parts = wanted.split(".")
    for end in range(package.count(".") + 2, len(parts) + 1):
        above = ".".join(parts[:end])
        is_package = modules.get(above, "").endswith("/__init__.py")
        if is_package and above not in listed:
            return above
    return ""


def _may_be_made(facts: Facts, wanted: str) -> bool:
    """Whether something makes a module: a file of its name, which nearly all have, or any text."""
    ways = (list_stems, _list_named)
    return any(may_be_made(wanted, facts.cached(way)) for way in ways)


def _list_named(facts: Facts) -> set[str]:
    """The words of all that may write a module."""
    settings = facts.paths("*.toml", "noxfile.py")
    return list_made(facts).union(*(find_words(facts.text(path)) for path in settings))


def _is_shared(facts: Facts, name: str) -> bool:
    """Whether a requirement may bring a part of a package, as its name says: `a-io` for `a.io`."""
    top = normalize_name(name.partition(".")[0])
    others = _find_named(facts) - {normalize_name(facts.package.name)}
    return any(each.startswith(f"{top}-") for each in others)


@rule("MET024", SHOULD, kinds=PACKAGE, when=_writes_its_modules)
def siblings_are_named_in_full(facts: Facts) -> Iterator[Hit]:
    """A module imports another one of its package by its full name.

    Why: What lies beside a script is found by its name alone, and what lies beside a module is not:
    whoever installs the package gets an error at that import.

    How: Write `from package import module`, or `from . import module`.

    Source: [PEP 328](https://peps.python.org/pep-0328/#rationale-for-absolute-imports).
    """
    names = facts.layout.folders
    known = {name.partition(".")[0] for name in facts.layout.names} | _find_named(facts)
    for path in sorted(_find_modules(facts)):
        beside, _, own = path.rpartition("/")
        package = next(name for name, folder in names.items() if path.startswith(f"{folder}/"))
        if any(_WAY.search(facts.text(each)) for each in (path, f"{names[package]}/__init__.py")):
            continue
        for each in imported.find_imports(facts, path):
            is_other = each.name in known or normalize_name(each.name) in known
            is_at_top = facts.has(f"{each.name}.py", f"src/{each.name}.py")
            is_theirs = is_other or is_at_top or imported.find_distributions(each.name)
            is_beside = own != f"{each.name}.py" and facts.has(f"{beside}/{each.name}.py")
            if is_beside and not is_theirs and not _has_parts(facts, package, each.name):
                full = f"{package}{beside[len(names[package]) :].replace('/', '.')}.{each.name}"
                message = (
                    f"imports {each.name} as a script beside it would, which fails where the "
                    f"package is installed: write {full}"
                )
                yield Hit(path, each.line, message)


def _has_parts(facts: Facts, package: str, name: str) -> bool:
    """Whether something of a name with parts is imported, as a module beside has none."""
    part = re.compile(rf"^\s*(?:from|import)\s+{re.escape(name)}\.\w", re.MULTILINE)
    folder = facts.layout.folders[package]
    return any(part.search(facts.text(path)) for path in facts.paths(f"{folder}/**/*.py"))


def _find_own_imports(facts: Facts, path: str, name: str, folder: str) -> Iterator[tuple[str, int]]:
    """The modules of a package that one of them imports at its top level, whatever happens."""
    package = f"{name}{path[len(folder) :].rpartition('/')[0].replace('/', '.')}"
    tree = facts.python(path)
    for node in tree.body if isinstance(tree, ast.Module) else ():
        names: list[str] = []
        match node:
            case ast.Import(names=aliases):
                names = [each.name for each in aliases]
            case ast.ImportFrom(module=str(module), level=level):
                above = package.split(".")
                above = above[: len(above) + 1 - level] if level else []
                names = [".".join([*above, module])]
        yield from ((each, node.lineno) for each in names if each.startswith(f"{name}."))


def _find_words(facts: Facts) -> set[str]:
    """Every word in a line of the packages that begins as an import does."""
    folders = facts.layout.folders.values()
    paths = {path for folder in folders for path in facts.paths(f"{folder}/**/*.py")}
    return set().union(*(_find_imported_words(facts.text(path)) for path in paths))


@shared
def _find_imported_words(text: str) -> frozenset[str]:
    return frozenset(word for line in _STATEMENT.findall(text) for word in _WORD.findall(line))


def _find_named(facts: Facts) -> set[str]:
    """Every distribution that the metadata name as a requirement, of whatever use."""
    poetry = facts.pyproject.table("tool", "poetry")
    tables: list[Any] = [facts.package.get("optional-dependencies")]
    tables.append(facts.pyproject.table("dependency-groups"))
    tables += [poetry.get("group"), poetry.get("dev-dependencies")]
    return _find_installed(facts) | _normalize_names(tables)


def _find_installed(facts: Facts) -> set[str]:
    """The distributions that whoever uses the package has with it, or may ask for by an extra."""
    extras = facts.package.table("optional-dependencies")
    tables: list[Any] = [facts.package.get("dependencies")]
    tables.append(facts.pyproject.table("tool", "poetry").get("dependencies"))
    tables += [
        {name: listed}
        for name, listed in extras.items()
        # setup.cfg may have a marker behind the name: `test:python_version<"3.12"`.
        if not _FOR_DEVELOPERS.fullmatch(normalize_name(str(name).partition(":")[0].strip()))
    ]
    return _normalize_names(tables)


def _normalize_names(tables: Iterable[Any]) -> set[str]:
    return {normalize_name(name) for table in tables for name in _names_in(table)}


def _names_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            parts = split_requirement(value.strip())
            if parts:
                # An extra is often named for what it brings.
                yield from (parts["name"], *_WORD.findall(parts["extras"]))
        case list():
            for each in value:
                yield from _names_in(each)
        case dict():
            for key, each in value.items():
                yield str(key)
                yield from _names_in(each)


def _find_own(facts: Facts) -> Iterator[str]:
    """Names at which the project has something itself: beside its packages, and in them."""
    for path in facts.files:
        if path.endswith((".py", ".pyx", ".pyi", ".so")):
            parts = path.split("/")
            yield from (parts[0], parts[-1].partition(".")[0])
            yield from parts[1:-1]


def _find_modules(facts: Facts) -> set[str]:
    """The modules that are certain to be imported.

    Those are the ones that the package imports itself. Where it does nothing, whoever uses it
    imports them one by one: then those beside its ``__init__.py`` are, and what they import.

    A project that the template made has no others: of code that was there before, nobody knows
    which part is for whoever has more installed.
    """
    found: set[str] = set()
    is_made = facts.is_of_template and not facts.answers.get("adopted")
    for name, folder in facts.layout.folders.items():
        if folder.endswith(".py"):
            continue
        modules = _list_modules(facts, name, folder)
        starts = [name]
        if is_made or _does_nothing(facts, f"{folder}/__init__.py"):
            inner = len(folder)
            starts += [
                each
                for each, path in modules.items()
                if (is_made or each.count(".") == name.count(".") + 1)
                and not _BESIDE.search(path[inner:])
            ]
        found |= _reach(facts, modules, starts)
    return found


def _does_nothing(facts: Facts, path: str) -> bool:
    """Whether a module has words, and values such as a version, and no more."""
    tree = facts.python(path) if facts.has(path) else None
    if not isinstance(tree, ast.Module):
        return False
    return all(map(_is_plain, tree.body))


def _is_plain(node: ast.stmt) -> bool:
    match node:
        case ast.ImportFrom(module=str(module)):
            return module in ("__future__", "importlib.metadata", "_version", "version")
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.startswith("__")
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _list_modules(facts: Facts, name: str, folder: str) -> dict[str, str]:
    """The modules of a package: their full names, and paths."""
    found = {}
    for path in facts.paths(f"{folder}/**/*.py"):
        inner = path[len(folder) :].removesuffix(".py").removesuffix("/__init__")
        found[f"{name}{inner.replace('/', '.')}"] = path
    return found


def _reach(facts: Facts, modules: Mapping[str, str], starts: Sequence[str]) -> set[str]:
    """The paths of the modules that are imported with some of them, whatever happens."""
    waiting, seen = [*starts], {*starts}
    while waiting:
        name = waiting.pop()
        tree = facts.python(modules[name]) if name in modules else None
        package = (
            name if modules.get(name, "").endswith("/__init__.py") else name.rpartition(".")[0]
        )
        for wanted in _imports_of(tree, package) if isinstance(tree, ast.Module) else ():
            parts = wanted.split(".")
            above = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
            waiting += (above & modules.keys()) - seen
            seen |= above & modules.keys()
    return {modules[name] for name in seen if name in modules}


def _imports_of(tree: ast.Module, package: str) -> Iterator[str]:
    """The full names of what a module imports at its top level, and may import from there."""
    for node in tree.body:
        match node:
            case ast.Import(names=aliases):
                yield from (each.name for each in aliases)
            case ast.ImportFrom(module=module, names=aliases, level=level):
                above = package.split(".")
                above = above[: len(above) + 1 - level] if level else []
                origin = ".".join([*above, *([module] if module else [])])
                yield origin
                yield from (f"{origin}.{each.name}" for each in aliases)
