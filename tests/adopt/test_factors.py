"""Which lines of a setting of tox are for the environment that it runs first."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt import factors


@pytest.mark.parametrize(
    ("listed", "default"),
    [
        ("", {""}),
        ("lint, py{311, 312}-numpy, docs", {"py311", "numpy"}),
        ("py{311,312}{,-devdeps}\n    py312-oldestdeps", {"py311"}),
        ("lint\ndocs", {"lint"}),
        ("3.13, lint", {"3.13"}),
        ("{" * 40 + "a,b" + "}" * 40, {"a"}),
    ],
)
def test_the_first_environment_of_a_python(listed: str, default: set[str]) -> None:
    assert factors.find_default(listed) == default


@pytest.mark.parametrize(
    ("condition", "is_so"),
    [
        ("py27", True),
        ("!py27", True),
        ("numpy", True),
        ("py{36,37}-numpy", True),
        ("!devdeps", True),
        ("devdeps", False),
        ("devdeps, numpy", True),
        ("numpy-!devdeps", True),
        ("{dev,oldest}deps", False),
        ("!numpy", False),
        ("{a,b}" * 60, False),
    ],
)
def test_conditions(condition: str, is_so: bool) -> None:
    assert factors.holds(condition, {"py311", "numpy"}) is is_so
