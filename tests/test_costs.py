"""What a small file that means harm costs a check: seconds and memory, whatever is in it."""

from __future__ import annotations

import pytest

from .support.attacks import attacks
from .support.costs import measured, too_dear

SECONDS = 2
MEGABYTES = 200
KINDS = ("json", "ini")


@pytest.mark.e2e
@pytest.mark.parametrize("kind", KINDS)
def test_no_file_of_a_megabyte_costs_more_than_it_may(kind: str) -> None:
    calls = {
        f"{path}: {name}": ("tests.support.verbs:judge", ({path: content},))
        for path, name, content in attacks(kind)
    }
    assert calls
    costs = measured(calls, ("tests.support.verbs:judge", ({"README.md": "# A\n"},)))
    assert too_dear(costs, SECONDS, MEGABYTES) == []
    crashed = [f"{name}: {cost.result}" for name, cost in costs.items() if "crashed" in cost.result]
    assert crashed == []
