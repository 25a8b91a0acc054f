from __future__ import annotations

import os
from pathlib import Path

import pytest

from lisa_scaffold.template import cache


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    assert cache.read(tmp_path / "a") is None
    cache.write(tmp_path / "a", b"content")
    assert cache.read(tmp_path / "a") == b"content"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    cache.write(tmp_path / "nowhere/a", b"content")
    assert cache.read(tmp_path / "nowhere/a") is None


def test_what_was_used_last_stays(tmp_path: Path) -> None:
    for number, name in enumerate("abcd"):
        cache.write(tmp_path / name, b"")
        os.utime(tmp_path / name, (number, number))
    cache.read(tmp_path / "a")
    cache.prune(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "d"]


def test_pruning_nothing_is_no_trouble(tmp_path: Path) -> None:
    cache.prune(tmp_path / "nowhere", 2)


def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = cache.folder("renders")
    assert folder == tmp_path / "lisa-scaffold/renders"
    assert folder.stat().st_mode & 0o777 == 0o700
