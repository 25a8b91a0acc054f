"""Keys of TOML that one side moves to another table, and the other changes where they were."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Merged

BASE = '[tool.ruff]\nline-length = 80\nselect = [ "E", "F" ]\n'
EDITED = BASE.replace('"F"', '"F", "I"')
MOVED = '[tool.ruff]\nline-length = 100\n\n[tool.ruff.lint]\nselect = [ "E", "F" ]\n'
DOTTED = '[tool.ruff]\nline-length = 100\nlint.select = [ "E", "F" ]\n'
ISORT = "\n[tool.ruff.lint.isort]\ncase-sensitive = true\n"
TWO = "[y]\na = 1\n[x]\nb = 2\n"


def merge(base: str, ours: str, theirs: str) -> str | None:
    done = merge_file("pyproject.toml", base.encode(), ours.encode(), theirs.encode())
    return done.content.decode() if isinstance(done, Merged) else None


@pytest.mark.parametrize(
    ("base", "edited", "moved", "merged"),
    [
        pytest.param(BASE, EDITED, MOVED, MOVED.replace('"F"', '"F", "I"'), id="into a new table"),
        pytest.param(BASE, EDITED, DOTTED, DOTTED.replace('"F"', '"F", "I"'), id="a dotted key"),
        pytest.param(
            DOTTED,
            f'{DOTTED}lint.extend-select = [ "N" ]\n{ISORT}',
            MOVED.replace('"F"', '"F", "I"'),
            MOVED.replace('"F"', '"F", "I"') + f'extend-select = [ "N" ]\n{ISORT}',
            id="dotted keys under a header of their own",
        ),
        pytest.param(
            "[a]\nb.x = 1\nb.c.y = 1\n",
            "[a]\nb.x = 1\n'b' . c . y = 2\n",
            "[a.b]\nx = 1\nz = 1\n\n[a.b.c]\ny = 1\n",
            "[a.b]\nx = 1\nz = 1\n\n[a.b.c]\ny = 2\n",
            id="under two headers",
        ),
        pytest.param(
            TWO,
            TWO.replace("a = 1", "a = 3  # mine"),
            "[x]\nb = 2\na = 1\n",
            "[x]\nb = 2\na = 3  # mine\n",
            id="into a table that was there, the old one is gone",
        ),
        pytest.param(
            "[tool.y]\na = 1\n[tool.x]\nb = 2\n",
            "[tool.y]\na = 3\n[tool.x]\nb = 2\n",
            "[tool.x]\nb = 2\na = 1\n",
            "[tool.x]\nb = 2\na = 3\n",
            id="from one tool to another",
        ),
        pytest.param(
            '[project]\nname = "a"\noptional.dev = [ "x" ]\n',
            '[project]\nname = "a"\noptional.dev = [ "x", "y" ]\n',
            '[project]\nname = "a"\n[extra]\ndev = [ "x" ]\n',
            '[project]\nname = "a"\n[extra]\ndev = [ "x", "y" ]\n',
            id="out of a dotted key",
        ),
        pytest.param(
            BASE,
            EDITED,
            MOVED.replace('"E"', '"A", "E"'),
            MOVED.replace('"E", "F"', '"A", "E", "F", "I"'),
            id="moved and edited",
        ),
        pytest.param(
            "[a]\nx = 1\ny = 1\nz = 1\n",
            "[a]\nx = 2\ny = 2\nz = 1\n",
            "[b]\nx = 1\ny = 1\nz = 1\n",
            "[b]\nx = 2\ny = 2\nz = 1\n",
            id="a whole table",
        ),
    ],
)
def test_an_edit_follows_a_key_to_its_new_table(
    base: str, edited: str, moved: str, merged: str
) -> None:
    assert merge(base, edited, moved) == merged
    assert merge(base, moved, edited) == merged


def test_what_one_side_removed_and_the_other_moved_is_a_conflict() -> None:
    removed = BASE.replace('select = [ "E", "F" ]\n', "")
    assert merge(BASE, removed, MOVED) is None
    assert merge(BASE, MOVED, removed) is None


@pytest.mark.parametrize(
    ("base", "edited", "moved", "merged"),
    [
        pytest.param(
            BASE,
            EDITED,
            MOVED.replace('"E", "F"', '"A", "B"'),
            BASE.replace("80", "100").replace('"E", "F"', '"I"')
            + '\n[tool.ruff.lint]\nselect = [ "A", "B" ]\n',
            id="the new one says something else",
        ),
        pytest.param(
            BASE,
            EDITED,
            MOVED + '[tool.ruff.more]\nselect = [ "E", "F" ]\n',
            BASE.replace("80", "100").replace('"E", "F"', '"I"')
            + '\n[tool.ruff.lint]\nselect = [ "E", "F" ]\n'
            + '[tool.ruff.more]\nselect = [ "E", "F" ]\n',
            id="to two places",
        ),
        pytest.param(
            TWO.replace("a = 1\n", "a = 1\nc = 1\n"),
            TWO.replace("a = 1\n", "a = 3\nc = 1\n"),
            "[y]\nc = 1\n[x]\nb = 2\na = 1\n",
            "[y]\na = 3\nc = 1\n[x]\nb = 2\na = 1\n",
            id="both tables are there before and after",
        ),
    ],
)
def test_what_only_looks_like_a_move_is_none(
    base: str, edited: str, moved: str, merged: str
) -> None:
    assert merge(base, edited, moved) == merged
