"""Inputs that are filled in as GitLab does."""

from __future__ import annotations

from typing import Any

import pytest

from lisa_scaffold.formats.gitlab_inputs import fill_in

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
