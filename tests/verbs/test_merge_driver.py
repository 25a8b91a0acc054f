"""Plain git merges files by their parts, once the driver is set up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.verbs import driver

from ..support.tools import commit_all, git, program
from ..support.updates import write

TOML = """\
[project]
name = "noise"
dependencies = [
  "numpy>=1",
  "scipy>=1",
]

[tool.ruff]
line-length = 100
"""
# Both sides add a requirement at one place, and change lines that touch each other.
OURS = TOML.replace('  "scipy', '  "astropy>=6",\n  "scipy').replace("100", "120")
THEIRS = TOML.replace('  "scipy', '  "h5py>=3",\n  "scipy') + "preview = true\n"
BOTH = (
    TOML.replace('  "scipy', '  "astropy>=6",\n  "h5py>=3",\n  "scipy').replace("100", "120")
    + "preview = true\n"
)

LIST = 'classifiers = [\n  "a :: 3",\n{}{}  "b",\n]\n'
OPEN = "<<<<<<< ours\n=======\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    monkeypatch.chdir(folder)
    # git starts the driver by its name.
    path = f"{Path(program('lisa-scaffold')).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    return folder


def diverge(folder: Path, path: str, base: str, ours: str, theirs: str) -> None:
    """Commit a file on main, and two changes of it: one there and one on ``other``."""
    write(folder, {path: base})
    commit_all(folder, "Base")
    git("switch", "--quiet", "--create", "other", cwd=folder)
    write(folder, {path: theirs})
    commit_all(folder, "Theirs")
    git("switch", "--quiet", "main", cwd=folder)
    write(folder, {path: ours})
    commit_all(folder, "Ours")


def merge(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    words = ["git", *(command or ("merge", "--quiet", "other"))]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.uncounted
@pytest.mark.parametrize(
    "command",
    [("merge", "--quiet", "other"), ("cherry-pick", "other"), ("rebase", "--quiet", "other")],
    ids=lambda command: command[0],
)
def test_files_are_merged_by_their_parts(repository: Path, command: tuple[str, ...]) -> None:
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    done = merge(repository, *command)
    assert done.returncode == 0, done.stdout + done.stderr
    merged = (repository / "pyproject.toml").read_text()
    # A rebase puts ours on top of theirs.
    swapped = BOTH.replace('"astropy>=6",\n  "h5py>=3"', '"h5py>=3",\n  "astropy>=6"')
    assert merged == (swapped if command[0] == "rebase" else BOTH)


def test_without_the_driver_it_is_a_conflict(repository: Path) -> None:
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    assert merge(repository).returncode == 1


def unnamed(text: str) -> str:
    """A text with the sides called as git before 2.44 leaves them: newer ones tell their names."""
    for mark, side in (("<" * 7, "ours"), ("|" * 7, "base"), (">" * 7, "theirs")):
        text = re.sub(rf"^{re.escape(mark)} .*$", f"{mark} {side}", text, flags=re.MULTILINE)
    return text


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_what_is_open_has_markers_in_the_chosen_style(repository: Path, style: str) -> None:
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    git("config", "merge.conflictStyle", style, cwd=repository)
    ours, theirs = OURS.replace("noise", "ours"), THEIRS.replace("noise", "theirs")
    diverge(repository, "pyproject.toml", TOML, ours, theirs)
    assert merge(repository).returncode == 1
    base = "" if style == "merge" else '||||||| base\nname = "noise"\n'
    marked = f'<<<<<<< ours\nname = "ours"\n{base}=======\nname = "theirs"\n>>>>>>> theirs\n'
    expected = BOTH.replace('name = "noise"\n', marked)
    assert unnamed((repository / "pyproject.toml").read_text()) == expected
    assert git("diff", "--name-only", "--diff-filter=U", cwd=repository) == "pyproject.toml\n"


def test_what_is_open_is_no_wider_for_what_is_near(repository: Path) -> None:
    """Both extend two lists, one of them in one line; pins and a value beside them are open."""
    base = TOML + '\n[project.optional-dependencies]\ntest = ["pytest"]\n'
    ours = base.replace("numpy>=1", "numpy==1.1").replace('  "scipy', '  "astropy>=6",\n  "scipy')
    ours = ours.replace('"pytest"', '"pytest", "pytest-cov"').replace("100", "110")
    theirs = base.replace("numpy>=1", "numpy==1.2").replace('  "scipy', '  "h5py>=3",\n  "scipy')
    theirs = theirs.replace('"pytest"', '"pytest", "hypothesis"').replace("100", "120")
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    diverge(repository, "pyproject.toml", base, ours, theirs + "\n[tool.theirs]\na = 1\n")
    assert merge(repository).returncode == 1
    assert (
        unnamed((repository / "pyproject.toml").read_text())
        == """\
[project]
name = "noise"
dependencies = [
<<<<<<< ours
  "numpy==1.1",
=======
  "numpy==1.2",
>>>>>>> theirs
  "astropy>=6",
  "h5py>=3",
  "scipy>=1",
]

[tool.ruff]
<<<<<<< ours
line-length = 110
=======
line-length = 120
>>>>>>> theirs

[project.optional-dependencies]
test = ["pytest", "pytest-cov", "hypothesis"]

[tool.theirs]
a = 1
"""
    )


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        # What the template would have to be told of is open, and no more than that.
        (
            LIST.format('  "a :: 3.1",\n', "") + "n = 1\n",
            LIST.format("", "") + "n = 2\n",
            LIST.format('  "a :: 3.1",\n', '  "a :: 3.2",\n') + "n = 1\nm = 1\n",
            LIST.format("", f'{OPEN}  "a :: 3.2",\n>>>>>>> theirs\n') + "n = 2\nm = 1\n",
        ),
        (
            "[a]\nk = 1\n\n[b]\nk = 1\n",
            "[a]\nk = 2\n\n[b]\nk = 1\n",
            "[b]\nk = 3\n",
            "<<<<<<< ours\n[a]\nk = 2\n=======\n>>>>>>> theirs\n\n[b]\nk = 3\n",
        ),
    ],
)
def test_what_would_have_to_be_told_is_open(base: str, ours: str, theirs: str, merged: str) -> None:
    sides = driver.Sides(base.encode(), ours.encode(), theirs.encode())
    assert driver.merge_sides("a.toml", sides, 7).content.decode() == merged


def test_what_would_have_to_be_told_is_left_to_git(repository: Path) -> None:
    """An update takes the newer of two pins, and says so; here nobody would read it."""
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    pins = [f"numpy=={each}\nscipy==1.0\n" for each in ("1.0", "1.1", "1.2")]
    diverge(repository, "requirements.txt", *pins)
    assert merge(repository).returncode == 1
    assert "<<<<<<< ours\nnumpy==1.1\n=======\nnumpy==1.2\n" in unnamed(
        (repository / "requirements.txt").read_text()
    )


@pytest.mark.parametrize(
    ("attributes", "code", "marked"),
    [
        ("*.toml -merge\n", 1, False),
        ("*.toml merge=union\n", 0, False),
        ("*.toml merge=text\n", 1, True),
    ],
)
def test_the_attributes_of_the_project_win(
    repository: Path, attributes: str, code: int, marked: bool
) -> None:
    write(repository, {".gitattributes": attributes})
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    assert merge(repository).returncode == code
    assert ("<<<<<<<" in (repository / "pyproject.toml").read_text()) == marked


def test_for_all_repositories_of_the_user(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert cli.main(["merge-driver", "install", "--global"]) == ExitCode.DONE
    assert not (repository / ".gitattributes").exists()
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    assert merge(repository).returncode == 0
    assert (repository / "pyproject.toml").read_text() == BOTH


def test_where_the_driver_is_gone_no_side_is_lost(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git takes a driver that cannot be started for a conflict, and writes no marker."""
    gone = tmp_path / "gone" / "python"
    monkeypatch.setattr(sys, "executable", str(gone))
    write(gone.parent, {"lisa-scaffold": "#!/bin/sh\n"})
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    (gone.parent / "lisa-scaffold").unlink()
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    assert merge(repository).returncode == 1
    merged = (repository / "pyproject.toml").read_text()
    assert "<<<<<<< " in merged
    for side in (OURS, THEIRS):
        assert {*side.splitlines()} <= {*merged.splitlines()}


@pytest.mark.parametrize(
    "text",
    [
        "#!/nowhere/python\n",
        "#!/bin/sh\nexit 2\n",
        "#!/bin/sh\nexit 3\n",
        "#!/bin/sh\nkill -9 $$\n",
    ],
    ids=["no interpreter", "refused", "defect", "killed"],
)
def test_where_the_driver_fails_no_side_is_lost(
    text: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment outlives the Python that it was made with, and a disk may be full."""
    failing = tmp_path / "failing" / "lisa-scaffold"
    monkeypatch.setattr(sys, "executable", str(failing.with_name("python")))
    write(failing.parent, {failing.name: text})
    failing.chmod(0o755)
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    assert merge(repository).returncode == 1
    merged = (repository / "pyproject.toml").read_text()
    assert "<<<<<<< " in merged
    for side in (OURS, THEIRS):
        assert {*side.splitlines()} <= {*merged.splitlines()}


def test_a_percent_sign_in_the_path_of_the_program_is_one(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git would put the name of the file there, outside of the quotes that a shell reads."""
    odd = tmp_path / "100%Pure"
    odd.mkdir()
    (odd / "lisa-scaffold").symlink_to(program("lisa-scaffold"))
    monkeypatch.setattr(sys, "executable", str(odd / "python"))
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    diverge(repository, "pyproject.toml", TOML, OURS, THEIRS)
    assert merge(repository).returncode == 0
    assert (repository / "pyproject.toml").read_text() == BOTH


def test_what_is_removed_is_as_before(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = "*.dat binary\n\n# ours\n*.toml text\n"
    write(repository, {".gitattributes": own})
    config = (repository / ".git/config").read_text()
    for _ in range(2):
        assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    lines = (repository / ".gitattributes").read_text().splitlines()
    assert lines.count("*.toml merge=lisa-scaffold") == 1
    assert lines[-4:] == own.splitlines()
    capsys.readouterr()
    for said in ("git merges the lines again of what ", "The driver is not set up: "):
        assert cli.main(["merge-driver", "remove"]) == ExitCode.DONE
        assert capsys.readouterr().out.startswith(said)
    assert (repository / ".gitattributes").read_text() == own
    assert (repository / ".git/config").read_text() == config


def test_attributes_behind_a_link_are_refused(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"outside": "mine\n"})
    (repository / ".gitattributes").symlink_to(tmp_path / "outside")
    config = (repository / ".git/config").read_text()
    assert cli.main(["merge-driver", "install"]) == ExitCode.REFUSED
    assert "a link, which is not written to" in capsys.readouterr().err
    assert (tmp_path / "outside").read_text() == "mine\n"
    assert (repository / ".git/config").read_text() == config


def test_binary_files_are_left_to_git(repository: Path) -> None:
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    diverge(repository, "a.json", "\0base", "\0ours", "\0theirs")
    assert merge(repository).returncode == 1
    assert (repository / "a.json").read_text() == "\0ours"
    assert "both modified" in git("status", cwd=repository)


def test_a_folder_without_a_repository_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["merge-driver", "install"]) == ExitCode.REFUSED
    assert "no git repository" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["-V", "--help", "-Vx.toml", "--version.toml"])
def test_a_path_is_no_option(repository: Path, path: str) -> None:
    assert cli.main(["merge-driver", "install"]) == ExitCode.DONE
    attributes = repository / ".gitattributes"
    attributes.write_text(f"{attributes.read_text()}{path} merge=lisa-scaffold\n")
    diverge(repository, path, "a = 1\n", "a = 2\n", "a = 3\n")
    assert merge(repository).returncode == 1
    assert unnamed((repository / path).read_text()) == (
        "<<<<<<< ours\na = 2\n=======\na = 3\n>>>>>>> theirs\n"
    )


def test_markers_are_no_longer_than_anybody_needs(repository: Path) -> None:
    write(repository, {"base": "a = 1\n", "ours": "a = 2\n", "theirs": "a = 3\n"})
    asked = ["merge-driver", "run", "base", "ours", "theirs", "a.toml", "--marker-size=400000000"]
    assert cli.main(asked) == ExitCode.FINDINGS
    assert (repository / "ours").read_text().startswith(f"{'<' * 1000} ours\n")


def test_both_added_the_file() -> None:
    done = driver.merge_sides("a.json", driver.Sides(b"", b'{"a": 1}\n', b'{"b": 2}\n'), 9)
    assert done.conflicts == 1
    assert done.content.startswith(b"<<<<<<<<< ours\n")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (("HEAD", "1a2b3c4", "feature/noise"), ("HEAD", "1a2b3c4", "feature/noise")),
        # What git before 2.44 hands over, and a side that has no name.
        (("%X", "%S", "%Y"), ("ours", "base", "theirs")),
        (("", "", "--other"), ("ours", "base", "--other")),
    ],
)
def test_markers_name_the_sides_as_git_does(
    repository: Path, given: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    git("config", "merge.conflictStyle", "diff3", cwd=repository)
    write(repository, {"base": "a = 1\n", "ours": "a = 2\n", "theirs": "a = 3\n"})
    sides = ("ours", "base", "theirs")
    names = [f"--{side}-name={name}" for side, name in zip(sides, given, strict=True)]
    asked = ["merge-driver", "run", "base", "ours", "theirs", "a.toml", *names]
    assert cli.main(asked) == ExitCode.FINDINGS
    marks = ("<" * 7, "|" * 7, ">" * 7)
    ours, base, theirs = (f"{mark} {name}" for mark, name in zip(marks, shown, strict=True))
    expected = f"{ours}\na = 2\n{base}\na = 1\n=======\na = 3\n{theirs}\n"
    assert (repository / "ours").read_text() == expected
