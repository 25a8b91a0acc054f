"""What engines keep between sessions, also where one was killed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ...support.tools import passes
from ..parts import cache


def test_what_a_killed_engine_left_mounted_is_dropped_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "CACHE", tmp_path / "cache")
    merged = cache.folder("buildah") / "images/merged"
    merged.mkdir(parents=True)
    passes("mount", "--types", "tmpfs", "tmpfs", merged, cwd=tmp_path)
    os.utime(tmp_path / "cache/buildah", (0, 0))
    with cache.in_use():
        assert not list(cache.CACHE.glob("buildah"))
