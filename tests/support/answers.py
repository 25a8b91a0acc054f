"""Answers to the template's questions: what copier.yml offers, combined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations, product
from typing import Any

from allpairspy import AllPairs  # type: ignore[import-untyped]

from lisa_scaffold.model import Question
from lisa_scaffold.template import Template, find_default_source

Answers = dict[str, Any]

# Free text has no choices to combine. These values change the shape of the files: folders, line
# lengths, optional lines. None means the question's own default.
SHAPES: dict[str, list[Any]] = {
    "description": [None, "x" * 300],
    "author_email": [None, "ada@example.org"],
    "distribution": [None, "a", "long" * 16],
    "import_name": [None, "lisa.foo", f"lisa.{'deep' * 10}.{'x' * 18}"],
    "namespace": [None, "Group/sub-group/sub_group"],
    "cde_image": [None, f"localhost:5000/cde@sha256:{'0' * 64}"],
    "author_orcid": [None, "0000-0002-1825-0097"],
    "other_authors": [None, "Jane Doe <j@example.org> 0000-0002-1825-0097; Jo Roe"],
    "keywords": [None, "LISA, gravitational waves"],
    "doi": [None, "10.5281/zenodo.1234567"],
}


@cache
def template() -> Template:
    """The template of this checkout."""
    with find_default_source().open() as opened:
        return opened


@cache
def questions() -> tuple[Question, ...]:
    """Every question with its default."""
    return tuple(template().questions({}))


def answers(**given: Any) -> Answers:
    """A valid answer to every question: those given, and defaults for the rest."""
    return {question.key: question.value for question in template().questions(given)}


def choices() -> dict[str, list[Any]]:
    """All values of each question that has a fixed set of them, as copier.yml lists them.

    Whether a project was adopted, or is older, is no choice of people.
    """
    found: dict[str, list[Any]] = {}
    for question in questions():
        if question.key in ("adopted", "example"):
            continue
        if question.type == "bool":
            found[question.key] = [False, True]
        elif question.choices:
            values = [choice.value for choice in question.choices]
            found[question.key] = [[], values] if question.multiple else values
    return found


# Answers that decide nothing about this kind and would only make more rows. An image is told some
# that switch on features of a package: it must stay what it is.
IDLE = {
    "package": {"dags_from", "debian", "events"},
    "image": {"import_name", "python_min", "backend", "cde_image", "dags_from", "events"},
    "pipeline": {"debian", "backend", "compiled", "cuda"},
    "service": {
        *("import_name", "python_min", "backend", "cde_image", "cuda", "dags_from", "events"),
    },
    "fleet": {
        *("backend", "cde_image", "cuda", "dags_from", "debian", "events", "import_name"),
    },
}
KINDS = tuple(IDLE)


def levels(kind: str) -> dict[str, list[Any]]:
    """The values that the answers of a project of this kind are combined from."""
    several = {key: values for key, values in {**choices(), **SHAPES}.items() if len(values) > 1}
    if kind not in ("package", "image"):
        # The texts of licences are the same for every kind, and would make most of the rows.
        several["license"] = [several["license"][0], several["license"][-1]]
        several["compiled"] = several["compiled"][:2]
    return {key: several[key] for key in several if key != "kind" and key not in IDLE[kind]}


def is_allowed(kind: str, given: Answers) -> bool:
    """Whether some answers can stand together: what computes on GPUs is bound to C++."""
    is_bound = given.get("compiled") in (None, "nanobind", "pybind11")
    return kind != "package" or is_bound or not given.get("cuda")


def _pairs(combined: dict[str, list[Any]]) -> Iterator[Answers]:
    for one, two in combinations(combined, 2):
        for first, second in product(combined[one], combined[two]):
            yield {one: first, two: second}


@cache
def pairwise(kind: str) -> tuple[Mapping[str, Any], ...]:
    """Answers in which every two values of any two questions meet at least once."""
    combined = levels(kind)

    def can_be(values: list[Any]) -> bool:
        return is_allowed(kind, dict(zip(combined, values, strict=False)))

    found = AllPairs(list(combined.values()), filter_func=can_be)
    rows = [dict(zip(combined, values, strict=True)) for values in found]
    # Where some values cannot stand together, the search leaves a few pairs out.
    for pair in _pairs(combined):
        if is_allowed(kind, pair) and not any(pair.items() <= row.items() for row in rows):
            filled = ({**row, **pair} for row in rows)
            rows.append(next(row for row in filled if is_allowed(kind, row)))
    return tuple(
        {"kind": kind, **{key: value for key, value in row.items() if value is not None}}
        for row in rows
    )


@cache
def few(kind: str) -> int:
    """How many of these rows are tried at every change: the first, which bring most that is new.

    Every value of every question stands there, and three in four of the pairs.
    """
    rows, combined = pairwise(kind), levels(kind)
    values = {(key, repr(value)) for key in combined for value in combined[key]}
    pairs = [pair for pair in _pairs(combined) if is_allowed(kind, pair)]
    for number in range(1, len(rows)):
        first = [{key: row.get(key) for key in combined} for row in rows[:number]]
        met = {(key, repr(value)) for row in first for key, value in row.items()}
        held = [pair for pair in pairs if any(pair.items() <= row.items() for row in first)]
        if values <= met and len(held) * 4 >= len(pairs) * 3:
            return number
    return len(rows)
