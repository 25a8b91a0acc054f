"""Conditions of GitLab's rules mean what GitLab says they mean."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.formats.gitlab_expression import (
    MOST_TOKENS,
    Comparison,
    Junction,
    NotAnExpressionError,
    Pattern,
    Unknown,
    Value,
    Variable,
    evaluate,
    parse,
)

MAIN = Unknown("default branch")
FEATURE = Unknown("feature branch", differs=frozenset([MAIN.name]), fresh=True)
PUSH: dict[str, Value] = {
    "CI_PIPELINE_SOURCE": "push",
    "CI_COMMIT_BRANCH": FEATURE,
    "CI_DEFAULT_BRANCH": MAIN,
    "CI_COMMIT_TAG": None,
    "EMPTY": "",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A", Variable("A")),
        ("${A}", Variable("A")),
        ('$A == "b"', Comparison(Variable("A"), "==", "b")),
        ("$A == 'b c'", Comparison(Variable("A"), "==", "b c")),
        ("$A==null", Comparison(Variable("A"), "==", None)),
        (r"$A =~ /^a\/b$/i", Comparison(Variable("A"), "=~", Pattern(r"^a\/b$", "i"))),
        ("$A && $B", Junction("&&", (Variable("A"), Variable("B")))),
        (
            "$A || $B && $C",
            Junction("||", (Variable("A"), Junction("&&", (Variable("B"), Variable("C"))))),
        ),
        (
            "($A || $B) && $C",
            Junction("&&", (Junction("||", (Variable("A"), Variable("B"))), Variable("C"))),
        ),
        ("$A\n  && $B", Junction("&&", (Variable("A"), Variable("B")))),
    ],
)
def test_a_condition_is_read(text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$A ==",
        "== $A",
        "$A = 'b'",
        "$A == b",
        "($A",
        "$A)",
        "$A $B",
        "!$A",
        "$A == 'b",
        "$A && || $B",
        "(" * 60 + "$A" + ")" * 60,
        " && ".join(["$A"] * MOST_TOKENS),
    ],
)
def test_what_gitlab_refuses_is_refused(text: str) -> None:
    with pytest.raises(NotAnExpressionError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A variable alone: set, and not empty.
        ("$CI_COMMIT_BRANCH", True),
        ("$CI_COMMIT_TAG", False),
        ("$EMPTY", False),
        ("$SOMETHING_OF_THE_PROJECT", None),
        # Equality, and what is not known.
        ('$CI_PIPELINE_SOURCE == "push"', True),
        ('$CI_PIPELINE_SOURCE != "push"', False),
        ("$CI_COMMIT_TAG == null", True),
        ('$CI_COMMIT_TAG == ""', False),
        ("$CI_COMMIT_BRANCH != null", True),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", False),
        ("$CI_DEFAULT_BRANCH == $CI_DEFAULT_BRANCH", True),
        ('$CI_COMMIT_BRANCH == "main"', False),
        ('$CI_DEFAULT_BRANCH == "main"', None),
        ('"main" == $CI_DEFAULT_BRANCH', None),
        # Patterns.
        ("$CI_PIPELINE_SOURCE =~ /^(push|merge_request_event)$/", True),
        ("$CI_PIPELINE_SOURCE =~ /^PUSH/", False),
        ("$CI_PIPELINE_SOURCE =~ /^PUSH/i", True),
        ("$CI_PIPELINE_SOURCE !~ /merge/", True),
        ("$CI_PIPELINE_SOURCE =~ '/^push$/'", True),
        ("$CI_PIPELINE_SOURCE =~ 'push'", False),
        ("$CI_COMMIT_TAG =~ /^v/", False),
        ("$CI_COMMIT_TAG !~ /^v/", True),
        ("$CI_COMMIT_BRANCH =~ /^release-/", None),
        ("$CI_PIPELINE_SOURCE =~ $CI_DEFAULT_BRANCH", None),
        ("$CI_PIPELINE_SOURCE =~ /(/", None),
        (r"$CI_PIPELINE_SOURCE =~ /\pL/", None),
        # What is certain although a part is not.
        ("$SOMETHING || $CI_COMMIT_BRANCH", True),
        ("$SOMETHING && $CI_COMMIT_TAG", False),
        ("$SOMETHING && $CI_COMMIT_BRANCH", None),
        ("$SOMETHING || $CI_COMMIT_TAG", None),
        ("($CI_COMMIT_TAG || $CI_COMMIT_BRANCH) && $CI_PIPELINE_SOURCE == 'push'", True),
    ],
)
def test_a_condition_holds_in_a_push_to_a_branch(text: str, expected: bool | None) -> None:
    assert evaluate(parse(text), PUSH) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        *("(.*)*X", "(.|.)*X", "((a*)*)*X", ".*" * 40 + "X", "(?:e|e)+X", "(\\w+){9}X"),
        *("(.)*" * 9, "(|e)" * 60 + "X", "[\0-\U0010ffff]" * 120),
    ],
)
def test_a_pattern_that_takes_for_ever_is_not_tried(pattern: str) -> None:
    began = time.process_time()
    evaluate(parse(f"$CI_PIPELINE_SOURCE =~ /{pattern}/"), {"CI_PIPELINE_SOURCE": "e" * 20})
    assert time.process_time() - began < 1


NAMES = st.sampled_from(["$CI_COMMIT_BRANCH", "$CI_COMMIT_TAG", "$X", "'a'", '""', "null", "/a/"])
SIMPLE = (
    st.builds("{} {} {}".format, NAMES, st.sampled_from(["==", "!=", "=~", "!~"]), NAMES) | NAMES
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner),
)


@given(CONDITIONS, st.sampled_from(["a", "", None]))
def test_what_is_certain_stays_so_when_more_is_known(text: str, value: str | None) -> None:
    before = evaluate(parse(text), PUSH)
    after = evaluate(parse(text), {**PUSH, "X": value})
    assert before is None or before == after


@given(st.text("$A{}\"'/=!~&|() \n", max_size=40) | st.text(max_size=40))
def test_any_text_is_a_condition_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except NotAnExpressionError:
        return
    assert evaluate(found, {}) in (True, False, None)
