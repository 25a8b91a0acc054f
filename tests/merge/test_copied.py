"""Dockerfiles: what makes a path and what uses it are open together, or not at all."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold.merge import merge_file, merge_openly
from lisa_scaffold.merge.copied import _Paths, find_torn, take_back
from lisa_scaffold.merge.dockerfile import find_problem, split_instructions
from lisa_scaffold.model import Merged
from tests.support.sweeps import examples

BASE = """\
FROM registry.example.org/cde:1
ARG VERSION
USER root
WORKDIR /tmp/build
RUN test -n "${VERSION}"
RUN python3 -m pip install --target uv uv
COPY . source
RUN uv/bin/uv build --wheel --out-dir dist source \\
    && uv/bin/uv pip install dist/*.whl
USER lisauser
"""
THEIRS = """\
FROM registry.example.org/cde:1
USER root
WORKDIR /tmp/build
RUN python3 -m pip install --target uv uv
ARG VERSION
RUN test -n "${VERSION}"
# The folder's name says the version.
COPY . "noise-${VERSION}"
RUN uv/bin/uv build --wheel --out-dir dist "noise-${VERSION}" \\
    && uv/bin/uv pip install dist/*.whl
USER lisauser
"""
COPIES = "COPY pyproject.toml source/\nCOPY noise source/noise\n"
LIBRARY = "RUN apt-get install -y libhdf5-dev\n"


def changed(old: str, new: str, text: str = BASE) -> str:
    assert old in text
    return text.replace(old, new, 1)


def test_a_path_that_both_use_is_open_with_all_that_uses_it() -> None:
    ours = changed("COPY . source\n", COPIES)
    assert merge_file("Dockerfile", BASE.encode(), ours.encode(), THEIRS.encode()) is None
    done = merge_openly("Dockerfile", BASE.encode(), ours.encode(), THEIRS.encode())
    assert done is not None
    assert done.theirs.decode() == THEIRS
    own = done.ours.decode()
    # What the template moved is moved; all that has to do with the path is the project's.
    assert sorted(own.splitlines()) == sorted(ours.splitlines())
    assert own.index("pip install --target") < own.index("test -n") < own.index("COPY noise")
    for text in (own, THEIRS):
        assert find_torn(ours, THEIRS, text) == set()


def test_what_is_new_stays_between_its_neighbours_though_one_above_it_moves() -> None:
    step = "RUN python3 -m pip install --target uv uv\n"
    ours = changed(step, LIBRARY + step)
    result = merge_file("Dockerfile", BASE.encode(), ours.encode(), THEIRS.encode())
    assert result == Merged(changed(step, LIBRARY + step, THEIRS).encode())
    both = changed("COPY . source\n", COPIES, ours)
    done = merge_openly("Dockerfile", BASE.encode(), both.encode(), THEIRS.encode())
    assert done is not None
    above = done.content.decode().partition("<<<<<<<")[0]
    assert f"WORKDIR /tmp/build\n{LIBRARY}{step}" in above


TWO = "FROM a\nCOPY . source\nRUN build source\n"
RENAMED = "FROM a\nCOPY . code\nRUN build code\n"


@pytest.mark.parametrize(
    ("merged", "torn"),
    [
        (TWO, set()),
        (RENAMED, set()),
        ("FROM a\nCOPY . source\nRUN build code\n", {"code", "source"}),
        ("FROM a\nCOPY . ./code/\nRUN build source/x\n", {"code", "source"}),
        ('FROM a\nCOPY ["x", "code"]\nRUN build --in=./code/x\n', set()),
        ("FROM a\nCOPY . source\nRUN build code source\n", {"code"}),
        ("FROM a\nCOPY . source/\nRUN cd source && build source/y\n", set()),
        ("FROM a\nCOPY . source\nWORKDIR source\nRUN build .\n", set()),
        ("FROM b AS b\nFROM a\nCOPY --from=b /x code\nRUN build code\n", set()),
    ],
)
def test_what_is_used_and_not_made_is_torn(merged: str, torn: set[str]) -> None:
    assert find_torn(TWO, RENAMED, merged) == torn
    problem = find_problem("", TWO, RENAMED, merged)
    named = f"it copies to one place, and uses another: {', '.join(sorted(torn))}"
    assert problem == (named if torn else None)


def test_what_both_sides_have_is_nobodys_fault() -> None:
    odd = "FROM a\nCOPY . nowhere\nRUN build code\n"
    assert find_torn(odd, odd, odd) == set()
    assert find_torn(odd, RENAMED, odd) == set()


def test_what_hangs_on_by_another_path_is_taken_back_with_it() -> None:
    before = "COPY a x\nRUN f x y\nCOPY b y\nRUN g z\n"
    after = "RUN h\nCOPY a w\nRUN f w v\nCOPY b v\nRUN g z\nRUN i\n"
    base, side = (split_instructions(text.splitlines()) for text in (before, after))
    found = take_back(base, side, {"x", "w"})
    assert [unit.lines[0] for unit in found] == [
        *("COPY a x", "RUN f x y", "COPY b y", "RUN h", "RUN g z", "RUN i")
    ]


def test_a_chain_of_paths_is_followed_once() -> None:
    links = [f"COPY s{at} p{at}\nRUN use p{at} p{at + 1}\n" for at in range(45)]
    words = " ".join(f"word{at}" for at in range(10))
    text = "".join(links) + "".join(f"RUN echo {at} {words}\n" for at in range(9_900))
    base = split_instructions(text.splitlines())
    side = split_instructions(changed("COPY s0 p0\n", "COPY s0 q0\n", text).splitlines())
    start = time.process_time()
    found = take_back(base, side, {"p0", "q0"})
    # Link by link through all words it would take minutes.
    assert time.process_time() - start < 5
    assert [unit.lines[0] for unit in found][:2] == ["COPY s0 p0", "RUN use p0 p1"]
    assert len(found) == len(base)


LINES = st.lists(
    st.builds(
        str.format,
        st.sampled_from(["COPY x {}", "RUN do {} {}", "COPY --from=s {} {}", "WORKDIR {}"]),
        *[st.sampled_from(["a", "a/b", "/a", "/a/b/", "./c", "c/d", "ab", "e"])] * 2,
    ),
    max_size=8,
    unique=True,
)


def near(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


@settings(max_examples=examples(100))
@given(LINES, LINES, st.sets(st.sampled_from(["a", "/a", "c/d", "e"])))
def test_what_is_taken_back_hangs_together_and_nothing_else_does(
    before: list[str], after: list[str], torn: set[str]
) -> None:
    base, side = split_instructions(before), split_instructions(after)
    taken = {unit.key for unit in take_back(base, side, torn)}
    lines = {unit.key: unit.lines[0] for unit in (*base, *side)}
    paths = {key: _Paths.of(line) for key, line in lines.items()}
    made = torn.union(*(each.made for each in paths.values()))
    reached, keys = set(torn), set[object]()
    for _ in range(len(made) + 1):
        keys = {
            key
            for key, each in paths.items()
            if any(near(word, path) for word in each.made | each.words for path in reached)
        }
        reached |= {
            path
            for path in made
            for key in keys
            if any(near(word, path) for word in paths[key].made | paths[key].words)
        }
    assert taken == {u.key for u in base if u.key in keys} | {u.key for u in side} - keys
