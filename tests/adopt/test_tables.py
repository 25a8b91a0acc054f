"""Tables of the template come into a project's ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lisa_scaffold.adopt.tables import leave_to_project, merge_tables

from ..support.adopting import AUTOMATIC, SETUPTOOLS, items, make, report, show
from ..support.checking import clean
from ..support.updates import Capture

TEMPLATE = """\
# What developers need.
[dependency-groups]
test = [
  "pytest>=8.2",
  "pytest-cov>=6",
]
dev = [
  "nox==1",
  { include-group = "test" },
]

[tool.ruff]
line-length = 100

[tool.mypy]
strict = true
"""
OURS = """\
[project]
name = "a"  # mine

[dependency-groups]
dev = [
    "Pytest_Cov ~= 5.0",
    "nox",
]

[tool.mypy]
strict = false
"""


def test_tools_of_the_project_stay_and_others_come_below() -> None:
    done = merge_tables(OURS, TEMPLATE, None, {})
    assert done is not None
    assert done.text == (
        '[project]\nname = "a"  # mine\n\n'
        "[dependency-groups]\n"
        'dev = [\n    "Pytest_Cov ~= 5.0",\n    "nox",\n    { include-group = "test" },\n]\n'
        'test = [\n  "pytest>=8.2",\n  "pytest-cov>=6",\n]\n\n'
        "[tool.mypy]\nstrict = false\n\n"
        "[tool.ruff]\nline-length = 100\n"
    )
    assert done.added == (
        "[dependency-groups] test",
        "[tool.ruff]",
        "more in [dependency-groups] dev",
    )
    assert done.kept == ("[tool.mypy]",)


def test_a_tool_that_is_set_up_elsewhere_does_not_come() -> None:
    done = merge_tables(OURS, TEMPLATE, None, {"ruff": "ruff.toml sets it up"})
    assert done is not None
    assert "tool.ruff" not in done.text
    assert done.left_out == {"[tool.ruff]": "ruff.toml sets it up"}


def test_what_the_former_template_wrote_and_nobody_changed_is_replaced() -> None:
    done = merge_tables(OURS, TEMPLATE, "[tool.mypy]\nstrict = false\n", {})
    assert done is not None
    assert tomllib.loads(done.text)["tool"]["mypy"] == {"strict": True}
    assert done.kept == ()


def test_what_the_former_template_wrote_stays_where_the_templates_does_not_come() -> None:
    former = "[tool.mypy]\nstrict = false\n"
    done = merge_tables(OURS, TEMPLATE, former, {"mypy": "the types are checked elsewhere"})
    assert done is not None
    assert tomllib.loads(done.text)["tool"]["mypy"] == {"strict": False}
    assert done.left_out == {"[tool.mypy]": "the types are checked elsewhere"}


def test_a_project_without_the_file_gets_tools_and_no_metadata() -> None:
    theirs = str(clean(adopted=True)["pyproject.toml"], "utf-8")  # type: ignore[arg-type]
    done = merge_tables(None, theirs, None, {})
    assert done is not None
    data = tomllib.loads(done.text)
    assert data.keys() == {"dependency-groups", "tool"}
    assert "setuptools" not in data["tool"]


@pytest.mark.parametrize(
    "ours",
    [
        "[tool]\nruff.line-length = 79\n",
        "tool.ruff.line-length = 79\n",
        "[tool.ruff.lint]\nselect = []\n",
        '[tool."ruff"]\nline-length = 79\n',
    ],
)
def test_other_ways_to_write_a_table_are_understood_or_left_alone(ours: str) -> None:
    done = merge_tables(ours, TEMPLATE, None, {})
    if done is None:
        return
    data = tomllib.loads(done.text)
    assert data["tool"]["ruff"] == tomllib.loads(ours)["tool"]["ruff"]
    assert all(line in done.text.splitlines() for line in ours.splitlines())


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("pyproject", "pyproject.toml", 'include = [ "lisa_ripple", "lisa_ripple.*" ]\n'),
        ("cfg", "setup.cfg", "[options]\npackages = find_namespace:\n"),
        ("module", "pyproject.toml", 'py-modules = [ "lisa_ripple" ]\n'),
    ],
)
def test_a_package_that_setuptools_finds_by_itself_is_named(
    name: str, path: str, line: str, tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "lisa-ripple", AUTOMATIC[name])
    told = report(project, capsys)
    assert line in show(project, path)
    why = (
        "names what setuptools has found by itself: it would take reports/, which the sessions "
        "write, for a package too"
    )
    assert [each["path"] for each in told["items"] if each["text"] == why] == [path]
    # Nothing of it is left to people, or excused.
    findings = told["findings"]
    assert "PKG013" not in {
        each["code"] for group in ("left", "waived", "advised") for each in findings[group]
    }


def test_what_cannot_be_named_is_left_to_people(tmp_path: Path, capsys: Capture) -> None:
    files = {**AUTOMATIC["pyproject"], "lisa_ripple/more-waves/a.py": ""}
    told = report(make(tmp_path / "lisa-ripple", files), capsys)
    (asked,) = [each for each in told["to_decide"] if "setuptools finds the package" in each]
    assert asked.startswith("pyproject.toml: line 5: setuptools finds the package lisa_ripple as")


SETUP = {name: str(text) for name, text in SETUPTOOLS.items() if name != ".gitlab-ci.yml"}


def with_setup(lines: str, **more: str) -> dict[str, str]:
    """A project whose ``setup.py`` begins with some lines."""
    return {**SETUP, "setup.py": f"{lines}{SETUP['setup.py']}", **more}


def test_what_a_setup_py_imports_is_there_in_every_build(tmp_path: Path, capsys: Capture) -> None:
    files = with_setup("import numpy as np\n", **{"lisa_noise/fast.pyx": "# cython\n"})
    files["setup.py"] += "# Cython compiles it\n"
    project = make(tmp_path / "project", files)
    result = report(project, capsys)
    assert tomllib.loads(show(project, "pyproject.toml"))["build-system"] == {
        "build-backend": "setuptools.build_meta:__legacy__",
        "requires": ["setuptools", "cython", "numpy"],
    }
    assert items(result, "added")["pyproject.toml"].endswith(
        "[build-system] with setuptools, cython, numpy (setup.py imports numpy; Cython compiles "
        "lisa_noise/fast.pyx)"
    )
    assert "PKG001" in {each["code"] for each in result["findings"]["advised_fixed"]}


def test_what_only_its_authors_know_of_a_build_comes_first(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", with_setup("import lisa_build\n"))
    result = report(project, capsys)
    assert result["to_decide"][0] == (
        "setup.py: no [build-system], and without it no job can install the project: add one to "
        'pyproject.toml, with `requires = ["setuptools", …]` and `build-backend = '
        '"setuptools.build_meta:__legacy__"`: setup.py imports lisa_build: name what brings that'
    )
    assert "build-system" not in tomllib.loads(show(project, "pyproject.toml"))


def test_a_build_that_needs_nothing_stays_as_it_is(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", SETUP)
    report(project, capsys)
    assert "build-system" not in tomllib.loads(show(project, "pyproject.toml"))


TABLE = "[tool.mypy]\nstrict = {}\n"
REST = "# Why\n[tool.ruff]\nshow-fixes = true\n"


@pytest.mark.parametrize(
    ("ours", "before", "after", "named"),
    [
        # The project's own, before and after, whatever the adoption put into it.
        ("1", "1", "1", ["[tool.mypy]"]),
        ("2", "1", "2", ["[tool.mypy]"]),
        # Left out, and not added since.
        (None, None, None, []),
        # The project's own, and taken out since; the same as the template's; added since.
        (None, "1", "1", None),
        ("0", "0", "0", None),
        ("1", None, None, None),
        # A former template's, which gave way to the template's; the project changed that later.
        ("1", "2", "0", None),
    ],
)
def test_what_an_adoption_left_to_the_project_is_no_change_of_the_templates(
    ours: str | None, before: str | None, after: str | None, named: list[str] | None
) -> None:
    old, new = TABLE.format("0") + REST, TABLE.format("9") + REST
    sides = (TABLE.format(each) if each else "" for each in (ours, before, after))
    ruff = (f"{each}{REST}" for each in sides)
    expected = (old, new, []) if named is None else (REST, REST, named)
    assert leave_to_project(old, new, *ruff) == expected


def test_what_cannot_be_read_is_left_as_it_is() -> None:
    old, new = TABLE.format("0"), TABLE.format("9")
    assert leave_to_project(old, new, "[", "", "") == (old, new, [])
