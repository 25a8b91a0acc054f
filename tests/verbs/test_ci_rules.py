"""The pipeline as files of the project or as a component: made, checked, and switched."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode

from ..support.files import contents
from ..support.sweeps import sampled
from ..support.tools import commit_all, git

CI = ".gitlab-ci.yml"
OWN = "\nown:\n  extends: .nox\n  stage: test\n  script:\n    - nox -s lint\n"

# A hook would look for its tools on the network.
pytestmark = [pytest.mark.usefixtures("no_hook_programs"), pytest.mark.uncounted]


# For each component: the answers of a project whose jobs it has, and a session that they run.
PROJECTS = {
    "package": ((), "build"),
    "compiled": (("compiled=pybind11", "cuda=['13']"), "tidy"),
    "image": (("kind=image",), "lint"),
    "pipeline": (("kind=pipeline",), "types"),
    "service": (("kind=service", "debian=trixie"), "browser"),
    "fleet": (("kind=fleet",), "audit"),
}


def make(folder: Path, form: str, name: str = "package") -> Path:
    given = (f"ci_rules={form}", *PROJECTS[name][0])
    words = ["new", str(folder), "--defaults", *(f"--data={each}" for each in given)]
    assert cli.main(words) == ExitCode.DONE
    return folder


def switch(project: Path, form: str) -> int:
    return cli.main(["update", str(project), "--defaults", "--data", f"ci_rules={form}"])


@sampled("name", PROJECTS, 6)
@pytest.mark.parametrize(("form", "other"), [("files", "component"), ("component", "files")])
def test_switching_is_an_update_without_a_conflict(
    form: str, other: str, name: str, tmp_path: Path
) -> None:
    project = make(tmp_path / "a" / "lisa-x", form, name)
    fresh = contents(make(tmp_path / "b" / "lisa-x", other, name))
    with (project / CI).open("a", encoding="utf-8") as file:
        file.write(OWN)
    commit_all(project)
    assert switch(project, other) == ExitCode.DONE
    assert contents(project) == {**fresh, CI: fresh[CI] + OWN.encode()}
    assert cli.main(["check", str(project)]) == ExitCode.DONE


def test_what_the_project_has_set_goes_along(tmp_path: Path) -> None:
    project = make(tmp_path / "lisa-x", "files")
    text = (project / CI).read_text()
    strict = text.replace('LISA_AUDIT_STRICT: "false"', 'LISA_AUDIT_STRICT: "true"')
    assert strict != text
    (project / CI).write_text(strict)
    commit_all(project)
    assert switch(project, "component") == ExitCode.DONE
    lines = (project / CI).read_text().splitlines()
    assert [line.strip() for line in lines if line.startswith("  LISA_")] == [
        'LISA_PROJECT_SLUG: "lisa-lisa-x"',
        'LISA_AUDIT_STRICT: "true"',
    ]


JOB = """
tests:next:
  extends: .nox
  stage: own
  image: $OWN_IMAGE
  allow_failure: true
  script:
    - nox -s lint
"""
STAGES = "stages: [quality, test, build, own, publish, release]"

# What a person does to a pipeline; what a kind of project has not stays undone.
EDITS = (
    ('LISA_AUDIT_STRICT: "false"', 'LISA_AUDIT_STRICT: "true"'),
    ("  LISA_RELEASE_IMAGE:", "  # Ours has git.\n  LISA_RELEASE_IMAGE:"),
    ("variables:\n", 'variables:\n  OWN_IMAGE: "python:3.15-rc"\n'),
    ('          - "3.11"\n', ""),
    ("          - cp311-cp311\n", ""),
    ('IMAGE: ["", noise]', 'IMAGE: [""]'),
    (".clusters:\n", ".clusters:\n  tags: [deploy]\n"),
    ("\nvariables:", f"  - local: /ci/own.yml\n\n{STAGES}\n\nvariables:"),
)


@sampled("name", PROJECTS, 6)
def test_edits_go_there_and_back(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make(tmp_path / "lisa-x", "files", name)
    text = (project / CI).read_text()
    for old, new in EDITS:
        text = text.replace(old, new)
    (project / CI).write_text(text + JOB)
    (project / "ci").mkdir()
    (project / "ci" / "own.yml").write_text("own:\n  stage: own\n  script: [nox -s lint]\n")
    commit_all(project)
    before = yaml.safe_load(text + JOB)
    capsys.readouterr()
    code, said = cli.main(["check", str(project)]), capsys.readouterr().out
    number = int(said.split()[-3])
    for form in ("component", "files"):
        assert switch(project, form) == ExitCode.DONE
        assert "Not taken" not in capsys.readouterr().out
        commit_all(project)
        now = yaml.safe_load((project / CI).read_text())
        merged = ("include", "variables", ".airflows")  # the last is as the template has it
        kept = {key: value for key, value in before.items() if key not in merged}
        assert {key: now.get(key) for key in kept} == kept
        assert {"local": "/ci/own.yml"} in now["include"]
        own = {"OWN_IMAGE": "python:3.15-rc", "LISA_AUDIT_STRICT": "true"}
        assert now["variables"].items() >= own.items()
        assert "  # Ours has git.\n  LISA_RELEASE_IMAGE:" in (project / CI).read_text()
        # One more looks at which component it is.
        told = said.replace(f"{number} rules", f"{number + (form == 'component')} rules")
        assert (cli.main(["check", str(project)]), capsys.readouterr().out) == (code, told)
    assert now == before
    # Beside a variable of the project's own, another place is as good.
    assert sorted((project / CI).read_text().splitlines()) == sorted((text + JOB).splitlines())


def test_what_a_component_brings_back_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make(tmp_path / "lisa-x", "files")
    lines = (project / CI).read_text().splitlines(keepends=True)
    (project / CI).write_text("".join(line for line in lines if "LISA_ZENODO:" not in line))
    commit_all(project)
    capsys.readouterr()
    assert switch(project, "component") == ExitCode.DONE
    told = "LISA_ZENODO: the project has taken it out; the component has it."
    assert told in " ".join(capsys.readouterr().out.split())
    assert "LISA_ZENODO:" not in (project / CI).read_text()


@sampled("name", PROJECTS, 6)
def test_a_check_reads_the_component(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make(tmp_path / "lisa-x", "component", name)
    assert not list(project.glob(".gitlab/ci/*.yml"))
    assert f"/{name}@" in (project / CI).read_text()
    assert cli.main(["check", str(project)]) == ExitCode.DONE
    noxfile = project / "noxfile.py"
    noxfile.write_text(noxfile.read_text().replace(f"def {PROJECTS[name][1]}(", "def made("))
    capsys.readouterr()
    for _ in range(2):  # what is kept between runs is read as well
        assert cli.main(["check", str(project)]) == ExitCode.FINDINGS
        assert "QTY018  .gitlab-ci.yml:3" in capsys.readouterr().out


def test_parts_are_left_out_of_files_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", "ci_rules=component", "--data", "left_out=/.gitlab/ci/sonar.yml"]
    assert cli.main(["new", str(tmp_path / "x"), "--defaults", *words]) == ExitCode.REFUSED
    assert "Parts of the pipeline can be left out" in capsys.readouterr().err


def test_a_project_is_adopted_with_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a_b.py").write_text('"""A module."""\n')
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a-b"\nversion = "1"\n')
    git("init", "--quiet", cwd=tmp_path)
    commit_all(tmp_path)
    words = ["adopt", str(tmp_path), "--defaults", "--data", "ci_rules=component"]
    assert cli.main(words) == ExitCode.REFUSED
    assert "lisa-scaffold update --data ci_rules=component" in capsys.readouterr().err
