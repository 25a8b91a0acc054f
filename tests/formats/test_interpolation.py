"""Variables of Compose: what Docker Compose makes of them, and nothing that it cannot know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.formats.interpolation import interpolate

KNOWN = {"A": "a", "EMPTY": "", "PORT": "5432"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$A", "a"),
        ("${A}", "a"),
        ("$A-${A}.$PORT", "a-a.5432"),
        ("${EMPTY}", ""),
        ("${NONE}", "${NONE}"),
        ("$NONE", "$NONE"),
        ("${NONE:-x}", "x"),
        ("${NONE-x}", "x"),
        ("${NONE:-}", ""),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${A:-x}", "a"),
        ("${A:?say it}", "a"),
        ("${A?}", "a"),
        ("${NONE:?say it}", "${NONE:?say it}"),
        ("${NONE?}", "${NONE?}"),
        ("${EMPTY:?}", "${EMPTY:?}"),
        ("${EMPTY?}", ""),
        ("${A:+x}", "x"),
        ("${A+x}", "x"),
        ("${EMPTY:+x}", ""),
        ("${EMPTY+x}", "x"),
        ("${NONE:+x}", "${NONE:+x}"),
        ("${NONE:-${A}}", "a"),
        ("${NONE:-${NONE:-x}y}z", "xyz"),
        ("${NONE:-${NONE}}", "${NONE}"),
        ("${NONE:-docker.io/library/caddy:latest}", "docker.io/library/caddy:latest"),
        ("${NONE:-5433}:5432", "5433:5432"),
        ("$$A ${NONE:-$$}", "$A $"),
        ("$${A:-x}", "${A:-x}"),
        ("${A", "${A"),
        ("${A:-x", "${A:-x"),
        ("${A.b}", "${A.b}"),
        ("${}", "${}"),
        ("5 $ and }", "5 $ and }"),
    ],
)
def test_one_value(text: str, wanted: str) -> None:
    assert interpolate(text, KNOWN) == wanted


def test_values_at_any_depth_and_no_keys() -> None:
    data = {"$A": ["${A}", 5, None, {"x": "${PORT}:5432"}], "y": True}
    wanted = {"$A": ["a", 5, None, {"x": "5432:5432"}], "y": True}
    assert interpolate(data, KNOWN) == wanted


def test_nothing_grows_without_end() -> None:
    long = "${A}" * 1_000
    assert interpolate(long, {"A": "a" * 1_000}) == long
    deep = "${A:-" * 500 + "x" + "}" * 500
    assert interpolate(deep, {}).startswith("${A:-")
    assert interpolate("$A" * 5_000, KNOWN) == "$A" * 5_000


PLAIN = st.text(st.characters(exclude_characters="$}", exclude_categories=["Cs"]), max_size=20)
NAMES = st.sampled_from(["A", "B", "LONG_1"])
VALUES = st.dictionaries(NAMES, PLAIN)


@given(PLAIN, NAMES, PLAIN, PLAIN, VALUES)
def test_a_default_holds_where_nothing_else_does(
    before: str, name: str, default: str, after: str, known: dict[str, str]
) -> None:
    value = known.get(name) or default
    assert interpolate(f"{before}${{{name}:-{default}}}{after}", known) == f"{before}{value}{after}"
    value = known.get(name, default)
    assert interpolate(f"{before}${{{name}-{default}}}{after}", known) == f"{before}{value}{after}"


@given(st.text(st.sampled_from("$${}AB:-?+x "), max_size=60), VALUES)
def test_any_text_has_some_value(text: str, known: dict[str, str]) -> None:
    done = interpolate(text, known)
    assert isinstance(done, str)
    if "$" not in text:
        assert done == text
    # Where each variable is escaped, nothing but the escapes is gone.
    assert interpolate(text.replace("$", "$$"), known) == text
