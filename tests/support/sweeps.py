"""Which part of a long sweep is tried at every change; `nox -s sweeps` tries all of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings

FEW, ALL = 20, 100
"""Examples of each property at every change, and in a sweep."""


def examples(number: int) -> int:
    """How many examples a property gets of those that a sweep gives it."""
    return max(1, number * settings().max_examples // ALL)


def every(step: int, name: str) -> pytest.MarkDecorator:
    """Begin a walk in steps at each of its first places: at one of them at every change.

    Parameters
    ----------
    step
        How wide the steps are. The walks together come by every place.
    name
        The argument that takes the place to begin at, from 1 on.
    """
    places: list[Any] = [
        pytest.param(place, marks=pytest.mark.sweep) for place in range(2, step + 1)
    ]
    return pytest.mark.parametrize(name, [1, *places])
