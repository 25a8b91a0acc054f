"""The changelog: there, in form, in step with the versions."""

from __future__ import annotations

import pytest

from ..support.checking import changed, clean, edited, fixed, found, messages

GOOD = (
    "# Changelog\n\n## [Unreleased]\n\n## [1.1.0] - 2026-02-01\n\n- b\n\n## [1.0.0] - 2026-01-01\n"
)


def with_changelog(text: str) -> dict[str, str | bytes]:
    return changed(clean(), {"CHANGELOG.md": text})


def test_a_changelog_in_form_passes() -> None:
    assert found(with_changelog(GOOD), "CHG") == []


def test_none_is_found_missing() -> None:
    files = changed(clean(), {"CHANGELOG.md": None, "docs/changelog.md": None})
    assert found(files, "CHG") == [("CHG001", "CHANGELOG.md", 1)]


@pytest.mark.parametrize("path", ["CHANGES.rst", "docs/changelog.md", "HISTORY.txt", "NEWS"])
def test_other_names_are_changelogs_too(path: str) -> None:
    files = changed(clean(), {"CHANGELOG.md": None, "docs/changelog.md": None, path: "Text\n"})
    assert found(files, "CHG") == []


def test_a_section_for_what_comes_next_is_added() -> None:
    text = GOOD.replace("## [Unreleased]\n\n", "")
    assert found(with_changelog(text), "CHG") == [("CHG002", "CHANGELOG.md", 3)]
    assert fixed(with_changelog(text), "CHG002") == {"CHANGELOG.md": GOOD}


@pytest.mark.parametrize(
    "heading",
    [
        "1.1.0 (2026-02-01)",
        "v1.1.0 - (2026-02-01)",
        "Version 1.1.0, 2026-02-01",
        "[1.1.0] 2026-02-01",
    ],
)
def test_a_heading_with_all_that_it_needs_is_rewritten(heading: str) -> None:
    text = GOOD.replace("[1.1.0] - 2026-02-01", heading)
    assert found(with_changelog(text), "CHG") == [("CHG003", "CHANGELOG.md", 5)]
    assert fixed(with_changelog(text), "CHG003") == {"CHANGELOG.md": GOOD}


@pytest.mark.parametrize(
    ("heading", "right"),
    [
        ("1.1.0", "[1.1.0] - YYYY-MM-DD"),
        ("1.1.0 - 1 February 2026", "[1.1.0] - YYYY-MM-DD"),
        ("[1.1.0](https://example.org) (2026-02-01): the big one", "[1.1.0] - 2026-02-01"),
    ],
)
def test_a_heading_that_needs_a_person_is_left(heading: str, right: str) -> None:
    files = with_changelog(GOOD.replace("[1.1.0] - 2026-02-01", heading))
    assert messages(files, "CHG") == [f"the heading should be: {right}"]
    assert fixed_nothing(files)


def fixed_nothing(files: dict[str, str | bytes]) -> bool:
    from lisa_scaffold import rules
    from lisa_scaffold.project.facts import Facts
    from lisa_scaffold.rules import repair

    return repair.apply_fixes(rules.load_family("CHG"), Facts.of(files)).changes == {}


@pytest.mark.parametrize(
    "heading", ["1.1.0 - 2026-02-01", "[v1.1.0] - 2026-02-01", "[1.1.0] - 2026-02-01 [YANKED]"]
)
def test_variants_that_programs_read_pass(heading: str) -> None:
    assert found(with_changelog(GOOD.replace("[1.1.0] - 2026-02-01", heading)), "CHG") == []


def test_the_newest_stands_first() -> None:
    text = GOOD + "\n## [1.2.0] - 2026-03-01\n"
    assert found(with_changelog(text), "CHG") == [("CHG004", "CHANGELOG.md", 11)]


def test_headings_in_code_and_in_another_language_say_nothing() -> None:
    text = GOOD + "\n```\n## 9.9.9\n```\n\n<!--\n## 9.9.9\n-->\n"
    assert found(with_changelog(text), "CHG") == []
    assert found(with_changelog("# Neues\n\nViel.\n"), "CHG") == []


def test_the_version_has_its_entry() -> None:
    files = edited(
        with_changelog(GOOD), "pyproject.toml", 'dynamic = [ "version" ]', "version = '1.2'"
    )
    assert found(files, "CHG") == [("CHG005", "CHANGELOG.md", 5)]
    assert found(changed(files, {"CHANGELOG.md": GOOD.replace("1.1.0", "1.2.0")}), "CHG") == []


def test_a_development_version_needs_none() -> None:
    files = edited(
        with_changelog(GOOD), "pyproject.toml", 'dynamic = [ "version" ]', "version = '1.2.dev0'"
    )
    assert found(files, "CHG") == []


def test_the_tag_of_this_commit_has_its_entry() -> None:
    files = with_changelog(GOOD)
    assert messages(files, "CHG", head_tags=("v1.2.0",)) == [
        "no entry for 1.2.0, which the tag v1.2.0 names"
    ]
    assert messages(files, "CHG", head_tags=("v1.1.0", "nightly")) == []


def test_a_git_log_is_no_changelog() -> None:
    commits = "\n".join(f"- {number:07x} Change" for number in range(0xABCDE00, 0xABCDE09))
    assert found(with_changelog(f"# Changelog\n\n{commits}\n"), "CHG") == [
        ("CHG006", "CHANGELOG.md", 3)
    ]
    people = "### Fix CI\n>Author: Ada (ada@example.org)\n\n>Commiter: Ada (ada@example.org)\n\n"
    files = changed(clean(), {"CHANGELOG.md": None, "CHANGELOG": people * 5})
    assert found(files, "CHG006") == [("CHG006", "CHANGELOG", 2)]
    assert found(with_changelog(f"{GOOD}\nFixed in abcdef01 and 1234567.\n"), "CHG") == []
