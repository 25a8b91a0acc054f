"""Keys of TOML that one side moves to another table, and the other changes where they were."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file, merge_openly
from lisa_scaffold.merge.keyed import merge_toml
from lisa_scaffold.model import Declined, Merged

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


REMOVED = BASE.replace('select = [ "E", "F" ]\n', "")
# Of the table that the other side has removed, the only key.
HOST = '[host]\npip = "*"\n\n[test]\nx = 1\n'
NO_HOST = "[test]\nx = 1\ny = 2\n"


@pytest.mark.parametrize(
    ("base", "removed", "moved", "lines"),
    [
        pytest.param(
            BASE,
            REMOVED,
            MOVED,
            (
                ["[tool.ruff.lint]", 'select = [ "E", "F" ]'],
                ["[tool.ruff]", "line-length = 100"],
            ),
            id="a key",
        ),
        pytest.param(
            HOST.replace("[host]", '[a]\npython = "3"\n\n[host]'),
            '[a]\npython = "3"\n\n' + NO_HOST,
            '[a]\npython = "3"\npip = "*"\n\n[test]\nx = 1\n',
            (['pip = "*"'], ["[a]", 'python = "3"', "", "[test]", "x = 1", "y = 2"]),
            id="a table",
        ),
        pytest.param(
            HOST,
            NO_HOST,
            'pip = "*"\n\n[test]\nx = 1\n',
            (['pip = "*"'], ["[test]", "x = 1", "y = 2"]),
            id="to the place before the first table",
        ),
    ],
)
@pytest.mark.parametrize("by_project", [True, False])
def test_of_what_one_side_removed_and_the_other_moved_that_alone_is_open(
    base: str, removed: str, moved: str, lines: tuple[list[str], list[str]], by_project: bool
) -> None:
    open_lines, rest = lines
    sides = [(moved if by_project else removed), (removed if by_project else moved)]
    assert merge(base, *sides) is None
    done = merge_openly("pyproject.toml", base.encode(), *(side.encode() for side in sides))
    assert done is not None
    assert done.places == 1
    with_it, without = (done.ours, done.theirs) if by_project else (done.theirs, done.ours)
    assert without.decode().splitlines() == rest
    left = with_it.decode().splitlines()
    for line in rest:
        left.remove(line)
    assert [line for line in left if line] == open_lines


def test_what_both_sides_moved_to_one_place_is_moved() -> None:
    """The one has a key of that name in another new table besides, which it has not moved."""
    base = '[project]\nname = "a"\nplatforms = ["x"]\n'
    ours = '[workspace]\nname = "a"\nplatforms = ["x", "y"]\n'
    theirs = '[workspace]\nname = "a"\nplatforms = ["x", "z"]\n\n[package]\nname = "a"\n'
    assert merge(base, ours, theirs) == (
        '[workspace]\nname = "a"\nplatforms = ["x", "y", "z"]\n\n[package]\nname = "a"\n'
    )


EXTRAS = """\
[project.optional-dependencies]
# Own ones are below.
# They end here.

docs = ["mkdocs>=1", "theme>=9"]

dev = ["pytest>=8"]

[tool]
x = 1
"""


def test_requirements_are_moved_by_name_and_leave_the_comments_of_their_place() -> None:
    ours = EXTRAS.replace('docs = ["mkdocs>=1", "theme>=9"]\n\n', "")
    ours = ours.replace("# They", 'own = ["mine"]\n# They')
    ours = ours.replace('"pytest>=8"]\n', '"pytest>=8", "own"]\ndocs = ["mkdocs>=1", "theme>=9"]\n')
    theirs = """\
[project.optional-dependencies]
# Own ones are below.
debug = ["d"]
# They end here.

[dependency-groups]
docs = ["mkdocs>=1.5", "theme>=9.7"]
dev = ["pytest>=8"]

[tool]
x = 1
"""
    both = theirs.replace("debug", 'own = ["mine"]\ndebug').replace('8"', '8", "own"')
    assert merge(EXTRAS, ours, theirs) == both


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


NAMED = {
    "a.json": '{\n  "env": {\n    "a": 1,\n    "b": 2,\n    "c": 3\n  },\n  "z": 1\n}\n',
    "a.toml": "[env]\na = 1\nb = 2\nc = 3\n\n[z]\nz = 1\n",
    "a.yml": "env:\n  a: 1\n  b: 2\n  c: 3\nz: 1\n",
}


@pytest.mark.parametrize("path", NAMED)
def test_a_key_that_only_went_along_with_its_table_stays_removed(path: str) -> None:
    """Git merges this without a word; what one side removed by itself is no move of the other."""
    base = NAMED[path]
    renamed = base.replace("env", "containerEnv")
    removed = "".join(line for line in base.splitlines(keepends=True) if "b" not in line)
    expected = Merged(removed.replace("env", "containerEnv").encode())
    assert merge_file(path, base.encode(), removed.encode(), renamed.encode()) == expected
    assert merge_file(path, base.encode(), renamed.encode(), removed.encode()) == expected
    # What was changed on its way is told.
    changed = renamed.replace("2", '"2x"').encode()
    by_project = merge_file(path, base.encode(), removed.encode(), changed)
    assert isinstance(by_project, Merged)
    assert (by_project.content, len(by_project.notes)) == (expected.content, 1)
    by_template = merge_file(path, base.encode(), changed, removed.encode())
    assert isinstance(by_template, Declined)
    assert by_template.content == changed


@pytest.mark.parametrize("path", NAMED)
def test_what_the_template_adds_to_a_table_that_the_project_renamed_comes_into_it(
    path: str,
) -> None:
    """However much else the project has changed in it, while it has the same keys."""
    base = NAMED[path]
    ours = base.replace("env", "containerEnv").replace("1", "7", 1).replace("2", "8", 1)
    line = next(line for line in base.splitlines() if "b" in line)
    theirs = base.replace(line, f"{line}\n{line.replace('b', 'd').replace('2', '4')}")
    line = line.replace("2", "8")
    both = ours.replace(line, f"{line}\n{line.replace('b', 'd').replace('8', '4')}")
    assert merge_file(path, base.encode(), ours.encode(), theirs.encode()) == Merged(both.encode())
    assert merge_file(path, base.encode(), theirs.encode(), ours.encode()) == Merged(both.encode())


COVERAGE = """\
[tool.coverage.run]
branch = true

[tool.coverage.report]
omit = [
    "*/a.py",
    "*/b.py",
]
"""
SCATTERED = """\
[tool.coverage]
run.branch = true
report.omit = [
    "*/a.py",
    "*/b.py",
]
"""


def test_a_table_that_both_sides_wrote_with_dotted_keys_has_its_base() -> None:
    ours = SCATTERED.replace('    "*/b.py",\n', '    "*/own.py",\n')
    theirs = SCATTERED.replace('    "*/b.py",\n', '    "*/b.py",\n    "*/new.py",\n')
    both = SCATTERED.replace('    "*/b.py",\n', '    "*/own.py",\n    "*/new.py",\n')
    assert merge_toml(COVERAGE, ours, theirs) == (both, ())


def test_what_several_tables_say_tells_no_move() -> None:
    """Each of them could have become the new one."""
    base = "".join(f'[env.{name}]\ngroup = "{name}"\nstyle = "x"\n\n' for name in "abc")
    first = base.partition("[env.b]")[0]
    ours = first.replace("\n\n", "\nown = 1\n\n")
    new = '[env.new]\nreqs = "r"\nstyle = "x"\nskip = true\n'
    theirs = first.replace("\n\n", "\nnew = 2\n\n") + new
    both = first.replace("\n\n", "\nown = 1\nnew = 2\n\n") + new
    assert merge_toml(base, ours, theirs) == (both, ())
