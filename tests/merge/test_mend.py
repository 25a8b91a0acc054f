"""A template's file that was broken, and that both sides have mended."""

from __future__ import annotations

import pytest

from lisa_scaffold.formats import toml, yaml
from lisa_scaffold.merge import merge_file
from lisa_scaffold.merge.mend import mend_base
from lisa_scaffold.model import Merged

METADATA = '[project]\nurl = https://example.org/\nname = "x"\ndeps = ["a>=1", "b>=1"]\n'
HOOKS = """\
repos:
  - repo: https://example.org/a
    rev: v1.0.0

 - repo: https://example.org/b
   rev: v1.0.0
   hooks:
     - id: b
"""


def merged(path: str, *sides: str) -> str | None:
    base, ours, theirs = map(str.encode, sides)
    result = merge_file(path, base, ours, theirs)
    return result.content.decode() if isinstance(result, Merged) else None


def test_a_value_that_both_quote_is_no_conflict() -> None:
    valid = METADATA.replace("https://example.org/", '"https://example.org/"')
    ours = valid.replace('"a>=1", "b>=1"', '"a>=2", "b>=1", "c"')
    theirs = valid.replace('"a>=1", "b>=1"', '"a>=1", "b>=3", "d"')
    assert merged("pyproject.toml", METADATA, ours, theirs) == valid.replace(
        '"a>=1", "b>=1"', '"a>=2", "b>=3", "c", "d"'
    )


def indented() -> str:
    head, _, tail = HOOKS.partition("\n\n")
    return f"{head}\n\n" + "".join(f" {line}\n" for line in tail.splitlines())


def test_a_list_that_both_indent_is_no_conflict() -> None:
    ours = indented().replace("v1.0.0\n    hooks", "v1.0.5\n    hooks")
    theirs = indented().replace("v1.0.0\n    hooks", "v1.0.7\n    hooks")
    theirs += "        args: [-v]\n"
    assert merged(".pre-commit-config.yaml", HOOKS, ours, theirs) == theirs
    assert mend_base(yaml.load, HOOKS, ours, theirs) == indented()


@pytest.mark.parametrize("side", [0, 1])
def test_what_one_side_left_broken_stays_in_conflict(side: int) -> None:
    valid = METADATA.replace("https://example.org/", '"https://example.org/"')
    sides = [valid.replace('"b>=1"', '"c"'), valid.replace('"b>=1"', '"d"')]
    sides[side] = METADATA.replace('"a>=1"', '"a>=5"')
    assert mend_base(toml.load, METADATA, *sides) is None
    assert merged("pyproject.toml", METADATA, *sides) is None


def test_a_bound_behind_a_space_is_a_bound() -> None:
    base = '[tool.poetry.group.dev.dependencies]\njupytext = " ^1.16.1"\n'
    ours, theirs = base.replace(".16.1", ".16.3"), base.replace(".16.1", ".16.4")
    assert merged("pyproject.toml", base, ours, theirs) == theirs


def test_what_both_mend_otherwise_is_in_conflict() -> None:
    ours, theirs = (METADATA.replace("https://example.org/", f'"{each}"') for each in "ab")
    assert merged("pyproject.toml", METADATA, ours, theirs) is None


def test_a_base_that_can_be_read_stands() -> None:
    assert mend_base(toml.load, "a = 1\n", "a = 2\n", "a = 2\n") is None
