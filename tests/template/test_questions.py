"""copier.yml: its questions are complete, and its tables name files that there are."""

from __future__ import annotations

import re
from itertools import dropwhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier._template import DEFAULT_EXCLUDE
from pathspec import GitIgnoreSpec

from ..conftest import ROOT
from ..support.answers import answers
from .conftest import Render

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))
SETTINGS = {key: value for key, value in CONFIG.items() if key.startswith("_")}
QUESTIONS = {key: value for key, value in CONFIG.items() if not key.startswith("_")}
FILES = [path for path in (ROOT / "template").rglob("*") if path.is_file()]
PATTERNS = [
    *(pattern for patterns in SETTINGS["_lisa_ownership"].values() for pattern in patterns),
    *(line for entry in SETTINGS["_exclude"] for line in entry.split() if line.startswith("/")),
]


@pytest.fixture(scope="session")
def rendered_paths(renders: list[Render]) -> set[str]:
    """Every path that any render has."""
    return {path for render in renders for path in render.files}


def matching(pattern: str, paths: set[str]) -> set[str]:
    return set(GitIgnoreSpec.from_lines([pattern]).match_files(paths))


@pytest.mark.parametrize("key", QUESTIONS)
def test_a_question_has_a_type_a_help_text_and_a_default(key: str) -> None:
    question = QUESTIONS[key]
    assert question["type"] in {"str", "bool"}
    assert question["help"].strip()
    assert "default" in question


def test_there_is_the_one_set_of_keys() -> None:
    assert list(QUESTIONS) == [
        "example",
        *("kind", "debian", "adopted", "project_name", "description", "author_name"),
        "author_email",
        *("copyright_holder", "license", "forge", "forge_host", "namespace", "python_min"),
        *("distribution", "import_name", "code_path", "code_url", "test_path", "left_out"),
        "advanced",
        *("copyright_year", "compiled", "cuda", "backend", "cli", "docs", "notebooks"),
        "container",
        *("cde_image", "sonar", "ci_rules", "recovery", "author_orcid", "other_authors"),
        *("keywords", "doi", "events", "dags_from", "extras"),
    ]


@pytest.mark.parametrize("key", [*dropwhile(lambda key: key != "advanced", QUESTIONS)][1:])
def test_what_stands_behind_advanced_is_recorded_whether_asked_or_not(key: str) -> None:
    assert re.match(r"\{\{ advanced\b", QUESTIONS[key]["ask"])


def test_no_question_hangs_on_a_condition_that_would_leave_it_unrecorded() -> None:
    assert [key for key, question in QUESTIONS.items() if "when" in question] == []


def test_every_answer_is_recorded(render: Render) -> None:
    recorded = yaml.safe_load(render.files[".copier-answers.yml"])
    assert {key: recorded[key] for key in QUESTIONS} == render.answers
    assert set(recorded) - set(QUESTIONS) == {"_commit", "_src_path"}


def test_choices_have_a_default_that_is_one_of_them() -> None:
    defaults = answers()
    for key, question in QUESTIONS.items():
        if "choices" in question:
            chosen = defaults[key] if question.get("multiselect") else [defaults[key]]
            assert all(each in question["choices"].values() for each in chosen), key


def test_plain_copier_skips_what_is_seeded() -> None:
    assert SETTINGS["_skip_if_exists"] == SETTINGS["_lisa_ownership"]["seeded"]


def test_nothing_in_the_template_needs_trust() -> None:
    assert set(SETTINGS) == {
        "_answers_file",
        "_envops",
        "_exclude",
        "_lisa_ownership",
        "_message_after_copy",
        "_min_copier_version",
        "_skip_if_exists",
        "_subdirectory",
        "_templates_suffix",
    }


def test_copier_s_own_excludes_are_repeated() -> None:
    assert SETTINGS["_exclude"][: len(DEFAULT_EXCLUDE)] == list(DEFAULT_EXCLUDE)


@pytest.mark.parametrize("pattern", sorted(set(PATTERNS)))
def test_a_pattern_matches_a_file_of_some_render(pattern: str, rendered_paths: set[str]) -> None:
    assert matching(pattern.removeprefix("!"), rendered_paths)


def test_no_path_has_two_owners(rendered_paths: set[str]) -> None:
    ownership = SETTINGS["_lisa_ownership"]
    owned = [
        path
        for owner, patterns in ownership.items()
        if owner != "example"  # which no owner is: what is the template's own code
        for path in GitIgnoreSpec.from_lines(patterns).match_files(rendered_paths)
    ]
    assert len(owned) == len(set(owned))


def test_no_file_name_holds_a_condition() -> None:
    assert [path for path in FILES if "{%" in path.as_posix()] == []


def test_every_file_of_the_template_is_in_some_render(rendered_paths: set[str]) -> None:
    sources = [path.relative_to(ROOT / "template").as_posix() for path in FILES]
    outputs = {source.removesuffix(".jinja") for source in sources}
    fixed = {output for output in outputs if "{{" not in output}
    assert fixed - rendered_paths == set()
    names = {Path(path).name for path in rendered_paths}
    assert {Path(output).name for output in outputs} - names == set()


def test_a_file_is_rendered_exactly_if_it_has_something_to_render() -> None:
    for path in FILES:
        has_jinja = re.search(rb"\{\{|\{%|\{#", path.read_bytes()) is not None
        assert has_jinja == (path.suffix == ".jinja"), path
