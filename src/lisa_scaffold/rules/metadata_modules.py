"""Metadata that refers to the package's own modules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule


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
    """The programs that the metadata names run a module that exists.

    Why: The program is installed, and fails at its first line.

    How: Write `module:function` under `[project.scripts]`, the module by its full import name.

    Source: [entry points](https://packaging.python.org/en/latest/specifications/entry-points/).
    """
    for table, name, target in _find_scripts(facts):
        path, line = facts.package.place(table, name)
        module = target.partition(":")[0].partition("[")[0].strip()
        if not re.fullmatch(r"\s*[\w.]+\s*:\s*[\w.]+\s*(\[.*\])?\s*", target):
            yield Hit(path, line, f"`{target}` is not of the form `module:function`")
        elif _lacks_module(facts, module):
            yield Hit(path, line, f"there is no module {module}")


def _lacks_module(facts: Facts, module: str) -> bool:
    """Whether a module should be in the folder of one of our packages, and is not."""
    if facts.package.backend in ("maturin", "meson-python", "scikit-build-core"):
        return False
    for name, folder in facts.layout.folders.items():
        if module == name or module.startswith(f"{name}."):
            inner = module.removeprefix(name).replace(".", "/")
            stem = f"{folder.removesuffix('.py')}{inner}"
            return not facts.paths(f"{stem}.*", f"{stem}/__init__.*")
    return False


_VERSION_FILES = ("__init__", "_version", "version", "__version__", "__about__", "about")
_LITERAL = re.compile(r"""^__version__\s*(?::\s*\w+\s*)?=\s*(['"])([^'"]+)\1\s*(?:#.*)?$""", re.M)
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
    """The version stands in one place.

    Why: Of two places one is forgotten at some release; then the package says one version and its
    metadata another.

    How: Keep it in git tags or in `pyproject.toml`, and read it in the package with
    `importlib.metadata.version`, or have a tool change all places together.

    Source: [single-sourcing the version](https://packaging.python.org/en/latest/discussions/single-source-version/).
    """
    stated = facts.package.text("version")
    in_step = facts.has(*_STEP_FILES) or bool(facts.ini("setup.cfg").get("bumpversion"))
    in_step = in_step or any(facts.pyproject.get("tool", each) for each in _IN_STEP)
    where = facts.package.place("version").path
    for folder in facts.layout.folders.values():
        for name in _VERSION_FILES:
            path = f"{folder}/{name}.py"
            match = _LITERAL.search(facts.text(path)) if facts.has(path) else None
            if match is None:
                continue
            line = facts.text(path).count("\n", 0, match.start()) + 1
            if match[2] != stated:
                yield Hit(path, line, f"{match[2]} here, but {stated} in {where}")
            elif not in_step:
                yield Hit(path, line, f"the version stands here and in {where}")
