"""What may be an answer."""

from __future__ import annotations

from typing import Any

import pytest

from lisa_scaffold import answer_limits

RING: list[Any] = []
RING.append(RING)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (10**4300 - 1, ""),
        (10**4300, "a number of more than 4300 digits"),
        (-(10**4300), "a number of more than 4300 digits"),
        ("x" * 65_535, ""),
        ("x" * 65_536, "more than 65536 characters"),
        (["x" * 40_000] * 2, "more than 65536 characters"),
        ([[["x"] * 50] * 50] * 50, "more than 65536 values"),
        ({"a": {1: None, 2: True, 1.5: 1.5, None: {float("nan")}}}, ""),
        ({"a": {b"b": 1}}, "bytes: a key that is no text"),
        ({"a": ["\udcff"]}, "characters that no file can hold"),
        ({"\udcff": 1}, "characters that no file can hold"),
        ([[1] * 60_000] * 60_000, "more than 65536 values"),
        (RING, "nested deeper than 50 levels"),
    ],
    ids=map(str, range(13)),
)
def test_why_a_value_is_no_answer(value: Any, why: str) -> None:
    assert answer_limits.find_problem(value) == why
    assert answer_limits.find_fault({"a": value}) == (f"a: {why}" if why else "")
