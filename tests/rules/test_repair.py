"""Repairs as a difference that people read, and git applies."""

from __future__ import annotations

from pathlib import Path

from lisa_scaffold import git
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import repair

from ..support.updates import write

BEFORE = {"edited.txt": "one\ntwo\nthree\n", "gone.txt": "old\n", "open.txt": "a\nb"}
CHANGES = {
    "edited.txt": b"one\n2\nthree\n",
    "gone.txt": None,
    "new.txt": b"new\n",
    "open.txt": b"b",
}
DIFF = """\
--- a/edited.txt
+++ b/edited.txt
@@ -1,3 +1,3 @@
 one
-two
+2
 three
--- a/gone.txt
+++ /dev/null
@@ -1 +0,0 @@
-old
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+new
--- a/open.txt
+++ b/open.txt
@@ -1,2 +1 @@
-a
 b
\\ No newline at end of file
"""


def test_changes_are_told_as_a_difference() -> None:
    assert repair.diff(Facts.of(BEFORE), CHANGES) == DIFF


def test_of_binary_files_it_says_what_happens_to_them(tmp_path: Path) -> None:
    files = {"a.pyc": b"\x00\x01", "b.pyc": b"\x00", "c.txt": b"c\n"}
    changes = {"a.pyc": None, "b.pyc": b"\x00\x02", "c.txt": None, "d.bin": b"\x00"}
    told = repair.diff(Facts.of(files), changes)
    assert told == (
        "a.pyc: binary file removed\nb.pyc: binary file changed\n"
        "--- a/c.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-c\nd.bin: binary file added\n"
    )
    write(tmp_path, files)
    git.git("init", "--quiet", cwd=tmp_path)
    (tmp_path / "changes.patch").write_text(told)
    git.git("apply", "changes.patch", cwd=tmp_path)
    assert not (tmp_path / "c.txt").exists()


def test_git_applies_the_difference(tmp_path: Path) -> None:
    write(tmp_path, BEFORE)
    git.git("init", "--quiet", cwd=tmp_path)
    (tmp_path / "changes.patch").write_text(repair.diff(Facts.of(BEFORE), CHANGES))
    git.git("apply", "changes.patch", cwd=tmp_path)
    found = {path.name: path.read_bytes() for path in tmp_path.glob("*.txt")}
    assert found == {path: content for path, content in CHANGES.items() if content is not None}
