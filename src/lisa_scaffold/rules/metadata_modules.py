"""Metadata that refers to the package's own modules."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import imported
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.own_modules import list_made
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule
from lisa_scaffold.versions import normalize_name, split_requirement


def _find_scripts(facts: Facts) -> list[tuple[str, str, str]]:
    """Each program: the table that names it, its name, and what it runs."""
    return [
        (table, name, target)
        for table in ("scripts", "gui-scripts")
        for name, target in facts.package.table(table).items()
        if isinstance(target, str)
    ]


@rule("MET009", MUST, kinds=PACKAGE, when=_find_scripts)
def programs_exist(facts: Facts) -> Iterator[Hit]:
    """Commands in the metadata run a module that exists.

    Why: Otherwise the command is installed, but fails as soon as it starts.

    How: Write `module:function` where the program is named (`[project.scripts]`, or `entry_points`
    in `setup.py` or `setup.cfg`), with the full import name of the module.

    Source: [entry points](https://packaging.python.org/en/latest/specifications/entry-points/).
    """
    for table, name, target in _find_scripts(facts):
        path, line = facts.package.place(table, name)
        module = target.partition(":")[0].partition("[")[0].strip()
        if not re.fullmatch(r"\s*+[\w.]++\s*+:\s*+[\w.]++\s*+(\[.*\]\s*+)?", target):
            message = (
                f"`{target}` names no function, so `{name}` cannot start: write `module:function`"
            )
            yield Hit(path, line, message)
        elif _lacks_module(facts, module):
            message = (
                f"there is no module {module}, so `{name}` fails when it starts: correct the name"
            )
            yield Hit(path, line, message)
        elif full := _find_inside(facts, module):
            message = f"there is no module {module}, so `{name}` fails when it starts: write {full}"
            yield Hit(path, line, message)


def _lacks_module(facts: Facts, module: str) -> bool:
    """Whether a module should be in the folder of one of our packages, and is not."""
    if facts.package.backend in ("maturin", "meson-python", "scikit-build-core"):
        return False
    for name, folder in facts.layout.folders.items():
        if module == name or module.startswith(f"{name}."):
            inner = module.removeprefix(name).replace(".", "/")
            stem = f"{folder.removesuffix('.py')}{inner}"
            is_there = facts.paths(f"{stem}.*", f"{stem}/__init__.*")
            return not is_there and not _is_shared(facts, name)
    return bool(facts.layout.packages) and _is_nobodys(facts, module.partition(".")[0])


def _is_shared(facts: Facts, name: str) -> bool:
    """Whether a requirement may bring a part of a package, as its name says: `a-io` for `a.io`."""
    top = f"{normalize_name(name.partition('.')[0])}-"
    required = (split_requirement(each.strip()) for each in facts.package.texts("dependencies"))
    return any(each and normalize_name(each["name"]).startswith(top) for each in required)


def _find_inside(facts: Facts, module: str) -> str:
    """The full name of a module that is named as if its package were a folder of modules.

    Empty where a build may put it there, as far as the settings of Poetry and setuptools tell.
    """
    stem, top = module.replace(".", "/"), module.partition(".")[0]
    texts = (facts.text(path) for path in ("pyproject.toml", "setup.py", "setup.cfg"))
    is_open = facts.package.backend not in ("poetry", "setuptools") or any(
        _MOVES.search(text) for text in texts
    )
    if is_open or facts.layout.style != "flat" or top in sys.stdlib_module_names:
        return ""
    if facts.paths(f"{top}.*", f"{top}/**"):
        return ""
    found = [
        f"{name}.{module}"
        for name, folder in facts.layout.folders.items()
        if facts.has(f"{folder}/{stem}.py", f"{folder}/{stem}/__init__.py")
    ]
    # A requirement may bring a module of that name.
    required = " ".join(facts.package.texts("dependencies")).lower()
    is_theirs = "dependencies" in facts.package.unknown or top.lower() in required
    return found[0] if len(found) == 1 and not is_theirs else ""


_MOVES = compile_lazily(r"\b(?:package[-_]dir|where)\b|\b(?:from|to)\s*=")


def _is_nobodys(facts: Facts, top: str) -> bool:
    """Whether neither the project nor what it requires has a module, as far as all that is known.

    A program may be that of a requirement. Of a file or folder of that name, wherever it lies,
    nobody knows what a build makes of it.
    """
    is_open = "dependencies" in facts.package.unknown or facts.submodules
    if is_open or top in sys.stdlib_module_names:
        return False
    parts = (part.partition(".")[0] for path in facts.files for part in path.split("/"))
    if top in parts or top in facts.cached(list_made):
        return False
    required = [split_requirement(text.strip()) for text in facts.package.texts("dependencies")]
    brought = [
        imported.find_modules(normalize_name(each["name"])) if each else () for each in required
    ]
    return all(brought) and not any(top in each for each in brought)


_VERSION_FILES = ("__init__", "_version", "version", "__version__", "__about__", "about")
_LITERAL = compile_lazily(
    r"""^__version__\s*(?::\s*\w+\s*)?=\s*(['"])([^'"]+)\1\s*(?:#.*)?$""", re.M
)
_IN_STEP = ("bumpversion", "bumpver", "commitizen", "semantic_release", "tbump", "hatch-cli")
_STEP_FILES = (".bumpversion.cfg", ".bumpversion.toml", "tbump.toml", ".cz.toml", ".cz.yaml")


@rule(
    "MET010",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.package.text("version") and "dynamic-versioning" not in facts.text("pyproject.toml")
    ),
    strict=True,
)
def one_version(facts: Facts) -> Iterator[Hit]:
    """The version is written in one place.

    Why: Sooner or later a release updates only one of two places, and the package and its metadata
    then disagree.

    How: Keep it in git tags or in `pyproject.toml`, and read it in the package with
    `importlib.metadata.version`, or let a tool change all places together.

    Source: [single-sourcing the version](https://packaging.python.org/en/latest/discussions/single-source-version/).
    """
    stated = facts.package.text("version")
    in_step = facts.has(*_STEP_FILES) or bool(facts.ini("setup.cfg").get("bumpversion"))
    in_step = in_step or any(facts.pyproject.get("tool", each) for each in _IN_STEP)
    where = facts.package.place("version").path
    remedy = "read it with `importlib.metadata.version`"
    for folder in facts.layout.folders.values():
        for name in _VERSION_FILES:
            path = f"{folder}/{name}.py"
            match = _LITERAL.search(facts.text(path)) if facts.has(path) else None
            if match is None:
                continue
            line = facts.text(path).count("\n", 0, match.start()) + 1
            if match[2] != stated:
                yield Hit(path, line, f"{match[2]} here, but {stated} in {where}: {remedy}")
            elif not in_step:
                message = f"the version is also in {where}, so one will be forgotten: {remedy}"
                yield Hit(path, line, message)


_BY_DISTRIBUTION = """
arviz astropy black boto3 cartopy celery click corner cupy cython dask django dynesty emcee fastapi
flask gwpy h5py healpy httpx hypothesis ipykernel ipython jax jinja2 jupyter jupyterlab keras lal
ldc lisaconstants lisagwresponse lisainstrument lisaorbits lisatools llvmlite matplotlib mpmath mypy
networkx notebook nox numba numexpr numpy packaging pandas pip plotly poetry polars pybind11 pycbc
pydantic pytdi pytest pytz requests ruff scipy seaborn setuptools six snakemake sphinx sqlalchemy
statsmodels sympy tensorflow torch tox tqdm twine uv wheel xarray zarr attrs lalsuite
"""
TAKEN = {
    **{name: name for name in _BY_DISTRIBUTION.split()},
    "attr": "attrs",
    "cv2": "opencv",
    "ldc": "lisa-data-challenge",
    "lisatools": "lisaanalysistools",
    "dateutil": "dateutil",
    "pil": "pillow",
    "pre_commit": "pre-commit",
    "skbuild": "scikit-build",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "typing_extensions": "typing-extensions",
    "yaml": "yaml",
}
"""Import names, in lower case, that everybody knows, each with a part of its owner's name."""

_NAMESPACE = "lisa"


def _is_lisas(facts: Facts) -> bool:
    """Whether the project is one of LISA's, as far as that is told."""
    addresses = facts.package.table("urls").values()
    ours = r"https?://[\w.-]+/lisa/"
    return facts.is_of_template or any(re.match(ours, str(url), re.IGNORECASE) for url in addresses)


@rule("MET021", SHOULD, kinds=PACKAGE, when=lambda facts: facts.layout.folders)
def names_are_free(facts: Facts) -> Iterator[Hit]:
    """The import name of the package is not taken.

    Why: If two packages have the same import name, installing the second overwrites files of the
    first, and removing one breaks the other.

    How: Rename the folder, to `lisa_numpy` for example. A package `lisa` would hide every other
    package whose name begins with `lisa.`: put it into a folder below `lisa`, and delete
    `lisa/__init__.py`.

    Source: [distribution and import packages](https://packaging.python.org/en/latest/discussions/distribution-package-vs-import-package/);
    [namespace packages](https://packaging.python.org/en/latest/guides/packaging-namespace-packages/).
    """
    folders = facts.layout.folders
    # Of several folders at the top nobody knows which are installed.
    if facts.layout.style != "src" and len(folders) > 1:
        return
    for name, folder in folders.items():
        path = folder if folder.endswith(".py") else f"{folder}/__init__.py"
        owner = TAKEN.get(name.lower())
        if owner and owner not in facts.package.name and name.lower() not in facts.package.name:
            message = (
                f"`import {name}` is a well-known package, and installing both breaks one: "
                "rename this one"
            )
            yield Hit(path, 1, message)
        elif name == _NAMESPACE and _is_lisas(facts):
            message = (
                "this hides all other packages named `lisa.…`: delete it, and use a folder below "
                "`lisa`"
            )
            yield Hit(path, 1, message)
