"""Inputs that are filled in as GitLab does."""

from __future__ import annotations

from typing import Any

import pytest

from lisa_scaffold.formats.gitlab_inputs import fill_in, find_refused

TEXT = """\
spec:
  inputs:
    name:
    pythons:
      type: array
      default: ["3.11", "3.12"]
    docs:
      type: boolean
      default: true
---
job-$[[ inputs.name ]]:
  image: python:$[[inputs.name]]
  parallel:
    matrix:
      - PYTHON: $[[ inputs.pythons ]]
docs:
  rules:
    - if: '"$[[ inputs.docs ]]" == "false"'
      when: never
    - if: $CI_COMMIT_TAG
  script: echo $[[ inputs.other ]]
"""
DOCS = {"if": "$CI_COMMIT_TAG"}


def test_defaults_and_given_values_take_their_places_as_what_they_are() -> None:
    filled = fill_in(TEXT, {"name": "a"})
    assert filled["job-a"] == {
        "image": "python:a",
        "parallel": {"matrix": [{"PYTHON": ["3.11", "3.12"]}]},
    }
    rules = [{"if": '"true" == "false"', "when": "never"}, DOCS]
    assert filled["docs"] == {"rules": rules, "script": "echo $[[ inputs.other ]]"}


@pytest.mark.parametrize(("docs", "there"), [(False, False), ("false", False), (True, True)])
def test_a_job_that_an_input_switches_off_is_left_out(docs: Any, there: bool) -> None:
    assert ("docs" in fill_in(TEXT, {"name": "a", "docs": docs})) is there


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "spec: [1]\n---\na: {}\n", "a: {}\n"])
def test_any_text_is_a_configuration_or_none(text: str) -> None:
    assert fill_in(text, {"x": 1}) == ({"a": {}} if text.endswith("a: {}\n") else {})


def test_a_rule_in_front_that_is_no_constant_decides_nothing() -> None:
    rules = '[{if: $A, when: on_success}, {if: \'"a" == "a"\', when: never}]'
    assert fill_in(f"job:\n  rules: {rules}\n", {}).keys() == {"job"}


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"name": "a"}, []),
        ({"name": "a", "docs": False, "pythons": ["3.12"]}, []),
        ({"name": "$NAME", "docs": "$DOCS"}, []),
        ({}, ["the input name has no value"]),
        ({"name": "a", "dokumente": False}, ["there is no input dokumente"]),
        ({"name": 1.5}, ["the input name is no string"]),
        ({"name": True}, ["the input name is no string"]),
        (
            {"name": "a", "docs": "no", "pythons": "3.12"},
            ["the input docs is no boolean", "the input pythons is no array"],
        ),
    ],
)
def test_inputs_that_gitlab_refuses(given: dict[str, Any], refused: list[str]) -> None:
    assert find_refused(TEXT, given) == refused


@pytest.mark.parametrize(("value", "is_number"), [(1, True), (1.5, True), (True, False)])
def test_a_truth_value_is_no_number(value: object, *, is_number: bool) -> None:
    text = "spec:\n  inputs:\n    hours:\n      type: number\n---\na: {}\n"
    told = [] if is_number else ["the input hours is no number"]
    assert find_refused(text, {"hours": value}) == told
