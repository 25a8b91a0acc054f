"""Packaging: the build backend is declared and finds what it is told to package."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.edit import Change, replace_in_line, replace_item, set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.build_needs import explain_needs, find_build_needs
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.requirement import (
    REQUIRES,
    find_beside,
    find_old_setuptools,
    find_setuptools,
    list_required_names,
    reaches_expressions,
    require_newer_setuptools,
)
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, UNSAFE, Hit, rule

_SYSTEM = """[build-system]
build-backend = "{}"
requires = [ {} ]

"""
_BACKEND = "setuptools.build_meta"
_BESIDE = f"{_BACKEND}:__legacy__"
"""The same, but ``setup.py`` finds the modules beside it."""

_DISTRIBUTIONS = {
    "flit": ("flit-core", "flit"),
    "hatchling": ("hatchling",),
    "maturin": ("maturin",),
    "meson-python": ("meson-python",),
    "pdm": ("pdm-backend", "pdm-pep517"),
    "poetry": ("poetry-core", "poetry", "poetry-dynamic-versioning"),
    "scikit-build-core": ("scikit-build-core",),
    "setuptools": ("setuptools",),
    "uv": ("uv-build", "uv"),
}
# Requirements that bring no backend. Unlisted ones may: hatch-vcs depends on hatchling.
_NO_BACKEND = frozenset(
    [
        *("wheel", "cython", "numpy", "oldest-supported-numpy", "pybind11", "nanobind", "cffi"),
        *("packaging", "tomli", "cmake", "ninja", "swig"),
    ]
)
_OTHER_TOOLS = ("flit", "hatch", "pdm", "poetry", "uv", "maturin", "scikit-build", "meson-python")


@rule(
    "PKG001",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.package.form and facts.is_built,
    fixes=UNSAFE,
)
def build_system(facts: Facts) -> Iterator[Hit]:
    """The project says how it is built.

    Why: Without a `[build-system]`, every installer falls back to an outdated way to run
    setuptools, in whatever version it finds.

    How: Name the build backend and its requirements in `[build-system]` of `pyproject.toml`. Where
    a `setup.py` builds, what it imports belongs into `requires` too, such as NumPy, and so does
    Cython where it compiles: without that the build fails, or makes a package without extensions.
    Nothing is repaired where it imports what only its authors know. The backend
    `setuptools.build_meta:__legacy__` is the one that installers take where none is named: with
    `setuptools.build_meta` a `setup.py` does not find the modules beside it, such as `versioneer`.

    Source: [PEP 518](https://peps.python.org/pep-0518/),
    [pyproject.toml guide](https://packaging.python.org/en/latest/guides/writing-pyproject-toml/#declaring-the-build-backend).
    """
    if "build-system" in facts.pyproject.data or facts.pyproject.problem:
        return
    # At a file that is there.
    path = facts.package.place().path
    message = "no [build-system], so each installer guesses how to build this: add one"
    message += "" if path == "pyproject.toml" else " in pyproject.toml"
    fix: Fix | None = None
    if change := declare_build(facts):
        fix = Fix.edit("pyproject.toml", change)
        if not facts.has("pyproject.toml"):
            fix = Fix.write("pyproject.toml", change(""))
    yield Hit(path, 1, f"{message}{_describe_system(facts)}", fix=fix)


def declare_build(facts: Facts) -> Change | None:
    """What writes down how a project is built; ``None`` where only its authors know that."""
    tool, has_setup = facts.pyproject.table("tool"), facts.has("setup.py")
    if facts.package.form == "project":
        is_known = bool(find_setuptools(facts)) and not any(name in tool for name in _OTHER_TOOLS)
    else:
        is_known = has_setup and not isinstance(facts.python("setup.py"), Problem)
    if not is_known or facts.cached(find_build_needs).unknown:
        return None
    requires = ", ".join(map(quoted, _list_requires(facts)))
    return _insert_table(_SYSTEM.format(_choose_backend(facts), requires))


def _list_requires(facts: Facts) -> list[str]:
    """What a build needs; of setuptools what reads ``[project]``, where that has the metadata."""
    setuptools, *others = facts.cached(find_build_needs).requires
    if facts.package.form == "project" and (wanted := find_setuptools(facts)):
        bound = setuptools.removeprefix("setuptools")
        setuptools = f"{wanted},{bound}" if bound else wanted
    return [setuptools, *others]


def _choose_backend(facts: Facts) -> str:
    """The backend that builds as before: without metadata in a table, installers take that."""
    is_known = facts.package.form == "project" and not find_beside(facts)
    return _BACKEND if is_known else _BESIDE


def explain_build(facts: Facts) -> str:
    """What to write where a ``setup.py`` imports what only its authors know."""
    what = "no [build-system], and without it no job can install the project: add one to "
    return f"{what}pyproject.toml{_describe_system(facts)}"


def _describe_system(facts: Facts) -> str:
    """What a build system has to say, where a ``setup.py`` needs more than setuptools."""
    needs, beside = facts.cached(find_build_needs), find_beside(facts)
    parts, reasons = [], []
    if needs.reasons or needs.unknown:
        wanted = [*map(quoted, _list_requires(facts)), *["…"] * bool(needs.unknown)]
        parts.append(f"`requires = [{', '.join(wanted)}]`")
        reasons.append(explain_needs(needs))
    if needs.reasons or needs.unknown or beside:
        parts.append(f'`build-backend = "{_choose_backend(facts)}"`')
    if beside:
        reasons.append(
            f"setup.py imports {beside}, which lies beside it, and finds that with no other backend"
        )
    given = f", with {' and '.join(parts)}" if parts else ""
    return f"{given}: {'; '.join(reasons)}" if reasons else given


def _insert_table(lines: str) -> Change:
    """Insert a table in front of all others, behind the comments at the top."""

    def change(text: str) -> str:
        if re.search(r"^\[build-system\]", text, re.MULTILINE):
            return text
        match = re.match(r"(?:[ \t]*#.*\n)+\n", text)
        at = match.end() if match else 0
        return f"{text[:at]}{lines}{text[at:]}" if text else lines.removesuffix("\n")

    return change


@rule(
    "PKG002",
    MUST,
    when=lambda facts: (
        facts.pyproject.table("build-system")
        and not facts.pyproject.get("build-system", "backend-path")
    ),
)
def backend_is_required(facts: Facts) -> Iterator[Hit]:
    """The build requirements include the build backend.

    Why: A build installs only these requirements, so it does not find the backend.

    How: List the package of the backend under `requires`: `poetry-core` for
    `poetry.core.masonry.api`, `hatchling` for `hatchling.build`.

    Source: [PEP 518](https://peps.python.org/pep-0518/), [PEP 517](https://peps.python.org/pep-0517/).
    """
    system = facts.pyproject.table("build-system")
    backend = facts.package.backend
    where = ("build-system", "requires")
    if not isinstance(system.get("requires"), list):
        line = facts.pyproject.line(*where)
        message = "[build-system] has no list `requires`, so nothing can be built: add it"
        yield Hit("pyproject.toml", line, message)
    elif system.get("build-backend") and backend in _DISTRIBUTIONS:
        asked = list_required_names(facts)
        others = {name for names in _DISTRIBUTIONS.values() for name in names}
        sure = all(name in _NO_BACKEND | others for name in asked)
        if sure and not set(asked) & set(_DISTRIBUTIONS[backend]):
            wanted = _DISTRIBUTIONS[backend][0]
            message = (
                f'the build cannot find `{system["build-backend"]}`: add "{wanted}" to `requires`'
            )
            yield Hit("pyproject.toml", facts.pyproject.line(*where), message)


@rule(
    "PKG003",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.package.backend == "setuptools"
        and isinstance(facts.pyproject.get("project", "license"), str)
    ),
    fixes=True,
)
def new_enough(facts: Facts) -> Iterator[Hit]:
    """The required setuptools understands licence identifiers.

    Why: On clusters and in Linux distributions, builds use the installed setuptools, and one that
    is too old stops at `license = "…"`.

    How: Require `setuptools>=77.0.3`. A bare `setuptools` may stay where every supported Python has
    such a version: it names no old one, and `pip` takes the newest.

    Source: [setuptools](https://setuptools.pypa.io/en/latest/history.html#v77-0-0): the first
    version with PEP 639.
    """
    found = find_old_setuptools(facts)
    is_bare = found is not None and found[1].strip() == "setuptools"
    if found and not (is_bare and reaches_expressions(facts)):
        line = facts.pyproject.line("build-system", "requires", found[0])
        changes = require_newer_setuptools(facts)
        message = f"`{found[1]}` allows versions that stop at `license`: write `setuptools>=77.0.3`"
        oldest = facts.package.oldest_promised_python
        if oldest and not reaches_expressions(facts):
            message += f", which needs Python 3.9; Python {oldest[0]}.{oldest[1]} cannot build this"
            changes = []
        fix = Fix.edit("pyproject.toml", *changes) if changes else None
        yield Hit("pyproject.toml", line, message, fix=fix)


def _leaves_poetry(facts: Facts) -> bool:
    """Whether Poetry has a table with requirements, and nobody runs it for them."""
    table = facts.pyproject.table("tool", "poetry")
    if not table.get("dependencies") or table.get("package-mode") is False:
        return False
    return _RUNS_POETRY.search(facts.automation.text) is None


_RUNS_POETRY = compile_lazily(r"\bpoetry[\"']?,?\s+(?:-\S+\s+){0,5}[\"']?(?:install|sync|run)\b")


@rule("PKG004", SHOULD, when=_leaves_poetry)
def one_backend(facts: Facts) -> Iterator[Hit]:
    """The metadata is where the backend reads it.

    Why: Two sets of metadata drift apart, and people edit the one that no build reads and wonder
    why nothing changes.

    How: Delete what the backend does not read, or change the backend. Where `package-mode = false`
    stands in the table, or a job runs Poetry, it makes the environment to work in.

    Source: Two published LISA packages have a `[tool.poetry]` with versions and pins, but are built
    by setuptools from `setup.py`.
    """
    backend = facts.package.backend
    if backend not in ("poetry", "") and facts.pyproject.get("tool", "poetry", "name"):
        line = facts.pyproject.line("tool", "poetry")
        message = f"{backend} builds this project and ignores [tool.poetry]: delete that table"
        yield Hit("pyproject.toml", line, message)


def _says_typed(facts: Facts) -> Callable[[], Place] | None:
    """What finds where the project says that it is typed: by classifier, or by a strict mypy."""
    classifiers = facts.package.texts("classifiers")
    if "Typing :: Typed" in classifiers:
        index = classifiers.index("Typing :: Typed")
        return partial(facts.package.place, "classifiers", index)
    keys = ("tool", "mypy", "strict")
    is_strict = facts.pyproject.get(*keys) is True and facts.package.form
    if is_strict and not _is_typed_in_part(facts) and _has_types(facts):
        return lambda: Place("pyproject.toml", facts.pyproject.line(*keys))
    return None


_MOST_READ = 200


def _has_types(facts: Facts) -> bool:
    """Whether most functions of the package are annotated: a template may have brought mypy."""
    folders = (f"{folder}/**.py" for folder in facts.layout.packages)
    modules = map(facts.python, islice(facts.paths(*folders), _MOST_READ))
    trees = (each for each in modules if not isinstance(each, Problem))
    typed = [
        any(arg.annotation for arg in (*each.args.posonlyargs, *each.args.args))
        or each.returns is not None
        for tree in trees
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return 2 * sum(typed) >= len(typed)


def _is_typed_in_part(facts: Facts) -> bool:
    """Whether mypy is told to pass over errors in some of the package: its types are not ready."""
    for each in facts.pyproject.items("tool", "mypy", "overrides"):
        if isinstance(each, dict) and each.get("ignore_errors") is True:
            named = each.get("module")
            modules = named if isinstance(named, list) else [named]
            if any(str(module).partition(".")[0] in facts.layout.names for module in modules):
                return True
    return False


@rule(
    "PKG008",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.is_built and facts.layout.packages and _says_typed(facts),
    fixes=UNSAFE,
)
def typed(facts: Facts) -> Iterator[Hit]:
    """A package that says it is typed has a file `py.typed`.

    Why: Without this file, type checkers ignore the annotations of an installed package.

    How: Add an empty file `py.typed` to the folder of the package. A strict mypy alone says
    nothing, where most functions have no annotation.

    Source: [typing specification](https://typing.python.org/en/latest/spec/distributing.html#packaging-type-information);
    five LISA packages pass a strict mypy, but their users do not benefit.
    """
    find = _says_typed(facts)
    if find is None or any(path.endswith("/py.typed") for path in facts.files):
        return
    folders = facts.layout.packages
    answered = facts.layout.folders.get(str(facts.answers.get("import_name")))
    folders = [answered] if answered in folders else folders
    fix = Fix.write(f"{folders[0]}/py.typed", "") if len(folders) == 1 else None
    message = f"type checkers ignore your annotations: add an empty file {folders[0]}/py.typed"
    yield Hit(*find(), message, fix=fix)


@rule(
    "PKG011",
    SHOULD,
    when=lambda facts: "setuptools" in list_required_names(facts),
    fixes=UNSAFE,
    strict=True,
)
def backend_of_today(facts: Facts) -> Iterator[Hit]:
    """The build system is declared as setuptools recommends.

    Why: Without `build-backend`, installers fall back to an old way that runs `setup.py` with other
    import paths. setuptools asks for `wheel` by itself when it needs it.

    How: Write `build-backend = "setuptools.build_meta"`, and delete `wheel` from `requires`. Where
    `setup.py` imports a module beside it, such as `versioneer`, write
    `"setuptools.build_meta:__legacy__"`: with the other its own folder is on no path.

    Source: [setuptools](https://setuptools.pypa.io/en/latest/userguide/quickstart.html#basic-use):
    its documentation used to list `wheel`, which was never needed.
    """
    system = facts.pyproject.table("build-system")
    if "build-backend" not in system:
        backend = _BESIDE if find_beside(facts) else _BACKEND
        change = set_value(("build-system", "build-backend"), quoted(backend))
        fix = Fix.edit("pyproject.toml", change)
        line = facts.pyproject.line("build-system")
        message = f'pip builds this in an old way: add `build-backend = "{backend}"`'
        yield Hit("pyproject.toml", line, message, fix=fix)
    is_used = "wheel" in facts.text("setup.py")
    for index, text in enumerate(facts.pyproject.items(*REQUIRES)):
        if re.fullmatch(r"wheel\b(?!\s*@).*", str(text)) and not is_used:
            fix = Fix.edit("pyproject.toml", replace_item(REQUIRES, str(text), None))
            line = facts.pyproject.line(*REQUIRES, index)
            message = "setuptools fetches `wheel` by itself if it needs it: delete it here"
            yield Hit("pyproject.toml", line, message, fix=fix)


@rule("PKG012", SHOULD, when=lambda facts: facts.has("setup.cfg"), fixes=True)
def keys_of_today(facts: Facts) -> Iterator[Hit]:
    """The keys in `setup.cfg` are written with underscores.

    Why: setuptools warns about dashes at every build, and one of its versions refused to build.

    How: Write `author_email` instead of `author-email`, and so on, under `[metadata]` and
    `[options]`.

    Source: [setuptools 78](https://setuptools.pypa.io/en/latest/history.html#v78-0-0): the removal
    was postponed in 78.0.2.
    """
    cfg = facts.ini("setup.cfg")
    for section in ("metadata", "options"):
        keys = [key for key in cfg.table(section) if "-" in key]
        for key in keys:
            right = key.replace("-", "_")
            line = cfg.line(section, key)
            is_free = right not in cfg.table(section)
            change = replace_in_line(line, key, right)
            fix = Fix.edit("setup.cfg", change) if is_free else None
            message = f"setuptools warns about `{key}` and will refuse it: write `{right}`"
            if key == "description-file" and "pbr" not in facts.text("setup.py"):
                # The other form of its name is none of setuptools' either.
                message = f"setuptools does nothing with `{key}`: {explain_file(facts, key)}"
                fix = None
            yield Hit("setup.cfg", line, message, fix=fix)


_GIVES_TEXT = compile_lazily(r"\blong_description(?:\s*=|[\"']\s*:)")


def explain_file(facts: Facts, key: str) -> str:
    """What to do with a key that was to name the long description."""
    if _GIVES_TEXT.search(facts.text("setup.py")):
        return "delete it, as setup.py gives the text"
    if facts.pyproject.table("project").get("readme") or facts.ini("setup.cfg").get(
        "metadata", "long_description"
    ):
        return "delete it, as the text is told elsewhere"
    return f"write `long_description = file: {facts.ini('setup.cfg').get('metadata', key)}`"
