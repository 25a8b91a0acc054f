# ruff: noqa: E501
"""Lines: as git where git is sure, and a closer look where it is not."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold import process
from lisa_scaffold.merge import check_clean, merge_file, text
from lisa_scaffold.model import Declined, Merged
from lisa_scaffold.versions import pick_newest
from tests.merge.material import edited
from tests.support.sweeps import examples

JOINED = "both sides changed what stands in these lines; they were:"
BASE = "one 1\ntwo 2\nthree 3\nfour 4\n"


def merge(base: str, ours: str, theirs: str) -> str | None:
    done = text.merge(base, ours, theirs)
    return done and done[0]


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        pytest.param("one 1!\ntwo 2\nthree 3\nfour 4\n", BASE + "five\n", "one 1!\ntwo 2\nthree 3\nfour 4\nfive\n", id="apart"),
        pytest.param(BASE.replace("two 2", "two 2!"), BASE.replace("three 3", "three 3!"), "one 1\ntwo 2!\nthree 3!\nfour 4\n", id="neighbours edited"),
        pytest.param(BASE.replace("two 2", "two 2!"), BASE.replace("two 2\n", "two 2\nnew\n"), "one 1\ntwo 2!\nnew\nthree 3\nfour 4\n", id="added beside an edited line"),
        pytest.param(BASE.replace("two 2\n", ""), BASE.replace("three 3", "three 3!"), "one 1\nthree 3!\nfour 4\n", id="edited beside a removed line"),
        pytest.param(BASE.replace("two 2\nthree 3\n", ""), BASE.replace("three 3\nfour 4\n", ""), "one 1\n", id="removals that overlap"),
        pytest.param(BASE + "five\nsix\n", BASE + "five\n", BASE + "five\nsix\n", id="the same and more"),
        pytest.param(BASE + "five\n", BASE + "six\n", None, id="two additions at one place"),
        pytest.param(BASE.replace("two 2\n", ""), BASE.replace("two 2\n", "two 2\nnew\n"), None, id="added beside what was removed"),
        pytest.param(BASE.replace("two 2", "zzz"), BASE.replace("two 2\n", "two 2\nnew\n"), None, id="added beside what was rewritten"),
        pytest.param(BASE.replace("two 2\n", ""), BASE.replace("two 2", "two 2!"), None, id="removed and edited"),
        pytest.param(BASE.replace("two", "    two"), BASE.replace("two 2\n", "two 2\nnew\n"), None, id="added beside a line at another depth"),
        pytest.param(BASE.replace("two 2", "two 3"), BASE.replace("two 2", "two 4"), None, id="one value, two ways"),
    ],
)  # fmt: skip
def test_a_conflict_of_git_is_looked_at_closely(ours: str, theirs: str, merged: str | None) -> None:
    assert merge(BASE, ours, theirs) == merged
    if merged is not None:
        assert merge(BASE, theirs, ours) == merged


def test_a_line_that_both_sides_add_is_not_there_once_for_each() -> None:
    base = "one 1\ntwo 2\n"
    ours, theirs = "one 1\nnew\none 1\ntwo 2\n", "one 1\none 1\nnew\ntwo 2\n"
    assert merge(base, ours, theirs) is None
    assert merge(base, theirs, ours) is None


def test_lines_that_are_there_many_times_hold_their_place() -> None:
    """A search that leaves out what is frequent, as difflib's does from 200 lines on, finds none."""
    base = "".join(f"{number % 3} again\n" for number in range(300))
    ours, theirs = f"mine\n{base}", f"{base}theirs\n"
    assert merge(base, ours, theirs) == f"mine\n{base}theirs\n"
    ours, theirs = base.replace("0", "zero", 1), f"{base[:-8]}theirs\n"
    assert merge(base, ours, theirs) == f"zero{base[1:-8]}theirs\n"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ('"ruff==0.1"', '"ruff==0.3"', '"ruff==0.2.5"', '"ruff==0.3"'),
        ("rev: v1.0", "rev: v1.2", "rev: v1.10", "rev: v1.10"),
        ("  uses: a/b@v3", "  uses: a/b@v4", "  uses: a/b@v5", "  uses: a/b@v5"),
        ("FROM x/y:3.9-slim", "FROM x/y:3.11-slim", "FROM x/y:3.10-slim", "FROM x/y:3.11-slim"),
        ("n>=1.0", "n>=1.5", "n>=2.0rc1", "n>=2.0rc1"),
        ("PY_VERSION=3.9", "PY_VERSION=3.11", "PY_VERSION=3.10", "PY_VERSION=3.11"),
        ("line-length = 80", "line-length = 100", "line-length = 120", None),
        ("n<3", "n<4", "n<5", None),
        ("n==2", "n==1", "n==3", "n==1"),  # held back
        ("n==2", "n==3", "n==1", None),
        ("timeout: 10", "timeout: 20", "timeout: 30", None),
        ("n==1", "m==2", "n==3", None),
    ],
)
def test_of_two_raised_pins_the_newer_wins(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    pin = pick_newest(base, ours, theirs)
    assert (pin and pin.text) == merged
    if pin:
        assert "by the project" in pin.note
        assert "by the template" in pin.note


def test_a_pin_in_a_line_that_the_project_holds_back_is_called_so() -> None:
    pin = pick_newest('X = "n==2"', 'X = "n==1"', 'X = "n==3"')
    assert pin == (
        'X = "n==1"',
        "The project holds a version back (1 by the project, 3 by the template): “X = "
        '"n==1"” keeps it.',
    )


def test_numbers_that_each_side_changed_apart_are_called_so() -> None:
    pin = pick_newest("x = 1  # was 2", "x = 3  # was 2", "x = 1  # was 4")
    assert pin == (
        "x = 3  # was 4",
        "Each side changed other numbers: “x = 3 # was 4” has those of both.",
    )


README = b"# x\n\nA thing that does something.\nIt is made from a template.\n\n## Use\n\nRun it.\n"


def test_prose_that_the_project_rewrote_stays_with_a_patch() -> None:
    ours = README.replace(
        b"A thing that does something.\nIt is made from a template.",
        b"LISA simulates noise for all of us, in many ways.",
    )
    theirs = README.replace(b"It is made from", b"It comes from").replace(b"Run it.", b"Run: it.")
    result = merge_file("README.md", README, ours, theirs)
    assert isinstance(result, Declined)
    assert result.content == ours.replace(b"Run it.", b"Run: it.")
    assert result.patch == (
        "--- a/README.md\n+++ b/README.md\n@@ -1,7 +1,7 @@\n # x\n \n A thing that does something.\n"
        "-It is made from a template.\n+It comes from a template.\n \n ## Use\n \n"
    )
    assert "rewritten" in result.reason
    assert merge_file("README.md", README, ours, theirs, keep_prose=False) is None


def test_prose_that_both_sides_edited_a_little_is_a_conflict() -> None:
    ours = README.replace(b"something", b"much")
    theirs = README.replace(b"something", b"little")
    assert merge_file("README.md", README, ours, theirs) is None


def test_prose_that_one_side_only_broke_into_other_lines_takes_the_others_words() -> None:
    base = "# Title\n\nOne line of\na paragraph that is\nbroken.\n\nThe end.\n"
    flowed = "# Title\n\nOne line of a paragraph that is broken.\n\nThe end.\n"
    edited_too = flowed.replace("One line", "Two lines")
    result = merge_file("a.md", base.encode(), flowed.encode(), edited_too.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == edited_too
    assert result.notes[0].startswith("Two lines of a paragraph that is broken.: the project only")
    back = merge_file("a.md", base.encode(), edited_too.encode(), flowed.encode())
    was = "\n    template: One line of a paragraph that is broken."
    assert back == Merged(edited_too.encode(), (JOINED + was,))


def test_words_of_prose_are_merged() -> None:
    ours, theirs = README.replace(b"A thing", b"One thing"), README.replace(b"something", b"much")
    assert merge_file("README.md", README, ours, theirs) == Merged(
        README.replace(b"A thing that does something", b"One thing that does much"),
        (
            f"{JOINED}\n    project: One thing that does something.\n"
            "    template: A thing that does much.",
        ),
    )


ALPHABET = [f"{word} {number}" for word in ("alpha", "beta", "gamma") for number in range(20)]


@st.composite
def triple(draw: st.DrawFn) -> tuple[str, str, str]:
    base = "".join(f"{line}\n" for line in draw(st.permutations(ALPHABET))[:25])
    return base, draw(edited(base, ALPHABET)), draw(edited(base, ALPHABET))


@settings(max_examples=examples(150))
@given(sides=triple())
def test_where_git_is_sure_the_result_is_gits(
    tmp_path_factory: pytest.TempPathFactory, sides: tuple[str, str, str]
) -> None:
    folder = tmp_path_factory.mktemp("git")
    for name, content in zip(("base", "ours", "theirs"), sides, strict=True):
        Path(folder, name).write_text(content)
    done = process.run(["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=folder)
    if done.returncode == 0:
        assert merge(*sides) == done.stdout.decode()


@pytest.mark.parametrize(("lines", "seconds"), [(600, 0.3), (10_000, 3.0)])
def test_long_files_take_no_time(lines: int, seconds: float) -> None:
    dice = random.Random(3)  # noqa: S311
    base = [f"key{dice.randrange(lines // 3)} = {dice.randrange(9)}" for _ in range(lines)]
    sides = [[line for line in base if dice.random() > 0.1] for _ in range(2)]
    start = time.process_time()
    text.merge_lines(base, *sides)
    assert time.process_time() - start < seconds


TOOLS = "packages = [\n  python\n  task\n  curlie\n  copier\n];\n"


@pytest.mark.parametrize(
    ("path", "ours", "theirs", "merged"),
    [
        ("flake.nix", ("curlie", "ffmpeg\n  curlie"), ("  curlie\n", ""), ("curlie", "ffmpeg")),
        ("flake.nix", ("  curlie\n", ""), ("curlie", "curlie\n  ffmpeg"), ("curlie", "ffmpeg")),
        # It may be the old one under another name.
        ("flake.nix", ("curlie", "curly\n  curlie"), ("  curlie\n", ""), None),
        ("flake.nix", ("curlie", "a"), ("  curlie\n", "  b\n"), None),
        ("flake.nix", ("curlie", "--a\n  curlie"), ("  curlie\n", ""), None),
        # Its syntax is known, and this is none of it.
        ("a.py", ("curlie", "ffmpeg\n  curlie"), ("  curlie\n", ""), None),
    ],
)
def test_one_side_adds_to_a_list_where_the_other_removes(
    path: str, ours: tuple[str, str], theirs: tuple[str, str], merged: tuple[str, str] | None
) -> None:
    sides = (TOOLS.replace(*change).encode() for change in (ours, theirs))
    result = merge_file(path, TOOLS.encode(), *sides)
    expected = merged and TOOLS.replace(*merged)
    assert (isinstance(result, Merged) and result.content.decode()) == (expected or False)


def test_words_between_no_brackets_are_no_list() -> None:
    text = TOOLS.replace("[", "").replace("]", "")
    ours, theirs = text.replace("curlie", "ffmpeg\n  curlie"), text.replace("  curlie\n", "")
    assert merge_file("flake.nix", text.encode(), ours.encode(), theirs.encode()) is None


SHELL = "let\n  a = pkgs.a;\n  b = pkgs.b;\nin [\n  a\n  b\n]\n"


def test_what_both_sides_add_in_two_places_of_one_list_stands_there_once() -> None:
    ours = SHELL.replace("  b", "  cacert = pkgs.cacert;\n  b", 1).replace(
        "  a\n", "  a\n  cacert\n"
    )
    theirs = SHELL.replace("in", "  cacert = pkgs.cacert;\nin").replace(
        "  b\n]", "  b\n  cacert\n]"
    )
    result = merge_file("flake.nix", *(side.encode() for side in (SHELL, ours, theirs)))
    assert isinstance(result, Merged)
    assert result.content.decode() == ours
    merged = ours.replace("in", "  cacert = pkgs.cacert;\nin")
    problem = check_clean("flake.nix", *(s.encode() for s in (SHELL, ours, theirs, merged)))
    assert problem == "it has “cacert = pkgs.cacert;” twice"


@pytest.mark.parametrize(
    ("own", "offered", "merged"),
    [
        ("c = 1;", "d = 2;", "d = 2;\n  c = 1;"),
        ("c = 1;\n", "d = 2;\n", "d = 2;\n  c = 1;\n"),
        ("c = 1;", "d = c;", None),
        ("c = 1;", "c = 2;", None),
        ("c = 1", "d = 2", None),
    ],
)
def test_settings_of_both_sides_at_one_place_are_united_where_none_needs_another(
    own: str, offered: str, merged: str | None
) -> None:
    sides = [SHELL, *(SHELL.replace("in", f"  {each}\nin") for each in (own, offered))]
    result = merge_file("flake.nix", *(side.encode() for side in sides))
    expected = merged and SHELL.replace("in", f"  {merged}\nin")
    assert (isinstance(result, Merged) and result.content.decode()) == (expected or False)


SECTIONS = "# Title\n\nFirst.\n\n## Last\n\nEnd.\n"
OWN_SECTION = "## Own\n\n```sh\n# run\nmake\n```\n"


@pytest.mark.parametrize("path", ["a.md", "rules/a.mdc"])
def test_a_text_without_a_heading_stands_above_a_section_that_the_other_side_added(
    path: str,
) -> None:
    at = "## Last"
    ours = SECTIONS.replace(at, f"{OWN_SECTION}\n{at}")
    theirs = SECTIONS.replace(at, f"See there.\n\n{at}")
    expected = SECTIONS.replace(at, f"See there.\n\n{OWN_SECTION}\n{at}")
    for one, two in (ours, theirs), (theirs, ours):
        result = merge_file(path, *(side.encode() for side in (SECTIONS, one, two)))
        assert result == Merged(expected.encode())


def test_sections_that_both_sides_added_stand_below_each_other() -> None:
    at = "## Last"
    ours = SECTIONS.replace(at, f"{OWN_SECTION}\n{at}")
    theirs = SECTIONS.replace(at, f"## New\n\nText.\n\n{at}")
    expected = SECTIONS.replace(at, f"{OWN_SECTION}\n## New\n\nText.\n\n{at}")
    result = merge_file("a.md", *(side.encode() for side in (SECTIONS, ours, theirs)))
    assert result == Merged(expected.encode())
    # A line of code is no heading, and of two texts nobody knows which comes first.
    code = "# Title\n\n```sh\nfirst\n\nlast\n```\n"
    for base, place, one, two in (
        (code, "last", "# own\n\n", "make\n\n"),
        (SECTIONS, at, "Own.\n\n", "New.\n\n"),
        (SECTIONS, at, f"{OWN_SECTION}\n", "New.\n\n## Next\n\n"),
    ):
        sides = (base, *(base.replace(place, each + place) for each in (one, two)))
        assert merge_file("a.md", *(side.encode() for side in sides)) is None


def test_a_passage_is_that_of_the_side_that_changed_all_that_the_other_did() -> None:
    base = "If you used a tool, it handles this \u2014 for you, and\nlater. Else create an empty one.\n"
    ours = "If you used a tool, it handles this; for you,\nand later. Else create an empty one.\n"
    theirs = "If you used it, it\nhandles this; for you, and later. Create one.\n"
    for one, two in (ours, theirs), (theirs, ours):
        result = merge_file("a.md", *(side.encode() for side in (base, one, two)))
        assert isinstance(result, Merged)
        assert result.content.decode() == theirs
    other = theirs.replace("handles this;", "handles it;")
    assert merge_file("a.md", *(side.encode() for side in (base, ours, other))) is None
