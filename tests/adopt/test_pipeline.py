"""The template's pipeline comes into a project's by include."""

from __future__ import annotations

import re
from itertools import permutations

import pytest

from lisa_scaffold.adopt.pipeline import (
    STAGES,
    find_excused,
    find_unfit,
    join_stages,
    merge_pipeline,
)
from lisa_scaffold.formats.tree import NotSure
from lisa_scaffold.project.facts import Facts

from ..support.checking import clean

TEMPLATE = """\
# Ours.
include:
  - local: /.gitlab/ci/common.yml
  - local: /.gitlab/ci/tests.yml

variables:
  # The image.
  LISA_JOB_IMAGE: "python"
  LISA_ZENODO: "false"
"""
STAGED = "stages:\n  - quality\n  - build\n  - test\n  - deploy\n  - publish\n  - release\n"


def test_everything_comes_above_a_pipeline_that_has_jobs_alone() -> None:
    ours = "job:  # mine\n  script: [ls]\n"
    includes, _, variables = TEMPLATE.partition("\n\n")
    assert merge_pipeline(ours, TEMPLATE) == f"{includes}\n\n{variables}\n{STAGED}\n{ours}"


OWN_JOB = "job:\n  script: [ls]\n"


def test_new_jobs_hold_up_none_of_the_project() -> None:
    rendered = Facts.of(clean())
    excused = find_excused(Facts.of({".gitlab-ci.yml": OWN_JOB}), rendered)
    assert {*excused} >= {"lint", "type-check", "hooks", "secrets", "tests", "build", "compliance"}
    # These come behind the project's own, or may fail in any project.
    assert not {"release", "publish-package", "sonar"} & {*excused}
    merged = merge_pipeline(OWN_JOB, TEMPLATE, ["lint", "hooks"])
    lines = "lint: {allow_failure: true}\nhooks: {allow_failure: true}\n"
    assert merged.endswith(f"of each that passes.\n{lines}\n{OWN_JOB}")
    assert merge_pipeline(merged, TEMPLATE, ["lint", "hooks"]) == merged


def test_every_job_before_the_last_stages_may_fail_beside_own_jobs() -> None:
    rendered = Facts.of(clean())
    merged = merge_pipeline(
        OWN_JOB,
        rendered.text(".gitlab-ci.yml"),
        find_excused(Facts.of({".gitlab-ci.yml": OWN_JOB}), rendered),
    )
    after = rendered.changed({".gitlab-ci.yml": merged.encode()})
    holding = [
        name
        for name, job in after.pipeline.jobs.items()
        if job.get("stage") in STAGES[:3] and not job.get("allow_failure")
    ]
    assert holding == []
    # A tag that is not protected stops nothing; a release without notes stops.
    assert after.pipeline.jobs["release-notes"].get("allow_failure") == {"exit_codes": 3}
    protected = after.text(".gitlab/ci/release.yml").partition("is no protected tag")[2]
    assert re.findall(r"exit (\d)", protected) == ["3", "1"]


@pytest.mark.parametrize("own", ["", "variables:\n  A: b\n", ".a:\n  script: [ls]\n"])
def test_nothing_is_excused_where_no_job_waits(own: str) -> None:
    assert find_excused(Facts.of({".gitlab-ci.yml": own}), Facts.of(clean())) == []


def test_what_the_project_says_stays_and_comes_last() -> None:
    ours = (
        "stages: [test, deploy]\n\n"
        "variables:\n"
        '  LISA_ZENODO: "true"  # ours\n\n'
        "include:\n"
        "  - project: a/b\n"
        "    file: /x.yml\n"
    )
    assert merge_pipeline(ours, TEMPLATE) == (
        "stages:\n  - quality\n  - test\n  - build\n  - deploy\n  - publish\n  - release\n\n"
        "variables:\n"
        '  LISA_ZENODO: "true"  # ours\n'
        "  # The image.\n"
        '  LISA_JOB_IMAGE: "python"\n\n'
        "include:\n"
        "  - local: /.gitlab/ci/common.yml\n"
        "  - local: /.gitlab/ci/tests.yml\n"
        "  - project: a/b\n"
        "    file: /x.yml\n"
    )


def test_sessions_of_the_project_are_those_that_a_decorator_makes() -> None:
    jobs = {"pyproject.toml": "[project]\nname = 'a'\n", "CHANGELOG.md": "# Changes\n"}
    rendered = Facts.of(clean())
    deep = f"@nox.session(tags={'not ' * 900}x)\ndef lint(session):\n    pass\n"
    plain = "def lint(session):\n    pass\n"
    lacking: list[bool] = []
    for text in (rendered.text("noxfile.py"), deep, plain):
        unfit = find_unfit(Facts.of({**jobs, "noxfile.py": text}), rendered)
        lacking.append(any(re.search(r"has no session .*\blint\b", why) for why in unfit.values()))
    assert lacking == [False, True, True]


def test_what_the_jobs_are_made_of_comes_along_unless_the_project_has_its_own() -> None:
    pythons = (
        "# The Pythons.\n.pythons:\n  parallel:\n    matrix:\n      - PYTHON_VERSION: ['3.11']\n"
    )
    template = f"{TEMPLATE}\n{pythons}"
    ours = "job:\n  script: [ls]\n"
    merged = merge_pipeline(ours, template)
    assert pythons in merged
    assert merged.endswith(ours)
    assert merge_pipeline(merged, template) == merged
    own = ".pythons:\n  parallel:\n    matrix:\n      - PYTHON_VERSION: ['3.13']\n"
    assert pythons not in merge_pipeline(f"{own}\n{ours}", template)


def test_one_include_becomes_a_list() -> None:
    merged = merge_pipeline("include: /own.yml\n", TEMPLATE)
    assert merged.endswith("  - local: /.gitlab/ci/tests.yml\n  - /own.yml\n")


@pytest.mark.parametrize(
    "ours",
    [
        "include: {local: a.yml}\n",
        "include: [a.yml, b.yml]\n",
        "variables: {A: b}\n",
        "stages: test\n",
        "- a\n",
    ],
)
def test_what_is_written_in_another_way_is_not_touched(ours: str) -> None:
    with pytest.raises(NotSure):
        merge_pipeline(ours, TEMPLATE)


@pytest.mark.parametrize("own", [[*each] for n in range(4) for each in permutations("ab", n)])
def test_stages_of_a_project_keep_their_order(own: list[str]) -> None:
    joined = join_stages(own)
    assert [stage for stage in joined if stage in own] == own
    assert [stage for stage in joined if stage in STAGES] == list(STAGES)


@pytest.mark.parametrize(
    ("own", "out", "why"),
    [
        ("pytest:\n  script: [ls]\n", "workflow.yml", "when its pipelines run"),
        ("tests:\n  script: [ls]\n", "tests.yml", "a job tests of its own"),
        ("before_script: [ls]\njob:\n  script: [ls]\n", "release.yml", "before_script"),
        ("pytest:\n  script: [ls]\n", "container.yml", "pipelines for merge requests"),
    ],
)
def test_parts_that_do_not_fit_beside_own_jobs(own: str, out: str, why: str) -> None:
    found = find_unfit(Facts.of({".gitlab-ci.yml": own}), Facts.of(clean()))
    assert why in found[f".gitlab/ci/{out}"]


def test_what_needs_a_job_that_is_left_out_is_left_out_too() -> None:
    own = (
        "workflow:\n  rules:\n    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'\n"
        "build:\n  script: [make]\n"
    )
    found = find_unfit(Facts.of({".gitlab-ci.yml": own, "CHANGELOG.md": ""}), Facts.of(clean()))
    assert found[".gitlab/ci/build.yml"] == "the project has a job build of its own"
    assert found[".gitlab/ci/container.yml"] == "it needs the job build, which is left out"
    assert ".gitlab/ci/release.yml" not in found


def test_everything_fits_where_there_is_no_pipeline() -> None:
    assert find_unfit(Facts.of({"CHANGELOG.md": ""}), Facts.of(clean())) == {}


def test_sessions_that_an_own_noxfile_lacks() -> None:
    own = "import nox\n\n@nox.session\ndef lint(session):\n    pass\n"
    found = find_unfit(Facts.of({"noxfile.py": own, "CHANGELOG.md": ""}), Facts.of(clean()))
    assert "no session tests" in found[".gitlab/ci/tests.yml"]


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("", False),
        ("# Changes\n\n## [Unreleased]\n", False),
        ("# Changes\n\nNothing so far.\n", False),
        ("0.1.0\n-----\n\n- first\n", False),
        ("# Changes\n\n## lisa-noise 0.1.0\n", False),
        ("Changes\n=======\n\n0.1.0 (2026-01-02)\n~~~~~~~~~~~~~~~~~~\n\n* first\n", True),
        ("# Changes\n\n* Version 0.1.0: first\n", True),
    ],
)
def test_a_release_needs_sections_of_its_versions(text: str, out: bool) -> None:
    found = find_unfit(Facts.of({"CHANGELOG.md": text}), Facts.of(clean()))
    assert ("has none by version" in found.get(".gitlab/ci/release.yml", "")) == out
