"""Jobs that publish, that ask too much of a runner, or that lack the history."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import edited, found, messages
from .test_pipeline import CI, START, pipeline, rules


def publish(command: str = "twine upload dist/*", *more: str) -> dict[str, Any]:
    text = "".join(f"  {line}\n" for line in more)
    return pipeline(f"a:\n  script:\n    - {command}\n{text}").copy() | {
        CI: f'workflow:\n  rules:\n    - if: $CI_PIPELINE_SOURCE == "merge_request_event"\n'
        f"a:\n  script:\n    - {command}\n{text}"
    }


@pytest.mark.parametrize(
    "command",
    [
        "twine upload dist/*",
        "uv publish",
        "poetry publish --build",
        "docker push $CI_REGISTRY_IMAGE",
        "/kaniko/executor --context .",
        "git push origin main",
    ],
)
def test_what_publishes_from_any_branch(command: str) -> None:
    files = publish(command)
    assert found(files, "CI012") == [("CI012", CI, 5)]
    assert messages(files, "CI012")[0].startswith("any branch may run `")


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("/kaniko/executor --no-push", ()),
        ("uv publish --dry-run", ()),
        ("git push --mirror https://example.org/a.git", ()),
        ("git push origin --all", ()),
        ("echo docker image", ()),
        ("uv publish", ("when: manual",)),
        ("uv publish", ("only: [tags]",)),
        ("uv publish", ("rules: [{if: $CI_COMMIT_TAG}]",)),
        ("uv publish", ('rules: [{if: $CI_COMMIT_BRANCH == "main"}]',)),
        ("'[ -z $CI_COMMIT_TAG ] || uv publish'", ()),
    ],
)
def test_what_publishes_where_it_may(command: str, more: tuple[str, ...]) -> None:
    assert found(publish(command, *more), "CI012") == []


def test_rules_that_hold_everywhere() -> None:
    files = publish("uv publish", "rules: [{if: $CI_COMMIT_TAG}, {when: on_success}]")
    assert found(files, "CI012") == [("CI012", CI, 7)]
    tags = rules("if: $CI_COMMIT_TAG").replace("make", "uv publish")
    assert found(pipeline(tags), "CI012") == []


@pytest.mark.parametrize(
    ("condition", "is_safe"),
    [
        ("$CI_COMMIT_BRANCH =~ /feature.*/", False),
        ("$CI_COMMIT_BRANCH =~ /^release-.*$/", True),
        ('$CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE == "push"', False),
        ("$CI_COMMIT_REF_PROTECTED == 'true'", True),
        ("$PUBLISH", True),
        ("$CI_MERGE_REQUEST_IID", False),
        ("$CI_COMMIT_BRANCH =~ /feature/ && $CI_COMMIT_BRANCH != $CI_DEFAULT_BRANCH", False),
    ],
)
def test_branches_that_publish(condition: str, is_safe: bool) -> None:
    files = {CI: rules(f"if: {condition}").replace("make", "uv publish")}
    assert (found(files, "CI012") == []) == is_safe


def test_a_name_of_ones_own_overwrites_nothing() -> None:
    push = "docker push $CI_REGISTRY_IMAGE:$TAG"
    anywhere = f"a:\n  script: [{push}]\n"
    assert len(found(pipeline(anywhere), "CI012")) == 1
    named = f"variables:\n  TAG: $CI_COMMIT_REF_SLUG\n{anywhere}"
    assert found(pipeline(named), "CI012") == []


def test_a_tag_is_at_hand_where_a_job_is_for_tags() -> None:
    scm = {
        "pyproject.toml": '[build-system]\nrequires = ["setuptools-scm"]\n'
        '[project]\nname = "a"\ndynamic = ["version"]\n'
    }
    build = "a:\n  script: [python -m build]\n"
    assert len(found({**scm, **pipeline(build)}, "CI015")) == 1
    for limit in ("rules: [{if: $CI_COMMIT_TAG}]", "only: [tags]"):
        assert found({**scm, **pipeline(f"{build}  {limit}\n")}, "CI015") == []


def test_pages_and_releases_publish_too() -> None:
    branches = "workflow:\n  rules:\n    - when: always\n"
    pages = {CI: f"{branches}pages:\n  script: [make]\n"}
    assert messages(pages, "CI012") == [
        "any branch may run `pages`: limit pages to the default branch or to tags"
    ]
    release = {CI: f"{branches}a:\n  script: [make]\n  release:\n    tag_name: v1\n"}
    assert messages(release, "CI012") == [
        "any branch may run `release`: limit a to the default branch or to tags"
    ]


def test_publishing_is_not_stopped() -> None:
    text = "a:\n  script:\n    - uv publish\n  when: manual\n  interruptible: true\n"
    files = pipeline(text)
    assert found(files, "CI") == [("CI013", CI, START + 2)]
    assert messages(files, "CI") == [
        "a new commit may stop `uv publish` halfway: write `interruptible: false`"
    ]
    assert found(pipeline(text.replace("true", "false")), "CI") == []
    own = text.replace("  interruptible: true\n", "")
    default = pipeline(f"default:\n  interruptible: true\n{own}")
    assert found(default, "CI") == [("CI013", CI, START + 4)]


HOSTED = {
    "pyproject.toml": '[project]\nname = "a"\n'
    '[project.urls]\nHomepage = "https://gitlab.in2p3.fr/LISA/a"\n'
}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "services: ['docker:27-dind']",
            "shared runners forbid Docker-in-Docker: use Kaniko, or `tags` for your own runner",
        ),
        (
            "timeout: 1h 30m",
            "shared runners stop a after 60 of its 90 minutes: split it, or set `tags` for your "
            "own runner",
        ),
        (
            "timeout: 3 hours",
            "shared runners stop a after 60 of its 180 minutes: split it, or set `tags` for your "
            "own runner",
        ),
    ],
)
def test_what_shared_runners_cannot(line: str, message: str) -> None:
    text = f"a:\n  script: [make]\n  {line}\n"
    assert found({**HOSTED, **pipeline(text)}, "CI") == [("CI014", CI, START + 3)]
    assert messages({**HOSTED, **pipeline(text)}, "CI") == [message]
    assert found(pipeline(text), "CI") == []
    assert found({**HOSTED, **pipeline(f"{text}  tags: [own]\n")}, "CI") == []


def test_an_hour_is_fine() -> None:
    assert found({**HOSTED, **pipeline("a:\n  script: [make]\n  timeout: 1 hour\n")}, "CI") == []


SCM = {
    "pyproject.toml": '[build-system]\nrequires = ["hatchling", "hatch-vcs"]\n'
    'build-backend = "hatchling.build"\n[project]\nname = "a"\ndynamic = ["version"]\n',
    "src/a/__init__.py": "",
}
BUILD = "a:\n  script: [pytest, ruff check, make, python -m build]\n"


def test_a_build_needs_the_history() -> None:
    files = {**SCM, **pipeline(BUILD)}
    assert found(files, "CI015") == [("CI015", CI, START + 2)]
    assert messages(files, "CI015") == [
        'without all git tags the version may be wrong: add the variable `GIT_DEPTH: "0"`'
    ]
    again = {**SCM, **pipeline(BUILD + BUILD.replace("a:", "b:", 1))}
    assert found(again, "CI015") == [("CI015", CI, START + 2)]
    assert messages(again, "CI015")[0].endswith(f"; also in line {START + 4}")
    for more in (
        '  variables:\n    GIT_DEPTH: "0"\n',
        "  before_script: [git fetch --unshallow]\n",
    ):
        assert found({**SCM, **pipeline(BUILD + more)}, "CI015") == []
    assert found({**SCM, **pipeline(f"variables:\n  GIT_DEPTH: 0\n{BUILD}")}, "CI015") == []
    # What another project brings may set the variable for every job; GitLab's templates do not.
    for entry, is_told in (
        ("project: a/b, file: c.yml", False),
        ("remote: 'https://example.org/a.yml'", False),
        ("template: Jobs/SAST.gitlab-ci.yml", True),
    ):
        told = found({**SCM, **pipeline(f"include: [{{{entry}}}]\n{BUILD}")}, "CI015")
        assert told == ([("CI015", CI, START + 3)] if is_told else [])
    static = edited(files, "pyproject.toml", 'dynamic = ["version"]', 'version = "1"')
    assert found(static, "CI015") == []


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (
            "script: [ruff check --exit-zero .]",
            "a passes whatever ruff finds: delete `--exit-zero`",
        ),
        ("script: [pytest || true]", "a passes whatever pytest finds: delete `|| true`"),
        (
            'script: ["python -m mypy src || echo no"]',
            "a passes whatever mypy finds: delete `|| echo`",
        ),
        (
            "script: [flake8]\n  allow_failure: true",
            "a passes whatever flake8 finds: delete `allow_failure`",
        ),
        (
            "script: ['nox -s tests || true', nox -s lint]",
            "a passes whatever nox -s tests finds: delete `|| true`",
        ),
        ("script: [nox -s audit]\n  allow_failure: true", None),
        ("script: ['nox --list || true']", None),
        ("script: [pip install pytest || true]", None),
        ("script: [ruff check .]", None),
        ("script: [pytest]\n  allow_failure: {exit_codes: [5]}", None),
        ("script: [pytest]\n  allow_failure: true\n  when: manual", None),
        ("script: [ruff --version || true, echo pytest]", None),
        ("script: [ruff check --exit-zero --output-format=gitlab, ruff check]", None),
        (
            "script: [flake8 --exit-zero -o a.json]\n  artifacts: {reports: {codequality: a.json}}",
            None,
        ),
        (
            "script: [flake8 --exit-zero]\n  artifacts: {reports: {junit: a.xml}}",
            "a passes whatever flake8 finds: delete `--exit-zero`",
        ),
    ],
)
def test_checks_that_cannot_fail(job: str, message: str | None) -> None:
    assert messages(pipeline(f"a:\n  {job}\n"), "CI016") == ([message] if message else [])


COLLECTS = "delete `--collect-only` in `PYTEST_ADDOPTS`"


@pytest.mark.parametrize(
    ("job", "more", "message"),
    [
        (
            "script: [pytest]\n  variables: {PYTEST_ADDOPTS: -q --collect-only}",
            {},
            f"a passes whatever pytest finds: {COLLECTS}",
        ),
        (
            "script: [pytest]\n\nvariables: {PYTEST_ADDOPTS: --collect-only}",
            {},
            f"a passes whatever pytest finds: {COLLECTS}",
        ),
        (
            "before_script: [export PYTEST_ADDOPTS='--collect-only']\n  script: [python -m pytest]",
            {},
            f"a passes whatever pytest finds: {COLLECTS}",
        ),
        (
            "script: [nox -s lint, nox -s u-3.12]\n  variables: {PYTEST_ADDOPTS: --collect-only}",
            {},
            f"a passes whatever nox -s u-3.12 finds: {COLLECTS}",
        ),
        (
            "script: [pytest]\n  variables: {PYTEST_ADDOPTS: --ignore tests/}",
            {},
            "a passes whatever pytest finds: delete `--ignore=tests/` in `PYTEST_ADDOPTS`",
        ),
        (
            "script: [pytest]",
            {"pytest.ini": "[pytest]\naddopts = -ra --co\n"},
            "a passes whatever pytest finds: delete `--co` in `addopts`",
        ),
        (
            "script: [pytest]",
            {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = ['-h']\n"},
            "a passes whatever pytest finds: delete `-h` in `addopts`",
        ),
        (
            "script: [pre-commit run --all-files]\n  variables: {SKIP: 'one,2'}",
            {},
            "a passes whatever pre-commit finds: delete `one,2` in `SKIP`",
        ),
        ("script: [pytest]\n  variables: {PYTEST_ADDOPTS: '-ra -k --collect -m fast'}", {}, None),
        ("script: [pytest]\n  variables: {PYTEST_ADDOPTS: $MORE}", {}, None),
        ("script: [pytest]\n  variables: {PYTEST_ADDOPTS: --ignore=tests/slow}", {}, None),
        ('script: [pytest]\n  variables: {PYTEST_ADDOPTS: "\'"}', {}, None),
        ("script: [ruff check]\n  variables: {PYTEST_ADDOPTS: --co}", {}, None),
        ("script: [nox -s lint]\n  variables: {PYTEST_ADDOPTS: --co}", {}, None),
        ("script: [pre-commit run]\n  variables: {SKIP: one}", {}, None),
        (
            "script: [pytest]\n  variables: {PYTEST_ADDOPTS: --co}\nb: {script: [pytest]}",
            {},
            None,
        ),
        (
            "script: [pytest]\n  inherit: {variables: false}\nvariables: {PYTEST_ADDOPTS: --co}",
            {},
            None,
        ),
        # The first file with settings is the one that counts.
        (
            "script: [pytest]",
            {"pytest.ini": "[pytest]\n", "setup.cfg": "[tool:pytest]\naddopts = --co\n"},
            None,
        ),
    ],
)
def test_checks_that_are_told_to_find_nothing(
    job: str, more: dict[str, str], message: str | None
) -> None:
    files = {
        "noxfile.py": "import nox\n\n\ndef run(session):\n    session.run('pytest')\n\n\n"
        "@nox.session\ndef u(session):\n    run(session)\n\n\n"
        "@nox.session\ndef lint(session):\n    session.run('ruff')\n",
        "tests/test_a.py": "",
        ".pre-commit-config.yaml": "repos: [{hooks: [{id: one}, {id: two, alias: '2'}]}]\n",
        **more,
        **pipeline(f"a:\n  {job}\n"),
    }
    assert messages(files, "CI016") == ([message] if message else [])


def test_the_place_is_that_of_the_option() -> None:
    text = "a:\n  script: [pytest]\n  variables:\n    PYTEST_ADDOPTS: --co\n"
    assert found(pipeline(text), "CI016") == [("CI016", CI, START + 4)]
    settings = {"setup.cfg": "[tool:pytest]\n\naddopts = --co\n"}
    plain = {**pipeline("a:\n  script: [pytest]\n"), **settings}
    assert found(plain, "CI016") == [("CI016", "setup.cfg", 3)]
