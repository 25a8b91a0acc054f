"""What sort of file it is, and how its bytes are written."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import (
    check_clean,
    effort,
    explain_excess,
    find_moved_pins,
    kinds,
    merge_file,
)
from lisa_scaffold.model import Declined, Merged


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/pyproject.toml", "toml"),
        (".gitlab-ci.yml", "yaml"),
        (".devcontainer/devcontainer.json", "json"),
        ("src/x.pyi", "python"),
        ("docs/Dockerfile.dev", "dockerfile"),
        ("requirements.txt", "pip"),
        ("requirements/dev.txt", "pip"),
        ("constraints-3.11.txt", "pip"),
        ("CMakeLists.txt", "text"),
        (".dockerignore", "lines"),
        ("MANIFEST.in", "lines"),
        ("sonar-project.properties", "ini"),
        ("README", "prose"),
        ("docs/a.rst", "prose"),
        ("LICENSE", "prose"),
        ("Makefile", "recipes"),
        ("uv.lock", "generated"),
        ("package-lock.json", "generated"),
        ("run.sh", "text"),
    ],
)
def test_the_name_tells_the_sort(path: str, kind: str) -> None:
    assert kinds.find_file_type(path, "") == kind


def test_the_first_line_tells_the_sort() -> None:
    assert kinds.find_file_type("bin/tool", "#!/usr/bin/env python3\n") == "python"
    assert kinds.find_file_type("bin/tool", "#!/bin/sh\n") == "text"


LINES = b"one\ntwo\nthree\nfour\nfive\n"


def test_binary_files_are_taken_whole_or_not_at_all() -> None:
    assert merge_file("a.png", b"\0a", b"\0a", b"\0b") == Merged(b"\0b")
    assert merge_file("a.png", b"\0a", b"\0b", b"\0a") == Merged(b"\0b")
    assert merge_file("a.png", b"\0a", b"\0b", b"\0c") is None


def test_a_lock_that_both_changed_stays_the_projects_to_be_written_anew() -> None:
    ours, theirs = LINES.replace(b"one", b"1"), LINES.replace(b"five", b"5")
    for base in (LINES, None):
        result = merge_file("uv.lock", base, ours, theirs)
        assert isinstance(result, Declined)
        assert result.content == ours
        assert result.reason == (
            "A tool writes this file as a whole: the project's stays, to be written anew."
        )
        assert "+5" in result.patch
        assert merge_file("uv.lock", base, ours, theirs, keep_prose=False) is None


def test_line_ends_that_the_project_converted_stay() -> None:
    ours = LINES.replace(b"one", b"1").replace(b"\n", b"\r\n")
    theirs = LINES.replace(b"five", b"5")
    assert merge_file("Makefile", LINES, ours, theirs) == Merged(
        b"1\r\ntwo\r\nthree\r\nfour\r\n5\r\n"
    )


def test_line_ends_that_the_template_converted_come() -> None:
    ours, theirs = LINES.replace(b"one", b"1"), LINES.replace(b"\n", b"\r\n")
    assert merge_file("Makefile", LINES, ours, theirs) == Merged(ours.replace(b"\n", b"\r\n"))


def test_latin_1_stays_latin_1() -> None:
    base = LINES.replace(b"two", "zwölf".encode())
    ours = base.decode().replace("one", "één").encode("latin-1")
    theirs = base.replace(b"five", "fünf".encode())
    assert merge_file("Makefile", base, ours, theirs) == Merged(
        "één\nzwölf\nthree\nfour\nfünf\n".encode("latin-1")
    )
    assert merge_file("Makefile", base, ours, theirs.replace("ü".encode(), "€".encode())) is None


def test_bytes_that_are_no_text_are_kept() -> None:
    ours, theirs = LINES.replace(b"one", b"\x81\xfe"), LINES.replace(b"five", b"5")
    assert merge_file("Makefile", LINES, ours, theirs) == Merged(b"\x81\xfe\ntwo\nthree\nfour\n5\n")
    assert merge_file("Makefile", LINES, ours, theirs.replace(b"5", "ü".encode())) is None


def test_the_mark_and_the_missing_end_are_merged_for_themselves() -> None:
    ours, theirs = b"\xef\xbb\xbf" + LINES, LINES.replace(b"five\n", b"5")
    assert merge_file("Makefile", LINES, ours, theirs) == Merged(
        b"\xef\xbb\xbfone\ntwo\nthree\nfour\n5"
    )


def test_only_what_git_merged_is_checked() -> None:
    assert check_clean("a.py", b"x = 1\n", b"x = (\n", b"x = 2\n", b"x = (\n") is None
    assert check_clean("a.bin", b"", b"", b"", b"\0") is None
    assert check_clean("a.md", b"a\n", b"b\n", b"c\n", b"d\n") is None


SCRIPT = b"".join(b"step %d\n" % number for number in range(10))


@pytest.mark.parametrize("path", ["run.sh", "tool.yml", "Makefile"])
def test_a_file_that_both_sides_added_nearly_alike_stays_the_projects_with_a_patch(
    path: str,
) -> None:
    more = SCRIPT.replace(b"step 4\n", b"step 4\nstep 4.5\n")
    for ours, theirs, sign in ((SCRIPT, more, "+"), (more, SCRIPT, "-")):
        result = merge_file(path, None, ours, theirs)
        assert isinstance(result, Declined)
        assert result.content == ours
        assert f"\n{sign}step 4.5\n" in result.patch
        assert result.reason.startswith("Both sides added this file, nearly alike; it stays")
        assert merge_file(path, None, ours, theirs, keep_prose=False) is None


def test_modules_that_both_sides_added_with_nothing_in_common_are_not_put_together() -> None:
    ours, theirs = b"def own():\n    return 1\n", b"# Add code here!\ndef main():\n    pass\n"
    result = merge_file("a.py", None, ours, theirs)
    assert isinstance(result, Declined)
    assert result.content == ours
    assert "+def main():\n" in result.patch
    assert "nothing in common" in result.reason
    assert not isinstance(merge_file("a.py", None, ours, theirs, keep_prose=False), Declined)
    shared = b"import os\n\n\n"
    merged = merge_file("a.py", None, shared + ours, shared + theirs)
    assert isinstance(merged, Merged)
    assert merged.content == shared + ours + b"\n\n" + theirs
    assert merge_file("a.py", None, ours, b"def own(x):\n    return x\n") is None


def test_files_that_both_sides_added_otherwise_are_a_conflict() -> None:
    more = SCRIPT.replace(b"step 4\n", b"step 4\nstep 4.5\n")
    edited = SCRIPT.replace(b"step 7\n", b"step 7.5\n")
    turned = SCRIPT.replace(b"step 7\nstep 8\n", b"step 8\nstep 7\n")
    for theirs in (edited, turned, SCRIPT * 2):
        assert merge_file("run.sh", None, more, theirs) is None


@pytest.mark.parametrize(
    "text",
    [
        f"a: {'x' * effort.MAX_TEXT}\n",
        "- a\n" * (effort.MAX_LINES + 1),
        f"a: [{'1,' * effort.MAX_PARTS}]\n",
        f"a: {'9' * 5000}\n",
    ],
    ids=["text", "lines", "parts", "digits"],
)
def test_what_is_too_large_is_left_to_the_lines(text: str) -> None:
    base, ours, theirs = text.encode(), f"b: 1\n{text}".encode(), f"{text}c: 1\n".encode()
    assert merge_file("a.yml", base, ours, theirs) is None
    assert explain_excess(base, ours, theirs) == (
        "It is too large to be merged by its parts: git has merged its lines."
    )
    # What git has merged is not held against it.
    assert check_clean("a.yml", base, ours, theirs, b"a: [\n") is None
    assert explain_excess(None, b"a: 1\n", b"b: 1\n") is None


@pytest.mark.uncounted
def test_work_is_counted_and_not_timed() -> None:
    lines = [f"RUN step {number} {'x' * 40}\n" for number in range(1_500)]
    sides = ["".join(f"{line[:-1]} {mark}\n" for line in lines) for mark in "abc"]
    base, ours, theirs = (f"FROM a\n{side}".encode() for side in sides)
    with pytest.raises(effort.TooMuchError), effort.bounded():
        effort.spend(10**9)
    assert merge_file("Dockerfile", base, ours, theirs) is None
    effort.spend(10**9)  # outside of a merge nothing is counted


REQUIRED = b"# tools\nruff==0.4.1\n  mypy==1.9.0\n"


@pytest.mark.parametrize(
    ("path", "base", "ours", "moved"),
    [
        ("requirements.txt", REQUIRED, REQUIRED.replace(b"1.9", b"1.11"), ["mypy==1.11.0"]),
        (
            "requirements.txt",
            REQUIRED,
            REQUIRED.replace(b"1.9", b"1.11").replace(b"0.4", b"0.5"),
            ["ruff==0.5.1", "mypy==1.11.0"],
        ),
        ("requirements.txt", REQUIRED, REQUIRED.replace(b"\n", b"\r\n"), []),
        ("requirements.txt", REQUIRED, REQUIRED, []),
        ("requirements.txt", REQUIRED, REQUIRED.replace(b"1.9", b"1.11") + b"numpy\n", []),
        ("requirements.txt", REQUIRED, REQUIRED.replace(b"mypy==1.9", b"pyright==1.11"), []),
        ("requirements.txt", b"", REQUIRED, []),
        ("a.toml", b'x = "a==1.0"\ny = 1\n', b'x = "a==1.1"\ny = 1\n', ['x = "a==1.1"']),
        ("a.toml", b'x = "a==1.0"\ny = 1\n', b'x = "a==1.1"\ny = 2\n', []),
        ("a.toml", b'x = "a==1.0"\n', b'x = "a==1.1"  # mine\n', []),
        ("a.toml", b'x = "a==1.0"\n', b'x = "a==1.1\n', []),
        ("a.yml", b"image: python:3.11\n", b"image: python:3.12\n", ["image: python:3.12"]),
        ("a.yml", b"image: python:3.11\n", b"image: pypy:3.12\n", []),
        ("a.txt", b"\0 a==1.0\n", b"\0 a==1.1\n", []),
    ],
)
def test_lines_where_the_project_only_moved_pins(
    path: str, base: bytes, ours: bytes, moved: list[str]
) -> None:
    assert find_moved_pins(path, base, ours) == moved


def test_pins_of_a_file_that_is_too_large_are_not_looked_for() -> None:
    base = REQUIRED + b"# x\n" * effort.MAX_LINES
    assert find_moved_pins("requirements.txt", base, base.replace(b"1.9", b"1.11")) == []


@pytest.mark.parametrize(
    ("paths", "valid", "invalid"),
    [
        ("a.toml Pipfile", "a = 1\n", "a = 1\na = 1\n"),
        ("a.yaml a.yml CITATION.cff", "a: 1\n", "a: 1\nb: [\n"),
        ("a.json a.jsonc a.json5 a.code-workspace a.ipynb", "{}\n", '{"a": 1\n'),
    ],
    ids=["TOML", "YAML", "JSON"],
)
def test_a_merge_of_gits_that_cannot_be_read_is_found(paths: str, valid: str, invalid: str) -> None:
    base, ours, theirs = (f"{valid}{end}".encode() for end in ("", "\n", "\n\n"))
    for path in paths.split():
        found = check_clean(path, base, ours, theirs, invalid.encode())
        assert found == "the merged file is invalid, though both sides are valid."


def test_a_file_that_the_template_emptied_stays_as_the_project_has_it() -> None:
    base, ours = b"a\nb\n", b"a\nb\nmine\n"
    why = "The template has emptied this file, and the project has made more of it."
    assert merge_file("a.txt", base, ours, b"") == Declined(ours, "", why)
    assert merge_file("a.txt", base, ours, b"", keep_prose=False) is None
