"""The replay of histories counts what a reader would count, on a history made for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Tree

pytestmark = pytest.mark.e2e

SOURCE = "https://git.example.org/group/small.git"
ANSWERS = "{{ _copier_answers | to_nice_yaml }}"
MORE = """\
extra: {type: bool}
quiet: {type: bool, when: "{{ not extra }}"}
"""


def git(folder: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path, *tag: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "Next")
    for name in tag:
        git(folder, "tag", name)


@pytest.fixture
def template(tmp_path: Path, tree: Tree) -> Path:
    """Its second version asks one question more, moves a file and raises a pin."""
    folder = tmp_path / "template"
    files = {
        "copier.yml": "_subdirectory: template\nname: {type: str, default: it}\n",
        "template/{{ _copier_conf.answers_file }}.jinja": ANSWERS,
        "template/moved.md": "".join(f"line {number}\n" for number in range(20)),
        "template/pins.toml": 'one = "1"\n',
    }
    git(tree(folder, files), "init", "-q")
    commit(folder, "v1.0.0")
    (folder / "template/docs").mkdir()
    git(folder, "mv", "template/moved.md", "template/docs/moved.md")
    more = {
        "copier.yml": files["copier.yml"] + MORE,
        "template/extra.txt.jinja": "{{ extra }}{{ ' and quiet' if quiet }}\n",
        "template/pins.toml": 'one = "2"\n',
    }
    tree(folder, more)
    commit(folder, "v2.0.0")
    return folder


@pytest.fixture
def project(tmp_path: Path, tree: Tree) -> Path:
    """People changed the moved file and the pin, then updated by hand, once on each branch."""
    folder = tmp_path / "project"
    lines = "".join(f"line {number}\n" for number in range(20))
    answers = f"_src_path: {SOURCE.removesuffix('.git')}.git\nname: it\n"
    files = {
        ".copier-answers.yml": f"_commit: v1.0.0\n{answers}",
        "moved.md": lines + "a line of ours\n",
        "pins.toml": 'one = "1.5"\n',
        "src.py": "unrelated = 1\n",
    }
    git(tree(folder, files), "init", "-q")
    commit(folder)
    git(folder, "checkout", "-q", "-b", "attempt")
    tree(folder, {".copier-answers.yml": f"_commit: v2.0.0\n{answers}extra: true\nquiet: true\n"})
    commit(folder)
    git(folder, "checkout", "-q", "main")
    git(folder, "rm", "-q", "moved.md")
    done = {
        ".copier-answers.yml": f"_commit: v2.0.0\n{answers}extra: true\nquiet: true\n",
        "docs/moved.md": files["moved.md"],
        "extra.txt": "True\n",
        "pins.toml": 'one = "2"\n',
        "src.py": "unrelated = 2\n",
    }
    tree(folder, done)
    commit(folder)
    return folder


def replay(template: Path, project: Path, figures: Path) -> dict[str, Any]:
    command: list[str | Path] = [sys.executable, ROOT / "bench/replay.py", "--template", template]
    command += ["--engines", "copier,git", "--json", figures, project]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(figures.read_text())
    return found


def test_figures_of_a_step(template: Path, project: Path, tmp_path: Path) -> None:
    found = replay(template, project, tmp_path / "figures.json")
    (step,) = found["steps"]
    assert step["merged"]
    assert step["data"] == {"extra": True}
    assert [item["reason"] for item in found["left out"]] == [f"same as {step['name']}"]
    copier, plain = step["engines"]["copier"], step["engines"]["git"]
    for figures in copier, plain:
        assert figures["status"] == 0
        assert figures["conflicts"] == ["pins.toml"]
        assert not figures["clean"]
    lost = {"path": "moved.md", "side": "ours", "line": "a line of ours", "words": True}
    assert copier["lost"] == [lost], "Copier deletes an edit in a file that the template moved"
    assert plain["lost"] == []
    # What people changed beside the update (src.py) counts for nobody; the markers do.
    assert copier["distance"] == plain["distance"] + 1
