"""When GitLab runs something: conditions and refs, in each situation."""

from __future__ import annotations

import pytest

from lisa_scaffold.project import gitlab_runs
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab_runs import SITUATIONS, job_runs, starts

NAMES = {
    "b": gitlab_runs.BRANCH,
    "o": gitlab_runs.BRANCH_OF_REQUEST,
    "m": gitlab_runs.MERGE_REQUEST,
    "f": gitlab_runs.FORK,
    "d": gitlab_runs.DEFAULT_BRANCH,
    "t": gitlab_runs.TAG,
    "s": gitlab_runs.SCHEDULE,
}


def facts(text: str) -> Facts:
    return Facts.of({".gitlab-ci.yml": text})


def told(text: str, answer: bool | None) -> str:
    """The letters of the situations in which the job `a` is run, not run, or may be (``None``)."""
    pipeline = facts(text).pipeline
    found = {
        letter: job_runs(pipeline, pipeline.jobs["a"], situation)
        for letter, situation in NAMES.items()
    }
    return "".join(letter for letter, each in found.items() if each is answer)


def rules(*each: str) -> str:
    return "a:\n  script: [x]\n  rules:\n" + "".join(f"    - {rule}\n" for rule in each)


def test_every_situation_has_a_letter() -> None:
    assert tuple(NAMES.values()) == SITUATIONS


@pytest.mark.parametrize(
    ("condition", "runs", "may_run"),
    [
        ("$CI_COMMIT_BRANCH", "bods", ""),
        ("$CI_COMMIT_TAG", "t", ""),
        ("$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "ds", ""),
        ("$CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH", "bomft", ""),
        ('$CI_PIPELINE_SOURCE == "merge_request_event"', "mf", ""),
        ("'$CI_PIPELINE_SOURCE =~ /^(push|merge_request_event)$/'", "bomfdt", ""),
        ("'$CI_PIPELINE_SOURCE !~ /^(push|web)$/'", "mfs", ""),
        ("$CI_OPEN_MERGE_REQUESTS", "o", ""),
        ("$CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS == null", "bds", ""),
        (
            "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID != $CI_MERGE_REQUEST_PROJECT_ID",
            *("f", ""),
        ),
        ("$CI_MERGE_REQUEST_LABELS", "", "mf"),
        ("$CI_COMMIT_TAG =~ /^v/", "", "t"),
        ('$CI_COMMIT_BRANCH == "main"', "", "ds"),
        ("$OWN", "", "bomfdts"),
        ("($OWN || $CI_COMMIT_TAG) && $CI_COMMIT_TAG", "t", ""),
        ("this is none", "", "bomfdts"),
    ],
)
def test_conditions(condition: str, runs: str, may_run: str) -> None:
    text = rules(f"if: {condition}")
    assert told(text, True) == runs
    assert told(text, None) == may_run


@pytest.mark.parametrize(
    ("text", "runs", "may_run"),
    [
        (rules("if: $CI_COMMIT_TAG\n      when: never", "when: always"), "bomfds", ""),
        (rules("if: $CI_COMMIT_TAG", "when: never"), "t", ""),
        (rules("changes: [x]"), "", "bomfdts"),
        (rules("exists: [x]\n      when: never", "when: on_success"), "", "bomfdts"),
        (rules("- if: $CI_COMMIT_TAG"), "t", ""),
        ("a:\n  script: [x]\n", "bodts", ""),
        ("a:\n  script: [x]\n  except: [tags]\n", "bods", ""),
        ("a:\n  script: [x]\n  only: [tags, merge_requests]\n", "mft", ""),
        ("a:\n  script: [x]\n  only: [main]\n", "", "dts"),
        ("a:\n  script: [x]\n  only: [/^release/]\n", "", "bodts"),
        ("a:\n  script: [x]\n  only: {refs: [branches], variables: [$OWN]}\n", "", "bods"),
        ("a:\n  script: [x]\n  only: {refs: [tags], changes: [x]}\n", "", "t"),
        ("a:\n  script: [x]\n  only: [schedules]\n", "s", ""),
        ("a:\n  script: [x]\n  except: {variables: [$CI_COMMIT_TAG]}\n", "bods", ""),
        ("a:\n  script: [x]\n  when: never\n", "", ""),
        ("workflow:\n  rules: [{when: always}]\na:\n  script: [x]\n", "bomfdts", ""),
    ],
)
def test_jobs(text: str, runs: str, may_run: str) -> None:
    assert told(text, True) == runs
    assert told(text, None) == may_run


def test_a_click_counts_only_where_it_is_meant_to() -> None:
    pipeline = facts(rules("if: $CI_COMMIT_TAG\n      when: manual")).pipeline
    job = pipeline.jobs["a"]
    assert job_runs(pipeline, job, gitlab_runs.TAG) is True
    assert job_runs(pipeline, job, gitlab_runs.TAG, gitlab_runs.is_run_unasked) is False


def test_a_pipeline_needs_a_job() -> None:
    text = "workflow:\n  rules: [{when: always}]\n" + rules("if: $CI_COMMIT_TAG")
    pipeline = facts(text).pipeline
    assert starts(pipeline, gitlab_runs.TAG) is True
    assert starts(pipeline, gitlab_runs.MERGE_REQUEST) is False
    assert gitlab_runs.workflow_allows(pipeline, gitlab_runs.MERGE_REQUEST) is True


def test_a_job_may_be_named_like_a_default() -> None:
    """Of the keys that `default` may have, only those of the old form are global."""
    text = "image: alpine\nhooks:\n  script: [a]\ntags:\n  script: [b]\na:\n  script: [c]\n"
    pipeline = facts(text).pipeline
    assert [*pipeline.jobs] == ["hooks", "tags", "a"]
    assert {key for key in ("hooks", "image", "tags") if pipeline.jobs["a"].data.get(key)} == {
        "image"
    }
