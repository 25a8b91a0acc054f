from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from lisa_scaffold.project.facts import Facts, Pristine
from lisa_scaffold.rules.tools import read_hooks

from ..support.checking import changed, clean, edited, findings, found, messages, text

PIPELINE = ".gitlab-ci.yml"
COMMIT = "aa7ae690d8f85ed3d498bdd1458318b149c603b0"
OTHER_JUDGE = (
    "what is installed to judge the project is not the template's lisa-scaffold: restore the line, "
    "or name the mirror in `mirrors` below `[tool.lisa-scaffold]`"
)

NOT_THERE = (
    "no job `compliance`, so nothing judges what is merged: include "
    "`local: /.gitlab/ci/compliance.yml`"
)
NO_PIPELINE = "no pipeline need run in merge requests, and so no `compliance`: let `workflow` do"


def another(key: str) -> str:
    return f"`compliance` is the template's, and another one with this `{key}`: delete it"


def idle(job: str, key: str) -> str:
    return f"`{job}` need not run in merge requests: delete its `{key}`"


def steered(name: str) -> str:
    return (
        f"`{name}` changes how `compliance` gets what it judges, or what judges: give it to the "
        "jobs that need it, or set it in GitLab's settings"
    )


def by(job: str, key: str) -> str:
    return f"`{job}` passes, or runs something else, by this `{key}`: delete it"


def soft(job: str) -> str:
    return f"`{job}` passes whatever it finds: delete `allow_failure`"


def judged(  # noqa: PLR0913 - what differs from a new project, each by its name
    said: str,
    *,
    code: str = "TPL006",
    settings: str = "",
    replaced: tuple[str, str] = ("", ""),
    without: tuple[str, str] = ("", ""),
    added: Mapping[str, str] = MappingProxyType({}),
    **given: Any,
) -> list[tuple[str, int, str]]:
    """What a rule finds where the pipeline of a new project ends with something more.

    Parameters
    ----------
    settings
        A line below ``[tool.lisa-scaffold]``.
    replaced
        A part of the pipeline, and what stands there instead.
    without
        A locked file, and what stood nowhere in it in an earlier version.
    added
        More files.
    given
        Answers.
    """
    files = {**clean(**given), **added}
    if without[0]:
        files = edited(files, *without, "")
    if replaced[0]:
        files = edited(files, PIPELINE, *replaced)
    if settings:
        toml = text(files, "pyproject.toml")
        files = {**files, "pyproject.toml": f"{toml}\n[tool.lisa-scaffold]\n{settings}\n"}
    locked = {path: data for path, data in files.items() if path.startswith(".gitlab/ci/")}
    if said == "no pipeline":
        files = changed(files, {PIPELINE: None})
    elif said == "no include":
        files = edited(files, PIPELINE, "  - local: /.gitlab/ci/compliance.yml\n", "")
    elif re.match(r"[A-Z_]+=", said):
        name, _, value = said.partition("=")
        files = {**files, PIPELINE: re.sub(rf"(?m)^  {name}: .*\n", "", text(files, PIPELINE))}
        files = edited(files, PIPELINE, "\nvariables:\n", f"\nvariables:\n  {name}: {value}\n")
    else:
        files = {**files, PIPELINE: f"{text(files, PIPELINE)}\n{said}"}
    contents = {
        path: data if isinstance(data, bytes) else data.encode() for path, data in locked.items()
    }
    pristine = Pristine("v0.2.0", contents, COMMIT)
    return [(f.path, f.line, f.message) for f in findings(files, code, pristine=pristine)]


STEERING = (
    *("PATH", "BASH_ENV", "LD_PRELOAD", "GIT_CONFIG_GLOBAL", "PIP_CONFIG_FILE", "PIP_CONSTRAINT"),
    *("PIP_EXTRA_INDEX_URL", "UV_OVERRIDE", "UV_DEFAULT_INDEX", "UV_CONFIG_FILE", "CI_PROJECT_DIR"),
    *("HOME", "XDG_CONFIG_HOME", "GIT_SSL_NO_VERIFY", "LISA_SCAFFOLD_TEMPLATE"),
)


@pytest.mark.parametrize("kind", ["package", "image", "pipeline", "service", "fleet"])
def test_a_pipeline_judges_a_new_project(kind: str) -> None:
    assert judged("", kind=kind) == []
    assert judged("no pipeline", kind=kind) == [
        (
            PIPELINE,
            1,
            "there is no pipeline, so nothing judges what is merged: restore it from git",
        )
    ]
    [(_, _, message)] = judged("no include", kind=kind)
    assert message == (
        "no job `compliance`, so nothing judges what is merged: include "
        "`local: /.gitlab/ci/compliance.yml`"
    )


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "compliance: {allow_failure: true}\n",
            "`compliance` passes whatever it finds: delete `allow_failure`",
        ),
        (
            "compliance: {allow_failure: {exit_codes: [1]}}\n",
            "`compliance` passes whatever it finds: delete `allow_failure`",
        ),
        (
            "compliance: {rules: [{when: never}]}\n",
            "`compliance` need not run in merge requests: delete its `rules`",
        ),
        (
            "compliance:\n  rules:\n    - if: $CI_COMMIT_TAG\n",
            "`compliance` need not run in merge requests: delete its `rules`",
        ),
        (
            "compliance: {when: manual}\n",
            "`compliance` need not run in merge requests: delete its `when`",
        ),
        (
            "workflow:\n  rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n",
            NO_PIPELINE,
        ),
        (
            "compliance: {script: ['true']}\n",
            another("script"),
        ),
        ("LISA_FAIL_ON=never", "`LISA_FAIL_ON` is `never`: write must or should"),
        (
            'LISA_SCAFFOLD="lisa-scaffold @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git@main"',
            "the rules are those of main, and the project is of VERSION: write @VERSION",
        ),
        (
            "compliance: {variables: {LISA_FAIL_ON: never}}\n",
            "`LISA_FAIL_ON` is `never`: write must or should",
        ),
        (
            "compliance: {before_script: ['exit 0']}\n",
            another("before_script"),
        ),
        (
            "compliance: {script: ['python -m lisa_scaffold check || true']}\n",
            another("script"),
        ),
        *(
            (f"compliance: {{{said}}}\n", f"`compliance` {what}")
            for said, what in {
                "when: on_failure": "need not run in merge requests: delete its `when`",
                "rules: [{if: $ASKED}]": "need not run in merge requests: delete its `rules`",
                "rules: [{exists: [a]}]": "need not run in merge requests: delete its `rules`",
                "rules: [{changes: [a]}]": "need not run in merge requests: delete its `rules`",
                "only: {variables: [$ASKED]}": "need not run in merge requests: delete its `only`",
                "rules: [{allow_failure: true}]": (
                    "passes whatever it finds: delete `allow_failure`"
                ),
            }.items()
        ),
        *(
            (said, OTHER_JUDGE)
            for said in (
                "LISA_SCAFFOLD='lisa-scaffold @ git+https://gitlab.in2p3.fr/me/lisa-scaffold.git@VERSION'",
                "LISA_SCAFFOLD='other @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git@VERSION'",
                "LISA_SCAFFOLD=$CI_PROJECT_DIR/tools/fake",
                "LISA_SCAFFOLD='lisa-scaffold @ ${CI_PROJECT_DIR}/fake'",
                "LISA_SCAFFOLD=other-scaffold",
                # A name on an index belongs to whoever registers it.
                "LISA_SCAFFOLD=lisa-scaffold",
                "LISA_SCAFFOLD='lisa-scaffold==0.2.0'",
                "LISA_SCAFFOLD={value: ./fake, description: what judges}",
                "compliance: {variables: {FAKE: ./fake, LISA_SCAFFOLD: $FAKE}}\n",
                "compliance: {variables: {LISA_SCAFFOLD: ./fake}}\n",
            )
        ),
        *(
            (f"workflow: {{rules: [{said}]}}\n", NO_PIPELINE)
            for said in (
                '{if: $RUN_CI == "yes"}',
                "{if: $CI_SERVER_HOST, when: never}, {when: always}",
                "{changes: [a]}",
                "{exists: [a]}",
                "{if: $CI_COMMIT_MESSAGE =~ /test/}",
            )
        ),
        *(
            (
                f"workflow: {{rules: [{{if: $CI_COMMIT_BRANCH, variables: {said}}}, {{}}]}}\n",
                message,
            )
            for said, message in (
                ("{LISA_FAIL_ON: never}", "`LISA_FAIL_ON` is `never`: write must or should"),
                ("{LISA_SCAFFOLD: ./fake}", OTHER_JUDGE),
                ("{PATH: bin}", steered("PATH")),
                ("{MINE: a}", None),
            )
        ),
        ("workflow: {name: mine}\n", None),
        *(
            (f"compliance: {{{said}}}\n", another(key))
            for said, key in (
                ("parallel: {matrix: [{LISA_FAIL_ON: [never]}]}", "parallel"),
                ("secrets: {LISA_SCAFFOLD: {vault: a/b@c}}", "secrets"),
                ("hooks: {pre_get_sources_script: ['true']}", "hooks"),
                ("cache: {paths: [src]}", "cache"),
                ("environment: {name: a, action: stop}", "environment"),
                ("inherit: {variables: false}", "inherit"),
                ("image: {name: python, entrypoint: ['/bin/true']}", "image"),
                ("dependencies: [build]", "dependencies"),
                ("extends: .mine}\n.mine: {start_in: 1 week", "start_in"),
            )
        ),
        ("default: {hooks: {pre_get_sources_script: ['true']}}\n", another("hooks")),
        ("default: {services: [redis], after_script: [date]}\n", None),
        *((f"{name}=tools/a", steered(name)) for name in STEERING),
        *(
            (f"compliance: {{variables: {{{name}: $CI_PROJECT_DIR/a}}}}\n", steered(name))
            for name in STEERING
        ),
        ("GIT_STRATEGY=none", steered("GIT_STRATEGY")),
        ("GIT_STRATEGY=clone", None),
        ("GIT_DEPTH=20", None),
        ("PIP_CACHE_DIR=$CI_PROJECT_DIR/.cache/pip", None),
        ("PIP_INDEX_URL=https://pypi.org/simple", None),
        ("PIP_INDEX_URL=https://pypi.example.org/simple", steered("PIP_INDEX_URL")),
        ("UV_LINK_MODE=copy", None),
        ("PYTHONPATH=$CI_PROJECT_DIR/src", None),  # the job unsets it
        ("PATH=/opt/tools/bin:$PATH", None),
        ("LD_LIBRARY_PATH=/usr/local/lib", None),
        ("ENV=production", None),
        ("compliance: {extends: .mine}\n.mine: {tags: [small], interruptible: false}\n", None),
        (
            "compliance: {timeout: 1h, tags: [small], retry: 2, needs: [], image: python}\n",
            None,
        ),
        ("compliance: {rules: [{if: $CI_PIPELINE_SOURCE}]}\n", None),
        ("LISA_SCAFFOLD=$MIRROR", None),
        (
            "LISA_SCAFFOLD='lisa-scaffold @ $MIRROR@v0.1.0'",
            "the rules are those of v0.1.0, and the project is of VERSION: write @VERSION",
        ),
        ("LISA_FAIL_ON=should", None),
        ("LISA_FAIL_ON=$LEVEL", None),
        ("LISA_SCAFFOLD=", None),
        ("include: [{project: group/other, file: jobs.yml}]\n", NOT_THERE),
    ],
)
def test_what_keeps_the_job_that_judges_from_judging(said: str, message: str | None) -> None:
    recorded = str(Facts.of(clean()).answers["_commit"])
    expected = [] if message is None else [message.replace("VERSION", recorded)]
    assert [each for *_, each in judged(said.replace("VERSION", recorded))] == expected


def test_a_mirror_that_the_project_names_may_judge() -> None:
    said = "LISA_SCAFFOLD='lisa-scaffold @ git+ssh://git@gitlab.example.org/m/lisa-scaffold.git@VERSION'"
    said = said.replace("VERSION", str(Facts.of(clean()).answers["_commit"]))
    assert [message for *_, message in judged(said)] == [OTHER_JUDGE]
    mirrors = 'mirrors = ["gitlab.example.org/m/lisa-scaffold"]'
    assert judged(said, settings=mirrors) == []


def test_the_job_that_judges_is_included_whatever_else() -> None:
    rules = "compliance.yml\n    rules: [{if: $NEVER_SET}]\n"
    [(path, _, message)] = judged("", replaced=("compliance.yml\n", rules))
    assert path == PIPELINE
    assert message == "`compliance` is there only where these `rules` hold: delete them"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "tests: {script: ['true']}\n",
            "`tests` runs what this `script` says instead: delete it",
        ),
        ("lint: {rules: [{when: never}]}\n", idle("lint", "rules")),
        ("lint: {rules: [{if: $CI_COMMIT_TAG}]}\n", idle("lint", "rules")),
        ("lint: {only: [tags]}\n", idle("lint", "only")),
        ("secrets: {when: never}\n", idle("secrets", "when")),
        ("secrets: {when: manual}\n", idle("secrets", "when")),
        ("tests: {when: delayed, start_in: 1 week}\n", idle("tests", "when")),
        *(
            (f"tests: {{rules: [{{{said}}}]}}\n", idle("tests", "rules"))
            for said in (
                'if: $CI_PIPELINE_SOURCE == "schedule"',
                'if: $RUN_TESTS == "yes"',
                "changes: [a]",
                "when: manual",
            )
        ),
        ("tests: {rules: [{if: $CI_PIPELINE_SOURCE}]}\n", None),
        ("tests: {allow_failure: true}\n", soft("tests")),
        ("tests: {allow_failure: {exit_codes: [1]}}\n", soft("tests")),
        ("tests: {rules: [{allow_failure: true}]}\n", soft("tests")),
        ("tests: {extends: [.nox, .pythons, .a]}\n.a: {allow_failure: true}\n", soft("tests")),
        (".pythons: {parallel: {matrix: [{PYTHON_VERSION: [a]}]}, tags: [big]}\n", None),
        (
            "a: {script: [date], when: manual}\ntests: {needs: [a]}\n",
            "`tests` waits for `a`, which need not run in merge requests: delete that from `needs`",
        ),
        ("a: {script: [date]}\ntests: {needs: [a]}\n", None),
        ("tests: {hooks: {pre_get_sources_script: ['true']}}\n", by("tests", "hooks")),
        ("tests: {image: {name: a, entrypoint: ['/bin/true']}}\n", by("tests", "image")),
        *(
            (f"tests:\n  before_script:\n    - {said}\n", by("tests", "before_script"))
            for said in (
                "exit 0",
                "date; exit",
                "nox() { true; }",
                "alias nox=true",
                "if true; then exit 0; fi",
                "exec true",
            )
        ),
        *(
            (f"tests:\n  before_script:\n    - {said}\n", None)
            for said in (
                "apt-get update && apt-get install -y libfftw3-dev",
                "test -f a || exit 1",
                "helper() { date; }",
                "!reference [.python, before_script]",
            )
        ),
        ("tests: {before_script: [apt-get update], tags: [big], timeout: 3h}\n", None),
        # What only publishes or runs on a schedule, or may fail as the template has it.
        ("pages: {script: [cp -r doc public], rules: [{when: never}]}\n", None),
        ("lowest: {allow_failure: true}\n", None),
        ("audit: {rules: [{when: never}]}\n", idle("audit", "rules")),
        ("mine: {script: ['true'], allow_failure: true, rules: [{when: never}]}\n", None),
    ],
)
def test_a_job_of_the_template_is_kept(said: str, message: str | None) -> None:
    found = [each for *_, each in judged(said, code="TPL008")]
    assert found == ([message] if message else [])


def muted(jobs: str, name: str, what: str) -> str:
    return f"by this `{name}` {jobs} passes whatever there is: delete `{what}`"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("PYTEST_ADDOPTS=--collect-only", muted("`tests`", "PYTEST_ADDOPTS", "--collect-only")),
        (
            "tests: {variables: {PYTEST_ADDOPTS: --ignore=tests}}\n",
            muted("`tests`", "PYTEST_ADDOPTS", "--ignore=tests"),
        ),
        (
            "tests:\n  before_script:\n    - export PYTEST_ADDOPTS=--co\n",
            muted("`tests`", "PYTEST_ADDOPTS", "--co"),
        ),
        ("HADOLINT_NOFAIL=1", muted("`hadolint`", "HADOLINT_NOFAIL", "1")),
        (
            "hooks: {variables: {SKIP: '{hooks}'}}\n",
            muted("`hooks`", "SKIP", "no-leading-dash,hadolint,check-added-lar…"),
        ),
        ("PYTEST_ADDOPTS=-ra", None),
        ("HADOLINT_NOFAIL=false", None),
        ("SKIP=ruff-check", None),
        ("lint: {variables: {PYTEST_ADDOPTS: --co}}\n", None),
    ],
)
def test_a_tool_of_the_template_finds_what_there_is(said: str, message: str | None) -> None:
    hooks = ",".join(each.name for each in read_hooks(Facts.of(clean())))
    said = said.replace("{hooks}", hooks)
    assert [each for *_, each in judged(said, code="TPL008")] == ([message] if message else [])
    assert judged(said, code="CI016") == []


def test_the_settings_of_pytest_let_tests_run() -> None:
    files = clean()
    toml = edited(files, "pyproject.toml", "addopts = [", 'addopts = [ "--setup-plan",')
    added = {"pyproject.toml": text(toml, "pyproject.toml")}
    [(path, _, message)] = judged("", code="TPL008", added=added)
    assert (path, message) == ("pyproject.toml", muted("`tests`", "addopts", "--setup-plan"))
    assert judged("", code="CI016", added=added) == []


@pytest.mark.parametrize(
    ("said", "jobs"),
    [
        (
            ".nox: {allow_failure: true}\n",
            {"lint", "type-check", "hooks", "tests", "build", "docs"},
        ),
        (".python: {rules: [{when: never}]}\n", {"lint", "tests", "secrets", "hadolint"}),
        (".nox: {rules: [{if: $ASKED}]}\n", {"lint", "tests"}),
        (".python: {before_script: ['exit 0']}\n", {"lint", "tests", "secrets", "audit"}),
        (".nox: {before_script: ['nox() { true; }']}\n", {"lint", "tests", "audit"}),
    ],
)
def test_what_jobs_are_made_of_is_kept(said: str, jobs: set[str]) -> None:
    found = judged(said, code="TPL008")
    assert jobs <= {message.split("`")[1] for *_, message in found}
    assert {path for path, *_ in found} == {PIPELINE}


def test_an_adopted_project_may_let_jobs_fail_until_they_pass() -> None:
    said = "compliance: {allow_failure: true}\ntests: {allow_failure: true}\n"
    for code in ("TPL006", "TPL008"):
        assert judged(said, code=code, adopted=True) == []
    [(path, _, message)] = judged(said, code="TPL009", adopted=True)
    assert (path, message) == (
        PIPELINE,
        "whatever they find, `compliance` and `tests` pass: delete `allow_failure` of each that "
        "finds nothing",
    )
    assert judged("", code="TPL009", adopted=True) == judged(said, code="TPL009") == []
    assert judged("tests: {rules: [{when: never}]}\n", code="TPL008", adopted=True) != []


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("stage: .pre, artifacts: {reports: {dotenv: a.env}}", True),
        ("stage: .pre, artifacts: {paths: [src]}", True),
        ("stage: .pre, when: manual, allow_failure: false", True),
        ("stage: .pre, rules: [{when: manual}]", True),
        ("stage: .pre, rules: [{when: manual, allow_failure: true}]", False),
        ("stage: .pre, when: manual", False),
        ("stage: quality, artifacts: {paths: [src]}", False),
        ("stage: .pre", False),
    ],
)
def test_nothing_comes_before_what_judges(before: str, found: bool) -> None:
    said = f"before: {{script: [date], {before}}}\n"
    assert judged(said) == []
    needless = (".gitlab/ci/compliance.yml", "  needs: []\n")
    message = (
        "`before` comes before `compliance`, and so decides what that finds, or whether it runs: "
        "write `needs: []` below `compliance`"
    )
    assert [each for *_, each in judged(said, without=needless)] == ([message] if found else [])
    assert judged(f"{said}compliance: {{needs: []}}\n", without=needless) == []


@pytest.mark.parametrize("name", ["$CI_PROJECT_NAME", "${CI_PROJECT_NAME}", "*"])
def test_what_the_name_of_the_project_includes_is_judged(name: str) -> None:
    include = (
        "  - local: /.gitlab/ci/release.yml\n",
        f"  - local: /.gitlab/ci/release.yml\n  - local: '.gitlab/{name}.yml'\n",
    )
    path = f".gitlab/{Facts.of(clean()).answers['distribution']}.yml"
    added = {path: "compliance: {allow_failure: true}\ntests: {when: manual}\n"}
    assert judged("", replaced=include, added=added) == [(path, 1, soft("compliance"))]
    assert judged("", replaced=include, added=added, code="TPL008") == [
        (path, 2, idle("tests", "when"))
    ]


def test_files_are_not_the_component_that_a_project_records() -> None:
    answers = text(clean(), ".copier-answers.yml").replace("ci_rules: files", "ci_rules: component")
    files = {**clean(), ".copier-answers.yml": answers}
    foreign = edited(files, PIPELINE, "include:\n", f"include:\n  - {FOREIGN[0]}\n")
    assert len(messages(foreign, "TPL006", pristine=Pristine("v0.2.0", {}))) == 1
    maybe = "component: gitlab.example.org/a/lisa-scaffold/package@v0.2.0"
    unknown = edited(files, PIPELINE, "include:\n", f"include:\n  - {maybe}\n")
    assert messages(unknown, "TPL006", pristine=Pristine("v0.2.0", {})) == []
    assert messages(files, "TPL006", pristine=Pristine("v0.2.0", {})) == [
        "no job `compliance`, so nothing judges what is merged: include the component that the "
        "project records"
    ]


def test_the_commit_of_the_version_is_the_version() -> None:
    said = (
        "LISA_SCAFFOLD='lisa-scaffold @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git@COMMIT'"
    )
    assert judged(said.replace("COMMIT", COMMIT)) == []
    [(*_, message)] = judged(said.replace("COMMIT", "0" * 40))
    assert message.startswith(f"the rules are those of {'0' * 40}, and the project is of ")


def test_a_locked_file_that_is_edited_is_told_of_by_another_rule() -> None:
    files = clean()
    locked = {path: text(files, path).encode() for path in files if path.startswith(".gitlab/ci/")}
    for path, said in {"compliance": "allow_failure: true", "tests": "when: manual"}.items():
        edit = f".gitlab/ci/{path}.yml", f"\n{path}:\n", f"\n{path}:\n  {said}\n"
        files = edited(files, *edit)
    told = found(files, "TPL", pristine=Pristine("v0.2.0", locked))
    assert {code for code, *_ in told} == {"TPL002"}


def test_the_jobs_of_the_template_are_included() -> None:
    removed = ("  - local: /.gitlab/ci/security.yml\n", "")
    [(path, _, message)] = judged("", code="TPL008", replaced=removed)
    assert path == PIPELINE
    assert message == (
        "the jobs of `.gitlab/ci/security.yml` are not included, so they never run: include them"
    )


FOREIGN = (
    "project: lisa/ci\n    ref: v1.2.0\n    file: /docs.yml",
    "project: lisa/ci\n    ref: v1.2.0\n    file: /.gitlab/ci/security.yml",
    "remote: https://example.org/ci.yml",
    "component: gitlab.example.org/lisa/ci/all@1",
    "template: Jobs/SAST.gitlab-ci.yml",
)


@pytest.mark.parametrize("entry", FOREIGN)
def test_no_include_of_another_project_brings_the_jobs(entry: str) -> None:
    """What it includes by `local` is its own project's."""
    for name, code, expected in (
        ("compliance", "TPL006", NOT_THERE),
        ("security", "TPL008", "the jobs of `.gitlab/ci/security.yml` are not included, so they "),
    ):
        listed = f"  - local: /.gitlab/ci/{name}.yml\n"
        [(path, _, message)] = judged("", code=code, replaced=(listed, f"  - {entry}\n"))
        assert path == PIPELINE
        assert message.startswith(expected)
        assert judged("", code=code, replaced=(listed, f"{listed}  - {entry}\n")) == []


@pytest.mark.parametrize(
    "entry",
    [
        "local: $JOBS",
        "project: $CI_PROJECT_PATH\n    file: /.gitlab/ci/compliance.yml",
        "project: $CI_PROJECT_PATH\n    file: [a.yml, $JOBS]",
    ],
)
def test_a_variable_may_bring_the_jobs(entry: str) -> None:
    listed = "  - local: /.gitlab/ci/compliance.yml\n"
    assert judged("", replaced=(listed, f"  - {entry}\n")) == []
    other = entry.replace("compliance", "other").replace("$JOBS", "other.yml")
    assert judged("", replaced=(listed, f"  - {other}\n")) != []


def test_nobody_judges_where_the_template_brings_no_job_for_it() -> None:
    files = changed(clean(), {PIPELINE: None})
    assert found(files, "TPL006", pristine=Pristine("v0.2.0", {})) == []
    assert found(files, "TPL006") == []
