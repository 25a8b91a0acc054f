"""The GitLab pipeline: taken, once for a merge request, with reports, images and keywords."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest

from lisa_scaffold.project import gitlab_reader
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import find_rule, repair

from ..support.checking import clean, edited, fixed, found, messages
from ..support.sweeps import sampled

CI = ".gitlab-ci.yml"
MERGE = '$CI_PIPELINE_SOURCE == "merge_request_event"'
WORKFLOW = (
    f"workflow:\n  rules:\n    - if: {MERGE}\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n"
)
TODAY = date(2026, 11, 26)


def pipeline(text: str, **files: str) -> dict[str, Any]:
    """A folder of a pipeline that merge requests have, and what else is given."""
    return {CI: WORKFLOW + text, **files}


def lines(text: str) -> int:
    """The line on which the pipeline's own part begins, counted from 0."""
    return WORKFLOW.count("\n") + text.count("\n")


JOB = "a:\n  script: [make]\n"
START = lines("")


def test_no_pipeline_and_a_small_one() -> None:
    assert found({"Dockerfile": "FROM debian:12\n"}, "CI") == []
    assert found(pipeline(JOB), "CI") == []
    assert found(pipeline(""), "CI") == []


def test_what_cannot_be_resolved() -> None:
    files = pipeline("include: /ci/no.yml\na:\n  extends: .b\n  script: [x]\n")
    assert found(files, "CI") == [("CI001", CI, START + 1), ("CI001", CI, START + 3)]
    assert messages(files, "CI") == [
        "ci/no.yml does not exist, so GitLab refuses the pipeline: correct it",
        "there is no job .b, so GitLab refuses the pipeline: correct it",
    ]


ABSENT = "there is no job b, so GitLab refuses the pipeline: correct the name in"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a:\n  image: b:1\n", 1, "a has no `script`, so GitLab refuses the pipeline: add one"),
        (
            f"{JOB}  stage: tests\n",
            3,
            "there is no stage tests, so GitLab refuses the pipeline: add it to `stages`",
        ),
        (f"{JOB}  needs: [b]\n", 3, f"{ABSENT} `needs`"),
        (f"{JOB}  needs:\n    - job: b\n", 3, f"{ABSENT} `needs`"),
        (f"{JOB}  dependencies: [b]\n", 3, f"{ABSENT} `dependencies`"),
    ],
)
def test_jobs_that_gitlab_refuses(text: str, line: int, message: str) -> None:
    assert found(pipeline(text), "CI") == [("CI002", CI, START + line)]
    assert messages(pipeline(text), "CI") == [message]
    elsewhere = pipeline(f"include:\n  - project: g/ci\n    file: a.yml\n    ref: v1\n{text}")
    assert found(elsewhere, "CI") == []


def test_stages_are_known_where_the_pipeline_s_own_file_names_them() -> None:
    foreign = "include:\n  - project: g/ci\n    file: a.yml\n    ref: v1\nstages: [x]\n"
    text = f"{foreign}{JOB}  stage: y\n"
    assert found(pipeline(text), "CI") == [("CI002", CI, START + 8)]
    assert found(pipeline(text.replace("stages: [x]\n", "")), "CI") == []
    assert found(pipeline(text.replace("  stage: y\n", "")), "CI") == []


@pytest.mark.parametrize(
    "text",
    [
        f"{JOB}  stage: .post\n",
        f"stages: [x]\n{JOB}  stage: x\n",
        f"{JOB}  needs:\n    - job: b\n      optional: true\n",
        f"{JOB}  needs:\n    - project: g/p\n      job: b\n      ref: main\n",
        "a:\n  trigger: g/p\n",
        ".b:\n  stage: nowhere\n",
    ],
)
def test_jobs_that_gitlab_takes(text: str) -> None:
    assert found(pipeline(text), "CI") == []


# --- When pipelines run ---------------------------------------------------------------------------


def rules(*each: str) -> str:
    return "a:\n  script: [make]\n  rules:\n" + "".join(f"    - {rule}\n" for rule in each)


@pytest.mark.parametrize(
    ("text", "has_branch"),
    [
        (JOB, True),
        ("workflow:\n  rules:\n    - if: $CI_COMMIT_BRANCH\n" + JOB, True),
        (rules("if: $CI_COMMIT_TAG"), False),
        (rules("if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"), False),
        ("a:\n  script: [make]\n  only: [main]\n", False),
    ],
)
def test_merge_requests_without_a_pipeline(text: str, has_branch: bool) -> None:
    codes = [each for each in found({CI: text}, "CI") if each[0] != "CI011"]
    assert codes == [("CI003", CI, 1)]
    said = "merge requests are not tested: "
    if has_branch:
        said = (
            "pipelines run for branches alone, which do not know the target branch: "
            "for merge requests "
        )
    assert messages({CI: text}, "CI003") == [f"{said}add the rule `if: {MERGE}`"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (
            f"workflow:\n  rules:\n    - if: {MERGE}\n    - if: $CI_COMMIT_BRANCH\n{JOB}",
            1,
            "each push to a merge request starts two pipelines: add a rule with `if: "
            "$CI_OPEN_MERGE_REQUESTS` and `when: never`",
        ),
        (
            rules("when: always"),
            3,
            "each push to a merge request runs two pipelines (a twice): add `workflow: rules`",
        ),
        (
            f"b:\n  script: [make]\n{rules(f'if: {MERGE}')}",
            5,
            "each push to a merge request runs two pipelines (a, then b): add `workflow: rules`",
        ),
    ],
)
def test_two_pipelines_for_a_push(text: str, line: int, message: str) -> None:
    assert found({CI: text}, "CI") == [("CI004", CI, line)]
    assert messages({CI: text}, "CI") == [message]


@pytest.mark.parametrize(
    "text",
    [
        f"workflow:\n  rules:\n    - if: {MERGE}\n"
        "    - if: $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS\n      when: never\n"
        f"    - if: $CI_COMMIT_BRANCH\n{JOB}",
        rules(f"if: {MERGE}", "if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"),
        "include:\n  - template: Workflows/Branch-Pipelines.gitlab-ci.yml\n" + JOB,
        rules("if: '$CI_PIPELINE_SOURCE =~ /^(push|merge_request_event)$/ && $CI_OPEN_A'"),
        rules("if: '$CI_PIPELINE_SOURCE =~ /^(web|merge_request_event)$/'"),
        rules("if: ($CI_COMMIT_BRANCH == null || $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH)"),
        "a:\n  script: [make]\n  rules:\n    - - if: $CI_MERGE_REQUEST_IID\n",
        "a:\n  script: [make]\n  rules:\n    - if: $CI_MERGE_REQUEST_IID\n      changes: [x]\n",
    ],
)
def test_one_pipeline_for_a_push(text: str) -> None:
    assert found({CI: text}, "CI") == []


def test_conditions_are_evaluated() -> None:
    both = rules("if: '$CI_PIPELINE_SOURCE =~ /^(push|merge_request_event)$/'")
    assert found({CI: both}, "CI") == [("CI004", CI, 3)]
    neither = rules("if: '$CI_PIPELINE_SOURCE =~ /^(push|schedule)$/'")
    assert found({CI: neither}, "CI") == [("CI003", CI, 1)]


@pytest.mark.parametrize(
    ("entry", "more", "missing"),
    [
        ("{local: ci/opt.yml, rules: [{exists: [ci/opt.yml]}]}", {}, False),
        ("{local: ci/opt.yml, rules: [{exists: [ci/*.yml]}]}", {"ci/a.yml": "x: 1\n"}, True),
        ("{local: ci/opt.yml, rules: [{if: $OPTED}]}", {}, False),
        ("{local: ci/opt.yml, rules: [{when: never}]}", {}, False),
        ("{local: ci/opt.yml}", {}, True),
    ],
)
def test_an_include_may_have_rules(entry: str, more: dict[str, str], missing: bool) -> None:
    files = {**pipeline(f"include:\n  - {entry}\n{JOB}"), **more}
    assert messages(files, "CI001") == (
        ["ci/opt.yml does not exist, so GitLab refuses the pipeline: correct it"] if missing else []
    )


@pytest.mark.parametrize("name", ["m: [x]", "m: [x, y]", "m 1/2"])
def test_one_job_of_several_can_be_needed(name: str) -> None:
    several = "m:\n  script: [x]\n  parallel: 2\n"
    needs = f'{JOB}  needs: ["{name}"]\n  dependencies: ["{name}"]\n'
    assert messages(pipeline(several + needs), "CI002") == []
    one = "m:\n  script: [x]\n"
    told = f"there is no job {name}, so GitLab refuses the pipeline: correct the name in"
    assert messages(pipeline(one + needs), "CI002") == [f"{told} `needs`", f"{told} `dependencies`"]


def test_the_image_of_a_mac_is_a_machine() -> None:
    mac = f"{JOB}  image: macos-15-xcode-16\n"
    assert messages(pipeline(f"{mac}  tags: [saas-macos-large-m2pro]\n"), "CI008") == []
    assert messages(pipeline(mac), "CI008") == []
    assert len(messages(pipeline(f"{JOB}  image: python\n  tags: [big]\n"), "CI008")) == 1


# --- What it does ---------------------------------------------------------------------------------

PACKAGE = {"pyproject.toml": '[project]\nname = "a"\n', "src/a/__init__.py": ""}


def test_a_package_is_tested_linted_and_built() -> None:
    assert messages({**PACKAGE, **pipeline("a:\n  script: [echo]\n")}, "CI") == [
        "no job builds the package, so releases may fail: add one with `python -m build`",
        "no job runs a linter, so mistakes go unnoticed: add one with `ruff check`",
        "no job runs the tests, so nobody sees what breaks: add one with `pytest`",
    ]
    whole = "a:\n  script: [pip install pytest, ruff check, python -m pytest, python -m build]\n"
    assert "CI005" not in {code for code, _, _ in found({**PACKAGE, **pipeline(whole)}, "CI")}


@pytest.mark.parametrize("command", ["make all", "./ci.sh", "nox", "hatch run x", "bash ci"])
def test_a_command_may_do_all(command: str) -> None:
    assert found({**PACKAGE, **pipeline(f"a:\n  script: [{command}]\n")}, "CI") == []


def test_reports_are_shown() -> None:
    files = pipeline(
        "a:\n  script:\n    - pip install pylint\n    - pytest --cov\n    - ruff check\n"
    )
    assert found(files, "CI") == [("CI006", CI, START + 2)] * 3
    assert messages(files, "CI") == [
        "merge requests do not show failed tests: add `junit` below `artifacts: reports:`",
        "merge requests do not show untested lines: add `coverage_report` below `artifacts: "
        "reports:`",
        "merge requests do not show what the linter finds: add `codequality` below `artifacts: "
        "reports:`",
    ]


@pytest.mark.parametrize(
    ("limit", "is_found"),
    [
        *(("only: [schedules]", False), ("only: [tags]", False), ("when: never", False)),
        *(("rules: [{if: $CI_COMMIT_TAG}]", False), ("only: [branches]", True)),
        *(("rules: [{if: $A}]", True), ("only: [merge_requests]", True)),
    ],
)
def test_what_no_merge_request_runs_shows_nothing_in_it(limit: str, is_found: bool) -> None:
    other = "b:\n  script: [x]\n"
    files = pipeline(f"a:\n  script: [pytest --cov]\n  {limit}\n{other}")
    assert len(found(files, "CI006")) == (2 if is_found else 0)


REPORT = """\
a:
  script:
    - pytest --junitxml=out/junit.xml --cov --cov-report=xml:out/cov.xml
  artifacts:
    reports:
      junit: out/junit.xml
      coverage_report:
        coverage_format: cobertura
        path: out/cov.xml
"""


def test_reports_are_written() -> None:
    assert found(pipeline(REPORT), "CI") == []
    files = pipeline(REPORT.replace("junit: out/", "junit: ").replace("path: out/", "path: "))
    assert found(files, "CI") == [("CI007", CI, START + 6), ("CI007", CI, START + 9)]
    assert messages(files, "CI") == [
        "a never writes junit.xml, so nothing is shown: write out/junit.xml",
        "a never writes cov.xml, so nothing is shown: write out/cov.xml",
    ]
    other = pipeline(REPORT.replace("    - pytest", "    - cd x && pytest"))
    assert found(other, "CI") == []
    assert found(pipeline(REPORT.replace("junit: out/junit", "junit: '*/junit'")), "CI") == []


# --- Images ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("python", "the image python may change any day: add a version tag"),
        (
            "r.org:5000/a/b",
            "the image r.org:5000/a/b may change any day: add a version tag",
        ),
        ("python:latest", "the image python:latest may change any day: use a version tag"),
    ],
)
def test_images_that_move(image: str, message: str) -> None:
    files = pipeline(f"{JOB}  image: {image}\n  services:\n    - {image}\n")
    assert found(files, "CI") == [("CI008", CI, START + 3)]
    assert messages(files, "CI") == [f"{message}; also in line {START + 5}"]
    shared = pipeline(f"default:\n  image:\n    name: {image}\n{JOB}b:\n  script: [x]\n")
    assert found(shared, "CI") == [("CI008", CI, START + 2)]


@pytest.mark.parametrize(
    "image",
    [
        "python:3.12",
        f"python@sha256:{'0' * 64}",
        "$SOMEBODYS_IMAGE",
        "$CI_REGISTRY_IMAGE:latest",
        "r.org:5000/a/b:1",
    ],
)
def test_images_that_stay(image: str) -> None:
    assert found(pipeline(f"{JOB}  image: {image}\n"), "CI", today=TODAY) == []


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            "python:3.9-slim",
            "Python 3.9 has had no security fixes since 2025-10-31: use a newer version",
        ),
        (
            "docker.io/library/python:2.7",
            "Python 2.7 has had no security fixes since 2020-01-01: use a newer version",
        ),
        (
            "python:3.12-bullseye",
            "Debian 11 (bullseye) has had no security fixes since 2026-08-31: use a newer version",
        ),
        (
            "debian:buster-slim",
            "Debian 10 has had no security fixes since 2024-06-30: use a newer version",
        ),
        (
            "ubuntu:20.04",
            "Ubuntu 20.04 has had no security fixes since 2025-05-31: use a newer version",
        ),
        (
            "node:18-alpine",
            "Node 18 has had no security fixes since 2025-04-30: use a newer version",
        ),
        (
            "gcr.io/kaniko-project/executor:v1.9.0-debug",
            "gcr.io/kaniko-project/executor is no longer maintained: use "
            "ghcr.io/osscontainertools/kaniko",
        ),
    ],
)
def test_images_without_repairs(image: str, message: str) -> None:
    files = pipeline(f"variables:\n  IMAGE: {image}\n{JOB}  image: $IMAGE\n")
    assert found(files, "CI", today=TODAY) == [("CI009", CI, START + 2)]
    assert messages(files, "CI", today=TODAY) == [f"`IMAGE`: {message}"]
    if "kaniko" not in image:
        assert found(files, "CI") == []
        assert found(files, "CI", today=date(2019, 1, 1)) == []


def test_the_places_of_images_are_sorted_and_each_file_is_named_once() -> None:
    more = "".join(f"{name}:\n  script: [x]\n  image: python:latest\n" for name in "bcd")
    one = pipeline(f"include: b.yml\n{more.replace('b:', 'a:')}z:\n  script: [x]\n  image: node\n")
    files = {**one, "b.yml": more.replace("python:latest", "node")}
    assert found(files, "CI008") == [("CI008", CI, START + 4)]
    assert messages(files, "CI008") == [
        "the image python:latest may change any day: use a version tag; others in lines "
        f"{START + 7}, {START + 10}, {START + 13}, b.yml:3"
    ]


def test_each_service_of_a_job_has_its_place() -> None:
    services = "services: [{name: redis}, 'postgres:18',\n    mysql]\n"
    told = "the image redis may change any day: add a version tag; others in line"
    own = pipeline(f"{JOB}  {services}")
    assert messages(own, "CI008") == [f"{told} {START + 4}"]
    inherited = pipeline(f"default:\n  {services}{JOB}b:\n  script: [x]\n")
    assert messages(inherited, "CI008") == [f"{told} {START + 3}"]


def test_an_image_that_several_jobs_have_is_one_finding() -> None:
    text = "".join(f"{name}:\n  script: [x]\n  image: python:3.9\n" for name in "abc")
    assert messages(pipeline(text), "CI009", today=TODAY) == [
        "Python 3.9 has had no security fixes since 2025-10-31: use a newer version; also in lines "
        f"{START + 6}, {START + 9}"
    ]


PROMISE = "requires-python = '>=3.8'"
NEW_ONE = "new:\n  script: [x]\n  image: python:3.13-slim\n"


@pytest.mark.parametrize(
    ("job", "metadata", "is_found"),
    [
        ("script: [pytest]", PROMISE, False),
        ("script: [python -m unittest discover]", PROMISE, False),
        ("script: [pytest]", "classifiers = ['Programming Language :: Python :: 3.9']", False),
        ("script: [pytest]", "requires-python = '>=3.10'", True),
        ("script: [pytest]", "", True),
        ("script: [python -m build]", PROMISE, True),
    ],
)
@pytest.mark.parametrize("image", ["python:3.9", "ghcr.io/astral-sh/uv:python3.9-trixie-slim"])
def test_tests_on_a_python_that_is_promised(
    job: str, metadata: str, is_found: bool, image: str
) -> None:
    project = {"pyproject.toml": f"[project]\nname = 'a'\nversion = '1'\n{metadata}\n"}
    old = f"a:\n  {job}\n  image: {image}\n"
    wanted = [("CI009", CI, START + 3)] if is_found else []
    assert found({**project, **pipeline(f"{old}{NEW_ONE}")}, "CI009", today=TODAY) == wanted
    # Where there is no newer one it is the Python that people work with.
    alone = {**project, **pipeline(old)}
    assert found(alone, "CI009", today=TODAY) == [("CI009", CI, START + 3)]


@pytest.mark.parametrize(
    ("name", "command", "is_found"),
    [
        *(("py39", "tox -e py39", False), ("python-3.9", "pytest", False)),
        *(("a", "tox -e py39", False), ("a", "nox -s tests-python3_9", False)),
        *(("py39", "make", True), ("py391", "tox", True), ("a", "tox -e py310", True)),
    ],
)
def test_tests_that_name_their_python(name: str, command: str, is_found: bool) -> None:
    old = f"{name}:\n  script: [{command}]\n  image: python:3.9\n"
    wanted = [("CI009", CI, START + 3)] if is_found else []
    assert found(pipeline(f"{old}{NEW_ONE}"), "CI009", today=TODAY) == wanted
    alone = found(pipeline(old), "CI009", today=TODAY)
    assert alone == [("CI009", CI, START + 3)]


def test_the_job_itself_may_be_known_by_its_name_alone() -> None:
    project = {"pyproject.toml": f"[project]\nname = 'a'\nversion = '1'\n{PROMISE}\n"}
    text = "test_3.9:\n  script: [./run]\n  image: python:3.9\n"
    files = {**project, **pipeline(f"{text}{NEW_ONE}")}
    assert found(files, "CI009", today=TODAY) == []


@pytest.mark.parametrize("head", ["# THIS FILE WAS AUTO-GENERATED", "# Do not edit: see a.yml."])
def test_what_a_tool_writes_it_would_write_again(head: str) -> None:
    more = "b:\n  script: [x]\n  image: docker:latest\n  only: [main]\n"
    files = {**pipeline("include: b.yml\na:\n  script: [x]\n"), "b.yml": f"{head}\n\n{more}"}
    assert found(files, "CI008") == found(files, "CI011") == []
    files["b.yml"] = f"# Ours.\n{more}"
    assert found(files, "CI008") == [("CI008", "b.yml", 4)]
    assert found(files, "CI011") == [("CI011", "b.yml", 5)]


ANCHOR = """\
.a: &a
  image: python:latest
  only: [main]
.b: &b
  <<: *a
  image: node
b:
  <<: *a
  script: [x]
c:
  <<: [*b, *a]
  script: [x]
"""


def test_what_an_anchor_brings_is_found_where_it_is_written() -> None:
    files = pipeline(ANCHOR)
    assert found(files, "CI008") == [("CI008", CI, START + 2)]
    assert messages(files, "CI008") == [
        f"the image python:latest may change any day: use a version tag; others in line {START + 6}"
    ]
    assert found(files, "CI011") == [("CI011", CI, START + 3)]
    assert messages(files, "CI011") == [
        "`only` is outdated and cannot be combined with `rules`: write `rules`"
    ]


# --- Keywords -------------------------------------------------------------------------------------


def test_what_gitlab_removed() -> None:
    before = (
        "types: [b]\na:\n  type: b  # x\n  script:\n    - echo $CI_BUILD_REF ${CI_BUILD_TAG}\n"
        "  artifacts:\n    reports:\n      cobertura: c.xml  # y\n"
    )
    after = (
        "stages: [b]\na:\n  stage: b  # x\n  script:\n    - echo $CI_COMMIT_SHA ${CI_COMMIT_TAG}\n"
        "  artifacts:\n    reports:\n      coverage_report:\n"
        "        coverage_format: cobertura\n        path: c.xml  # y\n"
    )
    files = pipeline(before)
    assert [(code, line - START) for code, _, line in found(files, "CI010")] == [
        ("CI010", 1),
        ("CI010", 3),
        ("CI010", 5),
        ("CI010", 5),
        ("CI010", 8),
    ]
    assert messages(files, "CI010")[0] == "GitLab no longer accepts `types`: write `stages`"
    assert fixed(files, "CI010") == {CI: WORKFLOW + after}
    assert found(pipeline(after), "CI") == []


def test_what_is_left_to_people() -> None:
    files = pipeline("a:\n  script: [echo $CI_JOB_JWT]\n")
    assert messages(files, "CI010") == [
        "GitLab has removed CI_JOB_JWT, so it is empty: use `id_tokens`"
    ]
    own = "variables:\n  CI_BUILD_TAG: x\na:\n  script: [echo $CI_BUILD_TAG]\n"
    assert found(pipeline(own), "CI") == []


def test_what_gitlab_deprecated() -> None:
    before = "# Where we run\nimage: python:3.12  # x\n\na:\n  script: [make]\n  only: [main]\n"
    after = before.replace("image: python:3.12", "default:\n  image: python:3.12")
    files = pipeline(before)
    assert found(files, "CI011") == [("CI011", CI, START + 2), ("CI011", CI, START + 6)]
    assert messages(files, "CI011") == [
        "GitLab may stop reading `image` here: move it below `default:`",
        "`only` is outdated and cannot be combined with `rules`: write `rules`",
    ]
    done = repair.apply_fixes([find_rule("CI011")], Facts.of(files))
    assert done.changes == {CI: (WORKFLOW + after).encode()}


def test_a_block_goes_under_default() -> None:
    before = f"before_script:\n  - a\n  - |\n    b\n\n    c\n\n{JOB}"
    after = f"default:\n  before_script:\n    - a\n    - |\n      b\n\n      c\n\n{JOB}"
    assert fixed(pipeline(before), "CI011") == {CI: WORKFLOW + after}


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n\n# The end\n"])
def test_the_last_block_of_a_file_goes_under_default(end: str) -> None:
    before = f"{JOB}\nbefore_script:\n  - a\n  - b"
    after = f"{JOB}\ndefault:\n  before_script:\n    - a\n    - b"
    assert fixed(pipeline(before + end), "CI011") == {CI: WORKFLOW + after + end}


def test_no_fix_where_default_is_there() -> None:
    files = edited(clean(), CI, "include:\n", "image: python:3.12\ninclude:\n")
    assert found(files, "CI") == [("CI011", CI, 4)]


@pytest.mark.parametrize(
    ("include", "other", "is_repaired"),
    [
        ("{project: a/b, ref: v1, file: c.yml}", "", False),
        ("{template: Auto-DevOps.gitlab-ci.yml}", "", False),
        ("{component: gitlab.com/a/b/c@1.0.0}", "", False),
        ("{local: more.yml}", "image: debian:13\n", False),
        ("{local: more.yml}", "b:\n  script: [x]\n", True),
    ],
)
def test_a_key_that_another_file_may_have_stays(
    include: str, other: str, is_repaired: bool
) -> None:
    text = f"include:\n  - {include}\nimage: python:3.12\n{JOB}"
    files = {**pipeline(text), **({"more.yml": other} if other else {})}
    assert ("CI011", CI, START + 3) in found(files, "CI011")
    done = repair.apply_fixes([find_rule("CI011")], Facts.of(files))
    assert (CI in done.changes) is is_repaired


def chain(jobs: int) -> str:
    return "".join(f".a{n}:\n  extends: .a{n + 1}\n" for n in range(jobs)) + f".a{jobs}: {{}}\n"


def test_eleven_levels_are_followed() -> None:
    files = pipeline(f"a:\n  extends: .a1\n  script: [x]\n{chain(11)}")
    assert messages(files, "CI") == []


@pytest.mark.parametrize("jobs", [12, 4_000])
def test_longer_chains_are_one_finding(jobs: int) -> None:
    (found,) = messages(pipeline(chain(jobs)), "CI001")
    assert found.endswith("more than 11 levels of `extends`: use fewer")


def test_more_jobs_or_includes_than_gitlab_takes_are_one_finding() -> None:
    jobs = "".join(f"a{n}: {{script: x}}\n" for n in range(5_100))
    assert messages(pipeline(jobs), "CI001") == [
        "more than 5000 jobs: those from here on are not checked"
    ]
    includes = "".join(f"- remote: https://example.org/{n}.yml\n" for n in range(200))
    assert messages(pipeline(f"include:\n{includes}"), "CI001") == [
        "GitLab refuses more than 150 includes: use fewer"
    ]


@pytest.mark.uncounted
@sampled(
    ("shared", "job"),
    [
        ("default: {{before_script: [{}]}}\n", "{{script: x}}"),
        (".shared: {{before_script: [{}]}}\n", "{{extends: .shared, script: x}}"),
        (".shared: {{before_script: [{}]}}\n", "{{script: [!reference [.shared, before_script]]}}"),
    ],
    3,
    ids=["defaults", "what they extend", "what they refer to"],
)
def test_what_many_jobs_share_is_bounded(
    shared: str, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = itertools.count()
    count_values = gitlab_reader._count_values

    def count(value: object) -> int:
        next(counted)
        return count_values(value)

    monkeypatch.setattr(gitlab_reader, "_count_values", count)
    jobs = "".join(f"a{n}: {job.format()}\n" for n in range(3_000))
    assert messages(pipeline(shared.format("x, " * 20_000) + jobs), "CI001") == [
        "expands to more than 400000 values, so the rest is not checked"
    ]
    assert next(counted) < 500_000


def test_another_forge_does_the_work() -> None:
    files = {CI: "a:\n  script: [pytest]\n", **PACKAGE, ".github/workflows/ci.yml": "on: push\n"}
    assert found(files, "CI") == []
    del files[".github/workflows/ci.yml"]
    assert {code for code, _, _ in found(files, "CI")} == {"CI003", "CI005", "CI006"}


def test_old_keywords_are_one_finding_of_a_file() -> None:
    text = "image: python:3.12\ncache: {}\n" + "".join(
        f"{name}:\n  script: [x]\n  only: [main]\n" for name in "abc"
    )
    assert messages(pipeline(text), "CI011") == [
        f"GitLab may stop reading `image` here: move it below `default:`; also in line {START + 2}",
        "`only` is outdated and cannot be combined with `rules`: write `rules`; also in lines "
        f"{START + 8}, {START + 11}",
    ]


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        ("registry.example.org/group/a/ci-python:latest", False),
        ("registry.example.org/group/a/ci-other:latest", True),
        ("registry.example.org/group/a:latest", True),
    ],
)
def test_an_image_that_the_pipeline_makes(name: str, *, is_found: bool) -> None:
    text = (
        f"image: {name}\n\nmake:\n  script:\n"
        '    - docker push "${CI_REGISTRY_IMAGE}/ci-python:latest"\n'
    )
    assert bool(found({".gitlab-ci.yml": text}, "CI008")) == is_found


@pytest.mark.parametrize(
    ("variables", "job", "place", "named"),
    [
        ("A: python", "image: $A", 2, "`A`: "),
        ("A: python", "services: ['${A}']", 2, "`A`: "),
        ("A: $B\n  B: python", "image: $A", 3, "`B`: "),
        ("A: python", "image: r/$A", 5, ""),
        ("A: node:20", "variables: {A: python}\n  image: $A", 6, ""),
        ("A: $B\n  B: $A", "image: $A", 0, ""),
    ],
)
def test_an_image_is_found_where_a_variable_names_it(
    variables: str, job: str, place: int, named: str
) -> None:
    files = {CI: f"variables:\n  {variables}\na:\n  script: [b]\n  {job}\n"}
    places = found(files, "CI008")
    assert places == ([("CI008", CI, place)] if place else [])
    assert all(each.startswith(f"{named}the image") for each in messages(files, "CI008"))
