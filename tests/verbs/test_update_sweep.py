"""Templates and projects at random: what holds for every update of them.

Both sides edit, move, delete and add files, change their modes, put links in their place and move
keys of TOML; the template leaves paths out as well. Every line that a side writes is written once,
so that it can be told where it went.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lisa_scaffold import git

from ..support.beside import copier, ours
from ..support.sweeps import examples
from ..support.updates import ANSWERS, QUESTIONS, commit, make_project

pytestmark = pytest.mark.sweep

PLAIN = [f"line {number}\n" for number in range(12)]
TABLES = ["[one]\n", "a = 1\n", "b = 2\n", "\n", "[two]\n", "c = 3\n", "d = 4\n", "\n", "[three]\n"]
PATHS = ("a.dat", "b.dat", "sub/c.dat", "sub/d.toml", "run.sh")
OURS, THEIRS = "mine", "theirs"

KINDS = ("edit", "edit", "insert", "drop line", "move file", "delete", "add", "mode", "link", "key")
places = st.integers(0, 11)
changes = st.lists(st.tuples(st.sampled_from(KINDS), places, places), max_size=4)
template_changes = st.lists(
    st.tuples(st.sampled_from([*KINDS, "exclude"]), places, places), min_size=1, max_size=4
)


@dataclass
class Tree:
    """Files by path: their lines, and which are links or executable; paths that are left out."""

    whose: str
    files: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    executable: set[str] = field(default_factory=set)
    excluded: list[str] = field(default_factory=list)
    written: int = 0

    def change(self, kind: str, first: int, second: int) -> None:  # noqa: C901 - a case for each kind
        """Make one change, where it can be made."""
        names = sorted(self.files)
        if kind == "add" or not names:
            self.files[f"new/{self.whose}-{first}.dat"] = [self.token() for _ in range(4)]
            return
        path = names[first % len(names)]
        lines = self.files[path]
        at = second % max(len(lines), 1)
        if kind == "edit" and lines:
            lines[at] = self.token(path)
        elif kind == "insert":
            lines.insert(at, self.token(path))
        elif kind == "drop line" and lines:
            del lines[at]
        elif kind == "move file":
            moved = f"moved/{self.whose}-{Path(path).name}"
            self.files[moved] = self.files.pop(path)
            self.executable = {moved if each == path else each for each in self.executable}
        elif kind == "delete":
            del self.files[path]
        elif kind == "mode":
            self.executable ^= {path}
        elif kind == "link":
            del self.files[path]
            self.links[path] = "README"
        elif kind == "exclude":
            self.excluded.append(path)
        elif kind == "key" and path.endswith(".toml"):
            move_key(lines, first, second)

    def token(self, path: str = "") -> str:
        """A line that nobody else writes."""
        self.written += 1
        name = f"{self.whose}-{self.written}"
        return f'{name} = "{name}"\n' if path.endswith(".toml") else f"{name}\n"

    def write(self, folder: Path) -> None:
        """Let a folder have these files, and none besides but the answers file."""
        for each in folder.iterdir():
            if each.name == ".git" or "answers" in each.name:
                continue
            shutil.rmtree(each) if each.is_dir() and not each.is_symlink() else each.unlink()
        for path, lines in self.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text("".join(lines))
            place.chmod(0o755 if path in self.executable else 0o644)
        for path, target in self.links.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)


def move_key(lines: list[str], first: int, second: int) -> None:
    keys = [line for line in lines if re.match(r"[a-d] = \d", line)]
    heads = [line for line in lines if line.startswith("[")]
    if keys and heads:
        key = keys[second % len(keys)]
        lines.remove(key)
        lines.insert(lines.index(heads[first % len(heads)]) + 1, key)


def start(whose: str) -> Tree:
    files = {path: list(TABLES if path.endswith(".toml") else PLAIN) for path in PATHS}
    for path, lines in files.items():
        if not path.endswith(".toml"):
            lines[0] = f"# {path}\n"
    return Tree(whose, {**files, "README": ["read me\n"]}, executable={"run.sh"})


@contextmanager
def made(mine: Any, *steps: Any) -> Iterator[Path]:
    """A folder with a project, and its template, which has a version for each step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template, project = folder / "template", folder / "project"
        (template / "template").mkdir(parents=True)
        git.git("init", "--quiet", cwd=template)
        (template / "template/.copier-answers.yml.jinja").write_text(ANSWERS)
        tree = start(THEIRS)
        for number, step in enumerate(([], *steps), 1):
            for change in step:
                tree.change(*change)
            tree.write(template / "template")
            excluded = json.dumps(tree.excluded)
            config = f"{QUESTIONS}_preserve_symlinks: true\n_exclude: {excluded}\n"
            (template / "copier.yml").write_text(f"{config}# {number}\n")
            commit(template)
            git.git("tag", f"v{number}.0.0", cwd=template)
        make_project(template, project)
        edited = start(OURS)
        for change in mine:
            edited.change(*change)
        edited.write(project)
        (project / "own.txt").write_text("own\n")
        commit(project)
        yield folder


def snapshot(project: Path) -> dict[str, str]:
    """What stands in a project, its answers file left out."""
    found = {}
    for place in sorted(project.rglob("*")):
        path = place.relative_to(project).as_posix()
        if (
            path.startswith(".git/")
            or "answers" in path
            or (place.is_dir() and not place.is_symlink())
        ):
            continue
        if place.is_symlink():
            found[path] = f"link {place.readlink()}"
        else:
            mode = "x" if os.access(place, os.X_OK) else "-"
            found[path] = f"{mode} {place.read_text()}"
    return found


def tokens(text: str, whose: str) -> set[str]:
    return set(re.findall(rf"\b{whose}-\d+\b", text))


def words(project: Path) -> str:
    return "\n".join(snapshot(project).values())


# Each example takes seconds: none is made smaller.
SLOW = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@settings(SLOW, max_examples=examples(60))
@given(changes, template_changes)
def test_nothing_that_the_project_wrote_is_lost_and_a_second_update_changes_nothing(
    mine: Any, theirs: Any
) -> None:
    with made(mine, theirs) as folder:
        project = folder / "project"
        before = tokens(words(project), OURS)
        done = ours(project)
        assert done.returncode in (0, 1), done.stderr
        assert before <= tokens(words(project) + done.stdout, OURS)
        assert (project / "own.txt").read_text() == "own\n"
        if done.returncode:
            return
        commit(project)
        after = snapshot(project)
        assert ours(project).stdout == "Nothing to do: the project has v2.0.0.\n"
        # With an answer given, the whole of it is worked out again.
        again = ours(project, "--data", "name=demo", "--format", "json")
        assert json.loads(again.stdout)["changes"] == []
        assert snapshot(project) == after


@settings(SLOW, max_examples=examples(30))
@given(changes, template_changes)
def test_never_less_than_copier_brings(mine: Any, theirs: Any) -> None:
    with made(mine, theirs) as folder:
        project, twin = folder / "project", folder / "twin"
        shutil.copytree(project, twin, symlinks=True)
        if copier(twin).returncode:
            return
        done = ours(project)
        assert done.returncode in (0, 1), done.stderr
        here = words(project) + done.stdout
        assert tokens(words(twin), THEIRS) <= tokens(here, THEIRS)
        assert tokens(words(twin), OURS) <= tokens(here, OURS)


@settings(SLOW, max_examples=examples(40))
@given(changes, template_changes, template_changes)
def test_two_steps_give_what_one_gives(mine: Any, first: Any, second: Any) -> None:
    """Where neither is in conflict, and nothing is left out that the next step cannot know of."""
    with made(mine, first, second) as folder:
        project, twin = folder / "project", folder / "twin"
        shutil.copytree(project, twin, symlinks=True)
        reports = [json.loads(ours(project, "--format", "json").stdout)]
        for version in ("v2.0.0", "v3.0.0"):
            done = ours(twin, "--to", version, "--format", "json")
            reports.append(json.loads(done.stdout))
            if reports[-1]["conflicts"]:
                return
            commit(twin)
        if not any(report["conflicts"] or report["notes"] for report in reports):
            # Of a file that is left out at last, one step never sees what the first would bring.
            settled = yaml.safe_load((folder / "template/copier.yml").read_text())["_exclude"]
            here, there = (
                {path: text for path, text in snapshot(place).items() if path not in settled}
                for place in (project, twin)
            )
            assert here == there
