"""The table of released versions, and how a version is released."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest

from lisa_scaffold.errors import LisaError
from lisa_scaffold.template.source import Source

from .conftest import ROOT, Tree
from .support.tools import commit_all, git

sys.path.append(str(ROOT / "releases"))

import hatch_build
import release as releases

CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Two.

## [0.1.0] - 2026-01-01

- One.
"""
PYPROJECT = '[project]\nname = "x"\nversion = "0.1.0"\ndescription = "a"\n'


@pytest.fixture
def checkout(tmp_path: Path, tree: Tree) -> Path:
    """A repository whose version 0.1.0 is in the table, and has no tag."""
    folder = tmp_path / "checkout"
    parts = {"CHANGELOG.md": CHANGELOG, "pyproject.toml": PYPROJECT, "copier.yml": "{}\n"}
    tree(folder, {**parts, "template/a": "one\n"})
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    commit_all(folder, "One")
    commit = git("rev-parse", "HEAD", cwd=folder).strip()
    table = f'["v0.1.0"]\ncommit = "{commit}"\ndate = 2026-01-01\n'
    tree(folder, {"releases/versions.toml": table, "template/a": "two\n"})
    tree(folder, {"pyproject.toml": PYPROJECT.replace("0.1", "0.2")})
    commit_all(folder, "Two")
    return folder


def rendered(source: Path | str, version: str) -> str:
    with Source(str(source)).open(version) as opened:
        return (opened.root / "template/a").read_text()


def test_the_table_names_commits_of_this_history() -> None:
    table = tomllib.loads((ROOT / releases.TABLE).read_text(encoding="utf-8"))
    assert list(table) == sorted(table, key=lambda tag: releases._numbers(tag[1:]))
    for version, row in table.items():
        assert set(row) == {"commit", "date"}
        assert f"## [{version[1:]}] - {row['date']}" in releases._split(ROOT)[2]


def test_a_working_copy_knows_a_version_without_its_tag(checkout: Path) -> None:
    source = Source(str(checkout))
    assert source.versions() == ["v0.1.0", "v0.2.0"]
    assert rendered(checkout, "v0.1.0") == "one\n"
    assert rendered(checkout, "v0.2.0") == "two\n"


def test_that_version_is_copied_without_the_history(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lisa_scaffold.git.clone_bare", None)
    assert rendered(checkout, "v0.1.0") == "one\n"


def test_so_does_what_is_built_from_it(checkout: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "x.bundle"
    hatch_build.make_bundle(checkout, "v0.2.0", bundle)
    assert Source(str(bundle)).versions() == ["v0.1.0", "v0.2.0"]
    assert rendered(bundle, "v0.1.0") == "one\n"
    assert rendered(bundle, "v0.2.0") == "two\n"


def test_a_tag_counts_more_than_the_table(checkout: Path) -> None:
    git("tag", "v0.1.0", "HEAD", cwd=checkout)
    assert hatch_build.find_released(checkout) == {"v0.1.0": "refs/tags/v0.1.0"}
    assert rendered(checkout, "v0.1.0") == "two\n"


def test_a_shallow_clone_says_what_it_lacks(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shallow = tmp_path / "shallow"
    git("clone", "--quiet", "--depth=1", checkout.as_uri(), shallow, cwd=tmp_path)
    assert hatch_build.find_released(shallow) == {}
    assert capsys.readouterr().err == (
        f"{shallow}: this clone lacks the commit of v0.1.0; what is built from it cannot update "
        "projects of that version. `git fetch --unshallow` brings it.\n"
    )
    with pytest.raises(LisaError, match=r"v0\.1\.0: no such version"):
        rendered(shallow, "v0.1.0")


@pytest.mark.parametrize("content", ["v0.1.0 = 1\n", "[v1]\n", "{", '["v1"]\ncommit = 1\n[v1]\n'])
def test_a_table_that_is_none_is_refused(checkout: Path, tree: Tree, content: str) -> None:
    tree(checkout, {"releases/versions.toml": content})
    with pytest.raises(LisaError, match="is no table of versions"):
        Source(str(checkout)).versions()


def test_a_release_is_dated_tagged_and_recorded(checkout: Path) -> None:
    assert releases.find_obstacle(checkout, "0.2.0") == ""
    releases.release(checkout, "0.2.0", date(2026, 2, 3))
    tagged = git("rev-parse", "v0.2.0^{commit}", cwd=checkout).strip()
    table = tomllib.loads((checkout / releases.TABLE).read_text())
    assert table["v0.2.0"] == {"commit": tagged, "date": date(2026, 2, 3)}
    assert git("show", "v0.2.0:CHANGELOG.md", cwd=checkout) == CHANGELOG.replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n"
    )
    assert 'version = "0.2.0"' in git("show", "v0.2.0:pyproject.toml", cwd=checkout)
    assert git("status", "--porcelain", cwd=checkout) == ""
    assert list(hatch_build.find_released(checkout)) == ["v0.1.0", "v0.2.0"]
    assert releases.find_obstacle(checkout, "0.2.0") == "0.2.0 is not above v0.2.0"
    assert "has nothing" in releases.find_obstacle(checkout, "0.3.0")


@pytest.mark.parametrize(
    ("version", "arrange", "words"),
    [
        ("", [], "nothing: name a version"),
        ("v0.2.0", [], "v0.2.0: name a version"),
        ("0.1.0", [], "0.1.0 is not above v0.1.0"),
        ("0.0.9", [], "0.0.9 is not above v0.1.0"),
        ("0.2.0", ["tag", "v0.2.0"], "the tag v0.2.0 is taken"),
        ("0.2.0", ["checkout", "-q", "-b", "other"], "check out the branch main"),
        ("0.2.0", ["rm", "-q", "copier.yml"], "commit or stash"),
    ],
)
def test_what_keeps_a_version_from_being_released(
    checkout: Path, version: str, arrange: list[str], words: str
) -> None:
    if arrange:
        git(*arrange, cwd=checkout)
    assert releases.find_obstacle(checkout, version).startswith(words)


def test_the_command_refuses_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "releases/release.py", "check", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "No release: 1: name a version, such as 1.2.3.\n")


def test_a_released_version_stays_as_it_is(checkout: Path, tree: Tree) -> None:
    assert releases.find_changed(checkout) == []
    releases.release(checkout, "0.2.0", date(2026, 2, 3))
    tree(checkout, {"src/x.py": "x = 1\n"})
    assert releases.find_changed(checkout) == []
    tree(checkout, {"template/a": "three\n"})
    assert releases.find_changed(checkout) == ["template/a"]
    tree(checkout, {"pyproject.toml": PYPROJECT.replace("0.1", "0.3")})
    assert releases.find_changed(checkout) == []


def test_nothing_changes_under_the_version_that_stands_here() -> None:
    assert releases.find_changed(ROOT) == [], (
        "give pyproject.toml the next version: projects record this one, which has been released"
    )
