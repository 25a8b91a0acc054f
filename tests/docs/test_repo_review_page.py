"""The page that says what becomes of repo-review's checks."""

from __future__ import annotations

import re

from lisa_scaffold import rules

from ..conftest import ROOT

PAGE = ROOT / "docs" / "reference" / "repo-review.md"
ROW = re.compile(r"\| (\w+) \| [^|]+ \| (covered|better|left out) \| ([^|]+) \|")
CODE = re.compile(r"(\*?)\b((?:[A-Z]{3}|CI)\d{3})\b")


def rows() -> dict[str, tuple[str, str]]:
    lines = [line for line in PAGE.read_text("utf-8").split("\n") if re.match(r"\| [A-Z]", line)]
    matches = [ROW.fullmatch(line) for line in lines]
    found = {match[1]: (match[2], match[3]) for match in matches if match}
    assert len(found) == len(lines)
    return found


def test_the_page_is_about_the_version_that_is_pinned() -> None:
    lock = (ROOT / "requirements" / "review.txt").read_text("utf-8")
    (version,) = re.findall(r"^sp-repo-review==(\S+)", lock, re.MULTILINE)
    assert f"by version {version}." in PAGE.read_text("utf-8")


def test_every_rule_that_is_named_exists_and_is_strict_where_it_says_so() -> None:
    known = {each.code: each for each in rules.every_rule()}
    for check, (verdict, words) in rows().items():
        named = CODE.findall(words)
        assert named or verdict == "left out", check
        for star, code in named:
            assert (star == "*") == known[code].strict, f"{check}: {code}"
