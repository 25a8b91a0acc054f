"""A checkout that brings a cache of its own, filled as it would be: none of it is read."""

from __future__ import annotations

import json
import marshal
import os
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lisa_scaffold import cli
from lisa_scaffold.template import CANONICAL_URL, SOURCE_VARIABLE, cache

from ..conftest import Tree
from ..support.sweeps import sampled
from ..support.tools import commit_all, git

Place = Callable[[pytest.MonkeyPatch, Path], None]
ANSWERS = f"_commit: v0.3.0\n_src_path: {CANONICAL_URL}\nname: two\nsize: 3\n"
DRIFTED = "what an attacker wants\n"


@pytest.fixture(autouse=True)
def private() -> Iterator[None]:
    """Folders that git makes look like the user's own: the worst case."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def template(small_template: Path, monkeypatch: pytest.MonkeyPatch, tree: Tree) -> None:
    """The template in a bare repository, with a version that locks a file."""
    settings = (small_template / "copier.yml").read_text()
    locked = f"{settings}_lisa_ownership:\n  locked:\n    - name.txt\n"
    tree(small_template, {"copier.yml": locked})
    for version in ("0.3.0", "0.4.0"):
        tree(small_template, {"template/version.txt": version})
        commit_all(small_template, version)
        git("tag", f"v{version}", cwd=small_template)
    folder = small_template.with_name("template.git")
    git("clone", "--quiet", "--bare", small_template, folder, cwd=small_template.parent)
    monkeypatch.setenv(SOURCE_VARIABLE, str(folder))
    for name in ("CI", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path: Path, tree: Tree) -> Path:
    """A project whose locked file departs from the template."""
    files = {".copier-answers.yml": ANSWERS, "name.txt": DRIFTED}
    folder = tree(tmp_path / "attacker", files)
    git("init", "--quiet", cwd=folder)
    commit_all(folder, "One")
    return folder


def findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Codes of what `check` finds about the template's own files."""
    capsys.readouterr()
    cli.main(["check", "--select", "TPL", "--format", "json", str(folder)])
    return [each["code"] for each in json.loads(capsys.readouterr().out)["findings"]]


def filled(sort: str, content: Callable[[Path], bytes]) -> list[Path]:
    """Let every kept file of one sort hold something else, as only its owner can."""
    folder = cache.folder(sort)
    assert folder is not None
    paths = sorted(folder.iterdir())
    for path in paths:
        cache.write(path, content(path))
    return paths


def cloned(attacker: Path, own: Path) -> Path:
    """What the user gets: the project with the cache in it, committed."""
    shutil.copytree(own, attacker / ".cache")
    git("add", "--force", ".cache", cwd=attacker)
    commit_all(attacker, "Trap")
    clone = attacker.with_name("clone")
    git("clone", "--quiet", attacker, clone, cwd=attacker.parent)
    modes = {path.stat().st_mode & 0o777 for path in (clone / ".cache").rglob("*/")}
    assert modes == {0o700}
    return clone


def the_old_job(patch: pytest.MonkeyPatch, clone: Path) -> None:
    patch.setenv("CI", "true")
    patch.setenv("CI_PROJECT_DIR", str(clone))
    patch.setenv("XDG_CACHE_HOME", str(clone / ".cache"))


def an_absolute_path(patch: pytest.MonkeyPatch, clone: Path) -> None:
    patch.setenv("XDG_CACHE_HOME", str(clone / ".cache"))


def a_relative_path(patch: pytest.MonkeyPatch, clone: Path) -> None:
    patch.setenv("XDG_CACHE_HOME", ".cache")
    patch.chdir(clone)


def a_link_from_outside(patch: pytest.MonkeyPatch, clone: Path) -> None:
    clone.with_name("link").symlink_to(clone / ".cache")
    patch.setenv("XDG_CACHE_HOME", str(clone.with_name("link")))


def the_job_without_git(patch: pytest.MonkeyPatch, clone: Path) -> None:
    shutil.rmtree(clone / ".git")
    patch.setenv("CI_PROJECT_DIR", str(clone))
    patch.setenv("XDG_CACHE_HOME", str(clone / ".cache"))


def an_archive(patch: pytest.MonkeyPatch, clone: Path) -> None:
    shutil.rmtree(clone / ".git")
    patch.setenv("XDG_CACHE_HOME", str(clone / ".cache"))


def a_home_in_the_checkout(patch: pytest.MonkeyPatch, clone: Path) -> None:
    patch.delenv("XDG_CACHE_HOME")
    patch.setenv("HOME", str(clone))


PLACES = [
    the_old_job,
    an_absolute_path,
    a_relative_path,
    a_link_from_outside,
    the_job_without_git,
    an_archive,
    a_home_in_the_checkout,
]


@pytest.mark.uncounted
@sampled("place", PLACES, 3)
def test_a_forged_render_hides_no_drift(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: Place,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert findings(project, capsys) == ["TPL002"]
    # The locked files, and the components.
    forged = json.dumps([{"name.txt": b64encode(DRIFTED.encode()).decode()}, {}]).encode()
    assert filled("renders", lambda _: forged)
    assert findings(project, capsys) == []  # the trap works where the user's own cache has it
    clone = cloned(project, tmp_path / "own")
    place(monkeypatch, clone)
    assert findings(clone, capsys) == ["TPL002"]


@sampled("place", PLACES, 3)
def test_code_in_a_checkout_never_runs(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: Place,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    mark = tmp_path / "it-ran"

    trap = marshal.dumps(compile(f"open({str(mark)!r}, 'w')", "<template>", "exec"))
    assert findings(project, capsys) == ["TPL002"]
    update = ["update", "--defaults", "--dry-run"]
    assert cli.main([*update, str(project)]) == 0
    assert filled("jinja", lambda _: trap)
    filled("renders", lambda _: b"")
    cli.main([*update, str(project)])
    assert mark.exists()  # the trap works where the user's own cache has it
    mark.unlink()
    clone = cloned(project, tmp_path / "own")
    place(monkeypatch, clone)
    assert findings(clone, capsys) == ["TPL002"]
    assert cli.main([*update, str(clone)]) == (0 if (clone / ".git").exists() else 2)
    assert not mark.exists()


@sampled("path", ["/etc/passwd", "../outside", "a/../../outside", "./a", "a//b", ".", ""], 3)
def test_a_kept_render_names_files_of_the_project_alone(
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert findings(project, capsys) == ["TPL002"]
    forged = json.dumps({path: ""}).encode()
    (place,) = filled("renders", lambda _: forged)
    assert findings(project, capsys) == ["TPL002"]
    assert cache.read(place) != forged
