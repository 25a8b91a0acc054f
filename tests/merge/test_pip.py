"""Requirements and constraints, one a line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Declined, Merged
from lisa_scaffold.versions import find_direct_name

SPHINX = "ipython\nsphinx==6.1\nsphinx_rtd_theme==1.2.0\n"


def merge(base: str, ours: str, theirs: str) -> Merged | Declined | None:
    return merge_file("docs/requirements.txt", base.encode(), ours.encode(), theirs.encode())


def merged(base: str, ours: str, theirs: str) -> str | None:
    done = merge(base, ours, theirs)
    return done.content.decode() if isinstance(done, Merged) else None


def test_a_name_may_be_spelled_in_other_ways() -> None:
    ours = SPHINX.replace("==1.2.0", "").replace("==6.1", "") + "ray\n"
    theirs = ours.replace("_", "-").replace("ray", "numpy")
    assert merged(SPHINX, ours, theirs) == "ipython\nsphinx\nsphinx-rtd-theme\nray\nnumpy\n"


def test_what_the_project_replaced_stays_away_where_the_template_gave_it_a_bound() -> None:
    base, ours = "sphinx\nsphinx-rtd-theme\n", "sphinx\nsphinx-book-theme\n"
    done = merge(base, ours, base.replace("theme", "theme>=3.0"))
    assert done == Declined(
        ours.encode(),
        "--- a/docs/requirements.txt\n+++ b/docs/requirements.txt\n@@ -1 +1 @@\n"
        "-sphinx-rtd-theme\n+sphinx-rtd-theme>=3.0\n",
        "sphinx-rtd-theme: the project does not have it, the template changed it; it stays out.",
    )


def test_what_the_project_removed_stays_away_where_the_template_raised_its_pin() -> None:
    done = merge(SPHINX, "ipython\nsphinx==6.1\n", SPHINX.replace("1.2", "1.3") + "rich\n")
    assert isinstance(done, Merged)
    assert done.content == b"ipython\nsphinx==6.1\nrich\n"
    assert done.notes == (
        "sphinx-rtd-theme: the project does not have it and the template only moved its version "
        "(sphinx_rtd_theme==1.2.0 → sphinx_rtd_theme==1.3.0); it stays out.",
    )


def test_parts_of_a_requirement_that_each_side_changed_are_put_together() -> None:
    base = "rich==1.0  # colours\nnumpy\n"
    ours, theirs = (
        base.replace("rich", "rich[all]"),
        base.replace("1.0  # colours", "2.0  # nice"),
    )
    assert merged(base, ours, theirs) == "rich[all]==2.0  # nice\nnumpy\n"


def test_an_order_that_both_sides_changed_means_nothing() -> None:
    assert merged("c\nb\na\n", "b\na\nc\n", "a\nb\nc\nd\n") == "b\na\nc\nd\n"


def test_an_order_under_headings_is_left_to_people() -> None:
    assert merged("# x\nc\nb\na\n", "# x\nb\na\nc\n", "# x\na\nb\nc\nd\n") is None


@pytest.mark.parametrize("ours", ["a\na>=2\nb\n", "a>=1\nb\na\n"])
def test_one_name_with_two_bounds_is_left_to_people(ours: str) -> None:
    assert merged("a\nb\n", ours, "a\nc\n") is None


HASHED = (
    "a==1.0 \\\n    --hash=sha256:01 \\\n    --hash=sha256:02\nb==1.0 \\\n    --hash=sha256:03\n"
)


def test_hashes_go_with_their_version() -> None:
    ours = HASHED.replace("a==1.0", "a==1.1").replace(":01", ":11").replace(":02", ":12")
    theirs = HASHED.replace("b==1.0", "b==1.1").replace(":03", ":13")
    both = ours.replace("b==1.0", "b==1.1").replace(":03", ":13")
    assert merged(HASHED, ours, theirs) == both
    assert merged(HASHED, ours, HASHED.replace("a==1.0", "a==1.2").replace(":01", ":21")) is None


LINES = [
    "-r base.txt",
    "git+https://example.org/a.git@main",
    "numpy",
    "ray",
    "PyYAML>=6",
]


@given(base=st.lists(st.sampled_from(LINES), unique=True), data=st.data())
def test_each_side_adds_and_removes_what_it_likes(base: list[str], data: st.DataObject) -> None:
    ours, theirs = list(base), list(base)
    for line in LINES:
        side = data.draw(st.sampled_from([ours, theirs]))
        if line in base:
            side.remove(line)
        else:
            side.append(line)
    sides = ["".join(f"{line}\n" for line in ["sphinx", *side]) for side in (base, ours, theirs)]
    result = merged(sides[0], sides[1], sides[2])
    wanted = {line for line in LINES if (line in ours) + (line in theirs) > (line in base)}
    assert result is not None
    assert sorted(result.splitlines()) == sorted({"sphinx", *wanted})


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ("ray[tune]", "ray", "ray[tune]"),
        ("ray[tune]", "ray[rllib]>=2", "ray[tune,rllib]>=2"),
        ("ray>=2", "ray", "ray>=2"),
        ("ray>=2", "ray>=2.1", "ray>=2.1"),
        ("ray>=2", "ray<3", None),
        ("ray; python_version<'3.13'", "ray", None),
        ("ray @ https://example.org/ray.whl", "ray", None),
    ],
)
def test_a_requirement_that_both_sides_added_fulfils_both(
    ours: str, theirs: str, both: str | None
) -> None:
    for one, two in ((ours, theirs), (theirs, ours)):
        result = merged("a\n", f"a\n{one}\n", f"a\n{two}\n")
        if both is None:
            assert result is None
        else:
            assert result is not None
            assert set(re.findall(r"\w+", result)) == set(re.findall(r"\w+", f"a {both}"))


LISTED = "# Made by hand\nnumpy\nscipy\n"


def test_a_heading_of_the_template_stands_above_what_comes_from_it() -> None:
    """COPIER leaves a conflict; a heading must not stand above the project's own list."""
    theirs = "# Needed\nnumpy\n\n# More\nscipy\nrich\n"
    done = merge_file("requirements/a.in", None, LISTED.encode(), theirs.encode())
    assert isinstance(done, Merged)
    assert done.content.decode() == f"{LISTED}\n# More\nrich\n"
    assert done.notes == ("# Needed: what the template has below it is in the list already.",)


def test_an_item_does_not_part_another_one_from_what_explains_it() -> None:
    base = "numpy==1.0\n    # via x\nscipy==1.0\n    # via y\n"
    ours = base.replace("numpy==1.0", "numpy==1.1")
    theirs = base.replace("scipy", "rich\n    # via z\nscipy").replace("numpy==1.0", "numpy==1.2")
    assert merged(base, ours, theirs) == theirs


VCS = "a\n-e git+https://github.com/m/plumpy.git@{}#egg=plumpy\n"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("-e git://x.example.org/m/plumpy.git@898ea#egg=plumpy", "plumpy"),
        ("--editable=git+https://x.example.org/x.git@main#subdirectory=y&egg=A_b[c]", "a-b"),
        ("git+ssh://git@x.example.org/x/y.git@v1", "git+ssh://git@x.example.org/x/y.git"),
        ("git+ssh://git@x.example.org/x/y.git", "git+ssh://git@x.example.org/x/y.git"),
        (
            "git+https://x.example.org/a.git@b ; python_version<'3'",
            "git+https://x.example.org/a.git",
        ),
        ("https://x.example.org/foo_bar-1.0-py3-none-any.whl", "foo-bar"),
        ("https://x.example.org/foo-bar-1.0.tar.gz?x=1#sha256=2", "foo-bar"),
        ("https://x.example.org/y.zip", "https://x.example.org/y.zip"),
        *((line, None) for line in ("-e .", "-r other.txt", "foo", "foo @ git+https://x/y")),
    ],
)
def test_what_is_fetched_from_an_address_has_a_name(line: str, name: str | None) -> None:
    assert find_direct_name(line) == name


def test_one_thing_from_two_revisions_is_not_taken_twice() -> None:
    """Seen in a merge of a real project: both lines came, and pip refuses that."""
    hashes = [VCS.format(each * 40) for each in "abc"]
    assert merge(*hashes) is None
    assert merged(hashes[0], hashes[1], hashes[0] + "b\n") == hashes[1] + "b\n"


def test_what_became_a_release_on_one_side_is_not_fetched_as_well() -> None:
    assert merge(VCS.format("1"), "a\nplumpy==1.0\n", VCS.format("3")) is None
    assert merged(VCS.format("1"), VCS.format("1") + "b\n", "a\nplumpy>=2\n") == "a\nplumpy>=2\nb\n"
    assert merge("a\n", VCS.format("1"), "a\nplumpy>=2\n") is None
