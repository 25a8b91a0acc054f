"""What follows from another answer in files that are the project's own."""

from __future__ import annotations

import json
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode

from ..support.adopting import BSD, adopt, make
from ..support.sweeps import sampled
from ..support.updates import Capture, Files, commit, write

pytestmark = pytest.mark.usefixtures("no_hook_programs", "uncounted_renders")

Answer = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "lisa-x"
    assert cli.main(["new", str(folder), "--defaults", "--data", "license=MIT"]) == ExitCode.DONE
    return folder


def answered(project: Path, capsys: Capture, *answers: str) -> tuple[int, dict[str, Any]]:
    data = [word for each in answers for word in ("--data", each)]
    capsys.readouterr()
    code = cli.main(["update", str(project), *data, "--format", "json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_a_seeded_file_lacks_is_offered(project: Path, capsys: Capture) -> None:
    code, told = answered(project, capsys, "compiled=nanobind")
    path = "src/lisa_x/__init__.py"
    assert code == ExitCode.DONE
    assert "+from lisa_x.spectrum import" in told["patches"][path]
    assert {"path": path, "status": "kept"} in told["changes"]
    (project / "offered.patch").write_text(told["patches"][path])
    git.git("apply", "offered.patch", cwd=project)
    assert "lisa_x.spectrum" in (project / path).read_text()


@pytest.mark.sweep
def test_a_file_that_has_it_already_is_not_named(project: Path, capsys: Capture) -> None:
    _, told = answered(project, capsys, "compiled=none", "cli=yes")
    assert [
        each for each in told["changes"] if each["path"].startswith("src/lisa_x/__init__")
    ] == []


README = "# X\n\n## License\n\nWe take the MIT licence, as all of us do: see [LICENSE](LICENSE).\n"


def test_a_readme_that_names_the_former_licence_is_told(project: Path, capsys: Capture) -> None:
    write(project, {"README.md": README})
    commit(project)
    code, told = answered(project, capsys, "license=BSD-3-Clause")
    assert code == ExitCode.FINDINGS
    assert told["conflicts"] == []
    assert told["tasks"] == [
        "README.md: line 5: the README names MIT, but LICENSE contains the text of BSD-3-Clause: "
        "correct the wrong one."
    ]


METADATA = '[project]\nname = "lisa-own"\nversion = "1"\n'
OWN: Files = {"src/lisa_own/__init__.py": "", "pyproject.toml": METADATA}


@sampled(
    ("before", "expected"),
    [("", 'license = "MIT"'), ('license = "LicenseRef-own"\n', 'license = "LicenseRef-own"')],
    2,
)
def test_the_metadata_of_an_adopted_project_follow(
    before: str, expected: str, tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "own", {**OWN, "pyproject.toml": METADATA + before})
    assert adopt(project) == ExitCode.DONE
    git.git("merge", "--quiet", "lisa-scaffold/adopt", cwd=project)
    assert adopt(project, "--data", "license=MIT") == ExitCode.DONE
    assert "lisa-scaffold update --data license=MIT" in capsys.readouterr().out
    code, told = answered(project, capsys, "license=MIT")
    assert (code, told["tasks"], told["conflicts"]) == (ExitCode.DONE, [], [])
    assert f"\n{expected}\n" in (project / "pyproject.toml").read_text()
    assert "MIT License" in (project / "LICENSE").read_text()
    assert "## License" not in (project / "README.md").read_text()


ADDRESS = "https://example.org/lisa/own"
SAID = ("description=Noise.", "license=MIT", f"code_url={ADDRESS}")


@pytest.mark.parametrize("is_late", [False, True])
def test_what_is_given_stands_in_the_metadata(
    is_late: bool, tmp_path: Path, capsys: Capture
) -> None:
    """By an adoption as by an update after it, and over nothing that is there."""
    project = make(tmp_path / "own", OWN)
    given = [word for each in SAID for word in ("--data", each)]
    assert adopt(project, *([] if is_late else given)) == ExitCode.DONE
    git.git("merge", "--quiet", "lisa-scaffold/adopt", cwd=project)
    capsys.readouterr()
    if is_late:
        code, told = answered(project, capsys, *SAID)
        assert (code, told["tasks"], told["conflicts"]) == (ExitCode.DONE, [], [])
        commit(project)
    stated = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert (stated["description"], stated["license"]) == ("Noise.", "MIT")
    assert stated["urls"] == {"Source": ADDRESS}
    code, told = answered(project, capsys, "description=Other.")
    assert (code, told["tasks"], told["conflicts"]) == (ExitCode.DONE, [], [])
    assert tomllib.loads((project / "pyproject.toml").read_text())["project"] == stated


def test_a_new_reference_tells_of_the_modules(tmp_path: Path, capsys: Capture) -> None:
    more = {"src/lisa_own/_a.py": "", "src/lisa_own/b.py": "", "src/lisa_own/c/d.py": ""}
    project = make(tmp_path / "own", {**OWN, **more})
    assert adopt(project) == ExitCode.DONE
    git.git("merge", "--quiet", "lisa-scaffold/adopt", cwd=project)
    capsys.readouterr()
    code, told = answered(project, capsys, "docs=true")
    assert (code, told["tasks"], told["conflicts"]) == (ExitCode.DONE, [], [])
    said = "its block for each module (lisa_own.b and lisa_own.c.d)."
    assert [each for each in told["notes"] if each.endswith(said)]


def test_a_licence_under_another_name_is_linked(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "own", {**OWN, "LICENSE.txt": BSD})
    assert adopt(project, "--in-place") == ExitCode.DONE
    capsys.readouterr()
    assert "[LICENSE.txt](LICENSE.txt)" in (project / "README.md").read_text()


def test_a_job_of_the_projects_own_without_its_session_is_told_beside_a_conflict(
    project: Path, capsys: Capture
) -> None:
    pipeline = project / ".gitlab-ci.yml"
    own = "\nslow:\n  extends: .nox\n  script:\n    - nox -s tests-3.11 -- slow\n"
    text = pipeline.read_text()
    image = "docker.io/library/python:3.11"
    assert text.count(image) == 1
    ours = text.replace(image, "registry.example.org/tools:2") + own
    write(project, {".gitlab-ci.yml": ours})
    commit(project)
    code, told = answered(project, capsys, "python_min=3.12")
    assert code == ExitCode.FINDINGS
    said = "noxfile.py has no session tests-3.11, so this fails: see `nox -l`."
    assert [each for each in told["tasks"] if each.endswith(said)]
    assert told["conflicts"] == [".gitlab-ci.yml"]


def test_what_contributing_says_of_other_answers_works(project: Path, capsys: Capture) -> None:
    text = (project / "CONTRIBUTING.md").read_text()
    commands = [
        shlex.split(line) for line in text.split("\n") if line.startswith("lisa-scaffold u")
    ]
    assert len(commands) == 2
    for _, verb, *words in commands:
        assert cli.main([verb, str(project), *words]) == ExitCode.DONE
        git.git("commit", "--quiet", "--message=More", cwd=project)
    capsys.readouterr()
    for path in ("CITATION.cff", "pyproject.toml"):
        assert "jo.roe@example.org" in (project / path).read_text()
    assert (project / "notebooks/noise.ipynb").is_file()
    # What is done is not said again.
    assert "--data notebooks=true" not in (project / "CONTRIBUTING.md").read_text()
