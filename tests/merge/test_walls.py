"""Comments that divide a list: what stands between two of them may be the project's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Merged

START, END = "# PROJECT-START\n", "# PROJECT-END\n"
METADATA = f'[project]\ndependencies = [\n  "a",\n  {START}  {END}]\n'
COMPOSE = (
    f"services:\n  app:\n    environment:\n      A: 1\n      {START}      {END}    tty: true\n"
)
PATTERNS = f"*.pyc\n{START}{END}dist/\n"


def merged(path: str, base: str, ours: str, theirs: str) -> str | None:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    return result.content.decode() if isinstance(result, Merged) else None


@pytest.mark.parametrize(
    ("path", "base", "above", "own", "new"),
    [
        ("pyproject.toml", METADATA, '"a",\n', '  "x",\n', '  "b",\n'),
        ("compose.yml", COMPOSE, "A: 1\n", "      X: 1\n", "      B: 2\n"),
        (".gitignore", PATTERNS, "*.pyc\n", "own/\n", "new/\n"),
    ],
)
def test_what_the_template_adds_stays_out_of_the_projects_section(
    path: str, base: str, above: str, own: str, new: str
) -> None:
    ours = base.replace(START, START + own)
    before, behind = base.replace(above, above + new), base.replace(END, END + new)
    assert merged(path, base, ours, before) == ours.replace(above, above + new)
    assert merged(path, base, ours, behind) == ours.replace(END, END + new)


ITEMS = st.lists(st.sampled_from("bcdefgh"), unique=True, max_size=3)


@given(ITEMS, ITEMS, ITEMS)
def test_every_section_has_what_was_put_there(
    own: list[str], before: list[str], behind: list[str]
) -> None:
    before = [item for item in before if item not in own]
    behind = [item for item in behind if item not in own + before]
    lines = ["".join(f'  "{item}",\n' for item in items) for items in (own, before, behind)]
    ours = METADATA.replace(START, START + lines[0])
    theirs = METADATA.replace('"a",\n', '"a",\n' + lines[1]).replace(END, END + lines[2])
    done = merged("pyproject.toml", METADATA, ours, theirs)
    assert done is not None
    top, inside, below = (part.split('"')[1::2] for part in done.replace(END, START).split(START))
    assert (top, inside, below) == (["a", *before], own, behind)
