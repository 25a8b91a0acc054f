"""Makefiles and justfiles: each recipe and variable has a name of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import merge_file, merge_openly, recipes
from lisa_scaffold.merge.kinds import find_file_type
from lisa_scaffold.model import Merged

MAKE = """\
PYTHON ?= python3

.PHONY: all
all: lint test  # everything

# Look for faults.
.PHONY: lint
lint:
\truff check .

test: src
\t$(PYTHON) -m pytest
"""
JUST = """\
pip := "pip"

# list the recipes
default:
    just --list

# install the package
[confirm("sure?")]
install version="3.11" *args:
    {{pip}} install .
"""
DOCS = "\n# Build the pages.\ndocs:\n\tsphinx-build docs\n"
WHEEL = "\nwheel: lint\n\t$(PYTHON) -m build\n"


def merged(base: str, ours: str, theirs: str, path: str = "Makefile") -> str | None:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    return result.content.decode() if isinstance(result, Merged) else None


@pytest.mark.parametrize("path", ["Makefile", "a/GNUmakefile", "b.mk", "justfile", "x/.justfile"])
def test_the_name_tells_that_a_file_has_recipes(path: str) -> None:
    assert find_file_type(path, "") == "recipes"


def test_recipes_that_both_add_at_one_place_are_both_there() -> None:
    assert merged(MAKE, MAKE + DOCS, MAKE + WHEEL) == MAKE + DOCS + WHEEL
    own, new = JUST + "\nrun:\n    x\n", JUST + '\ntry a="1":\n    y\n'
    assert merged(JUST, own, new, "justfile") == own + '\ntry a="1":\n    y\n'


def test_a_recipe_keeps_its_place_beside_one_that_the_other_side_removed() -> None:
    lint = MAKE[MAKE.index("# Look") : MAKE.index("test: src")]
    ours = MAKE.replace("lint test", "test").replace(lint, "")
    theirs = MAKE.replace("test: src", DOCS.lstrip() + "\ntest: src")
    assert merged(MAKE, ours, theirs) == ours.replace("test: src", DOCS.lstrip() + "\ntest: src")


def test_what_both_need_more_is_needed() -> None:
    ours, theirs = (MAKE.replace("lint test", f"lint test {name}") for name in ("own", "new"))
    both = MAKE.replace("lint test", "lint test own new")
    assert merged(MAKE, ours, theirs) == both
    remark = "  # everything"
    assert merged(MAKE, ours.replace(remark, ""), theirs) == both.replace(remark, "")
    assert merged(MAKE, ours, theirs.replace("test:", "$(X):")) is None


def test_what_is_declared_phony_is_a_set_on_any_number_of_lines() -> None:
    base = ".PHONY: all lint rules\n\nall:\n\ttrue\n"
    ours = base.replace("lint rules", "lint rules own \\\n    run test")
    theirs = base.replace("lint rules", "lint check test")
    assert merged(base, ours, theirs) == base.replace(
        "lint rules", "lint own \\\n    run test check"
    )
    alone = base.replace("lint rules", "lint \\\n    rules \\\n    own")
    emptied = base.replace("lint rules", "lint \\\n    own check test")
    assert merged(base, alone, theirs) == emptied
    last = base.replace("lint rules", "own lint \\\n    rules")
    assert merged(base, last, theirs) == base.replace("lint rules", "own lint check test")
    # What another recipe needs stands beside what is gone for a reason.
    base = base.replace(".PHONY", "all").replace("\nall:\n\ttrue\n", "")
    ours, theirs = base.replace("rules", "rules own"), base.replace(" rules", "")
    assert merged(base, ours, theirs) is None


def test_what_is_exported_is_an_entry_of_its_own() -> None:
    base = MAKE.replace("PYTHON ?= python3", "export PATH\nPYTHON ?= python3")
    ours = base.replace("lint test", "lint own test")
    theirs = base.replace("python3\n", "python3\n\nDAYS ?= 14\nexport DAYS\n")
    theirs = theirs.replace("lint test", "lint test new")
    both = theirs.replace("lint test", "lint own test")
    assert merged(base, ours, theirs) == both
    assert merged(base, ours.replace("export PATH\n", ""), theirs) == both.replace(
        "export PATH\n", ""
    )


def test_the_only_command_of_a_recipe_is_merged_by_its_words() -> None:
    base = "X = 1\n\nbuild:\n\tuv build\n"
    ours = base.replace("uv build", "$(UV) build --no-sources")
    theirs = base.replace("build:\n\tuv build", "build: install\n\tuv build --no-isolation")
    expected = theirs.replace("uv build --", "$(UV) build --no-sources --")
    assert merged(base, ours, theirs) == expected
    assert merged(base, ours, theirs.replace("uv build", "hatch make")) is None
    assert merged(base, ours, theirs + "\ttrue\n") is None


def test_a_recipe_that_another_needs_does_not_go() -> None:
    lint = MAKE[MAKE.index("# Look") : MAKE.index("test: src")]
    assert merged(MAKE, MAKE.replace("lint test", "test").replace(lint, ""), MAKE + WHEEL) is None


def test_of_one_recipe_that_both_add_the_longer_stays() -> None:
    ours, theirs = JUST + "\nrun:\n    x --all\n", JUST + "\nrun:\n    x\n"
    assert merged(JUST, ours, theirs, "justfile") == ours
    assert merged(JUST, theirs, ours, "justfile") == ours
    assert merged(JUST, ours, JUST + "\nrun:\n    other\n", "justfile") is None


def test_files_that_both_added_are_merged_by_recipe() -> None:
    ours = JUST.replace("    just", "    @just") + "\nown:\n    x\n"
    assert merged("", JUST + "\nown:\n    x\n", JUST + "\nnew:\n    y\n", "justfile") == (
        JUST + "\nown:\n    x\n\nnew:\n    y\n"
    )
    assert merged("", ours.replace("@just", "run"), JUST, "justfile") is None


def test_only_the_recipe_that_both_rewrote_is_open() -> None:
    ours = MAKE.replace("ruff check .", "flake8 src") + DOCS
    theirs = MAKE.replace("ruff check .", "pylint .") + WHEEL
    done = merge_openly("Makefile", MAKE.encode(), ours.encode(), theirs.encode())
    assert done is not None
    assert done.places == 1
    assert done.ours.decode() == ours + WHEEL
    marks = "<<<<<<< project\n\tflake8 src\n=======\n\tpylint .\n>>>>>>> template\n"
    assert done.content.decode() == MAKE.replace("\truff check .\n", marks) + DOCS + WHEEL


@pytest.mark.parametrize("condition", ["ifeq ($(A),b)\nX = 1\nendif\n", "define X\na\nendef\n"])
def test_lines_under_a_condition_are_merged_as_lines(condition: str) -> None:
    base = MAKE + "\n" + condition
    assert merged(base, base + DOCS, base + WHEEL) is None
    ours, theirs = base.replace("ruff check", "ruff check -q"), base + DOCS
    assert merged(base, ours, theirs) == ours + DOCS


def test_declarations_in_one_place_are_one_list() -> None:
    base = ".PHONY: a b\n\na:\n\tx\n\nb:\n\ty\n"
    ours = base.replace(": a b", ": a b own") + "\nown:\n\tz\n"
    theirs = base.replace(": a b", ": a b new") + "\nnew:\n\tw\n"
    assert merged(base, ours, theirs) == (
        base.replace(": a b", ": a b own new") + "\nown:\n\tz\n\nnew:\n\tw\n"
    )


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=4)


@given(NAMES, NAMES, NAMES, NAMES)
def test_every_recipe_that_nobody_removed_is_there_once(
    base: list[str], own: list[str], new: list[str], gone: list[str]
) -> None:
    def write(names: list[str]) -> str:
        return "\n".join(f"{name}:\n\techo {name}\n" for name in names)

    mine = [name for name in base if name not in gone] + [n for n in own if n not in base]
    offered = base + [name for name in new if name not in base]
    done = merged(write(base), write(mine), write(offered))
    expected = {*mine, *offered} - ({*base} & {*gone})
    assert done is not None
    assert sorted(line[0] for line in done.split("\n") if line.endswith(":")) == sorted(expected)


def test_a_comment_of_its_own_is_not_made_one_of_the_recipe_below() -> None:
    base = "x = 1\n\n# Build.\nall:\n\ty\n"
    theirs = base.replace("x = 1\n", "x = 1\n# More to come.\n")
    ours = base.replace("x = 1\n\n", "")
    expected = "# More to come.\n\n# Build.\nall:\n\ty\n"
    assert merged(base, ours, theirs) in (None, expected)


@pytest.mark.parametrize("name", ["all", "X"])
def test_a_name_that_stands_twice_on_one_side_is_left_to_lines(name: str) -> None:
    line = "all: a\n" if name == "all" else "X = 1\n"
    base = f"{line}\nb:\n\tc\n"
    ours, theirs = f"{line}{line}\nb:\n\tc\n", base.replace(line, line.strip() + " 2\n")
    assert recipes.merge(base, ours, theirs) is None


def test_lines_that_are_neither_recipe_nor_variable_are_merged_as_lines() -> None:
    lines = "line one\nline two\nline three\n"
    assert recipes.merge(lines, f"{lines}more\n", f"line one more\n{lines}") is None


def test_files_that_are_included_have_names() -> None:
    base = f"include a.mk\n{MAKE}"
    ours, theirs = f"include a.mk\n-include b.mk\n{MAKE}", f"include c.mk\n{base}"
    merged = recipes.merge(base, ours, theirs)
    assert merged is not None
    assert merged[0] == f"include c.mk\ninclude a.mk\n-include b.mk\n{MAKE}"


def listed(words: list[str]) -> str:
    lines = " \\\n".join(["actions =", *(f"\t{word}" for word in words)])
    return f"{lines}\n\nall: $(actions)\n"


@given(st.data())
def test_words_that_both_add_to_a_sorted_list_of_a_variable_are_sorted(data: st.DataObject) -> None:
    names = data.draw(st.permutations([f"{a}{b}" for a in "acegi" for b in "xy"]))
    base, *added = (sorted(each) for each in (names[:4], names[4:7], names[7:]))
    ours, theirs = (listed(sorted([*base, *more])) for more in added)
    assert merged(listed(base), ours, theirs) == listed(sorted(names))


def test_flags_that_both_add_to_a_variable_are_in_conflict() -> None:
    base, ours, theirs = (listed(["-la", *more]) for more in ([], ["-lb"], ["-lc"]))
    assert merged(base, ours, theirs) is None
