"""Which part of a long sweep is tried at every change; `nox -s sweeps` tries all of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from hypothesis import settings

FEW, ALL = 10, 100
"""Examples of each property at every change, and in a sweep."""


def examples(number: int) -> int:
    """How many examples a property gets of those that a sweep gives it."""
    return max(1, number * settings().max_examples // ALL)


def sampled(
    names: str | tuple[str, ...], cases: Iterable[Any], step: int, **options: Any
) -> pytest.MarkDecorator:
    """Parametrise a test of whose many cases one in so many is tried at every change.

    Parameters
    ----------
    names, cases, options
        As ``pytest.mark.parametrize`` takes them.
    step
        The first case is tried at every change, and each that is so many further on.
    """
    several = isinstance(names, tuple)
    parameters = [
        pytest.param(*(case if several else [case]), marks=_marks(number % step == 0))
        for number, case in enumerate(cases)
    ]
    return pytest.mark.parametrize(names, parameters, **options)


def parameters(cases: Iterable[Any], tried: Collection[Any]) -> list[Any]:
    """Cases for a test or a fixture, of which some are tried at every change."""
    return [pytest.param(case, marks=_marks(case in tried)) for case in cases]


def _marks(is_tried: bool) -> list[pytest.MarkDecorator]:
    return [] if is_tried else [pytest.mark.sweep]


def every(step: int, name: str) -> pytest.MarkDecorator:
    """Begin a walk in steps at each of its first places: at one of them at every change.

    Parameters
    ----------
    step
        How wide the steps are. The walks together come by every place.
    name
        The argument that takes the place to begin at, from 1 on.
    """
    return sampled(name, range(1, step + 1), step)
