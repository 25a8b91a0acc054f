"""INI files."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import check_clean, merge_file
from lisa_scaffold.model import Declined, Merged
from tests.merge.material import INI as BASE


def merge(ours: str, theirs: str, path: str = "setup.cfg", base: str = BASE) -> str | None:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    assert not isinstance(result, Declined)
    return None if result is None else result.content.decode()


def test_keys_added_at_one_place() -> None:
    ours, theirs = BASE + "x = 1\n", BASE + "y = 2\n"
    assert merge(ours, theirs) == BASE + "x = 1\ny = 2\n"


def test_a_key_stays_in_its_section() -> None:
    ours, theirs = BASE + "\n[mypy]\nstrict = true\n", BASE + "xfail_strict = true\n"
    assert merge(ours, theirs) == BASE + "xfail_strict = true\n\n[mypy]\nstrict = true\n"


def test_values_of_several_lines_are_sets() -> None:
    ours = BASE.replace("    W2\n", "    W2\n    X3\n")
    theirs = BASE.replace("    W2\n", "    W2\n    Y4\n")
    assert merge(ours, theirs) == BASE.replace("    W2\n", "    W2\n    X3\n    Y4\n")


def test_one_value_two_ways_is_a_conflict() -> None:
    assert merge(BASE.replace("88", "100"), BASE.replace("88", "120")) is None


@pytest.mark.parametrize("path", ["sonar-project.properties", "a.ini"])
def test_files_without_sections(path: str) -> None:
    base = "# One\na.b=1\nc=2\n"
    assert merge(base + "d=3\n", base + "# E\ne=4\n", path, base) == base + "d=3\n# E\ne=4\n"


def test_a_line_that_comes_to_stand_in_another_section_is_found() -> None:
    ours = BASE.replace("addopts", "[mypy]\naddopts")
    theirs = BASE + "xfail = 1\n"
    git = ours + "xfail = 1\n"
    texts = (text.encode() for text in (BASE, ours, theirs, git))
    assert check_clean("setup.cfg", *texts) is not None


TOX = """\
[tox]
env_list = lint, py311

[testenv:lint]
commands = ruff check

[testenv:docs]
commands = sphinx-build docs
"""
DOCS = "\n[testenv:docs]\ncommands = sphinx-build docs\n"


def test_an_environment_that_the_projects_list_names_stays() -> None:
    ours = TOX.replace("lint, py311", "lint, docs, py311")
    theirs = TOX.replace(DOCS, "").replace("ruff check", "ruff check .")
    result = merge_file("tox.ini", *map(str.encode, (TOX, ours, theirs)))
    assert isinstance(result, Merged)
    assert result.content.decode() == ours.replace("ruff check", "ruff check .")
    assert result.notes == (
        "[testenv:docs]: the template no longer has it, the project uses it; it stays.",
    )


def test_an_environment_that_nobody_names_goes() -> None:
    ours = TOX.replace("lint, py311", "lint, py312")
    theirs = TOX.replace(DOCS, "")
    result = merge_file("tox.ini", *map(str.encode, (TOX, ours, theirs)))
    assert isinstance(result, Merged)
    assert result.content.decode() == ours.replace(DOCS, "")


def test_gits_merge_of_a_list_without_its_environment_is_wrong() -> None:
    ours, theirs = TOX.replace("lint, py311", "lint, docs, py311"), TOX.replace(DOCS, "")
    merged = ours.replace(DOCS, "")
    assert check_clean("tox.ini", *map(str.encode, (TOX, ours, theirs, merged))) == (
        "tox runs docs, whose section one side has removed"
    )


def test_environments_on_a_line_are_those_of_a_list() -> None:
    base = TOX.replace("lint, py311", "lint, docs, py3{11,12}")
    ours = base.replace(" lint, docs, py3{11,12}", "\n    lint\n    docs\n    own\n    py3{11,12}")
    theirs = base.replace("docs, ", "").replace(DOCS, "")
    assert merge(ours, theirs, "tox.ini", base) == ours.replace("    docs\n", "").replace(DOCS, "")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        (["a", "c"], ["a", "c", "d"], ["a", "c", "e"], ["a", "c", "d", "e"]),
        (["a"], ["a", "b"], ["a", "c"], ["a", "b", "c"]),
        (["a", "c"], ["a"], ["a", "c", "e"], ["a", "e"]),
        (["a", "c"], ["a", "b", "c"], ["a"], ["a", "b"]),
        (["a"], ["a", "# why", "b"], ["a", "c"], ["a", "c", "# why", "b"]),
    ],
)
@pytest.mark.parametrize("last", ["", ","])
def test_items_with_commas_between_them_keep_them(
    base: list[str], ours: list[str], theirs: list[str], merged: list[str], last: str
) -> None:
    def write(items: list[str]) -> str:
        lines = [item if item[0] == "#" else f"{item}," for item in items]
        lines[-1] = f"{items[-1]}{last}"
        return "[flake8]\nignore =\n" + "".join(f"    {line}\n" for line in lines)

    assert merge(write(ours), write(theirs), base=write(base)) == write(merged)


def test_an_item_with_a_remark_gets_no_neighbour_without_a_comma() -> None:
    base, ours, theirs = (
        f"[flake8]\nignore =\n    E1, # why\n    E2{more}\n"
        for more in ("", ",\n    E3", ",\n    E4")
    )
    assert merge(ours, theirs, base=base) is None
    more = (f"[tox]\nx =\n    a\n    b,\n    c{each}\n" for each in ("", ",\n    d", "\n    e"))
    before, mine, offered = more
    assert merge(mine, offered, base=before) is None
