"""The commands of one RUN."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import dockerfile, merge_file
from lisa_scaffold.model import Merged

FIRST = "both sides added commands at one place; the template's come first."


def merge(base: str, ours: str, theirs: str) -> str | None:
    done = dockerfile.merge_run(*(text.split("\n") for text in (base, ours, theirs)))
    return None if done is None else "\n".join(done[0])


def test_commands_that_both_sides_added_at_one_place_and_one_that_one_edited() -> None:
    base, ours, theirs = (
        f"FROM a\nCOPY . .\n{run}\nENV A=1\n".encode()
        for run in (
            "RUN pip install .",
            "RUN pip install --upgrade pip && pip install .",
            "RUN touch dev-requirements.txt && pip install -c dev-requirements.txt .",
        )
    )
    result = merge_file("Dockerfile", base, ours, theirs)
    assert isinstance(result, Merged)
    assert result.content.decode() == (
        "FROM a\nCOPY . .\nRUN touch dev-requirements.txt && pip install --upgrade pip && "
        "pip install -c dev-requirements.txt .\nENV A=1\n"
    )
    assert result.notes[0].startswith(f"touch dev-requirements.txt && …: {FIRST}")
    assert "project: RUN pip install --upgrade pip && pip install ." in result.notes[1]


def test_commands_added_at_different_places_need_no_note() -> None:
    done = dockerfile.merge_run(["RUN a && b"], ["RUN first && a && b"], ["RUN a && b && last"])
    assert done == (["RUN first && a && b && last"], ())


def test_the_projects_layout_and_the_comments_above_stay() -> None:
    base = "# Why.\nRUN a && install \\\n    one \\\n    two"
    ours = "# Why.\nRUN x \\\n    && a \\\n    && install \\\n    one \\\n    two"
    theirs = "# Why so.\nRUN a && install \\\n    one \\\n    two && y"
    assert merge(base, ours, theirs) == ours.replace("Why.", "Why so.") + " \\\n    && y"
    single, mixed = "RUN a && b", "RUN a \\\n && b && c"
    assert merge(single, mixed, "RUN x && a && b") is None
    assert merge(single, "RUN x && a && b", mixed) == "RUN x && a && b && c"
    spread = "RUN a && \\\n  b && \\\n  c"
    assert merge("RUN a", "RUN x", "RUN a && b") is None
    assert merge("RUN bake", "RUN bake -x", "RUN bake && \\\n  c") == "RUN bake -x && \\\n  c"
    assert merge(single, "RUN x && a && b", spread) == "RUN x && a && b && c"


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        # both edited one command; one removed what the other kept; both ways round
        ("RUN make all", "RUN make all -j2", "RUN make all -j3 && x"),
        ("RUN a && b", "RUN a", "RUN a && b && c"),
        ("RUN a && b", "RUN b && a", "RUN a && b && c"),
        # nobody can tell which one was edited
        ("RUN pip install .", "RUN pip install -U . && pip install -e .", "RUN x && pip install ."),
        ("RUN make", "RUN make -k", "RUN make && touch a && make -k"),
        # what lasts
        ("RUN make", "RUN cd /src && make", "RUN make && make test"),
        ("RUN make", "RUN A=1 && make", "RUN make && make test"),
        # more than a plain chain
        ("RUN a", "RUN a && b", "RUN c; a"),
        ("RUN a", "RUN a && b", "RUN c || a"),
        ("RUN a", "RUN a && b", "RUN (c && a)"),
        ("RUN a", "RUN a && b", "RUN { c && a"),
        ("RUN a", "RUN a && b", 'RUN sh -c "c && d" && a'),
        ("RUN a", "RUN a && b", "RUN c \\& && a"),
        ("RUN a", "RUN a && b", "RUN ! c && a"),
        ("RUN a", "RUN a && b", "RUN cat <<E && a"),
        ("RUN a", "RUN a && b", "RUN --mount=type=tmpfs,target=/t c && a"),
        ("RUN a", "RUN a && b", "RUN c \\\n  # why \\\n  && a"),
        ("RUN a", "RUN a && b", 'RUN ["a", "&&", "c"]'),
        ("CMD a", "CMD a && b", "CMD c && a"),
    ],
)
def test_what_is_not_sure_stays_a_conflict(base: str, ours: str, theirs: str) -> None:
    assert merge(base, ours, theirs) is None
    assert merge(base, theirs, ours) is None


WORDS = [f"{letter}{letter.upper()}{number}" for number, letter in enumerate("abcdefghijkl")]


@given(st.permutations(WORDS), st.data())
def test_each_side_finds_its_commands_in_its_order(words: list[str], data: st.DataObject) -> None:
    base, fresh = words[:4], words[4:]
    sides = []
    for news in (fresh[:4], fresh[4:]):
        side = [*base]
        for word in news[: data.draw(st.integers(1, 4))]:
            side.insert(data.draw(st.integers(0, len(side))), word)
        sides.append(side)
    texts = [[f"RUN {' && '.join(side)}"] for side in (base, *sides)]
    done = dockerfile.merge_run(*texts)
    assert done is not None
    merged = done[0][0].removeprefix("RUN ").split(" && ")
    assert sorted(merged) == sorted({*sides[0], *sides[1]})
    for side in sides:
        assert [word for word in merged if word in side] == side
    assert dockerfile.merge_run(texts[0], texts[0], texts[1]) == (texts[1], ())


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        ("uv build --no-sources", "uv build --isolated", "uv build --no-sources --isolated"),
        ("uv build --python 3", "uv build --python 4", None),
        ("uv sync", "hatch build", None),
        # One side's option excludes the other's.
        ("uv build --locked", "uv build --all --frozen", None),
        ("uv build --cache", "uv build --no-cache", None),
    ],
)
def test_a_short_command_has_the_options_of_both_sides(
    ours: str, theirs: str, merged: str | None
) -> None:
    form = "on: push\njobs:\n  a:\n    steps:\n      - name: b\n        run: {}\n"
    result = merge_file(
        "ci.yml", *(form.format(run).encode() for run in ("uv build", ours, theirs))
    )
    assert (result and result.content.decode()) == (merged and form.format(merged))
