"""What somebody has edited in the template's jobs can stand in the project's own file."""

from __future__ import annotations

import pytest

from lisa_scaffold.project.gitlab import name_overrides

PATH = ".gitlab/ci/tests.yml"
JOBS = "tests:\n  stage: test\n  timeout: 30 minutes\nlint:\n  stage: quality\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("30 minutes", "45 minutes", "`tests: {timeout: 45 minutes}`"),
        ("stage: test\n", "stage: test\n  tags: [big]\n", "`tests: {tags: …}`"),
        ("stage: ", "stage: my-", "`tests: {stage: my-test}` and `lint: {stage: my-quality}`"),
        ("  timeout: 30 minutes\n", "", ""),
        ("lint:\n  stage: quality\n", "", ""),
        ("lint:", "own:", ""),
        ("lint:", "lint: [", ""),
        ("lint:", "# Quality.\nlint:", ""),
    ],
)
def test_keys_of_jobs_are_named(old: str, new: str, said: str) -> None:
    edited = JOBS.replace(old, new).encode()
    assert name_overrides(PATH, JOBS.encode(), edited) == said
    assert name_overrides("other.yml", JOBS.encode(), edited) == ""
