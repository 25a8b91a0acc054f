"""Keyed formats: what is taken from both sides, what is refused, and why."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import check_clean, guard, merge_file, toml, yaml

HOOK = "repos:\n  - repo: a\n    rev: {rev}\n    hooks:\n      - id: x\n{more}"


def test_a_record_that_both_sides_changed_is_made_of_both() -> None:
    base = HOOK.format(rev="v1", more="")
    ours = HOOK.format(rev="v1", more="        args: [--fast]\n")
    theirs = HOOK.format(rev="v2", more="")
    merged = HOOK.format(rev="v2", more="        args: [--fast]\n")
    assert yaml.merge(base, ours, theirs) == (merged, ())
    assert guard.problem("a.yaml", base, ours, theirs, merged) is None


def test_of_a_pin_that_both_moved_up_the_newer_wins_with_a_note() -> None:
    sides = [HOOK.format(rev=rev, more="") for rev in ("v1.9", "v1.10", "v1.11")]
    merged = yaml.merge(*sides)
    assert merged is not None
    assert merged[0] == sides[2]
    assert "v1.10" in merged[1][0]
    assert "v1.11" in merged[1][0]


def test_a_pin_that_the_project_holds_back_stays_with_a_note() -> None:
    sides = [HOOK.format(rev=rev, more="") for rev in ("v1.9", "v1.2", "v1.11")]
    merged = yaml.merge(*sides)
    assert merged is not None
    assert merged[0] == sides[1]
    assert "the project holds it back; v1.2 is kept, v1.11 of the template is not" in merged[1][0]
    bounds = [f'd = ["a=={version}"]\n' for version in ("1.9", "1.2", "1.11")]
    done = toml.merge(*bounds)
    assert done is not None
    assert done[0] == bounds[1]


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("line-length = 80\n", "line-length = 100\n", "line-length = 120\n"),
        ('v = ["3.11", "3.12"]\n', 'v = ["3.11"]\n', 'v = ["3.11", "3.12", "3.13"]\n'),
        ('d = ["a>=1"]\n', 'd = ["a>=2"]\n', 'd = ["a<3"]\n'),
    ],
    ids=["plain number", "version beside a removed one", "lower and upper bound"],
)
def test_toml_that_is_not_sure_is_refused(base: str, ours: str, theirs: str) -> None:
    assert toml.merge(base, ours, theirs) is None


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        (
            "stages:\n  - lint\n  - test\n  - build\n",
            "stages:\n  - lint\n  - build\n  - test\n",
            "stages:\n  - lint\n  - test\n",
        ),
        (
            "steps:\n  - name: A\n    run: x\n  - run: z\n",
            "steps:\n  - run: z\n",
            "steps:\n  - name: B\n    run: x\n  - run: z\n",
        ),
    ],
    ids=["moved and removed", "renamed and removed"],
)
def test_what_one_side_removed_does_not_come_back(base: str, ours: str, theirs: str) -> None:
    assert yaml.merge(base, ours, theirs) is None


def test_extras_stay_where_they_are_when_their_table_is_renamed_for_another_key() -> None:
    base = '[project.optional-dependencies]\ndev = ["a", "b", "c"]\n'
    ours = '[project.optional-dependencies]\nplot = ["p"]\ndev = ["a", "b", "c", "d"]\n'
    theirs = '[dependency-groups]\ndev = ["a", "c"]\n'
    merged = toml.merge(base, ours, theirs)
    assert merged is not None
    said = toml.load(merged[0])
    assert said == toml.load(
        '[project.optional-dependencies]\nplot = ["p"]\n[dependency-groups]\ndev=["a","c","d"]\n'
    )


def test_the_guard_sees_a_key_that_git_left_twice() -> None:
    base, ours, theirs = "[a]\nx = 1\n", "[a]\nx = 1\ny = 2\n", "[a]\ny = 2\nx = 1\n"
    said = guard.problem("a.toml", base, ours, theirs, "[a]\ny = 2\nx = 1\ny = 2\n")
    assert said is not None
    assert "invalid" in said


def test_the_guard_sees_a_copy_of_a_member() -> None:
    base, ours = HOOK.format(rev="v1", more=""), HOOK.format(rev="v1", more="        a: 1\n")
    theirs = HOOK.format(rev="v2", more="")
    merged = HOOK.format(rev="v2", more="        a: 1\n")
    twice = merged + merged.removeprefix("repos:\n")
    assert guard.problem("a.yaml", base, ours, theirs, twice) is not None


def test_an_alias_whose_anchor_the_other_side_renamed_is_left_to_people() -> None:
    base = ".base: &base\n  image: x\n\nt:\n  <<: *base\n"
    ours = base + "\nmine:\n  <<: *base\n"
    theirs = base.replace("&base", "&common").replace("*base", "*common")
    assert merge_file("ci.yml", base.encode(), ours.encode(), theirs.encode()) is None
    broken = theirs + "\nmine:\n  <<: *base\n"
    sides = (base.encode(), ours.encode(), theirs.encode(), broken.encode())
    assert check_clean("ci.yml", *sides) is not None
