"""What the slow tests keep between sessions: made once for each recipe, dropped unused."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from .parts import cache


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")
    return tmp_path / "cache"


def made(recipe: str) -> Path:
    def make(path: Path) -> None:
        path.write_text(f"{time.monotonic_ns()}")

    return cache.cached("it", [recipe], make)


def test_each_recipe_is_made_once() -> None:
    first = made("one").read_text()
    assert made("one").read_text() == first
    assert made("two").read_text() != first


def test_what_fails_is_made_anew(kept: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("no network")

    with pytest.raises(RuntimeError, match="no network"):
        cache.cached("it", ["one"], fail)
    assert made("one").read_text() != "half"
    assert not list(kept.glob("*.draft"))


def test_a_session_drops_what_none_has_used_for_two_weeks() -> None:
    old, new = made("old"), made("new")
    long_ago = time.time() - cache.KEPT - 1
    os.utime(old.parent, (long_ago, long_ago))
    with cache.in_use():
        assert not old.exists()
        assert new.exists()


def test_using_it_keeps_it() -> None:
    old = made("old")
    os.utime(old.parent, (0, 0))
    made("old")
    with cache.in_use():
        assert old.exists()


def test_of_what_is_made_by_recipes_the_least_recently_used_goes(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = {"first": 300, "second": 200, "third": 100}
    files = {recipe: made(recipe) for recipe in ages}
    for recipe, age in ages.items():
        files[recipe].write_bytes(bytes(100_000))
        os.utime(files[recipe].parent, (time.time() - age,) * 2)
    cache.folder("uv")
    monkeypatch.setattr(cache, "RECIPES", 250_000)
    with cache.in_use():
        pass
    assert [recipe for recipe, path in files.items() if path.exists()] == ["second", "third"]
    assert not list(kept.glob(f"{files['first'].parent.name}*"))
    assert (kept / "uv").is_dir()


def test_a_folder_that_grew_too_large_goes_at_the_end_of_the_session(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "LARGEST", dict.fromkeys(("gitlab", "pip", "uv"), 90_000))
    with cache.in_use():
        for name, size in ("gitlab-1a2b", 100_000), ("pip", 100_000), ("uv", 80_000):
            (cache.folder(name) / "deep").mkdir()
            (kept / name / "deep/wheel").write_bytes(bytes(size))
    assert [path.name for path in kept.iterdir() if path.is_dir()] == ["uv"]


def test_what_a_killed_session_left_half_made_goes(kept: Path) -> None:
    cache.folder("0123456789abcdef.draft")
    with cache.in_use():
        assert not list(kept.glob("*.draft"))


def test_nothing_is_dropped_while_another_session_runs() -> None:
    with cache.in_use():
        old = made("old")
        os.utime(old.parent, (0, 0))
        with cache.in_use():
            assert old.exists()


def test_one_session_at_a_time_has_a_folder(kept: Path, tmp_path: Path) -> None:
    with (
        cache.borrowed("docker", tmp_path / "mine") as (first, _),
        cache.borrowed("docker", tmp_path / "other") as (second, _),
    ):
        assert (first, second) == (kept / "docker", tmp_path / "other")
        assert second.is_dir()
    with cache.borrowed("docker", tmp_path / "unused") as (third, _):
        assert third == first
