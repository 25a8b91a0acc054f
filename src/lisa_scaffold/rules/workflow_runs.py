"""Workflows of the template: which code their steps run, and which DAG a name stands for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.dags import Module, find_argument, find_modules, resolve_name
from lisa_scaffold.rules.rule import PIPELINE, SHOULD, Hit, rule

_STEPS = "steps.yaml"


@rule("DAG015", SHOULD, kinds=PIPELINE, when=lambda facts: facts.has(_STEPS))
def steps_run_known_images(facts: Facts) -> Iterator[Hit]:
    """The image of a step is one that does not change.

    Why: With `latest` two runs of one version of the pipeline may give different products, and
    nobody can tell afterwards which code made which.

    How: Pin what is published by its digest, as `pin` of the package does; of images of others
    name the version at least. One without a tag is built here.

    Source: [Docker: pin base image versions](https://docs.docker.com/build/building/best-practices/#pin-base-image-versions).
    """
    steps = facts.yaml(_STEPS)
    for name, step in steps.table("steps").items():
        image = step.get("image") if isinstance(step, dict) else None
        # Without a tag it is an image of the repository, as it was built at the desk.
        if isinstance(image, str) and images.read(image).tag and images.explain_change(image):
            message = f"the image {image} may change any day: write its digest"
            yield Hit(_STEPS, steps.line("steps", name, "image"), message)


@rule("DAG016", SHOULD, kinds=PIPELINE, when=find_modules)
def ids_are_for_one_dag(facts: Facts) -> Iterator[Hit]:
    """Each DAG has an id of its own.

    Why: Of two files with a DAG of one id Airflow loads one, today this and tomorrow the other,
    and shows the runs of both as those of one.

    How: Give one of them another `dag_id`.

    Source: [Airflow: DAGs](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html).
    """
    first: dict[str, str] = {}
    for module in find_modules(facts):
        for name, line in _list_ids(module):
            other = first.setdefault(name, module.path)
            # In one file they may stand below a condition.
            if other != module.path:
                message = f"{other} has a DAG `{name}` too, and Airflow loads one: rename it"
                yield Hit(module.path, line, message)


def _list_ids(module: Module) -> Iterator[tuple[str, int]]:
    """The ids of the DAGs of a file that are written out, with their lines."""
    named: set[ast.expr] = set()
    for node in module.nodes:
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        for each in node.decorator_list:
            maker = each.func if isinstance(each, ast.Call) else each
            if module.full(maker) in ("airflow.sdk.dag", "airflow.decorators.dag"):
                named.add(each)
                told = _find_id(each) if isinstance(each, ast.Call) else None
                yield from _read_id(module, told or ast.Constant(node.name), each.lineno)
    for call in module.dags:
        if call not in named and (told := _find_id(call)):
            yield from _read_id(module, told, call.lineno)


def _find_id(call: ast.Call) -> ast.expr | None:
    return find_argument(call, "dag_id") or next(iter(call.args), None)


def _read_id(module: Module, told: ast.expr, line: int) -> Iterator[tuple[str, int]]:
    value = resolve_name(module, told)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value, line
