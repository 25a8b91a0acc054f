"""The page of an update: every file, both sides, what is open; and nothing foreign that runs."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from lisa_scaffold.git import Blob
from lisa_scaffold.report.changes import Changes, build_changes_page
from lisa_scaffold.report.document import Item, Section
from lisa_scaffold.sync.outcome import Conflict, Synced

from ..support.pages import Page, check_structure
from ..support.results import EVIL

BASE = "a = 1\nb = 1\nc = 1\n"
OURS = "a = 2\nb = 1\nc = 1\n"
THEIRS = "a = 3\nb = 1\nc = 2\n"
MARKED = "<<<<<<< project\na = 2\n=======\na = 3\n>>>>>>> template\nb = 1\nc = 2\n"


def blob(text: str | bytes, mode: str = "100644") -> Blob:
    return Blob(mode, text if isinstance(text, bytes) else text.encode(errors="replace"))


def in_conflict(synced: Synced, path: str = "a.toml") -> None:
    stages = {1: blob(BASE), 2: blob(OURS), 3: blob(THEIRS)}
    resolved = OURS.replace("c = 1", "c = 2")
    shown = Conflict(stages, blob(MARKED), 1, blob(resolved), blob(THEIRS))
    synced.conflict(path, shown)


def page(
    synced: Synced,
    before: dict[str, Blob] | None = None,
    notes: dict[str, list[str]] | None = None,
    *sections: Section,
) -> Page:
    return Page(
        build_changes_page("update", "demo", Changes(synced, before or {}, notes or {}), sections)
    )


def test_both_sides_stand_side_by_side_with_the_note_at_its_line() -> None:
    synced = Synced()
    synced.settle("a.toml", "merged", blob("[tool.ruff]\nline-length = 90\ny = 1\n"))
    before = {"a.toml": blob("[tool.ruff]\nline-length = 88\ny = 1\n")}
    notes = {"a.toml": ["tool.ruff.line-length: the larger one stays.", "Read this."]}
    found = page(synced, before, notes)
    check_structure(found)
    assert found.texts("tr")[1:] == [
        "1 [tool.ruff] 1 [tool.ruff]",
        "2 line-length = 88 2 line-length = 90",
        "tool.ruff.line-length: the larger one stays.",
        "3 y = 1 3 y = 1",
    ]
    assert found.texts("mark") == ["88", "90"]
    assert found.texts("p", class_="note") == ["Read this."]


def test_lines_that_a_note_quotes_stand_below_it_and_no_sentence_is_the_name_of_a_member() -> None:
    synced = Synced()
    synced.settle("a.toml", "merged", blob("[project]\nname = 'x'\n'doc' = ['D', 'E']\n"))
    before = {"a.toml": blob("[project]\nname = 'y'\n'doc' = ['D']\n")}
    said = "both sides changed what stands in these lines; they were:"
    notes = [
        f"{said}\n    project: 'doc' = ['D']\n    template: 'docs' = ['E']",
        "line 3: the template's docs is doc here: correct it.",
        "name: another one.\n    template: name = 'z'",
    ]
    found = page(synced, before, {"a.toml": notes}, Section("Notes", (Item(notes[0], "b.toml"),)))
    check_structure(found)
    assert found.texts("tr")[1:] == [
        "1 [project] 1 [project]",
        "2 name = 'y' 2 name = 'x'",
        "name: another one. template: name = 'z'",
        "3 'doc' = ['D'] 3 'doc' = ['D', 'E']",
        "line 3: the template's docs is doc here: correct it.",
    ]
    assert found.texts("p", class_="note") == [said]
    quoted = "project: 'doc' = ['D'] template: 'docs' = ['E']"
    assert found.texts("pre", class_="quoted") == [quoted, "template: name = 'z'", quoted]
    assert "\\n" not in " ".join(found.texts("main"))


def test_a_number_of_a_line_among_markers_is_no_line_of_the_merge() -> None:
    synced = Synced()
    in_conflict(synced)
    found = page(synced, {"a.toml": blob(OURS)}, {"a.toml": ["line 7: correct it."]})
    assert found.texts("p", class_="note") == ["line 7: correct it."]


def test_a_conflict_has_three_sides_and_what_is_merged_beside() -> None:
    synced = Synced()
    in_conflict(synced)
    found = page(synced, {"a.toml": blob(OURS)})
    check_structure(found)
    assert found.texts("h4") == ["Conflict 1 of 1, from line 1"]
    assert found.texts("h5") == ["The project", "The template before", "The template now"]
    assert found.texts("pre") == ["a = 2", "a = 1", "a = 3"]
    assert found.texts("tr", class_="changed") == ["3 c = 1 3 c = 2"]
    assert found.texts("p", class_="about") == ["1 changed file · 1 conflict"]


def test_several_places_have_their_own_base() -> None:
    synced = Synced()
    base = "".join(f"{n}\n" for n in range(9))
    ours = base.replace("1\n", "one\nuno\n").replace("7\n", "seven\n")
    theirs = base.replace("1\n", "I\n").replace("7\n", "VII\nsept\n")
    marked = (
        "0\n<<<<<<< project\none\nuno\n=======\nI\n>>>>>>> template\n2\n3\n4\n5\n6\n"
        "<<<<<<< project\nseven\n=======\nVII\nsept\n>>>>>>> template\n8\n"
    )
    stages = {1: blob(base), 2: blob(ours), 3: blob(theirs)}
    synced.conflict("a.txt", Conflict(stages, blob(marked), 2))
    found = page(synced, {"a.txt": blob(ours)})
    assert found.texts("pre") == ["one uno", "1", "I", "seven", "7", "VII sept"]


def test_the_base_of_a_place_is_right_below_what_git_has_merged() -> None:
    """Lines that the template brings above it move the place, and are shown as merged."""
    synced = Synced()
    base = "".join(f"{n}\n" for n in range(12))
    ours = base.replace("9\n", "nine\n")
    marked = (
        "0\nnew\nnewer\nnewest\n" + "".join(f"{n}\n" for n in range(1, 9)) + "<<<<<<< project\n"
        "nine\n=======\nIX\n>>>>>>> template\n10\n11\n"
    )
    theirs = base.replace("0\n1\n", "0\nnew\nnewer\nnewest\n1\n").replace("9\n", "IX\n")
    stages = {1: blob(base), 2: blob(ours), 3: blob(theirs)}
    synced.conflict("a.txt", Conflict(stages, blob(marked), 1))
    found = page(synced, {"a.txt": blob(ours)})
    assert found.texts("pre") == ["nine", "9", "IX"]
    assert found.texts("tr", class_="changed") == ["2 new", "3 newer", "4 newest"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "marked", "shown"),
    [
        pytest.param(
            "a\nold\nolder\nz\n",
            "a\nmine\nz\n",
            "a\nold\nolder\nyours\nz\n",
            "a\n<<<<<<< project\nmine\n=======\nyours\n>>>>>>> template\nz\n",
            ["mine", "nothing", "yours"],
            id="the project removed a block beside what both added",
        ),
        pytest.param(
            "a\nold\nolder\nz\n",
            "a\nold\nolder\nmine\nz\n",
            "a\nyours\nz\n",
            "a\n<<<<<<< project\nmine\n=======\nyours\n>>>>>>> template\nz\n",
            ["mine", "nothing", "yours"],
            id="the template removed one",
        ),
        pytest.param(
            "a\nold\nx = 1\nz\n",
            "a\nx = 2\nz\n",
            "a\nold\nx = 3\nz\n",
            "a\n<<<<<<< project\nx = 2\n=======\nx = 3\n>>>>>>> template\nz\n",
            ["x = 2", "x = 1", "x = 3"],
            id="the project removed a line above what both changed",
        ),
        pytest.param(
            "a\nold\nolder\nz\n",
            "a\nz\n",
            "a\nold\nnewer\nz\n",
            "a\n<<<<<<< project\n=======\nold\nnewer\n>>>>>>> template\nz\n",
            ["nothing", "old older", "old newer"],
            id="the project removed what the template changed",
        ),
    ],
)
def test_the_base_of_a_place_has_no_lines_that_one_side_alone_removed(
    base: str, ours: str, theirs: str, marked: str, shown: list[str]
) -> None:
    synced = Synced()
    stages = {1: blob(base), 2: blob(ours), 3: blob(theirs)}
    synced.conflict("a.txt", Conflict(stages, blob(marked), 1))
    found = page(synced, {"a.txt": blob(ours)})
    assert found.texts("pre") == shown


def test_what_is_not_taken_is_a_patch_to_copy() -> None:
    synced = Synced()
    synced.keep("a.toml", "The template changed it.")
    synced.patches["a.toml"] = "--- a/a.toml\n+++ b/a.toml\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
    synced.quotations["a.toml"] = "+gone\n"
    found = page(synced, {"a.toml": blob(BASE)})
    (patch,) = (each for each in found.all("pre") if "data-copy" in each.attributes)
    assert patch.attributes["data-copy"] == synced.patches["a.toml"]
    assert "data-needs" in found.all("article")[0].attributes
    assert found.texts("span", class_="added") == ["+++ b/a.toml", "+a = 2", "+gone"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (blob(b"\0a"), blob(b"\0bc"), "no text: 2 bytes → 3 bytes"),
        (None, blob(b"\xff"), "no text: no file → 1 byte"),
        (blob("a\n"), blob("a\n", "100755"), "mode 100644 → 100755"),
        (blob("a", "160000"), None, "no text: 1 byte → no file"),
    ],
)
def test_what_is_no_text_is_said_so(old: Blob | None, new: Blob | None, said: str) -> None:
    synced = Synced()
    synced.settle("x", "updated" if new else "removed", new)
    found = page(synced, {"x": old} if old else {})
    assert found.texts("p", class_="note") == [said]


def test_a_long_file_is_cut_and_the_rest_counted() -> None:
    synced = Synced()
    synced.settle("long.txt", "added", blob("line\n" * 3000))
    found = page(synced)
    assert len(found.all("tr")) == 1001
    assert found.texts("p", class_="note") == ["2000 more rows: see git diff."]


def test_nothing_foreign_is_more_than_text() -> None:
    synced = Synced()
    in_conflict(synced, EVIL)
    synced.settle(f"{EVIL}2", "renamed", blob(f"{EVIL}\n"), was=EVIL)
    synced.patches[EVIL] = synced.quotations[EVIL] = f"+{EVIL}\n"
    sections = [
        Section(EVIL, (Item(EVIL, EVIL, (Item(EVIL),), EVIL),), urgent=True),
        Section(EVIL, folded=f"{EVIL}\n"),
    ]
    changes = Changes(synced, {EVIL: blob(f"{EVIL}x\n")}, {EVIL: [EVIL], f"{EVIL}2": [EVIL]})
    text = build_changes_page("update", EVIL, changes, sections)
    found = Page(text)
    check_structure(found)
    assert len(found.all("script")) == len(found.all("style")) == 1
    assert not any(key.startswith("on") for each in found.elements for key in each.attributes)
    assert not {each.tag for each in found.elements} & {"img", "iframe", "object", "base", "link"}
    (policy,) = (e.attributes["content"] for e in found.all("meta") if "http-equiv" in e.attributes)
    script = re.findall(r"<script>(.*)</script>", text, re.DOTALL)[0]
    assert b64encode(sha256(script.encode()).digest()).decode() in policy


def test_a_token_in_an_address_stays_at_home() -> None:
    synced = Synced()
    secret = "https://user:geheim@example.org/x"  # noqa: S105 - for show
    synced.settle("a.txt", "merged", blob(f"{secret}\n"))
    synced.patches["a.txt"] = f"+{secret}\n"
    changes = Changes(synced, {"a.txt": blob(f"old {secret}\n")}, {"a.txt": [secret]})
    section = Section("Notes", (Item(secret),), folded=secret)
    assert "geheim" not in build_changes_page("update", secret, changes, [section])
