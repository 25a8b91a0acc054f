from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git
from lisa_scaffold.errors import LisaError
from lisa_scaffold.model import Identity


def test_git_says_why_it_failed(tmp_path: Path) -> None:
    with pytest.raises(LisaError, match=r"^git log: fatal: not a git repository"):
        git.git("log", cwd=tmp_path)


def test_identity_is_that_of_the_configuration(home: Path) -> None:
    assert git.identity() == Identity("Ada Example", "ada@example.org")
    (home / ".gitconfig").write_text("[user]\n\tname = Ada = B, C\n")
    assert git.identity() == Identity("Ada = B, C", "")
    (home / ".gitconfig").write_text("")
    assert git.identity() == Identity("", "")


def test_versions_are_sorted_as_numbers_and_other_tags_left_out(tmp_path: Path) -> None:
    git.git("init", "-q", tmp_path)
    git.git("commit", "-q", "--allow-empty", "-m", "one", cwd=tmp_path)
    for tag in ("v0.10.0", "v0.9.1", "v1.0.0rc1", "0.5.0", "nightly", "v0.9.10"):
        git.git("tag", tag, cwd=tmp_path)
    assert git.version_tags(tmp_path) == ["v0.9.1", "v0.9.10", "v0.10.0"]


def test_versions_of_a_place_without_a_repository(tmp_path: Path) -> None:
    with pytest.raises(LisaError, match="git ls-remote: fatal"):
        git.version_tags(tmp_path / "nowhere")


def test_clone_at_gives_the_files_of_the_tag(small_template: Path, tmp_path: Path) -> None:
    git.clone_at(small_template, "v0.1.0", tmp_path / "clone")
    assert (tmp_path / "clone/template/version.txt").read_text() == "0.1.0"


def test_a_new_repository_has_one_commit_on_main(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    git.start_repository(
        tmp_path, "Start", "https://x.example.org/p.git", Identity("Né É", "n@example.org")
    )
    log = git.git("log", "--format=%D|%an|%ae|%cn|%s", cwd=tmp_path)
    assert log == "HEAD -> main|Né É|n@example.org|Né É|Start\n"
    assert git.git("remote", "get-url", "origin", cwd=tmp_path) == "https://x.example.org/p.git\n"
    assert git.git("status", "--porcelain", cwd=tmp_path) == ""


def test_the_first_commit_needs_no_signing_key_and_runs_no_hook(tmp_path: Path, home: Path) -> None:
    hooks = home / "hooks"
    hooks.mkdir()
    (hooks / "pre-commit").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "pre-commit").chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[commit]\n\tgpgSign = true\n[core]\n\thooksPath = {hooks}\n[gpg]\n\tprogram = false\n"
    )
    (tmp_path / "file").write_text("x")
    git.start_repository(tmp_path, "Start", "https://x.example.org/p.git", Identity("N", ""))
    assert git.git("log", "--format=%s", cwd=tmp_path) == "Start\n"
