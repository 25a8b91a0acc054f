"""Projects from a Cookiecutter template: it is the merge base, rendered as it was."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import ExitCode

from ..conftest import ROOT
from ..support.adopting import adopt, answers, items, paths, report, show, sources
from ..support.tools import IDENTITY, commit_all, passes, program
from ..support.updates import Capture, Files, commit, write

SLUG = "{{ cookiecutter.project_slug }}"
HOOKS = """\
repos:
  - repo: https://github.com/psf/black
    rev: 22.1.0
    hooks:
      - id: black
"""
PYPROJECT = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "{{ cookiecutter.project_slug }}"
version = "0.1.0"
description = "{{ cookiecutter.project_short_description }}"
authors = [{ name = "{{ cookiecutter.full_name }}", email = "{{ cookiecutter.email }}" }]

[tool.mypy]
ignore_missing_imports = true

[tool.codespell]
skip = "*.lock"
"""
EDITORCONFIG = "root = true\n\n[*]\nindent_style = space\n"
TEMPLATE: Files = {
    "cookiecutter.json": json.dumps(
        {
            "full_name": "A Name",
            "email": "name@example.org",
            "project_slug": "a-slug",
            "project_short_description": "Short.",
        }
    ),
    f"{SLUG}/pyproject.toml": PYPROJECT,
    f"{SLUG}/a_slug/__init__.py": "",
    f"{SLUG}/.pre-commit-config.yaml": HOOKS,
    f"{SLUG}/.editorconfig": EDITORCONFIG,
    f"{SLUG}/CONTRIBUTING.md": "# Contributing\n\nAs in 2020.\n",
    f"{SLUG}/README.md": f"# {SLUG}\n\nGenerated.\n",
}
CONTEXT = {"full_name": "Ada Example", "email": "ada@example.org", "project_slug": "lisa-old"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("former") / "cookie"
    folder.mkdir()
    write(folder, TEMPLATE)
    commit_all(folder, "Start")
    return folder


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as cruft makes it, in its first commit."""
    folder = tmp_path_factory.mktemp("made")
    command = (program("cruft"), "create", str(template), "--no-input")
    given = ("--extra-context", json.dumps(CONTEXT), "--output-dir", str(folder))
    passes(*command, *given, cwd=folder, env=IDENTITY)
    project = next(folder.iterdir())
    commit_all(project, "Start")
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "project")


@pytest.fixture
def other(template: Path, tmp_path: Path) -> Path:
    """A copy of the template, to be changed."""
    return shutil.copytree(template, tmp_path / "other")


def commit_of(template: Path) -> str:
    return git.git("rev-parse", "HEAD", cwd=template).strip()


MINE = """\
  - repo: local
    hooks:
      - id: mine
        name: mine
        entry: ./mine
        language: system
"""


def edit(project: Path) -> dict[str, str]:
    """Let people change three of the files that their former template made."""
    edits = {
        ".pre-commit-config.yaml": HOOKS + MINE,
        "README.md": "# lisa-old\n\nWritten by people.\n",
        "pyproject.toml": (project / "pyproject.toml").read_text()
        + "\n[tool.coverage.run]\nparallel = true\n",
    }
    write(project, edits)
    commit(project)
    return edits


WRITTEN = {
    ".pre-commit-config.yaml": MINE,
    "README.md": "Written by people.\n",
    "pyproject.toml": "parallel = true\n",
}


def test_edits_survive_and_what_nobody_edited_follows_the_new_template(
    project: Path, capsys: Capture
) -> None:
    edits = edit(project)
    result = report(project, capsys)
    assert answers(result)["author_name"] == "Ada Example"
    assert [path for path, text in WRITTEN.items() if text not in show(project, path)] == []
    hooks = show(project, ".pre-commit-config.yaml")
    assert "id: ruff-check" in hooks
    assert "psf/black" not in hooks
    assert show(project, "README.md") == edits["README.md"]
    tools = tomllib.loads(show(project, "pyproject.toml"))["tool"]
    assert tools["mypy"]["strict"] is True
    assert tools["coverage"] == {"run": {"parallel": True}}
    merged = items(result, "merged")
    told = merged[".pre-commit-config.yaml"]
    assert told.startswith("with the former template as base; hooks added: ")
    assert told.endswith("; hooks removed: black")
    assert merged[".editorconfig"] == "with the former template as base"


@pytest.mark.sweep
def test_copier_loses_the_same_edits(project: Path) -> None:
    edit(project)
    command = (program("copier"), "copy", "--quiet", "--defaults", "--overwrite")
    given = ("--data", "distribution=lisa-old", "--vcs-ref", "HEAD")
    passes(*command, *given, ROOT, project, cwd=project)
    lost = [path for path, text in WRITTEN.items() if text not in (project / path).read_text()]
    assert lost == list(WRITTEN)


def test_what_people_removed_stays_away(project: Path, capsys: Capture) -> None:
    write(project, {"CONTRIBUTING.md": None})
    commit(project)
    result = report(project, capsys)
    assert "removed it" in items(result, "left out")["CONTRIBUTING.md"]
    assert "CONTRIBUTING.md" not in paths(project)
    assert "/CONTRIBUTING.md" in str(answers(result)["left_out"])


@pytest.mark.uncounted
def test_the_source_is_named_and_a_hint_for_the_record_given(
    project: Path, template: Path, capsys: Capture
) -> None:
    assert adopt(project) == ExitCode.DONE
    said = capsys.readouterr()
    source = f"{template}@{commit_of(template)}"
    assert f"made from the Cookiecutter template {source} (.cruft.json)" in said.err
    assert f"Merge base: the former template {source}" in said.out
    assert ".cruft.json is kept" in said.out


@pytest.mark.sweep
def test_the_user_may_name_the_template_and_its_commit(
    project: Path, other: Path, capsys: Capture
) -> None:
    git.git("rm", "--quiet", ".cruft.json", cwd=project)
    commit(project)
    start = commit_of(other)
    (other / SLUG / ".editorconfig").unlink()
    commit(other)
    named = ("--from-cookiecutter", f"{other}@{start}")
    result = report(project, capsys, "--dry-run", *named)
    assert items(result, "merged")[".editorconfig"] == "with the former template as base"
    result = report(project, capsys, "--dry-run", "--from-cookiecutter", str(other))
    assert ".editorconfig" not in items(result, "merged")


@pytest.mark.sweep
def test_a_mirror_of_the_recorded_template_is_read_at_the_recorded_commit(
    project: Path, template: Path, other: Path, capsys: Capture
) -> None:
    (other / SLUG / ".editorconfig").unlink()
    commit(other)
    assert adopt(project, "--dry-run", "--from-cookiecutter", str(other)) == ExitCode.DONE
    said = capsys.readouterr().err
    source = f"{other}@{commit_of(template)}"
    assert f"template {source} (--from-cookiecutter; .cruft.json)" in said
    assert ".editorconfig: with the former template as base" in said


@pytest.mark.sweep
def test_none_does_without(project: Path, capsys: Capture) -> None:
    result = report(project, capsys, "--from-cookiecutter", "none")
    assert items(result, "kept")[".editorconfig"] == "the project's own"


@pytest.mark.uncounted
def test_hooks_of_the_template_run_with_trust_alone(
    project: Path, other: Path, tmp_path: Path, capsys: Capture
) -> None:
    mark = tmp_path / "it-ran"
    hook = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n"
    write(other, {"hooks/post_gen_project.py": hook})
    commit(other)
    named = ("--from-cookiecutter", f"{other}@{commit_of(other)}")
    report(project, capsys, "--dry-run", *named)
    assert not mark.exists()
    report(project, capsys, "--dry-run", "--trust", *named)
    assert mark.exists()


ADDING = "{{ cookiecutter.update({'home': 'https://example.org/' + cookiecutter.project_slug}) }}"


def with_an_answer_of_its_hook(other: Path, folder: Path) -> Path:
    """A project whose template adds an answer that it does not ask for."""
    write(
        other,
        {
            "hooks/pre_gen_project.py": f'"""{ADDING}"""\n',
            f"{SLUG}/.editorconfig": f"# {{{{ cookiecutter.home }}}}\n{EDITORCONFIG}",
        },
    )
    commit(other)
    command = (program("cruft"), "create", str(other), "--no-input")
    given = ("--extra-context", json.dumps(CONTEXT), "--output-dir", str(folder))
    passes(*command, *given, cwd=folder, env=IDENTITY)
    commit_all(folder / "lisa-old", "Start")
    return folder / "lisa-old"


@pytest.mark.sweep
def test_what_a_hook_recorded_counts_though_it_does_not_run(
    other: Path, tmp_path: Path, capsys: Capture
) -> None:
    project = with_an_answer_of_its_hook(other, tmp_path)
    result = report(project, capsys)
    assert items(result, "merged")[".editorconfig"] == "with the former template as base"
    assert "example.org/lisa-old" not in show(project, ".editorconfig")


def test_an_answer_that_nothing_gives_is_named(
    other: Path, tmp_path: Path, capsys: Capture
) -> None:
    project = with_an_answer_of_its_hook(other, tmp_path)
    git.git("rm", "--quiet", ".cruft.json", cwd=project)
    commit(project)
    assert adopt(project, "--from-cookiecutter", str(other)) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "Unable to create file '.editorconfig'" in said
    assert "has no attribute 'home'" in said
    assert "Context" not in said


@pytest.mark.uncounted
def test_extensions_need_trust(project: Path, other: Path, capsys: Capture) -> None:
    config = json.loads(str(TEMPLATE["cookiecutter.json"]))
    write(
        other,
        {"cookiecutter.json": json.dumps({**config, "_extensions": ["jinja2.ext.do"]})},
    )
    commit(other)
    named = ("--from-cookiecutter", f"{other}@{commit_of(other)}")
    assert adopt(project, *named) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "jinja2.ext.do" in said
    assert "--trust" in said
    assert adopt(project, "--trust", *named) == ExitCode.DONE


def test_a_package_that_an_extension_needs_is_named(
    project: Path, other: Path, capsys: Capture
) -> None:
    config = json.loads(str(TEMPLATE["cookiecutter.json"]))
    extensions = {**config, "_extensions": ["nowhere_at_all.TimeExtension"]}
    write(other, {"cookiecutter.json": json.dumps(extensions)})
    commit(other)
    named = ("--from-cookiecutter", f"{other}@{commit_of(other)}")
    assert adopt(project, "--trust", *named) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert "this template needs nowhere-at-all, which is not here" in said
    assert "pip install nowhere-at-all, or pipx inject lisa-scaffold nowhere-at-all." in said
    assert "--from-cookiecutter none" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", ".cruft.json:1: no JSON that can be read"),
        ('{"template": 1}', ".cruft.json: template or commit is missing"),
    ],
)
def test_a_record_that_cannot_be_read(
    content: str, message: str, project: Path, capsys: Capture
) -> None:
    write(project, {".cruft.json": content})
    commit(project)
    assert adopt(project) == ExitCode.REFUSED
    said = capsys.readouterr().err
    assert message in said
    assert "--from-cookiecutter none" in said


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("nowhere", "the former template cannot be reached"),
        ("{template}@v9", "no commit v9 there"),
        ("{project}", "a template is never read out of the project itself"),
    ],
)
def test_a_template_that_cannot_be_had(
    named: str, message: str, project: Path, template: Path, capsys: Capture
) -> None:
    where = named.format(template=template, project=project)
    assert adopt(project, "--from-cookiecutter", where) == ExitCode.REFUSED
    assert message in capsys.readouterr().err


@pytest.mark.sweep
def test_a_replay_file_is_a_record_too(project: Path, template: Path, capsys: Capture) -> None:
    replay = {"cookiecutter": {**CONTEXT, "_template": str(template)}}
    git.git("rm", "--quiet", ".cruft.json", cwd=project)
    write(project, {".cookiecutter_replay.json": json.dumps(replay)})
    commit(project)
    result = report(project, capsys)
    assert items(result, "merged")[".editorconfig"] == "with the former template as base"
    assert sources(result)["distribution"] == "pyproject.toml:6"
