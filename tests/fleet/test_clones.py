"""Clones of a server's projects go once no command has used them for long."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lisa_scaffold.fleet.clones import DAYS, find_clone, hold_clone, open_clones

pytestmark = pytest.mark.usefixtures("own_cache")


def make(clones: Path, name: str, days: float) -> Path:
    """A clone that was used some days ago."""
    with hold_clone(clones, name) as place:
        (place / ".git").mkdir(parents=True)
        (place / ".git/HEAD").write_text("ref: refs/heads/main\n")
    used = time.time() - days * 86_400
    os.utime(place.with_suffix(".lock"), (used, used))
    return place


def test_what_nobody_has_used_for_long_is_removed_and_nothing_else(tmp_path: Path) -> None:
    with open_clones() as clones:
        old, recent = make(clones, "old", DAYS + 1), make(clones, "recent", DAYS - 1)
        held, again = make(clones, "held", DAYS + 1), make(clones, "again", DAYS + 1)
        linked = make(clones, "linked", DAYS + 1)
        elsewhere = tmp_path / "elsewhere"
        elsewhere.write_text("mine\n")
        os.utime(elsewhere, (0, 0))
        linked.with_suffix(".lock").unlink()
        linked.with_suffix(".lock").symlink_to(elsewhere)
        (clones / "other").mkdir()
    with hold_clone(clones, "again"):
        pass  # which counts as a use
    with hold_clone(clones, "held"):
        os.utime(held.with_suffix(".lock"), (0, 0))
        with open_clones():
            found = {each.name for each in clones.iterdir() if each.is_dir()}
    assert found == {recent.name, held.name, again.name, linked.name, "other"}
    assert old.with_suffix(".lock").exists()
    with hold_clone(clones, "old") as place:
        assert (place, place.exists()) == (find_clone(clones, "old"), False)
