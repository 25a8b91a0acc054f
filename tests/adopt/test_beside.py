"""The template's files beside a project's own."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt import beside
from lisa_scaffold.project.facts import Facts


@pytest.mark.parametrize(
    ("path", "own"),
    [
        ("RELEASE.rst", "RELEASE.rst"),
        ("RELEASES.md", "RELEASES.md"),
        ("ReleaseNotes.txt", "ReleaseNotes.txt"),
        ("NEWS", "NEWS"),
        ("WHATSNEW.rst", "WHATSNEW.rst"),
        ("doc/whats_new.rst", "doc/whats_new.rst"),
        ("doc/source/release/version_history.rst", "doc/source/release/version_history.rst"),
        ("CHANGE_LOG", "CHANGE_LOG"),
        ("docs/releases/v1.2.md", "docs/releases/v1.2.md"),
        ("newsfragments/logo.png", ""),
        ("release.sh", ""),
        ("release-procedure.md", ""),
    ],
)
def test_a_changelog_has_many_names(path: str, own: str) -> None:
    placed = beside.place_files(Facts.of({path: "1.0\n"}), {"CHANGELOG.md": b""}, {}, {})
    kept = [(each.path, each.status) for each in placed.items]
    assert kept == ([(own, "kept")] if own else [("CHANGELOG.md", "added")])
