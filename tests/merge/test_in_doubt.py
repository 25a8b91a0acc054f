"""What can be merged is, and only what nobody can be sure about stands between markers."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lisa_scaffold.formats import json, python, toml, yaml
from lisa_scaffold.formats.tree import Branch, NotSure
from lisa_scaffold.merge import mark_whole, merge_file, merge_openly
from lisa_scaffold.merge.markers import mark, mix
from lisa_scaffold.model import Merged, Partial
from tests.merge import documents, fuzz
from tests.merge.material import FILES, NEWS, Sides, edited
from tests.support.sweeps import examples

from ..support.sweeps import sampled

CONFLICT = re.compile(
    rb"^<<<<<<< project\r?\n(.*?)^=======\r?\n(.*?)^>>>>>>> template(?:\r?\n|\Z)", re.M | re.S
)
KEYED: dict[str, tuple[Callable[[str], Branch], Callable[[str], Any], str]] = {
    **{f"{name}.toml": (toml.parse, toml.load, text) for name, text in documents.TOML.items()},
    **{f"{name}.yml": (yaml.parse, yaml.load, text) for name, text in documents.YAML.items()},
    **{f"{name}.json": (json.parse, json.load, text) for name, text in documents.JSON.items()},
}


def opened(path: str, base: str | None, ours: str, theirs: str) -> Partial | None:
    """The merge of a file that has none without a conflict."""
    former = None if base is None else base.encode()
    if merge_file(path, former, ours.encode(), theirs.encode()) is not None:
        return None
    return merge_openly(path, former, ours.encode(), theirs.encode())


def text_of(path: str, base: str | None, ours: str, theirs: str) -> str:
    done = opened(path, base, ours, theirs)
    assert done is not None
    hold(Sides(path, base or "", ours, theirs), done)
    return done.content.decode()


def hold(case: Sides, done: Partial) -> None:
    """Assert what holds for every merge with open places."""
    assert CONFLICT.sub(rb"\1", done.content) == done.ours
    assert CONFLICT.sub(rb"\2", done.content) == done.theirs
    assert len(CONFLICT.findall(done.content)) == done.places > 0
    told = "\n".join([done.content.decode(), *done.notes, done.patch])
    there = lines(case.base) | lines(told)
    lost = {line for line in (lines(case.ours) | lines(case.theirs)) - there if line not in told}
    # Of the project's own version a note names the template's alone, and not its line.
    versions = re.findall(r"(\S+) is not taken", told)
    assert {line for line in lost if not any(f'"{each}"' in line for each in versions)} == set()


def lines(text: str) -> set[str]:
    return {line.strip().removesuffix(",").rstrip() for line in text.splitlines()}


def flat(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(value, dict):
        return {path: value}
    found: dict[tuple[str, ...], Any] = {}
    for key, part in value.items():
        found |= flat(part, (*path, *key))
    return found


def test_all_but_the_open_key_of_a_table_is_merged() -> None:
    base = '[project]\nname = "x"\n\n[tool.ruff]\nline-length = 88\n\n[tool.old]\na = 1\n'
    ours = base.replace("88", "100").replace('"x"', '"x"\ndependencies = ["numpy"]')
    theirs = base.replace("88", "120").replace("\n[tool.old]\na = 1\n", "")
    assert text_of("pyproject.toml", base, ours, theirs) == (
        '[project]\nname = "x"\ndependencies = ["numpy"]\n\n[tool.ruff]\n'
        "<<<<<<< project\nline-length = 100\n=======\nline-length = 120\n>>>>>>> template\n"
    )


def test_the_marker_takes_the_line_where_an_open_value_is_inside_one() -> None:
    base = 'a = { x = 1, y = 2, z = 3 }\nb = [["u"], "v"]\n'
    ours = base.replace("x = 1", "x = 7").replace("z = 3", "z = 4")
    theirs = base.replace("x = 1", "x = 8").replace("y = 2", "y = 5")
    assert text_of("a.toml", base, ours, theirs) == (
        "<<<<<<< project\na = { x = 7, y = 5, z = 4 }\n=======\n"
        'a = { x = 8, y = 5, z = 4 }\n>>>>>>> template\nb = [["u"], "v"]\n'
    )


def test_elements_of_an_array_that_nothing_tells_apart_leave_the_rest_merged() -> None:
    block = "[[tool.x]]\na = 1\nb = 2\nc = 3\n"
    base = f"[project]\nname = 'x'\n\n{block}\n{block}"
    ours = base.replace("a = 1", "a = 2", 1).replace("'x'", "'y'")
    theirs = base.replace("a = 1", "a = 3", 1) + "\n[tool.new]\nz = 1\n"
    text = text_of("a.toml", base, ours, theirs)
    assert text.startswith("[project]\nname = 'y'\n\n[[tool.x]]\n<<<<<<< project\na = 2\n")
    assert text.endswith("\n[tool.new]\nz = 1\n")


STEPS = """\
jobs:
  test:
    runs-on: ubuntu-22.04
    steps:
      - uses: actions/checkout@v4
      - name: Test
        run: nox -s tests
"""


def test_steps_at_one_place_are_in_conflict_and_the_rest_of_the_job_is_not() -> None:
    ours = STEPS.replace("      - name: Test", "      - run: apt-get update\n      - name: Test")
    theirs = STEPS.replace("      - name: Test", "      - uses: a/setup@v1\n      - name: Test")
    theirs = theirs.replace("22.04", "24.04")
    assert text_of(".github/workflows/a.yml", STEPS, ours, theirs) == STEPS.replace(
        "22.04", "24.04"
    ).replace(
        "      - name: Test",
        "<<<<<<< project\n      - run: apt-get update\n=======\n      - uses: a/setup@v1\n"
        ">>>>>>> template\n      - name: Test",
    )


def test_a_comment_that_both_wrote_is_open_and_what_is_below_it_is_not() -> None:
    base = "# Tests.\na:\n  b: 1\n  c: 2\n"
    ours = base.replace("Tests", "Our tests").replace("b: 1", "b: 3")
    theirs = base.replace("Tests", "Their tests").replace("c: 2", "c: 4")
    assert text_of("a.yml", base, ours, theirs) == (
        "<<<<<<< project\n# Our tests.\n=======\n# Their tests.\n>>>>>>> template\n"
        "a:\n  b: 3\n  c: 4\n"
    )


def test_commas_of_json_are_right_with_either_side() -> None:
    base = '{\n  "a": 1,\n  "b": [1],\n  "c": 2\n}\n'
    ours = base.replace('"a": 1', '"a": 5').replace('"c": 2', '"c": 3')
    theirs = base.replace('"a": 1', '"a": 6').replace('"b": [1],', '"b": [1, 2],')
    assert text_of("a.json", base, ours, theirs) == (
        '{\n<<<<<<< project\n  "a": 5,\n=======\n  "a": 6,\n>>>>>>> template\n'
        '  "b": [1, 2],\n  "c": 3\n}\n'
    )


def test_a_key_of_a_section_is_open() -> None:
    base = "[a]\nx = 1\ny = 1\n\n[b]\nz = 1\n"
    ours, theirs = base.replace("x = 1", "x = 2"), base.replace("x = 1", "x = 3")
    theirs = theirs.replace("y = 1", "y = 3")
    assert text_of("setup.cfg", base, ours, theirs.replace("z = 1\n", "")) == (
        "[a]\n<<<<<<< project\nx = 2\n=======\nx = 3\n>>>>>>> template\ny = 3\n\n[b]\n"
    )


def test_a_requirement_is_open() -> None:
    base = "numpy>=1\nrequests\nscipy\n"
    ours = base.replace("numpy>=1", "numpy<2").replace("scipy", "scipy\nrich")
    theirs = base.replace("numpy>=1", "numpy==1.5").replace("requests\n", "")
    assert text_of("requirements.txt", base, ours, theirs) == (
        "<<<<<<< project\nnumpy<2\n=======\nnumpy==1.5\n>>>>>>> template\nscipy\nrich\n"
    )


def test_an_instruction_is_open() -> None:
    base = 'FROM a:1 AS one\nRUN make\nCMD ["x"]\n\nFROM b\nENV A=1\nCOPY . /src\n'
    ours = base.replace("make", "make all").replace("ENV A=1", "ENV A=1\nENV C=3")
    theirs = base.replace("make", "make it").replace("ENV A=1", "ENV B=2")
    text = text_of("Dockerfile", base, ours, theirs)
    marked = "<<<<<<< project\nRUN make all\n=======\nRUN make it\n>>>>>>> template\n"
    assert text == base.replace("RUN make\n", marked).replace("ENV A=1", "ENV C=3\nENV B=2")


MODULE = '''\
"""A module."""

import os


def first(value):
    return os.fspath(value)


def second(value):
    return value
'''


def test_a_function_is_open_as_a_whole_and_the_rest_of_a_module_is_merged() -> None:
    """Lines of a function depend on each other: its new argument goes with what uses it."""
    ours = MODULE.replace("import os\n", "import os\nimport sys\n") + "\n\nLIMIT = sys.maxsize\n"
    ours = ours.replace("def first(value):", "def first(value, more):")
    theirs = MODULE.replace("def first(value):", "def first(value, args=None):")
    theirs = theirs.replace("os.fspath(value)", "os.fspath(args or value)")
    theirs = theirs.replace("    return value\n", "    return 2 * value\n")
    assert text_of("a.py", MODULE, ours, theirs) == ours.replace(
        "def first(value, more):\n    return os.fspath(value)\n",
        "<<<<<<< project\ndef first(value, more):\n    return os.fspath(value)\n=======\n"
        "def first(value, args=None):\n    return os.fspath(args or value)\n>>>>>>> template\n",
    ).replace("    return value\n", "    return 2 * value\n")


def test_a_passage_of_prose_is_open() -> None:
    base = "# Title\n\nThis is one line.\n\nAnother line.\n\nA last line is here.\n"
    ours = base.replace("one line", "one short line").replace("Another", "Yet another")
    theirs = base.replace("one line", "one long line").replace("last", "final")
    assert text_of("README.md", base, ours, theirs) == (
        "# Title\n\n<<<<<<< project\nThis is one short line.\n=======\nThis is one long line.\n"
        ">>>>>>> template\n\nYet another line.\n\nA final line is here.\n"
    )


def test_keys_of_a_file_that_both_added_are_open() -> None:
    ours, theirs = "a: 1\nb: 2\nc: 3\n", "a: 1\nb: 5\nd: 4\n"
    assert text_of("a.yml", None, ours, theirs) == (
        "a: 1\n<<<<<<< project\nb: 2\n=======\nb: 5\n>>>>>>> template\nc: 3\nd: 4\n"
    )


def test_a_merge_that_would_be_wrong_with_one_sides_lines_is_none() -> None:
    """With the template's lines an item that the project moved down would be gone."""
    base, ours = "a = [\n  1\n  2,\n\n]\n", "a = [\n  2,\n  1\n]\n"
    assert opened("a.toml", base, ours, "a = [\n  1\n  2,\n]\nb = 1\n") is None


def test_lines_that_look_like_markers_are_left_to_git() -> None:
    text = "A\n=======\n"
    assert mark(text, f"{text}b\n", by_line=True) is None
    assert opened("a.rst", "x\n", f"{text}b\n", f"{text}c\n") is None


def test_conflicts_near_each_other_are_one_where_lines_depend_on_each_other() -> None:
    ours, theirs = "a\nb\nc\nd\n", "x\nb\nc\ny\n"
    places = [mark(ours, theirs, by_line=each) for each in (True, False)]
    assert [place and place.places for place in places] == [1, 2]
    joined = mark("a\n]\nb\n", "c\n]\nd\n", by_line=False)
    assert joined
    assert joined.places == 1


@sampled("path", sorted(KEYED), 2)
@settings(max_examples=examples(60))
@given(random=st.randoms(use_true_random=False))
def test_either_side_of_the_open_members_makes_a_valid_file(path: str, random: Random) -> None:
    parse, load, base = KEYED[path]
    ours, theirs = (fuzz.edited(parse, base, random) for _ in range(2))
    done = opened(path, base, ours, theirs)
    if done is None:
        return
    hold(Sides(path, base, ours, theirs), done)
    try:
        sides = [flat(load(text)) for text in (ours, theirs)]
    except (NotSure, ValueError):  # a random edit may have made it invalid
        return
    # Whoever takes either side in any place has a file that can be read.
    for _, text in mix(done.content.decode()):
        load(text)
    made = [flat(load(text.decode())) for text in (done.ours, done.theirs)]
    for one, other, side in ((*made, sides[0]), (*made[::-1], sides[1])):
        for key in one:
            if one[key] != other.get(key) and not isinstance(one[key], list):
                # One side may have given the key another table.
                known = [value for name, value in side.items() if name[-1:] == key[-1:]]
                assert one[key] in known, key
        for key in other.keys() - one.keys():
            assert key not in side or isinstance(other[key], list), key


@pytest.mark.parametrize("path", sorted(FILES))
@settings(max_examples=examples(60))
@given(data=st.data())
def test_nothing_of_either_side_is_lost(path: str, data: st.DataObject) -> None:
    text, news = FILES[path], NEWS[path]
    ours, theirs = data.draw(edited(text, news)), data.draw(edited(text, news))
    done = opened(path, text, ours, theirs)
    if done is None:
        return
    hold(Sides(path, text, ours, theirs), done)
    if path.endswith(".py") and python.parse(ours) and python.parse(theirs):
        assert python.parse(done.ours.decode())
        assert python.parse(done.theirs.decode())


@settings(max_examples=examples(60))
@given(data=st.data(), path=st.sampled_from(sorted(FILES)))
def test_line_ends_and_encodings_change_no_merge(path: str, data: st.DataObject) -> None:
    text, news = FILES[path], NEWS[path]
    versions = [text, data.draw(edited(text, news)), data.draw(edited(text, news))]
    base, ours, theirs = (each.replace("\n", "\r\n").encode() for each in versions)
    if merge_file(path, base, ours, theirs) is None:
        done, plain = merge_openly(path, base, ours, theirs), opened(path, *versions)
        assert (done and done.content) == (plain and plain.content.replace(b"\n", b"\r\n"))


@pytest.mark.uncounted
@pytest.mark.sweep
def test_a_file_with_countless_open_members_is_left_to_git() -> None:
    base, ours, theirs = (
        "".join(f"[s{number}]\nk = '{mark}{number}'\n" for number in range(1_900)) for mark in "abc"
    )
    for path in ("setup.cfg", "a.toml"):
        assert opened(path, base, ours, theirs) is None


def test_an_import_goes_with_the_side_that_has_it_from_there() -> None:
    base = '"""A."""\n\nfrom a import x\n\nprint(x)\nprint(2)\n'
    ours = base.replace("from a", "from b").replace("print(2)", "print(3)")
    assert text_of("a.py", base, ours, base.replace("from a", "from c")) == ours.replace(
        "from b import x\n",
        "<<<<<<< project\nfrom b import x\n=======\nfrom c import x\n>>>>>>> template\n",
    )


def test_a_key_that_both_added_on_two_sides_of_a_comment_leaves_the_rest_merged() -> None:
    base = "[o]\n# S\n# E\ndev = [1]\n\n[t]\nb = 1\n"
    ours = base.replace("# E", "docs = [2]\n# E")
    theirs = base.replace("# E\n", "# E\ndocs = [2]\n").replace("b = 1", "b = 2")
    assert text_of("pyproject.toml", base, ours, theirs) == (
        "[o]\n# S\n<<<<<<< project\ndocs = [2]\n# E\n=======\n# E\ndocs = [2]\n>>>>>>> template\n"
        "dev = [1]\n\n[t]\nb = 2\n"
    )


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (
            '[o]\n# Add below\n# E\n\n# Tooling\n[g]\nd = ["p"]\n',
            '[o]\n# Ours\nm = ["f"]\n# E\n\n# Tooling\n[g]\nd = ["p"]\n',
        ),
        (
            '[o]\n# Add below\n# Pulls\ng = ["x"]\n# E\n\nd = ["p"]\n',
            '[o]\n# Ours\nm = ["f"]\n# Pulls\ng = ["x"]\n# E\n\nd = ["p"]\n',
        ),
    ],
)
def test_a_comment_that_the_project_wrote_otherwise_does_not_come_back(
    theirs: str, expected: str
) -> None:
    base = '[o]\n# Add below\n# E\n\nd = ["p"]\n'
    ours = '[o]\n# Ours\nm = ["f"]\n# E\n\nd = ["p"]\n'
    done = merge_file("pyproject.toml", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(done, Merged)
    assert done.content.decode() == expected


MATRIX = """\
jobs:
  test:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-latest, windows-latest]
        python: ["3.10", "3.11", "3.12"]
    steps:
      - run: nox
"""
PYTHONS, SYSTEMS = '        python: ["3.10", "3.11", "3.12"]\n', "[ubuntu-latest, windows-latest]"
RECAST = """\
        os: [ubuntu-latest]
        python: ["3.10", "3.11", "3.12"]
        include:
          - os: windows-latest
            python: "3.12"
"""


def test_jobs_that_both_sides_chose_anew_are_open_as_a_whole() -> None:
    """Else nothing runs on Windows with what the project has left of its Pythons."""
    ours = MATRIX.replace(', "3.12"]', "]").replace("nox", "nox -s tests")
    theirs = MATRIX.replace(f"        os: {SYSTEMS}\n{PYTHONS}", RECAST) + "      - run: codecov\n"
    for one, two in ((ours, theirs), (theirs, ours)):
        done = opened(".github/workflows/ci.yml", MATRIX, one, two)
        assert done is not None
        hold(Sides(".github/workflows/ci.yml", MATRIX, one, two), done)
        assert done.places == 1
        for text, chosen in ((done.ours, one), (done.theirs, two)):
            test: Any = yaml.load(text.decode())
            whole: Any = yaml.load(chosen)
            where = (("jobs",), ("test",), ("strategy",), ("matrix",))
            for key in where:
                test, whole = test[key], whole[key]
            assert test == whole
        assert b"run: nox -s tests\n      - run: codecov\n" in done.ours


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        # Of axes alone each is somebody's choice for itself.
        (MATRIX.replace(', "3.12"]', ', "3.12", "3.13"]'), MATRIX.replace(", windows-latest", "")),
        # Exceptions that one side alone chose are right for axes that nobody changed.
        (MATRIX.replace("nox", "nox -R"), MATRIX.replace(f"os: {SYSTEMS}\n{PYTHONS}", RECAST[8:])),
    ],
)
def test_jobs_that_one_side_chose_are_no_doubt(ours: str, theirs: str) -> None:
    for one, two in ((ours, theirs), (theirs, ours)):
        done = merge_file("ci.yml", MATRIX.encode(), one.encode(), two.encode())
        assert isinstance(done, Merged)


JOBS = """\
jobs:
  checks:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - name: Get
        uses: actions/checkout@v4
      - name: Check
        run: nox -s lint
  test:
    runs-on: ubuntu-latest
    steps:
      - run: nox -s tests
"""


def test_of_a_job_that_both_sides_renamed_the_name_is_open() -> None:
    ours = JOBS.replace("checks", "static-checks").replace("-s lint", "-s lint types")
    theirs = JOBS.replace("checks", "lint").replace("@v4", "@v6")
    text = text_of(".github/workflows/ci.yml", JOBS, ours, theirs)
    assert text == ours.replace("@v4", "@v6").replace(
        "  static-checks:\n",
        "<<<<<<< project\n  static-checks:\n=======\n  lint:\n>>>>>>> template\n",
    )


def test_features_for_two_versions_are_not_one_that_both_renamed() -> None:
    base = '[feature.py39]\npython = "3.9.*"\n\n[environments]\npy39 = ["py39", "test"]\n'
    ours, theirs = base.replace("9", "13"), base.replace("9", "14")
    both = (
        '[feature.py313]\npython = "3.13.*"\n[feature.py314]\npython = "3.14.*"\n\n[environments]\n'
        'py313 = ["py313", "test"]\npy314 = ["py314", "test"]\n'
    )
    done = merge_file("pixi.toml", base.encode(), ours.encode(), theirs.encode())
    assert done == Merged(both.encode())


def test_comments_at_the_top_of_a_block_stay_there_when_its_members_change() -> None:
    base = '[x]\n# What they are.\na = ["1"]\nb = ["2"]\n\n[y]\nv = 1\n'
    ours = base.replace("a =", 'own = ["0"]\na =').replace("v = 1", "v = 2")
    theirs = base.replace("are.", "are.\n# And why.").replace("v = 1", "v = 3")
    text = text_of("a.toml", base, ours, theirs)
    assert text.partition("[y]")[0] == ours.partition("[y]")[0].replace("are.", "are.\n# And why.")


FUNCTION = """\
import os
from core import (
    one,  # noqa: F401 - for others
    two,
)


def make(config):
    \"\"\"Make it.\"\"\"
    a = 0
    b = 1
    c = 2
    x = 0
    d = 3
    e = 4
    y = 0
    return a, b, c, d, e, x, y, two
"""


def test_in_a_function_only_lines_that_both_changed_are_open() -> None:
    ours = FUNCTION.replace("a = 0", "a = 5").replace("y = 0", "y = 1")
    theirs = FUNCTION.replace("x = 0", "x = 7").replace("y = 0", "y = 2")
    text = text_of("a.py", FUNCTION, ours, theirs)
    assert text == ours.replace("x = 0", "x = 7").replace(
        "    y = 1\n", "<<<<<<< project\n    y = 1\n=======\n    y = 2\n>>>>>>> template\n"
    )


def test_imports_beside_an_open_function_are_merged_with_their_comments() -> None:
    ours = FUNCTION.replace("  # noqa: F401 - for others", "").replace("y = 0", "y = one(1)")
    theirs = FUNCTION.replace("    two,\n", "    three,  # it counts\n    two,\n")
    theirs = theirs.replace("y = 0", "y = three(2)")
    text = text_of("a.py", FUNCTION, ours, theirs)
    assert text.partition("def ")[0] == (
        "import os\nfrom core import (\n    one,\n    three,  # it counts\n    two,\n)\n\n\n"
    )


OPTIONS = """\
options = {
    "depth": 4,
    "links": [
        {"name": "E"},
        {"name": "S"},
        ],
    "icons": [
        {"x": 0},
    ],
}
"""


def test_a_member_that_one_side_only_lays_out_anew_is_not_open() -> None:
    swapped = '        {"name": "S"},\n        {"name": "E"},\n    ],\n    "icons"'
    old = OPTIONS[OPTIONS.index('        {"name": "E"}') : OPTIONS.index('"icons"')] + '"icons"'
    ours = OPTIONS.replace(old, swapped).replace(": 0", ": 1")
    theirs = OPTIONS.replace('        {"name": "S"},\n        ]', '    {"name": "S"},\n    ]')
    theirs = theirs.replace(": 0", ": 2")
    text = text_of("conf.py", OPTIONS, ours, theirs)
    head, _, tail = ours.partition('        {"x": 1},\n')
    assert text == (
        f'{head}<<<<<<< project\n        {{"x": 1}},\n=======\n        {{"x": 2}},\n'
        f">>>>>>> template\n{tail}"
    )


def test_comments_above_a_key_of_an_ini_file_stay_above_it_on_both_sides() -> None:
    base = "[t]\nallow = find\ncommands = a -j2 b\n           c -j2 d\n           find\n"
    ours = base.replace("commands", "# Why.\ncommands").replace("-j2", "-W")
    theirs = base.replace("-j2", "-W -j2").replace("c -W", "c -D x -W")
    text = text_of("tox.ini", base, ours, theirs)
    assert text == (
        "[t]\nallow = find\n# Why.\n<<<<<<< project\ncommands = a -W b\n           c -W d\n"
        "=======\ncommands = a -W -j2 b\n           c -D x -W -j2 d\n>>>>>>> template\n"
        "           find\n"
    )


TORN = """\
[a]
x = 1

<<<<<<< project
=======
[b]
y = 2

>>>>>>> template
[b]
y = 1
<<<<<<< project
z = 1
=======
z = 2
>>>>>>> template
"""


def test_conflicts_of_gits_that_one_side_makes_unreadable_are_one() -> None:
    ours = "[a]\nx = 1\n\n[b]\ny = 1\nz = 1\n"
    theirs = "[a]\nx = 1\n\n[b]\ny = 2\n\n[c]\nz = 2\n"
    made = mark_whole("a.toml", b"", ours.encode(), theirs.encode(), TORN.encode())
    assert made is not None
    assert (made.ours.decode(), made.theirs.decode(), made.places) == (ours, theirs, 1)
    assert made.content.decode() == (
        "[a]\nx = 1\n\n[b]\n<<<<<<< project\ny = 1\nz = 1\n=======\ny = 2\n\n[c]\nz = 2\n"
        ">>>>>>> template\n"
    )
    # Each can be settled by itself; nobody can read a side anyway; nothing is in conflict.
    sound = TORN.replace("[b]\ny = 2", "[c]\ny = 2")
    for marked, side in ((sound, ours), (TORN, "["), (ours, ours)):
        sides = side.encode(), theirs.encode(), marked.encode()
        assert mark_whole("a.toml", b"", *sides) is None


def test_a_text_with_either_side_in_one_place() -> None:
    text = "<<<<<<< project\na\n=======\n>>>>>>> template\nb\n"
    text += "<<<<<<< project\n=======\nc\n>>>>>>> template\n"
    assert [*mix(text)] == [
        *((0, "b\n"), (0, "a\nb\nc\n")),
        *((1, "a\nb\nc\n"), (1, "b\n")),
        *((2, "a\nb\n"), (2, "b\nc\n")),
    ]
    assert [*mix("a\n")] == []
