"""Factors of tox: which lines of a setting are for the environment that it runs first.

See https://tox.wiki/en/stable/config.html#conditional-settings.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import islice, product

from lisa_scaffold.pattern import compile_lazily

_NAME = compile_lazily(r"(?:[^\s,{}]|\{[^{}]*+\})++")
_PYTHON = compile_lazily(r"(?:c|j)?py(?:py|thon)?[\d.]*|\d+(?:\.\d+)*")
_MOST = 100  # names that one with braces stands for


def find_default(environments: str) -> frozenset[str]:
    """The factors of the first environment in a list that is of a Python, or else of the first."""
    names = [*islice(_expand(environments), _MOST)]
    of_python = (each for each in names if any(map(_PYTHON.fullmatch, each.split("-"))))
    return frozenset(next(of_python, names[0] if names else "").split("-"))


def holds(condition: str, factors: Collection[str]) -> bool:
    """Whether a condition, such as ``py{311,312}-!devdeps``, holds, whichever the Python is."""

    def is_true(factor: str) -> bool:
        name = factor.removeprefix("!")
        return bool(_PYTHON.fullmatch(name)) or (name in factors) is (name == factor)

    return any(all(map(is_true, each.split("-"))) for each in _expand(condition))


def _expand(text: str) -> Iterator[str]:
    """The names in a list, in which braces stand for several."""
    for name in _NAME.findall(text):
        parts = re.split(r"\{([^{}]*)\}", name)
        choices = [part.split(",") if at % 2 else [part] for at, part in enumerate(parts)]
        for chosen in islice(product(*choices), _MOST):
            yield "".join("".join(chosen).split())
