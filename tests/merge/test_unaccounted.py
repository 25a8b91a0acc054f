"""A line of either side that nothing accounts for is quoted in a note."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold.formats import json, toml, yaml
from lisa_scaffold.formats.tree import Branch
from lisa_scaffold.merge import merge_file
from lisa_scaffold.merge.declined import note_unaccounted
from lisa_scaffold.model import Declined, Merged
from tests.merge import documents, fuzz
from tests.merge.material import Sides, sides
from tests.support.sweeps import examples

KEYED: dict[str, tuple[Callable[[str], Branch], str]] = {
    **{f"{name}.toml": (toml.parse, text) for name, text in documents.TOML.items()},
    **{f"{name}.yml": (yaml.parse, text) for name, text in documents.YAML.items()},
    **{f"{name}.json": (json.parse, text) for name, text in documents.JSON.items()},
}
JOINED = "both sides changed what stands in these lines; they were:"


def untold(case: Sides, result: Merged | Declined) -> set[str]:
    """Lines that a side has of its own, and that are in neither result, patch nor note."""
    told = result.reason if isinstance(result, Declined) else "\n".join(result.notes)
    there = lines(case.base) | lines(result.content.decode())
    own = (lines(case.ours) | lines(case.theirs)) - there
    # Of the project's own version a note names the template's alone, and not its line.
    versions = re.findall(r"(\S+) is not taken", told)
    return {
        line
        for line in own
        if line not in told + result.patch and not any(f'"{each}"' in line for each in versions)
    }


def lines(text: str) -> set[str]:
    return {line.strip().removesuffix(",").rstrip() for line in text.splitlines()}


@settings(max_examples=examples(400))
@given(case=sides())
def test_every_line_of_either_side_is_told(case: Sides) -> None:
    result = merge_file(case.path, *(text.encode() for text in case[1:]))
    if result is not None:
        assert untold(case, result) == set(), result


@pytest.mark.parametrize("path", sorted(KEYED))
@settings(max_examples=examples(30), deadline=None)
@given(random=st.randoms(use_true_random=False))
def test_every_line_of_either_side_of_a_keyed_file_is_told(path: str, random: Random) -> None:
    parse, base = KEYED[path]
    case = Sides(path, base, *(fuzz.edited(parse, base, random) for _ in range(2)))
    result = merge_file(path, *(text.encode() for text in case[1:]))
    if result is not None:
        assert untold(case, result) == set(), result


def test_lines_that_became_one_are_quoted_as_they_were() -> None:
    versions = ('v = ["b"]\n', 'v = ["a", "b"]\n', 'v = ["b", "c"]\n')
    result = merge_file("a.toml", *(text.encode() for text in versions))
    note = f'{JOINED}\n    project: v = ["a", "b"]\n    template: v = ["b", "c"]'
    assert result == Merged(b'v = ["a", "b", "c"]\n', (note,))


def test_a_line_with_a_version_stands_below_the_note_on_that_version() -> None:
    versions = [f'lint = ["nox", "ruff==0.15.{n}"]\n'.encode() for n in (1, 2, 4)]
    result = merge_file("a.toml", *versions)
    assert isinstance(result, Merged)
    assert [note.partition(" ")[2].partition("\n")[2] for note in map(str, result.notes)] == [
        '    project: lint = ["nox", "ruff==0.15.2"]'
    ]
    listed = [f'lint = [\n  "nox",\n  "ruff==0.15.{n}",\n]\n'.encode() for n in (1, 2, 4)]
    result = merge_file("a.toml", *listed)
    assert isinstance(result, Merged)
    assert [JOINED in str(note) for note in result.notes] == [False]


def test_a_line_stands_below_the_note_that_tells_of_it() -> None:
    versions = [f"on: push\nuses: a/b@{pin}\n".encode() for pin in ("v1", "v2", "v3")]
    result = merge_file("a.yml", *versions)
    assert isinstance(result, Merged)
    assert result.notes == (
        "uses: both sides moved it up; a/b@v3 of the template is newer and kept, a/b@v2 of the "
        "project is not.\n    project: uses: a/b@v2",
    )


def test_of_two_forms_of_one_version_none_is_called_newer() -> None:
    versions = [f"on: push\nuses: a/b@{pin}\n".encode() for pin in ("v1", "v2.0", "v2")]
    result = merge_file("a.yml", *versions)
    assert isinstance(result, Merged)
    assert result.content == versions[1]
    assert result.notes == (
        "uses: both sides moved it up; a/b@v2.0 of the project is kept, as a/b@v2 of the template "
        "says the same.\n    template: uses: a/b@v2",
    )


def test_a_commit_stands_for_the_tag_that_it_is_the_version_of() -> None:
    """A template that freezes its pins goes on doing so where an updater was quicker."""
    commit = f"a/b@{'a' * 40}"
    versions = [f"on: push\nuses: {pin}\n".encode() for pin in ("a/b@v1", "a/b@v2", commit)]
    versions[2] = versions[2].replace(b"a\n", b"a # v2.0\n")
    result = merge_file("a.yml", *versions)
    assert isinstance(result, Merged)
    assert result.content == versions[2]
    assert result.notes == (
        f"uses: both sides moved it up; {commit} # v2.0 of the template is kept, as a/b@v2 of the "
        "project says the same.\n    project: uses: a/b@v2",
    )
    other = merge_file("a.yml", versions[0], versions[2], versions[1])
    assert isinstance(other, Merged)
    assert other.content == versions[2]


def test_a_line_is_quoted_once_and_what_is_there_or_told_is_not() -> None:
    base, ours = "a\n", "  same,\nlost\nlost\n"
    assert note_unaccounted((base, ours, base), "same\n", (), "") == (
        f"{JOINED}\n    project: lost",
    )
    assert note_unaccounted((base, ours, base), "same\n", ("It lost.",), "") == ("It lost.",)
    assert note_unaccounted((base, ours, base), "same\n", (), "+lost\n") == ()
