"""Code Quality reports: valid for GitLab, with fingerprints that show new findings alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.model import Checked, Finding
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.report.check import gitlab
from lisa_scaffold.rules import load_family
from lisa_scaffold.rules.judge import list_findings

from ...support.results import EVIL, checked, finding, sample


def entries(*results: Checked) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gitlab.report(results))
    return found


def fingerprints(*results: Checked) -> list[str]:
    return [entry["fingerprint"] for entry in entries(*results)]


def test_the_report_of_a_project() -> None:
    found = entries(sample())
    for entry in found:
        # The form that GitLab documents: nothing is missing, nothing else is there.
        assert re.fullmatch("[0-9a-f]{32}", entry.pop("fingerprint"))
    assert found == [
        {
            "description": "SYN001: no valid TOML: Invalid value",
            "check_name": "SYN001",
            "severity": "major",
            "location": {"path": "pyproject.toml", "lines": {"begin": 12}},
        },
        {
            "description": "CHG002: `[1.3]` is no version",
            "check_name": "CHG002",
            "severity": "minor",
            "location": {"path": "CHANGELOG.md", "lines": {"begin": 7}},
        },
        {
            "description": "CHG003: no date below line 9",
            "check_name": "CHG003",
            "severity": "minor",
            "location": {"path": "CHANGELOG.md", "lines": {"begin": 9}},
        },
    ]


def test_a_project_in_order_gives_an_empty_list() -> None:
    assert gitlab.report([checked()]) == "[]\n"


def test_no_byte_order_mark_which_gitlab_refuses() -> None:
    assert gitlab.report([sample()]).isascii()


CHANGELOG = "# Changelog\n\n## 1.2.0 (02/01/2026)\n\n## v1.1.0\n"


def real(text: str) -> Checked:
    """What the rules about changelogs say of one."""
    facts = Facts.of({"CHANGELOG.md": text, "pyproject.toml": '[project]\nname = "x"\n'})
    return checked(*list_findings(load_family("CHG"), facts))


def test_lines_that_are_added_above_change_no_fingerprint() -> None:
    before, after = real(CHANGELOG), real(CHANGELOG.replace("\n\n", "\n\nWords.\n\nMore.\n\n", 1))
    assert len(before.findings) >= 2
    assert [each.line + 4 for each in before.findings] == [each.line for each in after.findings]
    assert fingerprints(before) == fingerprints(after)


def test_a_line_that_a_message_names_changes_no_fingerprint() -> None:
    before = finding(message="stands twice, on lines 3, 9 and 12")
    after = finding(message="stands twice, on lines 5, 11 and 14")
    other = finding(message="stands thrice, on lines 3, 9 and 12")
    assert fingerprints(checked(before)) == fingerprints(checked(after))
    assert fingerprints(checked(before)) != fingerprints(checked(other))


def test_equal_findings_in_one_file_have_a_fingerprint_each() -> None:
    one, two = finding(line=3), finding(line=8)
    first, second = fingerprints(checked(one, two))
    assert first != second
    # The one that is left when the other is mended is no new one.
    assert fingerprints(checked(two)) == [first]


@pytest.mark.parametrize(
    "other", [finding(path="B.md"), finding(message="other"), finding("CHG003")]
)
def test_other_findings_have_other_fingerprints(other: Finding) -> None:
    assert fingerprints(checked(finding())) != fingerprints(checked(other))


def test_paths_are_relative_to_the_root_of_the_repository() -> None:
    one = checked(finding(), path=Path("one"), prefix="one/")
    two = checked(finding(), finding(path="."), path=Path("deep/two"), prefix="deep/two/")
    paths = [entry["location"]["path"] for entry in entries(one, two)]
    assert paths == ["one/CHANGELOG.md", "deep/two/CHANGELOG.md", "deep/two"]
    assert len(set(fingerprints(one, two))) == 3


def test_of_several_repositories_paths_begin_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    results = [
        checked(finding(), finding(path="."), path=Path()),
        checked(finding(), path=tmp_path / "here/clones/one"),
        checked(finding(), path=Path("../two/deep"), prefix="deep/"),
    ]
    paths = [entry["location"]["path"] for entry in entries(*results)]
    assert paths == [
        "CHANGELOG.md",
        ".",
        "clones/one/CHANGELOG.md",
        "../two/deep/CHANGELOG.md",
    ]
    assert len(set(fingerprints(*results))) == 4


def test_foreign_text_is_shown_as_what_it_is() -> None:
    (entry,) = entries(checked(finding(path=EVIL, message=EVIL)))
    assert entry["description"].startswith("CHG002: <script>alert('x')</script>\"&'`|\\u202e\\x1b")
    # A path stays what it is, so that the link leads to the file; GitLab's parser wants UTF-8.
    assert entry["location"]["path"] == EVIL.replace("\udce9", "\N{REPLACEMENT CHARACTER}")


texts = st.text(st.characters(codec=None), max_size=20)
many = st.lists(st.builds(finding, path=texts, line=st.integers(1, 9), message=texts), max_size=8)


@given(many)
def test_fingerprints_are_unique_and_do_not_depend_on_lines(found: list[Finding]) -> None:
    prints = fingerprints(checked(*found))
    assert len(set(prints)) == len(found)
    moved = [each._replace(line=each.line + 7) for each in found]
    assert fingerprints(checked(*moved)) == prints
    gitlab.report([checked(*found)]).encode("utf-8")
