"""Workflows of Airflow: modules of the repository that its DAGs import."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.dags import Module, find_modules
from lisa_scaffold.rules.own_modules import (
    is_there,
    list_made,
    list_stems,
    list_written,
    may_be_made,
)
from lisa_scaffold.rules.rule import MUST, Hit, rule


@rule("DAG013", MUST, when=find_modules)
def own_modules_of_dags_exist(facts: Facts) -> Iterator[Hit]:
    """Modules of the repository that a DAG imports exist.

    Why: Airflow cannot load the file: its DAGs are gone from the pages, and an error stands there.

    How: Correct the name, or take the import out where the module was removed.

    Source: [modules management](https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/modules_management.html):
    what is imported from the installed package and from the folder of DAGs.
    """
    known = list_made(facts) | list_written(facts) | list_stems(facts)
    for module in find_modules(facts):
        roots = {**_list_beside(facts, module.path), **facts.layout.folders}
        for wanted, line in _list_imports(module):
            name = next((each for each in roots if wanted.startswith(f"{each}.")), "")
            if not name or roots[name].endswith(".py"):
                continue
            if not may_be_made(wanted, known) and not is_there(facts, wanted, name, roots[name]):
                message = f"there is no module {wanted}, so no DAG of this file loads: correct it"
                yield Hit(module.path, line, message)


def _list_beside(facts: Facts, path: str) -> dict[str, str]:
    """The packages in the folder of DAGs, which Airflow puts on the path, by their names."""
    parts = path.split("/")
    if "dags" not in parts[:-1]:
        return {}
    top = "/".join(parts[: parts.index("dags") + 1])
    return {
        (inner := each.removeprefix(f"{top}/").partition("/")[0]): f"{top}/{inner}"
        for each in facts.paths(f"{top}/*/**.py")
    }


def _list_imports(module: Module) -> Iterator[tuple[str, int]]:
    """The modules that are imported whatever happens, by their full names."""
    for node in module.tree.body:
        match node:
            case ast.Import(names=aliases):
                yield from ((each.name, node.lineno) for each in aliases)
            case ast.ImportFrom(module=str(name), level=0):
                yield name, node.lineno
