"""What setuptools packages where nothing names it: whatever else lies at the top counts too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.edit import Change, append, set_value
from lisa_scaffold.formats.literal import quoted
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.setup_call import read_call
from lisa_scaffold.rules.applications import is_application
from lisa_scaffold.rules.fix import Fix
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule

# What setuptools passes over at the top of a project (`FlatLayoutPackageFinder`, and the finder of
# modules beside it). Newer versions pass over a few more.
_NO_PACKAGES = frozenset(
    [
        *("ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news"),
        *("newsfragments", "changelog", "test", "tests", "unit_test", "unit_tests", "example"),
        *("examples", "scripts", "tools", "util", "utils", "python", "build", "dist", "venv"),
        *("env", "requirements", "tasks", "fabfile", "site_scons", "benchmark", "benchmarks"),
        *("exercise", "exercises", "htmlcov"),
    ]
)
_NO_MODULES = frozenset(
    [
        *("setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile"),
        *("noxfile", "pavement", "dodo", "tasks", "fabfile", "SConstruct", "Sconstruct"),
        *("sconstruct", "sConstruct", "conanfile", "manage", "benchmark", "benchmarks"),
        *("exercise", "exercises"),
    ]
)
_NAMED_BY = ("packages", "py_modules", "package_dir", "configuration")


def _is_automatic(facts: Facts) -> bool:
    """Whether setuptools looks for packages at the top, as nothing says which there are."""
    own, options = facts.pyproject.table("tool", "setuptools"), facts.ini("setup.cfg")
    if {"packages", "py-modules", "package-dir"} & own.keys() or "src" in facts.folders:
        return False
    if any(options.get("options", key) for key in _NAMED_BY):
        return False
    if not facts.has("setup.py"):
        return True
    module = facts.python("setup.py")
    if isinstance(module, Problem):
        return False
    call = read_call(module)
    # Of a setup.py that compiles, setuptools takes nothing else: unless the metadata are elsewhere.
    named = (*_NAMED_BY, *(() if facts.package.form == "project" else ("ext_modules",)))
    return call.is_whole and not call.arguments.keys() & {*named}


@rule(
    "PKG013",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.package.backend == "setuptools"
        and facts.package.form in ("project", "setuptools")
        and facts.is_built
        and _is_automatic(facts)
    ),
    fixes=True,
    strict=True,
)
def packages_are_named(facts: Facts) -> Iterator[Hit]:
    """The settings name the packages that setuptools packages.

    Why: Where nothing names them, setuptools takes every folder at the top for a package. One more,
    such as `reports/` of a session or `data/`, and nothing can be built or installed: "Multiple
    top-level packages discovered in a flat-layout". A lone module is left out of the wheel then,
    without a word.

    How: `include = ["lisa_noise", "lisa_noise.*"]` under `[tool.setuptools.packages.find]`; for a
    lone module `py-modules = ["lisa_noise"]` under `[tool.setuptools]`.

    Source: [automatic discovery](https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout):
    setuptools takes one package at the top, and refuses several.
    """
    packages, modules = _find_packages(facts), _find_modules(facts)
    found = packages or modules
    path, line = facts.package.place()
    what = "package" if packages else "module"
    if len(found) != 1:  # several are another rule's
        return
    (name,) = found
    message = (
        f"setuptools finds the {what} {name} as long as there is no other folder at the top, "
        "such as reports/ of the sessions: name it"
    )
    change = _name_in_cfg(name, what) if path == "setup.cfg" else _name_in_toml(name, what)
    is_sure = path != "setup.py" and _is_plain(facts, name)
    yield Hit(path, line, message, fix=Fix.edit(path, *change) if is_sure else None)


def _is_refused(facts: Facts) -> bool:
    """Whether whoever builds this has a setuptools that looks for packages, and nothing else."""
    system = facts.pyproject.table("build-system")
    bounds = " ".join(map(str, facts.pyproject.items("build-system", "requires")))
    setup = facts.text("setup.py")
    return bool(
        _is_automatic(facts)
        and not is_application(facts)
        # Without either nobody builds it.
        and (system or facts.has("setup.py"))
        and not _OLDER.search(bounds)
        and not _OTHER_WAYS.search(setup)
    )


# A bound that keeps to versions that may not look for packages yet.
_OLDER = compile_lazily(r"\bsetuptools\b[^\"',;]{0,100}(?:<|==|~=)")
_OTHER_WAYS = compile_lazily(r"\b(?:skbuild|numpy\.distutils|chdir|distclass|set_defaults|pbr)\b")


@rule(
    "PKG014",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.package.backend == "setuptools"
        and facts.package.form in ("project", "setuptools")
        and facts.is_built
        and _is_refused(facts)
    ),
)
def packages_are_told_apart(facts: Facts) -> Iterator[Hit]:
    """Where nothing names the packages, setuptools finds only one at the top.

    Why: Of several folders, whatever is in them, setuptools does not take one: it stops with
    "Multiple top-level packages discovered in a flat-layout", and nothing can be built or
    installed.

    How: `include = ["lisa_noise", "lisa_noise.*"]` under `[tool.setuptools.packages.find]`; for
    lone modules `py-modules = ["lisa_noise"]` under `[tool.setuptools]`.

    Source: [automatic discovery](https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#flat-layout).
    """
    packages, modules = _find_packages(facts), _find_modules(facts)
    found = packages or modules
    if len(found) > 1:
        what = "packages" if packages else "modules"
        key = "`packages`" if packages else "`py-modules`"
        message = (
            f"setuptools refuses to build, as it finds several {what} at the top "
            f"({join_names(found)}): list yours under {key}"
        )
        yield Hit(*facts.package.place(), message)


def _find_packages(facts: Facts) -> list[str]:
    """The folders at the top that setuptools takes for packages."""
    tops = (folder for folder in facts.folders if "/" not in folder)
    return sorted(
        name
        for name in tops
        if name.isidentifier() and name not in _NO_PACKAGES and not name.startswith("_")
    )


def _find_modules(facts: Facts) -> list[str]:
    """The modules at the top that setuptools takes where there is no package."""
    names = (path.removesuffix(".py") for path in facts.paths("*.py"))
    return sorted(
        name
        for name in names
        if name.isidentifier() and name not in _NO_MODULES and not name.startswith("_")
    )


def _is_plain(facts: Facts, name: str) -> bool:
    """Whether a search by name finds the same: it takes folders that are no module's name too."""
    below = [folder for folder in facts.folders if folder.startswith(f"{name}/")]
    is_stubbed = f"{name}-stubs" in facts.folders
    return not is_stubbed and all(each.replace("/", "_").isidentifier() for each in below)


def _name_in_toml(name: str, what: str) -> list[Change]:
    """Name a package, or a module, in ``pyproject.toml``."""
    table = ("tool", "setuptools")
    if what == "module":
        return [set_value((*table, "py-modules"), f"[ {quoted(name)} ]")]
    names = f"[ {quoted(name)}, {quoted(f'{name}.*')} ]"
    return [set_value((*table, "packages", "find", "include"), names)]


def _name_in_cfg(name: str, what: str) -> list[Change]:
    """Name it in ``setup.cfg``, as that alone gives the metadata: what else it says stays so."""
    key = f"py_modules = {name}" if what == "module" else "packages = find_namespace:"
    changes: list[Change] = [_add_option(key)]
    if what == "package":
        lines = f"\n[options.packages.find]\ninclude =\n    {name}\n    {name}.*\n"
        changes.append(lambda text: text if lines in text else append(lines)(text))
    return changes


def _add_option(line: str) -> Change:
    """Add a line to the section ``options``."""

    def change(text: str) -> str:
        if re.search(rf"^{re.escape(line)}$", text, re.MULTILINE):
            return text
        if head := re.search(r"^\[options\][ \t]*\n", text, re.MULTILINE):
            return f"{text[: head.end()]}{line}\n{text[head.end() :]}"
        return append(f"\n[options]\n{line}\n")(text)

    return change
