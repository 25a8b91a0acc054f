from __future__ import annotations

import re
from pathlib import Path

import pytest

from lisa_scaffold.report.check import text

from ...support.results import EVIL, checked, finding, sample


def test_one_project() -> None:
    assert (
        text.report([sample()])
        == """\
lisa-noise (package, template v1.2.3)

Files that can be read
  must    SYN001  pyproject.toml:12:9  no valid TOML: Invalid value

Changelog
  should  CHG002  CHANGELOG.md:7  `[1.3]` is no version (--fix)
  should  CHG003  CHANGELOG.md:9  no date below line 9

Notes
  the project is 2 versions behind

3 findings (1 must, 2 should), 1 waived; 6 rules checked.
  Repair 1 of them:      lisa-scaffold check --fix lisa-noise
  See that repair first: lisa-scaffold check --diff lisa-noise
  What a rule wants:     lisa-scaffold explain SYN001
"""
    )


def test_repairs_that_are_safe_and_others_are_told_apart() -> None:
    found = finding("CHG002", fixable=True), finding("CHG003", fixable=True, unsafe=True)
    last = text.report([checked(*found)]).splitlines()[-5:-1]
    assert [line.partition(":")[0].strip() for line in last] == [
        "Repair 1 of them",
        "See that repair first",
        "Repair 1 unsafely",
        "See that repair first",
    ]


def test_no_findings() -> None:
    assert (
        text.report([checked(applied=("CHG001",))])
        == """\
lisa-noise (package, template v1.2.3)

No findings; 1 rule checked.
"""
    )


def test_of_many_projects_those_in_order_are_counted() -> None:
    good = [checked(path=Path(f"p{number}")) for number in range(3)]
    bad = sample()._replace(path=Path("p4"), notes=())
    assert text.report([*good, bad]).splitlines()[0] == (
        "lisa-noise in p4 (package, template v1.2.3)"
    )
    assert "3 findings (1 must, 2 should), 1 waived; 4 projects checked." in text.report(
        [*good, bad]
    )
    assert "In order: 3 of 4 projects." in text.report([*good, bad])


def test_what_is_of_no_known_kind_is_not_called_well() -> None:
    said = text.report([checked(kind="", version="", applied=("CHG001",))]).splitlines()
    assert said == [
        "lisa-noise (no kind known)",
        "",
        "No findings; 1 rule checked.",
        "This is no project of a known kind: most rules do not apply, so nothing says that all is "
        "well. lisa-scaffold adopt tells what would make it one.",
    ]
    one = checked(kind="", version="", applied=("CHG001",))
    assert "known kind" not in text.report([one._replace(version="v1.2.3")])
    assert max(map(len, text.report([one], 60).splitlines())) <= 60
    several = [checked(path=Path("p1")), *(one._replace(path=Path(each)) for each in ("p2", "p3"))]
    assert text.report(several).splitlines() == [
        "No findings; 3 projects checked.",
        "In order: 1 of 3 projects.",
        "No project of a known kind, so that most rules do not apply: p2 and p3. "
        "lisa-scaffold adopt tells what would make it one.",
    ]


def test_what_was_repaired_is_listed() -> None:
    repaired = checked(fixed=(finding(fixable=True),))
    assert "Repaired\n  should  CHG002  CHANGELOG.md:5  not as it should be" in text.report(
        [repaired]
    )


def test_foreign_text_steers_no_terminal() -> None:
    said = text.report([checked(finding(path=EVIL, message=EVIL), name=EVIL, notes=(EVIL,))])
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert len(said.splitlines()) == 10


def test_the_folder_at_hand_needs_no_name() -> None:
    said = text.report([sample()._replace(path=Path())])
    assert "lisa-scaffold check --fix\n" in said


def test_the_commands_can_be_typed_as_they_stand() -> None:
    said = text.report([sample()._replace(path=Path("my projects/$HOME"))])
    assert "lisa-scaffold check --fix 'my projects/$HOME'\n" in said


def test_long_lines_go_on_below_on_a_terminal() -> None:
    message = "one two three four five six seven eight nine ten eleven"
    one = checked(finding("SYN001", "a.toml", 3, message))
    lines = text.report([one], 60).splitlines()
    at = next(number for number, line in enumerate(lines) if "SYN001" in line)
    start = "  must    SYN001  a.toml:3  "
    assert lines[at : at + 2] == [
        f"{start}one two three four five six",
        f"{' ' * len(start)}seven eight nine ten eleven",
    ]
    assert message in text.report([one])
    # Where there is no room beside its place, it stands below.
    lines = text.report([one], 30).splitlines()
    assert lines[at : at + 3] == [
        start.rstrip(),
        "          one two three four",
        "          five six seven eight",
    ]


def test_what_says_the_same_at_many_places_is_said_once() -> None:
    many = [finding("SYN001", f"a{number:02}.toml", number, "no TOML") for number in range(1, 31)]
    # What one file says more often than others does not make it another thing.
    many[2] = finding("SYN001", "a03.toml", 3, "no TOML; also in line 9")
    said = text.report([checked(many[0], finding("SYN001", "b.toml", 1, "too long"), *many[1:])])
    rest = ", ".join(f"a{number:02}.toml:{number}" for number in range(2, 22))
    assert said.split("\n\n")[1].splitlines()[1:] == [
        "  must    SYN001  a01.toml:1  no TOML",
        f"  must    SYN001  the same at 29 more places: {rest}, and 9 more",
        "  must    SYN001  b.toml:1    too long",
    ]
    few = text.report([checked(*many[:3])])
    assert "the same" not in few
    assert few.count("no TOML") == 3


def marked(style: str, text: str) -> str:
    return f"<{style}>{text}</{style}>"


def test_words_of_the_report_are_painted_and_nothing_foreign() -> None:
    said = text.report([sample()], 80, marked)
    assert re.sub(r"</?[a-z]+>", "", said) == text.report([sample()], 80)
    assert "<title>Changelog</title>" in said
    assert "  <must>must  </must>  <code>SYN001</code>  pyproject.toml:12:9  no valid" in said
    assert "  <should>should</should>  <code>CHG003</code>  CHANGELOG.md:9  no date" in said
    foreign = checked(finding(path="<a>", message="<must>"), name="<title>", notes=("<hint>",))
    painted = text.report([foreign], 80, marked)
    assert re.sub(r"</?(?:title|must|should|code)>", "", painted).count("<") == 2


@pytest.mark.parametrize("width", [0, 1, 30, 40, 60, 79, 200])
def test_no_word_is_broken_at_any_width(width: int) -> None:
    words = "a message with-hyphens `some.module:function` and https://example.org/a/long/address"
    one = checked(finding("SYN001", "src/lisa_noise/some_module.py", 3, words), notes=(words,))
    said = text.report([one], width)
    assert said.split().count("with-hyphens") == 2
    assert all(said.count(word) >= 2 for word in words.split())
    if width >= 60:
        longest = max(map(len, words.split()))
        above = [line for line in said.split("\n") if len(line) > max(width, longest + 54)]
        assert above == []
