"""Adoptions of real repositories by the command, from the first word to the commit."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.sync import transaction

from ..conftest import ROOT
from ..support.adopting import (
    BRANCH,
    BSD,
    HATCHLING,
    POETRY,
    REMOTE,
    SCIKIT,
    SERVICE,
    SETUPTOOLS,
    WORKFLOW,
    adopt,
    answers,
    items,
    make,
    paths,
    report,
    show,
    sources,
)
from ..support.files import contents
from ..support.fleets import lose
from ..support.pages import Page, check_structure
from ..support.repository import AFTER, BEFORE, make_repository
from ..support.sweeps import sampled
from ..support.tools import passes, program
from ..support.updates import QUESTIONS, Capture, Files, commit, update, write

pytestmark = pytest.mark.usefixtures("uncounted_renders")

PROJECTS = {
    "setuptools": SETUPTOOLS,
    "hatchling": HATCHLING,
    "poetry": POETRY,
    "service": SERVICE,
    "dags": WORKFLOW,
}
SOME = sampled("name", PROJECTS, 3)


@pytest.fixture(scope="module")
def adoptions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the projects are that were adopted already."""
    return tmp_path_factory.mktemp("adoptions")


Adopted = Callable[..., Path]


@pytest.fixture
def adopted(adoptions: Path, tmp_path: Path, capsys: Capture) -> Adopted:
    """Adopt one of the projects, once, and copy the result for the test."""

    def copied(name: str, *options: str) -> Path:
        kept = adoptions / "".join([name, *options]) / "project"
        if not kept.exists():
            make(kept, PROJECTS[name], REMOTE)
            assert adopt(kept, *options) == ExitCode.DONE
            capsys.readouterr()
        return shutil.copytree(kept, tmp_path / "project", symlinks=True)

    return copied


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the template as it stands, and of a newer version."""
    folder = tmp_path_factory.mktemp("versions")
    made = make_repository(folder / "template")
    passes("git", "clone", "--quiet", "--bare", str(made.folder), "bare.git", cwd=folder)
    return folder / "bare.git"


@SOME
def test_every_line_and_file_is_still_there(name: str, adopted: Adopted) -> None:
    project = adopted(name)
    for path, content in PROJECTS[name].items():
        assert isinstance(content, str)
        there = [line.rstrip(",") for line in show(project, path).splitlines()]
        assert [line for line in content.splitlines() if line.rstrip(",") not in there] == []


@SOME
def test_only_what_is_the_templates_to_share_changes(name: str, adopted: Adopted) -> None:
    project, files = adopted(name), PROJECTS[name]
    changed = set(git.git("diff", "--name-only", f"HEAD...{BRANCH}", cwd=project).split())
    merged = {"pyproject.toml", ".gitignore", ".gitlab-ci.yml", ".pre-commit-config.yaml"}
    assert changed & files.keys() == merged & files.keys()


def test_the_image_starts_what_is_there_and_is_told_its_version(adopted: Adopted) -> None:
    written = show(adopted("hatchling"), "Dockerfile")  # its program has another name
    assert 'CMD ["python"]\n' in written
    assert 'COPY . "lisa-waves-${VERSION}"\n' in written
    for tool in ("SETUPTOOLS_SCM_PRETEND", "PBR", "PDM_BUILD_SCM"):
        assert f'{tool}_VERSION="${{VERSION}}"' in written


@pytest.mark.parametrize("name", ["hatchling", "poetry"])
def test_metadata_and_backend_stay(name: str, adopted: Adopted) -> None:
    project = adopted(name)
    before, after = (tomllib.loads(show(project, "pyproject.toml", at)) for at in ("HEAD", BRANCH))
    assert after["build-system"] == before["build-system"]
    assert after.get("project") == before.get("project")
    for tool, table in before["tool"].items():
        assert after["tool"][tool].items() >= table.items()


def test_a_repository_of_dags_keeps_its_own_ways(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", WORKFLOW, REMOTE)
    result = report(project, capsys)
    told = answers(result)
    assert (told["kind"], told["code_path"]) == ("pipeline", "dags")
    assert told["distribution"] == "lisa-tide-dags"
    assert sources(result)["kind"] == "dags/tides.py imports Airflow, and no package is built"
    new = paths(project) - WORKFLOW.keys()
    assert {each.partition("/")[0] for each in new if "/" in each} == {".gitlab"}
    assert not new & {"compose.yaml", "steps.yaml", ".hadolint.yaml", ".gitlab/ci/airflow.yml"}
    after = tomllib.loads(show(project, "pyproject.toml"))
    assert "build-system" not in after
    assert after["tool"]["mypy"]["files"] == ["dags"]
    git.git("checkout", "--quiet", BRANCH, cwd=project)
    # What comes is clean, as are these DAGs.
    assert cli.main(["check", str(project), "--fail-on", "should"]) == ExitCode.DONE
    passes(program("ruff"), "check", cwd=project)
    passes(program("ruff"), "format", "--check", cwd=project)
    listed = passes(program("nox"), "--list", cwd=project)
    assert not {"tests", "desk", "config"} & set(listed.split())


@pytest.mark.parametrize(
    ("files", "kind", "has"),
    [
        (WORKFLOW, "image", "DAGs, and no package is built"),
        ({**POETRY, "dags/a.py": WORKFLOW["dags/tides.py"]}, "pipeline", "a Python package"),
    ],
)
def test_a_kind_that_it_is_not_is_refused(
    files: Files, kind: str, has: str, tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "project", files)
    assert adopt(project, "--data", f"kind={kind}") == ExitCode.REFUSED
    assert f"{kind!r}, but this repository has {has}" in capsys.readouterr().err


def test_settings_of_tools_and_a_desk_make_no_service_of_dags(
    tmp_path: Path, capsys: Capture
) -> None:
    desk = "services:\n  airflow:\n    image: apache/airflow:3.1.0\n"
    files = {**WORKFLOW, "setup.cfg": "[flake8]\nmax-line-length = 99\n", "compose.yaml": desk}
    del files["pyproject.toml"]
    project = make(tmp_path / "project", files, "https://gitlab.in2p3.fr/lisa/tide_dags.git")
    assert answers(report(project, capsys))["kind"] == "pipeline"


@pytest.mark.sweep
def test_dags_without_a_name_are_called_as_on_their_forge(tmp_path: Path, capsys: Capture) -> None:
    files = {path: text for path, text in WORKFLOW.items() if path != "pyproject.toml"}
    project = make(tmp_path / "project", files, "https://gitlab.in2p3.fr/lisa/Tide_Dags.git")
    assert answers(report(project, capsys))["distribution"] == "tide-dags"


def test_a_compiled_project_is_built_as_before(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SCIKIT)
    result = report(project, capsys)
    assert (answers(result)["compiled"], answers(result)["container"]) == ("own", False)
    before, after = (tomllib.loads(show(project, "pyproject.toml", at)) for at in ("HEAD", BRANCH))
    assert before.items() <= {**after, "tool": before["tool"]}.items()
    assert before["tool"].items() <= after["tool"].items()
    own = SCIKIT.keys() - {"pyproject.toml"}
    assert git.git("diff", "--name-only", f"HEAD...{BRANCH}", "--", *own, cwd=project) == ""
    # The practice beside it, with no job or session of the template's own way to compile.
    added = paths(project) - SCIKIT.keys()
    assert {"noxfile.py", ".gitlab/ci/build.yml", ".pre-commit-config.yaml"} <= added
    assert not {"MANIFEST.in", "Dockerfile", ".gitlab/ci/compiled.yml"} & added
    assert "wheel_tests" not in show(project, "noxfile.py")
    assert "clang-format" not in show(project, ".pre-commit-config.yaml")


def test_a_service_keeps_its_application_and_how_it_runs(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SERVICE, "git@gitlab.in2p3.fr:LISA/lisa-tides.git")
    result = report(project, capsys)
    found, said = answers(result), sources(result)
    assert (found["kind"], said["kind"]) == ("service", "docker-compose.yml")
    assert (found["container"], said["container"]) == (True, "Dockerfile")
    assert (found["distribution"], said["distribution"]) == ("lisa-tides", "git remote")
    assert (found["project_name"], said["project_name"]) == ("LISA-Tides", "README.md:1")
    assert result["replaced"] == []
    added = paths(project) - SERVICE.keys()
    assert {"noxfile.py", "pyproject.toml", ".gitlab/ci/quality.yml", ".hadolint.yaml"} <= added
    # What belongs to the template's own application, and how that one is run.
    assert not [path for path in added if path.startswith(("bin", "chart", "compose", "deploy"))]
    assert not {".gitlab/ci/service.yml", ".dockerignore", "service/settings.py"} & added
    left = {(each["code"], each["path"]) for each in result["findings"]["advised"]}
    assert left == {
        ("CMP006", "docker-compose.yml"),
        ("CMP008", "docker-compose.yml"),
        ("CMP009", "docker-compose.yml"),
        ("CMP019", "docker-compose.yml"),
        ("CON004", "Dockerfile"),
        ("CON007", "Dockerfile"),
        ("CON008", "Dockerfile"),
    }


@pytest.mark.parametrize(
    ("options", "changes", "said"),
    [
        (["--data", "kind=image"], {}, "'image', but this repository has a file of Compose"),
        (["--data", "kind=package"], {}, "no pyproject.toml, setup.cfg or setup.py, but "),
        ([], {"docker-compose.yml": None}, "no pyproject.toml, setup.cfg or setup.py, but "),
        (
            ["--data", "kind=service"],
            {"docker-compose.yml": None, "pyproject.toml": '[project]\nname = "a"\n'},
            "'service', but this repository has a Python package",
        ),
    ],
)
def test_a_kind_that_a_project_is_not(
    options: list[str], changes: Files, said: str, tmp_path: Path, capsys: Capture
) -> None:
    files = {path: text for path, text in {**SERVICE, **changes}.items() if text is not None}
    assert adopt(make(tmp_path / "project", files), *options) == 2
    assert said in capsys.readouterr().err


def test_a_package_that_compose_runs_is_a_service_where_somebody_says_so(
    tmp_path: Path, capsys: Capture
) -> None:
    files = {**HATCHLING, "compose.yaml": SERVICE["docker-compose.yml"]}
    assert answers(report(make(tmp_path / "a", files), capsys))["kind"] == "package"
    result = report(make(tmp_path / "b", files), capsys, "--data", "kind=service")
    assert (answers(result)["kind"], answers(result)["container"]) == ("service", False)
    assert answers(result)["description"] == "Waves for LISA."
    assert "hadolint" not in show(tmp_path / "b", ".pre-commit-config.yaml")


def test_a_type_checker_that_is_told_no_files_is_told_some(adopted: Adopted) -> None:
    mypy = tomllib.loads(show(adopted("hatchling"), "pyproject.toml"))["tool"]["mypy"]
    assert mypy == {"strict": False, "files": ["src"]}


@SOME
def test_the_pipeline_is_one_that_gitlab_takes(name: str, adopted: Adopted) -> None:
    project = adopted(name, "--in-place")
    pipeline = Facts.read(project).pipeline
    assert (list(pipeline.troubles), pipeline.is_local) == ([], True)
    assert {job.stage for job in pipeline.jobs.values()} <= {*pipeline.stages, ".pre", ".post"}
    assert "unit" in pipeline.jobs or name != "setuptools"
    parts = [".gitlab-ci.yml", *sorted(map(str, (project / ".gitlab/ci").glob("*.yml")))]
    schema = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")
    passes(program("check-jsonschema"), *schema, *parts, cwd=project)


@SOME
def test_a_second_adoption_changes_nothing(name: str, adopted: Adopted, capsys: Capture) -> None:
    project = adopted(name, "--in-place")
    commit(project)
    before = contents(project)
    again = report(project, capsys)
    assert (again["from"], again["to"], again["changes"]) == (again["to"], again["to"], [])
    assert adopt(project) == ExitCode.DONE
    assert "Already adopted" in capsys.readouterr().out
    assert contents(project) == before
    assert git.git("branch", "--list", BRANCH, cwd=project) == ""


@sampled("name", PROJECTS, 5)
def test_an_update_to_a_newer_version_is_clean(
    name: str, tmp_path: Path, source: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = PROJECTS[name]
    monkeypatch.setenv("LISA_SCAFFOLD_TEMPLATE", str(source))
    project = make(tmp_path / "project", files)
    assert adopt(project, "--in-place", "--to", BEFORE) == ExitCode.DONE
    commit(project)
    capsys.readouterr()
    assert update(project, "--format", "json", "--to", AFTER) == ExitCode.DONE
    result = json.loads(capsys.readouterr().out)
    assert result["conflicts"] == []
    assert (project / "README.md").read_text() == files["README.md"]
    assert "/a-new-line/" in (project / ".gitignore").read_text()
    assert "ruff==99.0.0" in (project / "pyproject.toml").read_text()


@pytest.mark.sweep
def test_plain_copier_updates_an_adopted_project(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LISA_SCAFFOLD_TEMPLATE", str(source))
    project = make(tmp_path / "project", SETUPTOOLS)
    adopt(project, "--in-place", "--to", BEFORE)
    answers_file = project / ".copier-answers.yml"
    url = "https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"
    answers_file.write_text(answers_file.read_text().replace(url, f"git+{source.as_uri()}"))
    commit(project)
    options = ("--defaults", "--quiet", "--vcs-ref", AFTER)
    passes(program("copier"), "update", *options, cwd=project)
    assert (project / "README.md").read_text() == SETUPTOOLS["README.md"]
    assert not (project / "src").exists()
    assert "/a-new-line/" in (project / ".gitignore").read_text()


def test_answers_come_from_the_project_and_say_where(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUPTOOLS, REMOTE)
    result = report(project, capsys)
    found = {key: (value, sources(result)[key]) for key, value in answers(result).items()}
    assert {key: found[key] for key in ("adopted", "distribution", "import_name", "code_path")} == {
        "adopted": (True, "lisa-scaffold adopt"),
        "distribution": ("lisa-noise", "setup.py:4"),
        "import_name": ("lisa_noise", "lisa_noise"),
        "code_path": ("lisa_noise", "lisa_noise"),
    }
    assert {key: found[key] for key in ("author_name", "forge", "namespace", "test_path")} == {
        "author_name": ("Ada Example", "setup.py:7"),
        "forge": ("in2p3", "git remote"),
        "namespace": ("lisa", "git remote"),
        "test_path": ("tests", "tests"),
    }
    assert found["copyright_holder"] == ("University of Example", "LICENSE:3")
    assert found["python_min"] == ("3.11", "setup.py:10 (says 3.9; the jobs begin with 3.11)")
    recorded = show(project, ".copier-answers.yml")
    assert "_src_path: https://gitlab.in2p3.fr/LISA/lisa-scaffold.git\n" in recorded
    assert "distribution: lisa-noise\n" in recorded


def test_what_is_given_comes_first(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", POETRY)
    data = tmp_path / "answers.yml"
    data.write_text("namespace: lisa/tides\nsonar: false\n")
    result = report(project, capsys, "--data", "sonar=true", "--data-file", str(data))
    assert (answers(result)["namespace"], answers(result)["sonar"]) == ("lisa/tides", True)
    assert sources(result)["namespace"] == "given"


def test_what_is_given_in_other_words_is_no_guess(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    given = {"container": "no", "sonar": "No", "docs": "f", "cli": "false", "namespace": "lisa/a"}
    options = [word for key, value in given.items() for word in ("--data", f"{key}={value}")]
    result = report(project, capsys, *options)
    assert {key: sources(result)[key] for key in given} == dict.fromkeys(given, "given")
    assert not [each for each in result["to_decide"] for key in given if f"{key}=" in each]


def test_the_commit_says_what_the_report_says(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    assert adopt(project) == ExitCode.DONE
    printed = capsys.readouterr().out
    message = git.git("log", "-1", "--format=%B", BRANCH, cwd=project)
    title, _, body = message.partition("\n\n")
    assert title.startswith("Adopt the template of lisa-scaffold v")
    assert body.strip() in printed
    for heading in ("Metadata", "CI", "Hooks", "Container", "Docs", "Repository"):
        assert f"\n{heading}\n" in printed
    about_ci = printed.partition("\nCI\n")[2].partition("\n\n")[0]
    assert (
        "  To decide\n    forge=in2p3, namespace=LISA is a guess (no GitLab address found)"
        in about_ci
    )
    assert "Findings of `must`: " in printed


@pytest.mark.sweep
def test_the_report_in_markdown(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", HATCHLING)
    assert adopt(project, "--format", "markdown") == ExitCode.DONE
    said = capsys.readouterr().out
    assert said.startswith("## Adopts project with version ")
    head = (
        "| Answer | Value | From |\n| --- | --- | --- |\n| example | no | lisa-scaffold adopt |\n"
    )
    assert f"\n### Answers, and where each comes from\n\n{head}" in said
    assert "\n### Metadata\n\n- Added\n  - `" in said


def test_the_report_as_a_page(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", HATCHLING)
    assert adopt(project, "--format", "html", "--dry-run") == ExitCode.DONE
    page = Page(capsys.readouterr().out)
    check_structure(page)
    assert page.texts("h1")[0].startswith("Adopts project with version ")
    assert "merged pyproject.toml" in page.texts("h3")
    assert "To decide" in page.texts("h2")
    assert any(words.startswith("kind = package") for words in page.texts("li"))


@pytest.mark.sweep
def test_the_report_tells_what_must_be_from_what_should_be(tmp_path: Path, capsys: Capture) -> None:
    settings = str(HATCHLING["pyproject.toml"]).replace("strict = false", "pretty = true")
    project = make(tmp_path / "project", {**HATCHLING, "pyproject.toml": settings})
    assert adopt(project) == ExitCode.DONE
    printed = capsys.readouterr().out
    must, should = (part.splitlines() for part in printed.split("\nFindings of ")[1:])
    why = "[tool.mypy] was set up before the project was adopted: to be worked off"
    assert must == ["`must`: 0 before, 0 new, 0 fixed, 0 waived, 0 left"]
    assert should[0] == "`should`: 3 before, 1 new, 1 fixed, 1 waived, 2 left"
    fixed = should.pop(1)
    assert fixed.startswith("  fixed: ")
    assert [line.split()[1:3] for line in should[2:4]] == [
        ["README.md:1:", "DOC002"],
        ["tests:1:", "FIL003"],
    ]
    assert should[1].startswith("  waived, new: pyproject.toml:")
    told = "mypy skips functions without annotations: write `check_untyped_defs = true`"
    assert should[1].endswith(f"QTY011 {told} ({why})")


def test_by_default_a_branch_gets_one_commit_and_nothing_else_changes(tmp_path: Path) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    before = contents(project), git.git("rev-parse", "HEAD", cwd=project)
    adopt(project)
    assert (contents(project), git.git("rev-parse", "HEAD", cwd=project)) == before
    assert git.git("status", "--porcelain", cwd=project) == ""
    assert git.git("rev-list", "--count", f"HEAD..{BRANCH}", cwd=project).strip() == "1"


def test_in_place_stages_the_same_and_can_be_undone(tmp_path: Path) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    before = contents(project)
    adopt(project, "--branch", "other")
    adopt(project, "--in-place")
    assert {*git.git("diff", "--staged", "--name-only", "other", cwd=project).split()} == set()
    assert git.git("diff", "--name-only", cwd=project) == ""
    git.git("reset", "--merge", cwd=project)
    assert contents(project) == before


class Killed(BaseException):
    """Stands for the end of the process."""


@sampled("after", [12, 0, 1], 3)
def test_what_a_kill_interrupts_the_next_command_completes(
    after: int, adopted: Adopted, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = adopted("setuptools")
    real, calls = transaction._Change.carry_out, []

    def dying(*arguments: Any) -> bool:
        calls.append(arguments)
        if len(calls) > after:
            raise Killed
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(transaction._Change, "carry_out", dying)
        with pytest.raises(Killed):
            adopt(project, "--in-place")
    capsys.readouterr()
    assert adopt(project) == ExitCode.DONE
    said = capsys.readouterr()
    assert "interrupted" in said.err
    assert "Already adopted" in said.out
    assert git.git("diff", "--staged", "--name-only", BRANCH, cwd=project) == ""
    assert git.git("diff", "--name-only", cwd=project) == ""


def test_a_dry_run_shows_the_diff_and_touches_nothing(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    before = contents(project)
    assert adopt(project, "--dry-run") == ExitCode.DONE
    said = capsys.readouterr()
    assert "+++ b/.gitlab-ci.yml\n" in said.out
    assert "Answers, and where each comes from" in said.err
    number = said.out.count("\n+++ ")
    assert said.err.endswith(
        f"A dry run: nothing was changed. Without --dry-run, {number} files would be committed on "
        f"the new branch {BRANCH}.\n"
    )
    assert contents(project) == before
    assert git.git("branch", "--list", BRANCH, cwd=project) == ""
    patch = tmp_path / "adoption.patch"
    patch.write_text(said.out)
    git.git("apply", "--index", str(patch), cwd=project)
    assert (project / "noxfile.py").is_file()


def test_a_branch_that_exists_is_refused(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    git.git("branch", BRANCH, cwd=project)
    assert adopt(project) == ExitCode.REFUSED
    assert BRANCH in capsys.readouterr().err


def test_without_a_terminal_nothing_is_asked(tmp_path: Path) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    assert cli.main(["adopt", str(project)]) == ExitCode.DONE
    assert "noxfile.py" in paths(project)


def test_a_file_that_is_ignored_does_not_come(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", {**POETRY, ".gitignore": "Dockerfile\n"})
    result = report(project, capsys)
    assert items(result, "left out")["Dockerfile"] == "the project's .gitignore names it"
    assert "Dockerfile" not in paths(project)


def test_what_the_jobs_read_comes_whatever_is_ignored(tmp_path: Path, capsys: Capture) -> None:
    own = "Dockerfile\n*.txt\n.*\n!/.git*\n"
    project = make(tmp_path / "project", {**POETRY, ".gitignore": own})
    result = report(project, capsys)
    out, come = items(result, "left out"), items(result, "added")
    assert out[".editorconfig"] == "the project's .gitignore names it"
    # Of a file that comes, a hook alone stays out.
    assert out.keys() & come.keys() == {".pre-commit-config.yaml"}
    locks = {".gitlab/ci/pysonar.txt", ".gitlab/ci/uv.txt"}
    needed = {*locks, ".pre-commit-config.yaml", ".copier-answers.yml"}
    assert needed <= paths(project)
    written = show(project, ".gitignore")
    assert own in written
    assert written.endswith(
        "!/.copier-answers.yml\n!/.gitlab/ci/pysonar.txt\n!/.gitlab/ci/uv.txt\n"
        "!/.hadolint.yaml\n!/.pre-commit-config.yaml\n"
    )
    # What jobs need what is left out is left out as well, and a later version leaves it out too.
    assert "/.gitlab/ci/container.yml" in answers(result)["left_out"].split()
    assert out[".gitlab/ci/container.yml"] == "it builds a Dockerfile, and none comes in"
    git.git("checkout", "--quiet", BRANCH, cwd=project)
    tracked = git.git("ls-files", "--cached", "--ignored", "--exclude-standard", cwd=project)
    assert tracked == ""


def test_files_that_are_not_tracked_are_no_part_of_the_project(tmp_path: Path) -> None:
    project = make(tmp_path / "project", {**POETRY, ".git-blame-ignore-revs": ""})
    info = project / ".git/info/exclude"
    info.write_text("/setup.py\n")
    write(project, {"setup.py": "raise SystemExit(1)\n"})
    assert adopt(project) == ExitCode.DONE


# --- Refusals ------------------------------------------------------------------------------------

BROKEN = '[project]\nname = "a\n'
COMPILED: Files = {
    "setup.py": "import numpy\nfrom setuptools import Extension, setup\n"
    "extensions = None if 'egg_info' in __import__('sys').argv else [Extension('sep', ['sep.pyx'])]"
    "\nsetup(name='sep', version='1', ext_modules=extensions)\n",
    "sep.pyx": "",
    "bench.py": "import sep\n",
    "test.py": "import sep\n",
    "src/sep.c": "",
}
REFUSALS: dict[str, tuple[Files, str, str]] = {
    "nothing": ({"README.md": "# A\n"}, "no pyproject.toml, setup.cfg or setup.py", "lisa-new"),
    "settings alone": (
        {"pyproject.toml": "[tool.ruff]\n"},
        "pyproject.toml says nothing about a package",
        "metadata",
    ),
    "several": (
        {"a/pyproject.toml": '[project]\nname = "a"\n', "b/setup.py": "import setuptools\n"},
        "several packages in one repository: a, b",
        "name the folder of one",
    ),
    "one below": (
        {"python/pyproject.toml": '[project]\nname = "a"\n'},
        "no package here, but one in python",
        "lisa-scaffold adopt python",
    ),
    "broken": ({"pyproject.toml": BROKEN}, "pyproject.toml:2: no TOML that can be read", "Mend"),
    "no name": (
        {"setup.py": "from setuptools import setup\nsetup(name=open('n').read())\n", "a/b.py": ""},
        "the project's name is not known",
        "--data distribution=NAME",
    ),
    "no code": (
        {"pyproject.toml": '[project]\nname = "a-name"\n'},
        "no Python package is seen here",
        "--data import_name=NAME",
    ),
    "several packages without metadata": (
        {"a/__init__.py": "", "b/__init__.py": "", "run.py": "import a\n"},
        "no pyproject.toml, setup.cfg or setup.py, and 2 folders are packages: a and b",
        "correct the imports, also in run.py; a pyproject.toml",
    ),
    "an extension alone": (
        {
            "setup.py": "from setuptools import Extension, setup\n"
            "setup(name='mesh', ext_modules=[Extension('mesh', ['wrap.c'])])\n",
            "wrap.c": "",
        },
        "no Python package is seen here, and setup.py builds an extension that is no part of",
        "a folder with an __init__.py that imports it, as mesh/",
    ),
    "an extension of the module's name": (
        COMPILED,
        "no Python package is seen here, and setup.py builds an extension (sep.pyx) that is no",
        "Extension('sep._sep', …)",
    ),
    "a module in Rust": (
        {
            "pyproject.toml": '[project]\nname = "a-mesh"\n[build-system]\n'
            'requires = ["maturin"]\nbuild-backend = "maturin"\n',
            "src/lib.rs": "",
        },
        "no Python package is seen here, and its build builds an extension that is no part of",
        "a_mesh._a_mesh",
    ),
    "nothing is built": (
        {**POETRY, "pyproject.toml": '[tool.poetry]\nname = "a"\npackage-mode = false\n'},
        "pyproject.toml:3: package-mode = false says that nothing is built",
        "Take that line out",
    ),
    "nothing is built by uv": (
        {
            **HATCHLING,
            "pyproject.toml": '[project]\nname = "a"\n[tool.uv]\npackage = false\n',
        },
        "package = false says that nothing is built",
        "Take that line out",
    ),
    "another template": (
        {**POETRY, ".copier-answers.yml": "_src_path: gh:example/other\n_commit: v1\n"},
        "made from another Copier template, gh:example/other",
        "one template",
    ),
}


@pytest.mark.parametrize(("files", "message", "hint"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_adopted_is_told(
    files: Files, message: str, hint: str, tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "project", files)
    before = contents(project)
    assert adopt(project) == ExitCode.REFUSED
    said = capsys.readouterr()
    assert message in said.err
    assert hint in said.err
    assert said.out == ""
    assert contents(project) == before
    assert git.git("branch", "--format=%(refname:short)", cwd=project) == "main\n"


@pytest.mark.parametrize(
    ("setup", "files", "name"),
    [
        ("packages=['Ocean']", {"Ocean/eof.py": "X = 1\n"}, "Ocean"),
        ("py_modules=['avatar']", {"avatar.py": "X = 1\n", "run.py": "import avatar\n"}, "avatar"),
    ],
)
def test_setuptools_takes_what_it_is_told_to(
    setup: str, files: Files, name: str, tmp_path: Path, capsys: Capture
) -> None:
    told = f"from setuptools import setup\nsetup(name='lab-x', version='1', {setup})\n"
    project = make(tmp_path / "project", {"setup.py": told, **files})
    assert answers(report(project, capsys))["import_name"] == name


@pytest.mark.parametrize(
    ("stated", "path"),
    [
        ("license_file = licenses/OWN.rst\n", "licenses/OWN.rst"),
        ("", "licenses/BSD_LICENSE.txt"),
        ("", "legal/LICENSE"),
    ],
)
def test_a_licence_that_is_kept_elsewhere_is_the_one(
    stated: str, path: str, tmp_path: Path, capsys: Capture
) -> None:
    metadata = "[metadata]\nname = a\nversion = 1\nlicense = BSD-3-Clause\n"
    files: Files = {
        "setup.cfg": f"{metadata}{stated}[options]\npackages = a\n",
        path: BSD,
        "a/__init__.py": "",
    }
    project = make(tmp_path / "project", files)
    result = report(project, capsys)
    assert "LICENSE" not in items(result, "added")
    assert "LICENSE" not in paths(project)
    assert f"[{path}]({path})" in show(project, "README.md")


def test_tests_by_another_name_are_collected(tmp_path: Path, capsys: Capture) -> None:
    files = {path: text for path, text in SETUPTOOLS.items() if not path.startswith("tests/")}
    files["lisa_noise/tests.py"] = SETUPTOOLS["tests/test_noise.py"]
    result = report(make(tmp_path / "a", files), capsys)
    assert answers(result)["test_path"] == "lisa_noise/tests.py"
    pyproject = tomllib.loads(show(tmp_path / "a", "pyproject.toml"))
    taken = ["test_*.py", "*_test.py", "tests.py"]
    assert pyproject["tool"]["pytest"]["ini_options"] == {"python_files": taken}
    assert "pytest collects tests.py" in items(result, "added")["pyproject.toml"]
    own = {"pytest.ini": "[pytest]\naddopts = -ra\n"}
    result = report(make(tmp_path / "b", {**files, **own}), capsys)
    assert (
        "lisa_noise/tests.py: pytest collects no tests by this name: add tests.py to its "
        "`python_files`"
    ) in result["to_decide"]


def test_a_script_that_is_called_like_a_test_is_no_test(tmp_path: Path, capsys: Capture) -> None:
    files = {path: text for path, text in SETUPTOOLS.items() if not path.startswith("tests/")}
    script = {"test_parallel.py": "from multiprocessing import Pool\n\nPool(2).map(abs, [1])\n"}
    result = report(make(tmp_path / "a", {**files, **script}), capsys)
    assert answers(result)["test_path"] == ""
    assert "no tests found: test_parallel.py is only called like some" in str(result["to_decide"])
    pyproject = tomllib.loads(show(tmp_path / "a", "pyproject.toml"))
    assert pyproject["tool"]["pytest"]["ini_options"]["testpaths"] == ["tests*", "lisa_noise"]
    result = report(make(tmp_path / "b", {**SETUPTOOLS, **script}), capsys)
    assert [each for each in result["to_decide"] if "imports it for its name" in each] == [
        "test_parallel.py: pytest imports it for its name, and it holds no test: what it does at "
        "its top is done then. Rename it, or let pytest's `testpaths` name where tests are"
    ]


def test_a_module_that_is_compiled_has_no_package_of_its_name(
    tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "project", COMPILED)
    assert adopt(project, "--data", "import_name=sep") == ExitCode.REFUSED
    told = capsys.readouterr().err
    assert (
        "import_name: no code of sep is seen here, and setup.py builds an extension (sep.pyx) that "
        "is no part of a package"
    ) in told
    assert "git mv" not in told


def test_the_tag_of_the_commit_before_is_not_on_that_of_the_adoption(
    tmp_path: Path, capsys: Capture
) -> None:
    changelog = "# Changelog\n\n## [0.3.0] - 2026-01-02\n\n- A.\n"
    stated = str(HATCHLING["pyproject.toml"]).replace('version = "0.4.0"', 'version = "0.3.0"')
    project = make(
        tmp_path / "project", {**HATCHLING, "pyproject.toml": stated, "CHANGELOG.md": changelog}
    )
    git.git("tag", "v0.3.7", cwd=project)
    assert "CHG005" not in str(report(project, capsys)["findings"])


@pytest.mark.sweep
def test_a_name_that_is_told_helps(tmp_path: Path, capsys: Capture) -> None:
    files, _, _ = REFUSALS["no name"]
    project = make(tmp_path / "project", {**files, "b/__init__.py": ""})
    result = report(project, capsys, "--data", "distribution=lisa-b", "--data", "import_name=b")
    assert answers(result)["distribution"] == "lisa-b"


def test_no_folder_no_repository_no_commit(tmp_path: Path, capsys: Capture) -> None:
    assert adopt(tmp_path / "nowhere") == ExitCode.REFUSED
    assert "no such folder" in capsys.readouterr().err
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder, POETRY)
    assert adopt(folder) == ExitCode.REFUSED
    assert "git" in capsys.readouterr().err
    git.git("init", "--quiet", cwd=folder)
    assert adopt(folder) == ExitCode.REFUSED
    assert "commit" in capsys.readouterr().err


@pytest.mark.parametrize("options", [(), ("--in-place",), ("--dry-run",)])
def test_work_that_is_not_committed_is_refused(
    options: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "project", POETRY)
    write(project, {"README.md": "# Changed\n"})
    assert adopt(project, *options) == ExitCode.REFUSED
    assert "README.md: changes that are not committed" in capsys.readouterr().err
    assert (project / "README.md").read_text() == "# Changed\n"


def test_line_ends_of_windows_stay(tmp_path: Path) -> None:
    windows = {path: str(text).replace("\n", "\r\n") for path, text in SETUPTOOLS.items()}
    project = make(tmp_path / "project", windows)
    adopt(project, "--in-place")
    for path in (".gitignore", ".gitlab-ci.yml", ".pre-commit-config.yaml", "setup.py"):
        content = (project / path).read_bytes()
        assert content.count(b"\n") == content.count(b"\r\n") > 0
    assert "text=auto" not in (project / ".gitattributes").read_text()
    assert git.git("status", "--porcelain", "--", "setup.py", cwd=project) == ""


def test_a_version_that_is_none_or_cannot_adopt(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(tmp_path / "template", {"copier.yml": QUESTIONS, "template/a.txt": "a\n"})
    git.git("tag", "v0.0.1", cwd=old)
    passes("git", "clone", "--quiet", "--bare", str(old), str(tmp_path / "bare.git"), cwd=old)
    monkeypatch.setenv("LISA_SCAFFOLD_TEMPLATE", str(tmp_path / "bare.git"))
    project = make(tmp_path / "project", POETRY)
    assert adopt(project, "--to", "v0.0.1") == ExitCode.REFUSED
    assert "this version of the template is for new projects alone" in capsys.readouterr().err
    assert adopt(project, "--to", "v9.9.9") == ExitCode.REFUSED
    assert "v9.9.9" in capsys.readouterr().err
    assert git.git("branch", "--list", BRANCH, cwd=project) == ""


def test_a_wrong_answer_is_refused(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", POETRY)
    assert adopt(project, "--data", "python_min=2.7") == ExitCode.REFUSED
    assert "python_min" in capsys.readouterr().err


def test_a_folder_below_the_top_of_a_repository(tmp_path: Path) -> None:
    nested = {f"python/{path}": content for path, content in POETRY.items()}
    project = make(tmp_path / "project", {**nested, "README.md": "# All\n"})
    assert adopt(project / "python") == ExitCode.DONE
    assert show(project, "README.md") == "# All\n"
    assert "python/noxfile.py" in paths(project)
    assert "noxfile.py" not in paths(project)


def test_what_the_top_alone_has_is_left_to_it(tmp_path: Path, capsys: Capture) -> None:
    github = ".github/workflows/tests.yml"
    own = {**POETRY, github: "jobs: {}\n", ".travis.yml": "script: pytest\n"}
    nested = {f"tools/rf/{path}": content for path, content in own.items()}
    project = make(tmp_path / "project", {**nested, ".gitlab-ci.yml": "all:\n  script: make\n"})
    result = report(project / "tools/rf", capsys)
    below = "tools/rf/"
    added = paths(project) - {*nested, ".gitlab-ci.yml"}
    hidden = [path for path in added if path.startswith((f"{below}.gitlab", f"{below}.pre-"))]
    assert hidden == []
    assert "/.gitlab /.gitlab-ci.yml" in answers(result)["left_out"]
    left = items(result, "left out")
    assert left[".gitlab-ci.yml"] == "GitLab reads the one at the repository's top alone"
    hooks = left[".pre-commit-config.yaml"]
    assert hooks == "pre-commit reads the one at the repository's top alone"
    asked = "\n".join(result["to_decide"])
    assert ".gitlab-ci.yml: no pipeline comes into tools/rf, which GitLab would not read" in asked
    assert "`cd tools/rf && nox -s lint types tests`" in asked
    assert "with `files: ^tools/rf/`" in asked
    kept = items(result, "kept")
    assert kept[github] == "stays, and nothing runs it: GitHub reads the repository's top alone"
    assert ".travis.yml" not in kept


def test_an_own_pipeline_below_the_top_stays_as_it_is(tmp_path: Path, capsys: Capture) -> None:
    own = {**POETRY, ".gitlab-ci.yml": "unit:\n  script: pytest\n"}
    project = make(tmp_path / "p", {f"sub/{path}": content for path, content in own.items()})
    result = report(project / "sub", capsys)
    assert show(project, "sub/.gitlab-ci.yml") == own[".gitlab-ci.yml"]
    kept = items(result, "kept")[".gitlab-ci.yml"]
    assert kept == "GitLab reads the one at the repository's top alone"


def test_an_update_below_the_top_brings_no_pipeline(tmp_path: Path, capsys: Capture) -> None:
    nested = {f"sub/{path}": content for path, content in POETRY.items()}
    project = make(tmp_path / "project", nested)
    assert adopt(project / "sub") == ExitCode.DONE
    git.git("merge", "--quiet", BRANCH, cwd=project)
    capsys.readouterr()
    options = ("--recopy", "--dry-run", "--defaults")
    assert cli.main(["update", str(project / "sub"), *options]) == ExitCode.DONE
    assert ".gitlab" not in capsys.readouterr().out.partition("A dry run")[0]


def test_what_git_does_not_know_and_the_branch_has_is_told(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", HATCHLING)
    write(project, {"noxfile.py": "mine = 1\n", "other.txt": ""})
    assert adopt(project) == ExitCode.DONE
    told = capsys.readouterr().err
    assert f"noxfile.py: an untracked file stands where {BRANCH} adds another, and git " in told
    assert "other.txt" not in told


def test_without_tests_pytest_looks_at_no_script(tmp_path: Path, capsys: Capture) -> None:
    files = {**SETUPTOOLS, "scripts/test_plot.py": "1 / 0\n"}
    del files["tests/test_noise.py"]
    project = make(tmp_path / "project", files)
    result = report(project, capsys)
    assert next(each["value"] for each in result["answers"] if each["key"] == "test_path") == ""
    assert not [each for each in result["findings"]["waived"] if each["code"] == "QTY008"]
    git.git("checkout", "--quiet", BRANCH, cwd=project)
    collect = (sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider")

    def collected() -> tuple[int, str]:
        done = subprocess.run(collect, cwd=project, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    assert collected()[0] == 5, "there are no tests"
    write(project, {"tests/test_later.py": "def test_later() -> None: ...\n"})
    assert collected()[1].splitlines()[0] == "tests/test_later.py::test_later"


def test_how_older_code_is_let_in(tmp_path: Path, capsys: Capture) -> None:
    old = {"lisa_noise/legacy.py": "import os, sys\nl = lambda x : x\n"}
    project = make(tmp_path / "project", {**SETUPTOOLS, **old})
    told = "\n".join(report(project, capsys)["notes"])
    assert 'CONTRIBUTING.md shows it under "Older code"' in told
    assert "SKIP=ruff-check git commit" in told
    section = show(project, "CONTRIBUTING.md").partition("\n## Older code\n")[2]
    table, line = section.partition("```toml\n")[2].partition("\n```")[0].splitlines()
    assert line == '"lisa_noise/legacy.py" = [ "ALL" ]'
    git.git("checkout", "--quiet", BRANCH, cwd=project)
    words = program("ruff"), "check", "--quiet", "--no-cache", "lisa_noise/legacy.py"
    assert subprocess.run(words, cwd=project, capture_output=True, check=False).returncode == 1
    settings = (project / "pyproject.toml").read_text()
    assert settings.count(table) == 1
    write(project, {"pyproject.toml": settings.replace(table, f"{table}\n{line}")})
    passes(*words, cwd=project)
    kept = show(project, ".pre-commit-config.yaml")
    assert "      - id: rumdl\n        args: [--fix]\n" in kept


def test_pythons_that_no_job_has_are_refused(tmp_path: Path, capsys: Capture) -> None:
    setup = str(SETUPTOOLS["setup.py"]).replace(">=3.9", ">=3.7,<3.10")
    project = make(tmp_path / "project", {**SETUPTOOLS, "setup.py": setup})
    assert adopt(project, "--defaults") == 2
    told = capsys.readouterr().err
    assert "setup.py:10: '>=3.7,<3.10' excludes 3.11, 3.12 and 3.13" in told
    assert "write '>=3.7' on that line" in told
    assert git.git("branch", "--list", BRANCH, cwd=project) == ""


@pytest.mark.sweep
def test_another_licence_than_that_of_the_text_is_refused(tmp_path: Path, capsys: Capture) -> None:
    project = make(
        tmp_path / "project",
        {**SETUPTOOLS, "LICENSE": (ROOT / "includes/licenses/MIT.txt").read_text()},
    )
    assert adopt(project, "--data", "license=Apache-2.0") == ExitCode.REFUSED
    assert "LICENSE is the text of MIT: put another text there before" in capsys.readouterr().err
    assert adopt(project, "--data", "license=MIT") == ExitCode.DONE


@pytest.mark.sweep
def test_a_clone_that_has_lost_a_part_is_refused(tmp_path: Path, capsys: Capture) -> None:
    place = make(tmp_path / "project", HATCHLING)
    lost = lose(place, "pyproject.toml")
    assert cli.main(["adopt", str(place), "--defaults", "--dry-run"]) == ExitCode.REFUSED
    assert capsys.readouterr().err == (
        f"lisa-scaffold: {place}: a part of the repository is missing (object {lost})\n"
        "  Clone it again.\n"
    )


@pytest.mark.sweep
def test_a_name_may_be_given_as_the_project_spells_it(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUPTOOLS)
    given = "--data", "distribution=LISA_Noise", "--data", "license=bsd-3-clause"
    result = report(project, capsys, "--dry-run", *given)
    assert (answers(result)["distribution"], sources(result)["distribution"]) == (
        "lisa-noise",
        "given",
    )
    assert (answers(result)["license"], sources(result)["license"]) == ("BSD-3-Clause", "given")


@pytest.mark.sweep
def test_a_licence_of_what_others_wrote_is_not_the_projects(
    tmp_path: Path, capsys: Capture
) -> None:
    mit = (ROOT / "includes/licenses/MIT.txt").read_text()
    files = {**SETUPTOOLS, "LICENSE": mit, "LICENSES/NUMPY": str(SETUPTOOLS["LICENSE"])}
    project = make(tmp_path / "project", files)
    assert adopt(project, "--data", "license=BSD-3-Clause") == ExitCode.REFUSED
    assert "LICENSE is the text of MIT: put another text there" in capsys.readouterr().err
    assert answers(report(project, capsys, "--dry-run"))["license"] == "MIT"


def test_a_holder_that_the_licence_does_not_name_is_told(tmp_path: Path, capsys: Capture) -> None:
    text = (
        "MIT License\n\nCopyright (c) 2020 Ada Example\n\nPermission is hereby granted, free of\n"
    )
    project = make(tmp_path / "project", {**HATCHLING, "LICENSE": text})
    asked = "--dry-run", "--data", "license=MIT", "--data"
    told = report(project, capsys, *asked, "copyright_holder=Bo Example")["to_decide"]
    said = "LICENSE: line 3 goes on to name Ada Example, and what is new names Bo Example: "
    assert [each for each in told if each.startswith(said)]
    told = report(project, capsys, *asked, "copyright_holder=Ada Example")["to_decide"]
    assert not [each for each in told if each.startswith("LICENSE")]


# --- Adopted long ago ----------------------------------------------------------------------------


def test_an_update_asks_the_project_what_an_adoption_would(tmp_path: Path, capsys: Capture) -> None:
    """And what the adoption wrote otherwise than the template is nobody's change."""
    remote = "git@gitlab.in2p3.fr:lisa/other-name.git"
    files = {**SCIKIT, "CHANGELOG.md": "# Changes\n", "LICENCE.txt": "Mine.\n"}
    files["Makefile"] = "format:\n\truff format .\n"
    project = make(tmp_path / "project", files, remote)
    assert adopt(project, "--in-place", "--to", "v0.1.0") == ExitCode.DONE
    commit(project, "Adopt")
    told = (project / "CONTRIBUTING.md").read_text()
    assert "git clone https://gitlab.in2p3.fr/lisa/other-name.git\ncd other-name\n" in told
    capsys.readouterr()
    assert update(project, "--format", "json") == ExitCode.DONE
    result = json.loads(capsys.readouterr().out)
    assert result["conflicts"] == []
    status = {each["path"]: each["status"] for each in result["changes"]}
    assert status["CONTRIBUTING.md"] == "updated"
    assert (
        "New question compiled: answered own; another answer: --data compiled=…"
        in (result["notes"])
    )
    now = (project / "CONTRIBUTING.md").read_text()
    assert "lisa-wells.git" not in now
    assert "cd " not in now


def test_what_has_had_its_day_counts_as_in_a_check(tmp_path: Path, capsys: Capture) -> None:
    image = "test:\n  image: python:3.6\n  script: pytest\n"
    project = make(tmp_path / "project", {**HATCHLING, ".gitlab-ci.yml": image})
    assert "CI009" in str(report(project, capsys)["findings"])
