"""What a wheel installs: the package, and nothing beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.rule import PACKAGE, SHOULD, Hit, rule

# Folders that are no package that anybody would import by that name.
_BESIDE = (
    *("tests", "test", "testing", "docs", "doc", "examples", "example", "scripts", "notebooks"),
    *("benchmarks", "bench", "tools", "utils", "data", "ci", "bin", "paper", "validation"),
)


def _find_all(facts: Facts) -> Place | None:
    """Where setuptools is told to take every package that it finds at the top."""
    table = facts.pyproject.table("tool", "setuptools", "packages", "find")
    if table and not {"include", "exclude"} & table.keys() and table.get("where", ["."]) == ["."]:
        return Place("pyproject.toml", facts.pyproject.line("tool", "setuptools", "packages"))
    cfg = facts.ini("setup.cfg")
    if str(cfg.get("options", "packages")).strip() in ("find:", "find_namespace:"):
        limits = cfg.table("options.packages.find")
        if not {"include", "exclude", "where"} & limits.keys():
            return Place("setup.cfg", cfg.line("options", "packages"))
    module = facts.python("setup.py")
    for node in [] if isinstance(module, Problem) else ast.walk(module):
        match node:
            # Only what `setup` is given counts: a script may compare the list with its own.
            case ast.keyword(
                arg="packages",
                value=ast.Call(
                    func=ast.Name(id="find_packages") | ast.Attribute(attr="find_packages"),
                    args=[] | [ast.Constant(value=".")],
                    keywords=[],
                ),
            ):
                return Place("setup.py", node.value.lineno)
    return None


@rule(
    "PKG010",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.package.backend == "setuptools" and facts.layout.style == "flat",
)
def nothing_beside(facts: Facts) -> Iterator[Hit]:
    """Only the package itself is installed.

    Why: A folder `tests` with an `__init__.py` becomes a package `tests` in every user's
    environment, and overwrites that of any other project that does the same.

    How: Say which packages to install: `include = ["lisa_noise*"]` under
    `[tool.setuptools.packages.find]`, or `find_packages(include=["lisa_noise*"])`.

    Source: [package discovery](https://setuptools.pypa.io/en/latest/userguide/package_discovery.html#custom-discovery);
    a LISA wheel installs eight such packages.
    """
    place = _find_all(facts)
    found = [name for name in _BESIDE if facts.has(f"{name}/__init__.py")]
    own = {name.partition(".")[0] for name in facts.layout.names} | {facts.package.name}
    beside = [name for name in found if name not in own]
    if place and beside and facts.layout.folders:
        message = (
            f"every user also gets {' and '.join(beside)} as packages: list only yours in `include`"
        )
        yield Hit(*place, message)
