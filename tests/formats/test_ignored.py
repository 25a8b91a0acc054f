"""Patterns as in ``.gitignore``: the same answers as pathspec's, in bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from lisa_scaffold import git
from lisa_scaffold.formats import ignored

PIECES = ["a", "b", "*", "?", "**", "[ab]", "[!a]", "[]b]", "\\*", "(", ".", "-"]
NAMES = st.lists(st.sampled_from(PIECES), max_size=5).map("".join)
FOLDERS = st.lists(NAMES | st.just("**"), min_size=1, max_size=5).map("/".join)
PATTERNS = st.builds(str.__add__, st.sampled_from(["", "!", "/", "**/"]), FOLDERS)
PATHS = st.lists(st.text("aab*.(-]", min_size=1, max_size=5), min_size=1, max_size=6).map("/".join)


def plain(lines: list[str], path: str) -> bool:
    return GitIgnoreSpec.from_lines(lines).match_file(path)


def no_set_is_a_slash(line: str) -> bool:
    return "[!a]" not in line


def is_pattern(line: str) -> bool:
    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


@given(st.lists(PATTERNS.filter(is_pattern).filter(no_set_is_a_slash), max_size=3), PATHS)
def test_answers_are_those_of_pathspec(lines: list[str], path: str) -> None:
    assert ignored.match_patterns(lines)(path) == plain(lines, path)


@given(PATTERNS.filter(is_pattern), st.text("aab*.(-]", min_size=1, max_size=9))
def test_of_a_name_alone_they_are_so_for_sets_too(line: str, name: str) -> None:
    assert ignored.match_patterns([line])(name) == plain([line], name)


@pytest.mark.parametrize(
    ("lines", "path", "named"),
    [
        (["*.py", "!a.py"], "a.py", False),
        (["a/", "!a/b"], "a/b", False),
        (["a[!b]c"], "a/c", False),
        (["**/a*b*/**/c*d/**/e"], "x/a1b2/y/c/cd/e", True),
        (["**/*a*/**/x/**/b"], "a\nq/x/y/b", True),
        (["# a", "", "  ", "!", "\\", "[z-a]", "b"], "b", True),
        (["[[a]"], "a", True),
        ([f"*{'a' * 999}"], "a" * 999, True),
        ([f"*{'a' * 1000}"], "a" * 1000, False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_lines_name(lines: list[str], path: str, named: bool) -> None:
    assert ignored.match_patterns(lines)(path) is named


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 300 + "b", "a" * 255),
        ("*a" * 300 + "b", "/".join(["a" * 255] * 16)),
        ("*[ab]?" * 150 + "c", "a" * 255),
        ("*[!b]" * 150 + "c", "a" * 4000),
        ("**/" + "a/**/" * 160 + "b", "a/" * 2000 + "c"),
        ("**/" + "*a*/**/" * 120 + "b", "aa/" * 1300 + "c"),
        ("*/" * 400 + "**/*a*b", "a/" * 2000 + "c"),
        ("**/" + "*/" * 300 + "a/**/b", "a/" * 2000 + "c"),
    ],
    ids=lambda value: value[:20],
)
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    assert len(pattern) <= ignored.LONGEST
    matches = ignored.match_patterns([pattern])
    matches("a")
    start = time.process_time()
    assert not matches(path)
    # Every way to share the path among the stars would take years.
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("text", "paths", "added"),
    [
        ("*.txt\n", ["ci/a.txt", "b.txt"], ["!/ci/a.txt", "!/b.txt"]),
        ("*.txt", ["ci/a.txt"], ["!/ci/a.txt"]),
        ("ci/\n", ["ci/a.txt", "ci/b.txt"], ["!/ci/"]),
        (".*\n*.txt\n", [".ci/d/a.txt"], ["!/.ci/", "!/.ci/d/a.txt"]),
        ("*\n", ["c/d/a"], ["!/c/", "!/c/d/", "!/c/d/a"]),
        ("*.txt\n", ["a b[1].txt"], ["!/a\\ b\\[1].txt"]),
    ],
)
def test_what_is_taken_back_git_takes(
    tmp_path: Path, text: str, paths: list[str], added: list[str]
) -> None:
    written = ignored.take_back(text, paths)
    heading = "# The template's jobs read these, whatever is ignored above"
    assert written == "\n".join([text.rstrip("\n"), "", heading, *added, ""])
    assert ignored.take_back(written, paths) == written
    more = ignored.take_back(written + "*.md\n", ["c.md"])
    assert more == f"{written}*.md\n!/c.md\n"
    git.git("init", "--quiet", cwd=tmp_path)
    (tmp_path / ".gitignore").write_text(written)
    for path in paths:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    git.git("add", "--", *paths, cwd=tmp_path)
    assert git.git("ls-files", "-z", cwd=tmp_path).split("\0")[:-1] == sorted(paths)


def test_what_is_not_ignored_is_not_taken_back() -> None:
    assert ignored.take_back("*.log\n", ["a.txt"]) == "*.log\n"
    assert ignored.take_back("*.txt\n!/a.txt\n", ["a.txt"]) == "*.txt\n!/a.txt\n"
