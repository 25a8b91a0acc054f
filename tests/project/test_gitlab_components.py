"""A pipeline that includes a component of lisa-scaffold is read as if its jobs were here."""

from __future__ import annotations

import pytest

from lisa_scaffold.project.facts import Facts, Given

from ..support.checking import clean, edited, found, messages, text
from ..support.components import KNOWN, VERSION

CI = ".gitlab-ci.yml"
COMPONENT = clean(ci_rules="component")
ELSEWHERE = clean(ci_rules="component", forge="esa")


@pytest.mark.parametrize("files", [COMPONENT, ELSEWHERE])
def test_its_jobs_are_those_of_the_files(files: dict[str, str | bytes]) -> None:
    pipeline = Facts.of(files, Given(tags=(), components=KNOWN)).pipeline
    assert pipeline.jobs.keys() >= {"lint", "tests", "build", "compliance", "release"}
    assert pipeline.is_complete
    assert pipeline.files == (CI,)
    assert found(files, components=KNOWN) == []


def test_another_version_is_not_known() -> None:
    files = edited(COMPONENT, CI, f"package@{VERSION}", "package@v0.0.1")
    pipeline = Facts.of(files, Given(tags=(), components=KNOWN)).pipeline
    assert pipeline.jobs == {}
    assert not pipeline.is_local


def test_what_a_component_s_job_misses_stands_where_it_is_included() -> None:
    noxfile = text(COMPONENT, "noxfile.py").replace("def build(", "def made(")
    files = {**COMPONENT, "noxfile.py": noxfile}
    assert found(files, "QTY018", components=KNOWN) == [("QTY018", CI, 3)]
    assert messages(files, "QTY018", components=KNOWN) == [
        "noxfile.py has no session build, so this fails: see `nox -l`"
    ]
    assert found(files, "QTY018") == []


def test_a_job_of_the_project_builds_on_the_component_s() -> None:
    own = "\nown:\n  extends: {}\n  script: nox -s lint\n"
    good = {**COMPONENT, CI: text(COMPONENT, CI) + own.format(".nox")}
    facts = Facts.of(good, Given(tags=(), components=KNOWN))
    assert facts.pipeline.jobs["own"].image == "$LISA_JOB_IMAGE"
    assert facts.pipeline.expand("$LISA_JOB_IMAGE") == "docker.io/library/python:3.11"
    bad = {**COMPONENT, CI: text(COMPONENT, CI) + own.format(".none")}
    (trouble,) = Facts.of(bad, Given(tags=(), components=KNOWN)).pipeline.troubles
    line = text(bad, CI).split("\n").index("  extends: .none") + 1
    told = "there is no job .none, so GitLab refuses the pipeline: correct it"
    assert (trouble.place, trouble.message) == ((CI, line), told)


def test_the_project_s_words_win() -> None:
    own = "\nlint:\n  image: docker.io/library/python:latest\n"
    files = {**COMPONENT, CI: text(COMPONENT, CI) + own}
    pipeline = Facts.of(files, Given(tags=(), components=KNOWN)).pipeline
    assert pipeline.jobs["lint"].image == "docker.io/library/python:latest"
    assert pipeline.jobs["lint"].commands[-1] == "nox -s lint"
    assert (
        pipeline.place_of(pipeline.jobs["lint"], "image").line
        == len(text(files, CI).split("\n")) - 1
    )


def test_an_include_that_its_rules_leave_out_brings_nothing() -> None:
    without = edited(COMPONENT, CI, "    inputs:", "    rules:\n      - when: never\n    inputs:")
    assert Facts.of(without, Given(tags=(), components=KNOWN)).pipeline.jobs == {}
