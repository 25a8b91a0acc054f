"""Workflows of Airflow: secrets that stand in variables and mappings of DAGs."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.dags import Module, find_modules
from lisa_scaffold.rules.invented import (
    is_invented,
    is_said_of_secret,
    is_to_be_changed,
    names_secret,
)
from lisa_scaffold.rules.rule import SHOULD, Hit, count_more, rule

# Under such a name DAGs keep where a secret is found as well: a connection, a variable, a path.
_PLACE_OF_ONE = compile_lazily(r"(?i)[/{$<\s]|secret|token|passw|key|conn|vault|arn:")
_BETWEEN_WORDS = compile_lazily(r"[_.:-]")
_SHORTEST = 6
_LONGEST = 200


@rule("DAG012", SHOULD, when=find_modules)
def no_secret_in_variables(facts: Facts) -> Iterator[Hit]:
    """No secret stands in a variable or a mapping of a DAG.

    Why: Everybody who can see the DAG in Airflow's pages, or the repository, has it; in the
    environment of a container it is seen in that container's description besides.

    How: Change it, then keep it in a connection of Airflow or in a secrets backend. A container
    gets it as a secret of Kubernetes, or as a file. Plain words are not meant, since names of
    secrets look the same.

    Source: [Airflow](https://airflow.apache.org/docs/apache-airflow/stable/security/secrets/index.html).
    """
    for module in find_modules(facts):
        lines = sorted(
            {value.lineno for name, value in _list_named(module) if _is_told(name, value)}
        )
        if lines:
            message = (
                f"a secret in a DAG: change it, and move it into a connection{count_more(lines)}"
            )
            yield Hit(module.path, lines[0], message)


def _list_named(module: Module) -> Iterator[tuple[str, ast.expr]]:
    """What variables, attributes and the keys of mappings are given, by their names."""
    for node in module.nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant() as value):
                yield name, value
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str(name)))]):
                yield name, node.value
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield key.value, value


def _is_told(name: str, value: ast.expr) -> bool:
    """Whether a secret is written out: no template, no name of one, no word that stands for one."""
    if not names_secret(name) or not isinstance(value, ast.Constant):
        return False
    said = value.value
    return (
        isinstance(said, str)
        and _SHORTEST <= len(said) <= _LONGEST
        and not _PLACE_OF_ONE.search(said)
        and not _is_name(said)
        and not is_invented(said)
        and not is_to_be_changed(said)
        and not is_said_of_secret(name, said)
    )


def _is_name(said: str) -> bool:
    """Whether something is a word, or several: ``airflow``, ``my-app-v2``."""
    words = _BETWEEN_WORDS.sub("-", said).split("-")
    return said.isalpha() or (len(words) > 1 and all(map(str.isalnum, words)))
