"""Keyed formats: what is taken from both sides, what is refused, and why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.formats import toml
from lisa_scaffold.merge import check_clean, choice, keyed, merge_file, verify
from lisa_scaffold.model import Merged

HOOK = "repos:\n  - repo: a\n    rev: {rev}\n    hooks:\n      - id: x\n{more}"


def test_a_record_that_both_sides_changed_is_made_of_both() -> None:
    base = HOOK.format(rev="v1", more="")
    ours = HOOK.format(rev="v1", more="        args: [--fast]\n")
    theirs = HOOK.format(rev="v2", more="")
    merged = HOOK.format(rev="v2", more="        args: [--fast]\n")
    assert keyed.merge_yaml(base, ours, theirs) == (merged, ())
    assert verify.find_problem("yaml", base, ours, theirs, merged) is None


def frozen(commit: str, tag: str) -> str:
    """A revision as `pre-commit autoupdate --freeze` writes it."""
    return f"{commit * 40}  # frozen: {tag}"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "won"),
    [
        (frozen("a", "v1.0"), frozen("a", "v1.0"), frozen("b", "v1.1"), frozen("b", "v1.1")),
        (frozen("a", "v1.0"), frozen("b", "v1.9"), frozen("c", "v1.10"), frozen("c", "v1.10")),
        (frozen("a", "v1.0"), frozen("c", "v1.10"), frozen("b", "v1.9"), frozen("c", "v1.10")),
        ("v1.0", frozen("c", "v1.10"), "v1.9", frozen("c", "v1.10")),
        # A commit that the project put in place of a tag is never a tag again.
        ("v1.0", frozen("a", "v1.0"), "v1.1", frozen("a", "v1.0")),
        ("v1.0", frozen("a", "v0.9"), "v1.1", frozen("a", "v0.9")),
        ("v1.0", "a" * 40, "v1.1", "a" * 40),
    ],
)
def test_a_frozen_revision_and_its_tag_stay_together(
    base: str, ours: str, theirs: str, won: str
) -> None:
    merged = keyed.merge_yaml(*(HOOK.format(rev=rev, more="") for rev in (base, ours, theirs)))
    assert merged is not None
    assert merged[0] == HOOK.format(rev=won, more="")


IMAGES = [
    "services:\n  db:\n    image: a/db:{}\n",
    "services:\n  db:\n    image: ${{DB_IMAGE:-docker.io/library/postgres:{}}}\n",
    'variables:\n  LISA_HELM_IMAGE: "localhost:5000/helm:{}"\n',
]


@pytest.mark.parametrize("form", IMAGES)
@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        ("1.11", "1.10", "both sides moved it up; {ours} of the project is newer and kept"),
        ("1.10", "1.11", "both sides moved it up; {theirs} of the template is newer and kept"),
        ("1.11@", "1.10", "both sides moved it up; {ours} of the project is newer and kept"),
        (
            "1.10@",
            "1.10",
            "{ours} of the project is kept, as {theirs} of the template says the same",
        ),
        # A tag that the project put a digest behind is never without one again.
        (
            "1.9@",
            "1.10",
            "the project holds it back; {ours} is kept, {theirs} of the template is not",
        ),
        ("1.10@", "1.11", "the project holds it back; {ours} is kept, {theirs} of the template is"),
    ],
)
def test_an_image_that_an_updater_moved_stays_with_its_digest(
    form: str, ours: str, theirs: str, told: str
) -> None:
    ours = ours.replace("@", "@sha256:" + "a" * 64)
    sides = [form.format(each) for each in ("1.9", ours, theirs)]
    merged = merge_file("compose.yaml", *(each.encode() for each in sides))
    assert isinstance(merged, Merged)
    of_project = "{ours}" in told.partition("kept")[0]
    assert merged.content.decode() == sides[1 if of_project else 2]
    names = [side.strip().rpartition(": ")[2].strip('"') for side in sides]
    assert told.format(ours=names[1], theirs=names[2]) in str(merged.notes[0])


@pytest.mark.parametrize("form", IMAGES)
def test_an_image_of_another_name_and_a_newer_tag_are_a_conflict(form: str) -> None:
    base, theirs = (form.format(each).encode() for each in ("1.9", "1.10"))
    ours = re.sub(rb"(?=\w+:1\.9)", b"our-", base)
    assert ours != base
    assert merge_file("compose.yaml", base, ours, theirs) is None


def test_of_a_pin_that_both_moved_up_the_newer_wins_with_a_note() -> None:
    sides = [HOOK.format(rev=rev, more="") for rev in ("v1.9", "v1.10", "v1.11")]
    merged = keyed.merge_yaml(*sides)
    assert merged is not None
    assert merged[0] == sides[2]
    assert "v1.10" in str(merged[1][0])
    assert "v1.11" in str(merged[1][0])


def test_a_pin_that_the_project_holds_back_stays_with_a_note() -> None:
    sides = [HOOK.format(rev=rev, more="") for rev in ("v1.9", "v1.2", "v1.11")]
    merged = keyed.merge_yaml(*sides)
    assert merged is not None
    assert merged[0] == sides[1]
    assert "the project holds it back; v1.2 is kept, v1.11 of the template is not" in str(
        merged[1][0]
    )


def test_a_heading_over_what_stays_is_not_there_again_over_what_follows() -> None:
    base = "[z]\nw = 1\n\n\n# ---- Tools ----\n\n[a]\nx = 1\n\n[b]\ny = 1\n"
    ours, theirs = base.replace("x = 1", "x = 2"), base.replace("[a]\nx = 1\n\n", "")
    merged = keyed.merge_toml(base, ours, theirs)
    assert merged is not None
    assert merged[0] == ours
    # Where the project has it elsewhere, nobody knows which is which.
    twice = keyed.merge_toml(base, ours + "\n# ---- Tools ----\n\n[c]\nv = 1\n", theirs)
    assert twice is not None
    assert twice[0].count("Tools") == 3


REMARK = "[a]\n# Make it easy to ignore:\nx = 1\ny = 1\n"


@pytest.mark.parametrize("path", ["a.toml", "a.yml"])
def test_a_comment_that_both_wrote_is_the_project_s_over_what_is_the_project_s(path: str) -> None:
    def write(text: str) -> bytes:
        return (text if path == "a.toml" else text.replace("[a]\n", "").replace(" =", ":")).encode()

    ours = REMARK.replace("Make it easy to ignore", "Easy to ignore")
    theirs = REMARK.replace("# Make", "# Some are noisy.\n# First, make").replace("y = 1", "y = 2")
    merged = merge_file(path, *map(write, (REMARK, ours, theirs)))
    assert isinstance(merged, Merged)
    assert merged.content == write(ours.replace("y = 1", "y = 2"))
    assert "+# Some are noisy.\n+# First, make it easy to ignore:\n" in merged.patch
    assert "both sides wrote the comment above it" in merged.notes[0]
    # Over what the template changed, its words are about that.
    assert merge_file(path, *map(write, (REMARK, ours, theirs.replace("x = 1", "x = 2")))) is None
    with choice.without_report():
        assert merge_file(path, *map(write, (REMARK, ours, theirs))) is None


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("# renovate: a=b", "# renovate: a=c"),
        ("# yamllint disable-line rule:x", "# yamllint disable-line rule:y"),
        ("# pylint: disable=one", "# pylint: disable=two"),
        ("# - name: of a step", "# - name: of one"),
        ("# uses: other/action", "# uses: this/action"),
    ],
)
def test_a_comment_that_some_tool_reads_is_no_remark(one: str, two: str) -> None:
    sides = ["x: 1\ny: 1\n", f"{one}\nx: 1\ny: 1\n", f"{two}\nx: 1\ny: 2\n"]
    assert keyed.merge_yaml(*sides) is None


def test_a_comment_that_says_more_stands_for_the_other() -> None:
    base = "[a]\nx = 1\ny = 1\n"
    ours = base.replace("y = 1", '# One.\n# Two.\n# "own",\ny = 1')
    theirs = base.replace("x = 1\n", "").replace("y = 1", "# One.\n# Two.\ny = 1")
    for one, two in (ours, theirs), (theirs, ours):
        merged = keyed.merge_toml(base, one, two)
        assert merged is not None
        assert merged[0] == ours.replace("x = 1\n", "")


def test_options_in_comments_that_both_added_and_removed_are_a_set() -> None:
    base = "[a]\nx = 1\n# one = 1\n# two = 2\n# six = 6\n\n[b]\ny = 1\n"
    ours = base.replace("# two = 2\n", "# own = 2\n# two = 2\n").replace("# one = 1\n", "")
    theirs = base.replace("# two = 2\n", "# new = 2\n").replace("y = 1", "y = 2")
    expected = ours.replace("# two = 2\n", "").replace("y = 1", "y = 2")
    merged = keyed.merge_toml(base, ours, theirs)
    assert merged is not None
    assert sorted(merged[0].split("\n")) == sorted([*expected.split("\n"), "# new = 2"])
    assert merged[0].endswith("\n\n[b]\ny = 2\n")


def test_comments_above_one_that_became_an_item_are_still_the_template_s() -> None:
    base = 'x = [\n  "a",\n  # For later:\n  #"b",  # one\n  #"c",  # two\n  #"d",  # three\n]\n'
    ours = base.replace('#"d"', '"d"')
    theirs = base.replace('  #"b",  # one\n', "").replace('  #"d"', '  #"n",\n  #"d"')
    expected = 'x = [\n  "a",\n  # For later:\n  #"c",  # two\n  #"n",\n  "d",  # three\n]\n'
    for one, two in (ours, theirs), (theirs, ours):
        merged = keyed.merge_toml(base, one, two)
        assert merged is not None
        assert merged[0] == expected


NOTHING = "<filled in later>"


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        (NOTHING, "v1.9", "v1.10", "v1.10"),
        (NOTHING, "v1.9", "v1.8", "v1.9"),
        ("v1.8", "v1.9", NOTHING, None),
    ],
)
def test_a_version_is_newer_than_what_stands_for_one(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    sides = [HOOK.format(rev=rev, more="") for rev in (base, ours, theirs)]
    result = keyed.merge_yaml(*sides)
    assert (result and result[0]) == (merged and HOOK.format(rev=merged, more=""))


def test_a_hook_whose_version_the_project_filled_in_goes_with_the_template_s() -> None:
    one, two = (HOOK.format(rev=rev, more="") for rev in (NOTHING, "v1.9"))
    other = one.replace("repo: a", "repo: c").partition("\n")[2]
    result = keyed.merge_yaml(one + other, two + other, one.partition("\n")[0] + "\n" + other)
    assert result is not None
    assert "only moved its version" in str(result[1][0])


def test_a_version_that_both_sides_added_is_the_one_that_is_filled_in() -> None:
    base = HOOK.format(rev="v1", more="")
    hook = base.replace("repo: a", "repo: c").partition("\n")[2]
    sides = [base, *(base + hook.replace("v1", rev) for rev in ("v1.9", NOTHING))]
    result = keyed.merge_yaml(*sides)
    assert result is not None
    assert result[0] == sides[1]
    assert "the template without content" in str(result[1][0])


def frozen_note(pin: str) -> str:
    return f"the project holds it back; {pin} is kept, v1.1 of the template is not."


@pytest.mark.parametrize("rev", [frozen("a", "v1.0"), "a" * 40])
def test_a_frozen_hook_is_told(rev: str) -> None:
    sides = [HOOK.format(rev=each, more="") for each in ("v1.0", rev, "v1.1")]
    merged = keyed.merge_yaml(*sides)
    assert merged is not None
    assert frozen_note(" ".join(rev.split())) in str(merged[1][0])


@pytest.mark.parametrize(("old", "new"), [("v7", "v7.0.1"), ("v1.13.0", "v1.14.2"), ("v1", "v2")])
def test_the_commit_of_an_action_is_never_a_tag_again(old: str, new: str) -> None:
    pins = [f"a/b@{old}", f"a/b@{'a' * 40} # {old}", f"a/b@{new}"]
    sides = [f"jobs:\n  a:\n    steps:\n      - uses: {pin}\n" for pin in pins]
    merged = keyed.merge_yaml(*sides)
    assert merged is not None
    assert merged[0] == sides[1]
    held = f"the project holds it back; {pins[1]} is kept, {pins[2]} of the template is not."
    assert held in str(merged[1][0])


@pytest.mark.parametrize(
    "form",
    [
        'd = ["a=={}"]\n',
        'd = ["a>={}"]\n',
        'd = ["a>={},<3"]\n',
        'd = ["a=={}", "b"]\n',
        '[dependency-groups]\ntypes = [ "a=={}", {{ include-group = "test" }} ]\n',
    ],
)
def test_a_requirement_that_the_project_holds_back_is_called_so(form: str) -> None:
    sides = [form.format(version) for version in ("1.9", "1.2", "1.11")]
    merged = keyed.merge_toml(*sides)
    assert merged is not None
    pins = re.findall(r"a[>=]=[\d.,<]*", "".join(sides))
    told = f"the project holds it back; {pins[1]} is kept, {pins[2]} of the template is not."
    assert merged[0] == sides[1]
    assert [str(note).rpartition(".a: ")[2] for note in merged[1]] == [told]


def test_in_a_group_that_includes_another_the_newer_pin_wins() -> None:
    group = '[dependency-groups]\nt = [ {{ include-group = "{}" }}, "a=={}" ]\n'
    done = keyed.merge_toml(*(group.format("b", version) for version in ("1", "2", "3")))
    assert done is not None
    assert done[0] == group.format("b", "3")
    # Another group is another item.
    done = keyed.merge_toml(group.format("b", "1"), group.format("c", "1"), group.format("b", "2"))
    assert done is not None
    assert done[0] == group.format("c", "2")


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("line-length = 80\n", "line-length = 100\n", "line-length = 120\n"),
        ('v = ["3.11", "3.12"]\n', 'v = ["3.11", "3.12", "3.13"]\n', 'v = ["3.11"]\n'),
        ('d = ["a>=1"]\n', 'd = ["a>=2"]\n', 'd = ["a<3"]\n'),
    ],
    ids=["plain number", "version beside a removed one", "lower and upper bound"],
)
def test_toml_that_is_not_sure_is_refused(base: str, ours: str, theirs: str) -> None:
    assert keyed.merge_toml(base, ours, theirs) is None


def test_a_version_next_to_one_that_the_project_removed_is_left_out_with_a_note() -> None:
    base, theirs = b'v = ["3.11", "3.12"]\n', b'v = ["3.11", "3.12", "3.13"]\nw = 1\n'
    merged = merge_file("a.toml", base, b'v = ["3.11"]\n', theirs)
    assert isinstance(merged, Merged)
    assert merged.content == b'v = ["3.11"]\nw = 1\n'
    assert merged.notes == (
        'v: the template adds "3.13" next to 3.12, which the project does not have; it is left out.'
        '\n    template: v = ["3.11", "3.12", "3.13"]',
    )
    assert '+"3.13"' in merged.patch
    assert merge_file("a.toml", base, b'v = ["3.11"]\n', theirs, keep_prose=False) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ('v = ["3.11"]\n', 'v = ["3.11", "3.12"]\n', 'v = ["3.11", "3.12"]\n'),
        ('v = ["b", "c"]\n', 'v = ["a", "c"]\n', 'v = ["b", "a", "c"]\n'),
        ('extends = ["mine"]\n', 'extends = ["base"]\n', 'extends = ["base", "mine"]\n'),
        (
            'packageRules = [{ x = "mine" }]\n',
            'packageRules = [{ x = "base" }]\n',
            'packageRules = [{ x = "base" }, { x = "mine" }]\n',
        ),
    ],
    ids=["one holds the other", "a set", "the last one wins", "the last rule wins"],
)
def test_a_list_that_both_sides_added_has_the_items_of_both(
    ours: str, theirs: str, merged: str
) -> None:
    base = "a = 1\n"
    name = ours.split(" ", 1)[0]
    assert keyed.merge_toml(base, base + ours, base + theirs) == (
        base + merged,
        (f"{name}: both sides added it; it has the items of both.",),
    )


def test_of_a_pin_that_both_sides_added_the_newer_wins_with_a_note() -> None:
    base = 'd = ["a>=1"]\n'
    ours, theirs = 'd = ["a>=1", "b>=1.10"]\n', 'd = ["a>=1", "b>=2.0"]\n'
    note = "d.b: both sides added it; b>=2.0 of the template is newer and kept, b>=1.10 of the"
    assert keyed.merge_toml(base, ours, theirs) == (theirs, (f"{note} project is not.",))
    assert keyed.merge_toml(base, ours, theirs.replace(">=2.0", "<2.0")) is None
    assert keyed.merge_toml("x = 1\n", "x = 1\ny = 2\n", "x = 1\ny = 3\n") is None


def test_a_comment_goes_with_the_item_that_the_template_removed_and_a_note_names_it() -> None:
    base, theirs = b'v = [\n    "a",\n    "b",\n]\nw = 1\n', b'v = [\n    "b",\n]\nw = 2\n'
    ours = base.replace(b'    "a"', b'    # Until 2027.\n    "a"')
    merged = merge_file("a.toml", base, ours, theirs)
    assert isinstance(merged, Merged)
    assert merged.content == theirs
    assert merged.notes == (
        "v.a: the template removed it, the project changed its comment (# Until 2027.); both go.",
    )


def test_of_two_comments_on_one_added_item_the_projects_stays_and_a_note_names_the_other() -> None:
    base = 'v = [\n    "a",  # A.\n]\n'
    ours, theirs = (base.replace("]", f'    "b",  # {said}\n]') for said in ("Mine.", "Theirs."))
    merged = keyed.merge_toml(base, ours, theirs + "w = 1\n")
    note = "v.b: both sides have it; the project's comment stays"
    assert merged == (ours + "w = 1\n", (f"{note}, the template's was # Theirs.",))
    whole = merge_file("a.toml", *map(str.encode, (base, ours, theirs + "w = 1\n")))
    assert isinstance(whole, Merged)
    assert whole.notes == (f'{note}.\n    template: "b",  # Theirs.',)


def test_of_a_list_that_the_template_removed_what_the_project_added_stays() -> None:
    base = b'[groups]\ndev = ["a", "b"]\ndocs = ["c"]\n'
    ours = base.replace(b'"b"]', b'"b", "mine"]')
    merged = merge_file("a.toml", base, ours, b'[groups]\nci = ["x", "y", "z"]\ndocs = ["c"]\n')
    assert isinstance(merged, Merged)
    assert toml.load(merged.content.decode()) == toml.load(
        '[groups]\nci = ["x", "y", "z"]\ndev = ["mine"]\ndocs = ["c"]\n'
    )
    assert merged.notes == (
        "groups.dev: the template no longer has it; what the project added to it stays."
        '\n    project: dev = ["a", "b", "mine"]',
    )
    table = b'[tool.uv]\ndev-dependencies = ["a"]\n[x]\ny = 1\n'
    merged = merge_file("a.toml", table, table.replace(b'"a"]', b'"a", "b"]'), b"[x]\ny = 2\n")
    assert isinstance(merged, Merged)
    assert merged.content == b'[tool.uv]\ndev-dependencies = ["b"]\n[x]\ny = 2\n'


MOUNTS = """{
  "mounts": [
    {"source": "a", "target": "/a"},
    {"source": "b", "target": "/b"}
  ],
  "name": "x"
}
"""


def test_json_that_lacks_a_comma_is_merged_all_the_same() -> None:
    ours = MOUNTS.replace('"/b"}\n', '"/b"}\n    {"source": "c", "target": "/c"}\n')
    theirs = MOUNTS.replace('"x"', '"y"')
    merged = merge_file("a.json", MOUNTS.encode(), ours.encode(), theirs.encode())
    assert isinstance(merged, Merged)
    assert merged.content.decode() == ours.replace('"x"', '"y"')
    assert verify.find_problem("json", MOUNTS, MOUNTS.replace("x", "z"), theirs, ours) is not None


def test_an_item_that_the_project_changed_stays_though_the_template_removed_it() -> None:
    ours = MOUNTS.replace('{"source": "a"', '{"source": "mine"')
    theirs = MOUNTS.replace('    {"source": "a", "target": "/a"},\n', "").replace('"x"', '"y"')
    merged = merge_file("a.json", MOUNTS.encode(), ours.encode(), theirs.encode())
    assert isinstance(merged, Merged)
    assert merged.content.decode() == ours.replace('"x"', '"y"')
    assert "the template no longer has it, the project changed it; it stays" in merged.notes[0]
    assert '-{"source": "mine", "target": "/a"}' in merged.patch


PLUGINS = "plugins:\n- search\n- links:\n    depth: 1\n- tags\n- images:\n    wide: {wide}\n"


def test_items_of_a_list_may_be_names_alone_or_names_with_options() -> None:
    base = PLUGINS.format(wide="no")
    ours = base.replace("- search\n", "- mine\n- search\n").replace("depth: 1", "depth: 2")
    theirs = PLUGINS.format(wide="yes").replace("    depth: 1\n", "    depth: 1\n    kind: a\n")
    merged = PLUGINS.format(wide="yes").replace("- search\n", "- mine\n- search\n")
    merged = merged.replace("    depth: 1\n", "    depth: 2\n    kind: a\n")
    assert keyed.merge_yaml(base, ours, theirs) == (merged, ())
    apart = base.replace("depth: 1", "depth: 2")
    moved = base.replace("- tags\n", "- tags\n- more\n")
    git = apart.replace("- tags\n", "- tags\n- more\n")
    assert verify.find_problem("yaml", base, apart, moved, git) is None


def test_options_of_one_name_that_both_sides_changed_are_left_to_people() -> None:
    base = PLUGINS.format(wide="no")
    ours, theirs = (base.replace("depth: 1", f"depth: {depth}") for depth in (2, 3))
    assert keyed.merge_yaml(base, ours, theirs) is None


@pytest.mark.parametrize("key", ["exclude_lines", "exclude_also", "keywords", "markers"])
def test_a_set_of_prose_takes_what_both_sides_add(key: str) -> None:
    base = f'{key} = ["no cover"]\n'
    ours, theirs = (base.replace("]", f', "{added}"]') for added in ("if mine then", "their own"))
    merged = base.replace("]", ', "if mine then", "their own"]')
    assert keyed.merge_toml(base, ours, theirs) == (merged, ())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("script: [x, y]\n", "script: [x, z]\n"),
        ("notes: [one two, three]\n", "notes: [one two, four five]\n"),
        ("rules: [{a: 1, b: 2}, {a: 2, b: 3}]\n", "rules: [{a: 3, b: 3}, {a: 1, b: 2}]\n"),
    ],
    ids=["commands", "sentences", "records"],
)
def test_an_ordered_list_that_both_sides_added_is_left_to_people(ours: str, theirs: str) -> None:
    assert keyed.merge_yaml("a: 1\n", f"a: 1\n{ours}", f"a: 1\n{theirs}") is None


def test_two_orders_of_steps_are_left_to_people_and_one_is_not() -> None:
    def steps(names: str) -> str:
        return "steps:\n" + "".join(f"  - name: {name}\n    run: {name}\n" for name in names)

    assert keyed.merge_yaml(steps("abc"), steps("bac"), steps("acb")) is None
    merged = steps("bac") + "x: 1\n"
    assert keyed.merge_yaml(steps("abc"), steps("bac"), merged) == (merged, ())
    assert keyed.merge_yaml(steps("abc"), steps("bac"), steps("abc") + "x: 1\n") == (merged, ())


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
    assert keyed.merge_yaml(base, ours, theirs) is None


def test_extras_stay_where_they_are_when_their_table_is_renamed_for_another_key() -> None:
    base = '[project.optional-dependencies]\ndev = ["a", "b", "c"]\n'
    ours = '[project.optional-dependencies]\nplot = ["p"]\ndev = ["a", "b", "c", "d"]\n'
    theirs = '[dependency-groups]\ndev = ["a", "c"]\n'
    merged = keyed.merge_toml(base, ours, theirs)
    assert merged is not None
    said = toml.load(merged[0])
    assert said == toml.load(
        '[project.optional-dependencies]\nplot = ["p"]\n[dependency-groups]\ndev=["a","c","d"]\n'
    )


def test_the_guard_sees_a_key_that_git_left_twice() -> None:
    base, ours, theirs = "[a]\nx = 1\n", "[a]\nx = 1\ny = 2\n", "[a]\ny = 2\nx = 1\n"
    said = verify.find_problem("toml", base, ours, theirs, "[a]\ny = 2\nx = 1\ny = 2\n")
    assert said is not None
    assert "invalid" in said


def test_the_guard_sees_a_copy_of_a_member() -> None:
    base, ours = HOOK.format(rev="v1", more=""), HOOK.format(rev="v1", more="        a: 1\n")
    theirs = HOOK.format(rev="v2", more="")
    merged = HOOK.format(rev="v2", more="        a: 1\n")
    twice = merged + merged.removeprefix("repos:\n")
    assert verify.find_problem("yaml", base, ours, theirs, twice) is not None


def test_the_guard_sees_a_member_that_no_side_has() -> None:
    sides = 'v = ["a"]\n', 'v = ["a", "b"]\n', 'v = ["a", "c"]\n'
    assert verify.find_problem("toml", *sides, 'v = ["a", "b", "c"]\n') is None
    told = verify.find_problem("toml", *sides, 'v = ["a", "b", "c", "d"]\n')
    assert told == "v: more than both sides have: 'd'."


def test_an_alias_whose_anchor_the_other_side_renamed_is_left_to_people() -> None:
    base = ".base: &base\n  image: x\n\nt:\n  <<: *base\n"
    ours = base + "\nmine:\n  <<: *base\n"
    theirs = base.replace("&base", "&common").replace("*base", "*common")
    assert merge_file("ci.yml", base.encode(), ours.encode(), theirs.encode()) is None
    broken = theirs + "\nmine:\n  <<: *base\n"
    sides = (base.encode(), ours.encode(), theirs.encode(), broken.encode())
    assert check_clean("ci.yml", *sides) is not None


TWINS = "repos:\n" + "- repo: local\n  args: [{}]\n" * 4 + "- repo: local\n  args: [z]\n"
WORDS = st.lists(st.text("abc", min_size=1), min_size=4, max_size=4, unique=True)


def twins(words: list[str], more: str = "") -> tuple[str, list[str], str]:
    """Members that nothing tells apart: each side changes two of them, the last has both."""
    sides = [TWINS.format(*words[:2], *"pq"), TWINS.format(*"mn", *words[2:])]
    return TWINS.format(*"mnpq"), sides, TWINS.format(*words[:3], words[3] + more)


@given(words=WORDS)
def test_a_merge_of_git_stands_where_nothing_tells_members_apart(words: list[str]) -> None:
    base, (ours, theirs), git = twins(words)
    assert verify.find_problem("yaml", base, ours, theirs, git, by_git=True) is None
    sides = (text.encode() for text in (base, ours, theirs, git))
    assert check_clean("a.yaml", *sides) is None


@given(words=WORDS, more=st.text("abc", min_size=1))
def test_a_merge_of_git_that_no_side_accounts_for_is_refused(words: list[str], more: str) -> None:
    base, (ours, theirs), git = twins(words)
    for wrong in twins(words, more)[2], git + "more: 1\n":
        assert verify.find_problem("yaml", base, ours, theirs, wrong, by_git=True) is not None


def test_what_nothing_tells_apart_is_held_against_a_merger() -> None:
    base, (ours, theirs), git = twins([*"abcd"])
    assert verify.find_problem("yaml", base, ours, theirs, git) is not None


LOCAL = "- repo: local\n  hooks:\n  - id: {id}\n    entry: {entry}\n    args: [{args}]\n"
HOOKS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("uvw"), min_size=3)


def local_hooks(hooks: dict[str, str]) -> str:
    return "repos:\n" + "".join(
        LOCAL.format(id=name, entry=f"run {name}", args=args) for name, args in hooks.items()
    )


@given(hooks=HOOKS, data=st.data())
def test_members_that_share_a_name_are_told_apart_by_what_is_in_them(
    hooks: dict[str, str], data: st.DataObject
) -> None:
    """Each side adds a member, and changes or removes some that the other leaves alone."""
    change = st.sampled_from(["x", "y", ""])
    ours, theirs, wanted = {**hooks, "m": "m"}, {**hooks, "n": "n"}, {**hooks, "m": "m", "n": "n"}
    for name in hooks:
        side, args = data.draw(st.sampled_from([ours, theirs])), data.draw(change)
        for sort in side, wanted:
            if args:
                sort[name] = args
            else:
                del sort[name]
    merged = keyed.merge_yaml(*map(local_hooks, (hooks, ours, theirs)))
    assert merged is not None
    assert sorted(merged[0].split("- repo")) == sorted(local_hooks(wanted).split("- repo"))


def test_a_likeness_alone_does_not_prove_what_one_side_removed_and_the_other_changed() -> None:
    base = local_hooks({"a": "x", "b": "x", "c": "x"})
    ours, theirs = local_hooks({"b": "x", "c": "x"}), base.replace("id: a", "id: z")
    assert keyed.merge_yaml(base, ours, theirs) is None


def test_members_that_might_as_well_be_others_are_left_to_people() -> None:
    base = local_hooks({"a": "x", "b": "x"})
    twins = [LOCAL.format(id=name, entry="run a", args="x") for name in "yz"]
    theirs = "repos:\n" + "".join(twins)
    assert keyed.merge_yaml(base, base.replace("run b", "b"), theirs) is None


TRIGGER = "  # By hand.\n  trigger:\n\n"


@given(copies=st.integers(1, 4), left=st.sampled_from([0, 1]), word=st.text("abc", min_size=1))
def test_a_key_that_stands_twice_in_base_counts_once(copies: int, left: int, word: str) -> None:
    """A former render may have been wrong, with a key that says the same each time."""
    text = "on:\n  push: x\n{}jobs:\n  a: 1\n  b: 1\n"
    base = text.format(TRIGGER * copies)
    ours = text.format(TRIGGER).replace("a: 1", f"a: {word}")
    theirs = text.format(TRIGGER * left).replace("b: 1", f"b: {word}")
    wanted = text.format(TRIGGER * left).replace(": 1", f": {word}")
    assert keyed.merge_yaml(base, ours, theirs) == (wanted, ())


def test_a_key_that_stands_twice_and_says_something_else_each_time_is_refused() -> None:
    base = "on:\n  a: 1\n  a: 2\nx: 1\ny: 1\n"
    ours, theirs = "on:\n  a: 1\nx: 2\ny: 1\n", "on:\n  a: 1\nx: 1\ny: 3\n"
    assert keyed.merge_yaml(base, ours, theirs) is None
    assert keyed.merge_yaml(theirs, base, ours) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.json", '{{\n  "show": "{}",\n  "other": 1\n}}\n'),
        ("a.yml", "show: {}\nother: 1\n"),
        ("a.toml", 'show = "{}"\nother = 1\n'),
    ],
)
def test_an_address_that_both_give_stays_the_projects_with_or_without_its_last_slash(
    path: str, text: str
) -> None:
    address = "https://example.org/lib/commit"
    for mine, yours in ((address, f"{address}/"), (f"{address}/", address)):
        base, ours, theirs = (text.format(value) for value in ("unknown", mine, yours))
        theirs = theirs.replace("1", "2")
        sides = [side.encode() for side in (base, ours, theirs)]
        result = merge_file(path, *sides)
        assert isinstance(result, Merged)
        assert result.content.decode() == ours.replace("1", "2")
        assert result.notes[0].startswith("show: both sides give the same address, but for the")
        assert f"-{mine}\n+{yours}\n" in result.patch
        assert merge_file(path, *sides, keep_prose=False) is None
        other = theirs.replace(yours, "https://example.org/other/")
        assert merge_file(path, sides[0], sides[1], other.encode()) is None


@pytest.mark.parametrize(
    ("merge", "base"),
    [
        (keyed.merge_yaml, "x: |\n  one a\n  two b\n  three c\n  four d\n"),
        (keyed.merge_toml, 'x = """\none a\ntwo b\nthree c\nfour d\n"""\n'),
    ],
    ids=["YAML", "TOML"],
)
def test_a_text_of_several_lines_is_merged_by_its_lines(
    merge: Callable[[str, str, str], object], base: str
) -> None:
    ours, theirs = base.replace("one a", "one z"), base.replace("four d", "four y")
    assert merge(base, ours, theirs) == (ours.replace("four d", "four y"), ())
    assert merge(base, ours, base.replace("one a", "one y")) is None


def test_commands_that_are_there_many_times_hold_their_place() -> None:
    """A search that leaves out what is frequent, as difflib's from 200 items on, finds none."""
    often = ", ".join("abc" * 100)
    merged = f"script: [mine, {often}, theirs]\n"
    sides = [f"script: [{often}]\n", f"script: [mine, {often}]\n", f"script: [{often}, theirs]\n"]
    assert keyed.merge_yaml(*sides) == (merged, ())


def test_the_guard_sees_a_hash_that_no_side_has() -> None:
    base, ours, theirs, other = (f"rev: {letter * 40}\n" for letter in "abcd")
    told = "rev: both sides changed it differently."
    assert verify.find_problem("yaml", base, ours, theirs + "y: 1\n", other + "y: 1\n") == told
    assert verify.find_problem("yaml", base, ours, theirs + "y: 1\n", ours + "y: 1\n") is None
    base, ours, theirs = "rev: main\n", "rev: one\n", "rev: two\n"
    assert verify.find_problem("yaml", base, ours, theirs + "y: 1\n", ours + "y: 1\n") == told


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("zbcd", "abcy", "zbcy"),
        ("acd", "abcde", "acde"),
        ("bacd", "abdc", None),
        ("abd", "bacd", None),
        ("azbcd", "aybcd", None),
    ],
    ids=["edited", "removed and added", "two orders", "removed and moved", "added in one place"],
)
def test_commands_are_merged_in_their_order(ours: str, theirs: str, merged: str | None) -> None:
    def script(names: str) -> str:
        return f"script: [{', '.join(names)}]\n"

    done = keyed.merge_yaml(script("abcd"), script(ours), script(theirs))
    assert done == (merged and (script(merged), ()))


def test_a_blank_line_of_the_project_stays_above_a_comment_of_the_template() -> None:
    base = '# Groups.\n# Old.\n[dependency-groups]\ntest = ["a"]\n'
    above = '[tool.flit.module]\nname = "n"\n\n'
    theirs = base.replace("Old", "New")
    done = merge_file("pyproject.toml", base.encode(), (above + base).encode(), theirs.encode())
    assert done == Merged((above + theirs).encode())


def test_entries_in_comments_at_the_end_of_a_list_are_those_of_both_sides() -> None:
    base = 'disable = [\n  "a",\n  # "b",\n]\n'
    sides = [base.replace("]", f'  # "{each}",\n]') for each in ("ours", "theirs")]
    merged = keyed.merge_toml(base, *sides)
    assert merged is not None
    assert merged[0] == base.replace("]", '  # "theirs",\n  # "ours",\n]')
    words = [base.replace('# "b",', f"# {each} words here") for each in ("ours", "theirs")]
    assert keyed.merge_toml(base, *words) is None
