"""Lines around findings, as a report shows them."""

from __future__ import annotations

from lisa_scaffold.model import Excerpt
from lisa_scaffold.project.excerpt import read_excerpts
from lisa_scaffold.project.facts import Facts

from ..support.results import finding

TEN = "".join(f"line {number}\n" for number in range(1, 11))


def test_two_lines_before_and_after() -> None:
    facts = Facts.of({"a": TEN})
    first, middle, last = (finding(path="a", line=line) for line in (1, 5, 10))
    assert read_excerpts(facts, [first, middle, last]) == {
        first: Excerpt(1, ("line 1", "line 2", "line 3")),
        middle: Excerpt(3, ("line 3", "line 4", "line 5", "line 6", "line 7")),
        last: Excerpt(8, ("line 8", "line 9", "line 10")),
    }


def test_what_is_no_text_has_none() -> None:
    facts = Facts.of({"binary": b"\0\1", "empty": "", "short": "one\n", "large": "x\n" * 600_000})
    found = [finding(path=path, line=2) for path in (".", "missing", "binary", "empty", "short")]
    assert read_excerpts(facts, [*found, finding(path="large", line=2)]) == {}


def test_a_long_line_is_cut() -> None:
    one = finding(path="a", line=1)
    assert read_excerpts(Facts.of({"a": "x" * 500_000}), [one]) == {
        one: Excerpt(1, ("x" * 240 + " …",))
    }


def test_a_file_with_a_secret_is_not_shown() -> None:
    facts = Facts.of({"a": TEN, "b": TEN})
    secret = finding(path="a", line=2)._replace(code="SEC001")
    beside, elsewhere = finding(path="a", line=3), finding(path="b", line=1)
    assert list(read_excerpts(facts, [secret, beside, elsewhere])) == [elsewhere]
