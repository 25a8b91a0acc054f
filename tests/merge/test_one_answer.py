"""Changes of both sides at one place that have one right answer; git leaves each in conflict."""

from __future__ import annotations

import pytest

from lisa_scaffold.merge import merge_file
from lisa_scaffold.model import Declined, Merged


def merged(path: str, base: str, ours: str, theirs: str) -> str | None:
    result = merge_file(path, base.encode(), ours.encode(), theirs.encode())
    return result.content.decode() if isinstance(result, Merged) else None


AUDIT = "check:\n\tsafety check -i 1\n\techo done\n"


def extended(*words: str) -> tuple[str, ...]:
    return tuple(AUDIT.replace("-i 1", f"-i 1 {each}") for each in words)


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ("-i 2", "-i 3", "-i 2 -i 3"),
        ("--full", "-i 3", "--full -i 3"),
        ("--full", "--full --json", "--full --json"),
        ("-i 2 --full", "--full -i 3", "-i 2 --full -i 3"),
        ("--output a b", "--full", "--output a b --full"),
    ],
)
def test_options_that_both_add_to_a_line_are_united(ours: str, theirs: str, both: str) -> None:
    assert merged("Makefile", AUDIT, *extended(ours, theirs)) == extended(both)[0]


@pytest.mark.parametrize(
    ("ours", "theirs"), [("--limit 2", "--limit 3"), ("now", "later"), ("-x", "now")]
)
def test_options_that_exclude_each_other_are_in_conflict(ours: str, theirs: str) -> None:
    assert merged("Makefile", AUDIT, *extended(ours, theirs)) is None


@pytest.mark.parametrize(
    "remark",
    ["noqa: A1", "type: ignore[a1]", "pylint: disable=a1", "ruff: noqa: A1", "flake8: noqa: A1"],
)
def test_codes_that_both_add_to_a_remark_are_united(remark: str) -> None:
    base = f"import x  # {remark}\n"
    ours, theirs, both = (
        base.replace("1", f"1, {more}") for more in ("B2, D4", "C3, B2", "B2, D4, C3")
    )
    assert merged("a.py", base, ours, theirs) == both


def test_words_of_a_comment_are_no_codes() -> None:
    base = "import x  # one\n"
    ours, theirs = base.replace("one", "one, two"), base.replace("one", "one, three")
    assert merged("a.py", base, ours, theirs) is None


STEPS = """\
jobs:
  test:
    steps:
    - name: First
      run: first thing
    - name: Old
      run: second thing
      if: always()
    - name: Last
      run: last thing
"""
OLD = "    - name: Old\n      run: second thing\n      if: always()\n"
OWN = "    - name: Own\n      uses: own/action@v1\n      with:\n        key: 1\n"


def test_a_step_of_the_projects_stays_where_the_template_deletes_the_one_it_replaced() -> None:
    ours, theirs = STEPS.replace(OLD, OWN), STEPS.replace(OLD, "")
    assert merged(".github/workflows/a.yml", STEPS, ours, theirs) == ours
    assert merged(".github/workflows/a.yml", STEPS, theirs, ours) == ours


def test_a_step_that_the_project_only_renamed_is_in_conflict_with_its_deletion() -> None:
    ours, theirs = STEPS.replace("name: Old", "name: New"), STEPS.replace(OLD, "")
    assert merged(".github/workflows/a.yml", STEPS, ours, theirs) is None


def test_a_number_sign_in_a_string_is_no_comment() -> None:
    base = 'NAMES = [\n    "é#b",\n    "c",  # c\n]\nx = 1\n'
    ours = base.replace("]\n", '    "d",\n]\n')
    theirs = base.replace("]\n", '    "#e",\n]\n')
    assert merged("a.py", base, ours, theirs) == base.replace("]\n", '    "d",\n    "#e",\n]\n')


TABLES = '[project]\nname = "x"\n\n[tool.z]\nq = 1\n'


def test_sibling_tables_that_both_add_stand_side_by_side() -> None:
    ours, theirs = (f"{TABLES}\n[tool.z.{name}]\nx = 1\ny = 2\n" for name in ("one", "two"))
    assert merged("a.toml", TABLES, ours, theirs) == f"{ours}\n[tool.z.two]\nx = 1\ny = 2\n"


def test_a_table_that_both_renamed_is_one_table() -> None:
    base = "[tool.old]\nx = 1\ny = 2\nz = 3\n\n[other]\na = 1\n"
    renamed = base.replace("tool.old", "tool.new")
    ours, theirs = renamed.replace("x = 1", "x = 5"), renamed.replace("z = 3", "z = 4")
    assert merged("a.toml", base, ours, theirs) == ours.replace("z = 3", "z = 4")


FLOW = "on:\n  push:\n    branches: [main]\nx: 1\n"
BLOCK = "on:\n  push:\n    branches:\n      - main\nx: 1\n"


@pytest.mark.parametrize("base", [FLOW, BLOCK])
def test_a_list_stays_in_the_form_that_the_project_gives_it(base: str) -> None:
    flow, block = FLOW.replace("main]", "main, f]"), BLOCK.replace("main\n", "main\n      - b\n")
    assert merged("a.yml", base, flow, block) == FLOW.replace("main]", "main, f, b]")
    both = BLOCK.replace("main\n", "main\n      - b\n      - f\n")
    assert merged("a.yml", base, block, flow) == both


def test_a_value_that_both_make_a_list_of_is_one_list() -> None:
    base = "on: push\nx: 1\n"
    ours = base.replace("push", "[push]")
    theirs = base.replace(" push", "\n  - push\n  - pull_request")
    assert merged("a.yml", base, ours, theirs) == base.replace("push", "[push, pull_request]")


@pytest.mark.parametrize("item", ['"a,b"', "a: b", "[a]"])
def test_items_that_one_form_cannot_hold_are_quoted_or_in_conflict(item: str) -> None:
    block = BLOCK.replace("main\n", f"main\n      - {item}\n")
    done = merged("a.yml", FLOW, FLOW.replace("main]", "main, f]"), block)
    assert done == (FLOW.replace("main]", f"main, f, {item}]") if item[0] == '"' else None)


TOX = "[testenv]\ndeps =\n    pytest\n    pytest-cov\ncommands = pytest\n"


def test_requirements_of_tox_are_requirements() -> None:
    ours = TOX.replace("    pytest-cov\n", "    pytest-cov>=3\n    numpy\n")
    theirs = TOX.replace("    pytest-cov\n", "    pytest-cov>=4\n    rich\n")
    assert merged("tox.ini", TOX, ours, theirs) == TOX.replace(
        "    pytest-cov\n", "    pytest-cov>=4\n    numpy\n    rich\n"
    )


def test_a_requirement_that_both_make_a_list_of_is_one_list() -> None:
    base = TOX.replace("\n    pytest\n    pytest-cov", " pytest")
    ours, theirs = (TOX.replace("pytest-cov", name) for name in ("numpy", "rich"))
    assert merged("tox.ini", base, ours, theirs) == TOX.replace("pytest-cov", "numpy\n    rich")


def test_a_docstring_comes_into_a_file_that_was_empty() -> None:
    ours, doc = "from x.a import b\n", '"""The package."""\n'
    assert merged("src/x/__init__.py", "", ours, doc) == f"{doc}\n{ours}"
    assert merged("src/x/__init__.py", "", "\n", doc) == f"{doc}\n"


NEEDS = "build:\n  needs: [lint, types]\n  script: x\n"


@pytest.mark.parametrize(
    ("ours", "theirs"), [("lint", "[lint]"), ("[lint]", "lint"), ("\n    - lint", "lint")]
)
def test_an_item_and_the_list_of_it_are_one_value(ours: str, theirs: str) -> None:
    sides = [NEEDS.replace("[lint, types]", each) for each in (ours, theirs)]
    assert merged(".gitlab-ci.yml", NEEDS, *sides) == sides[0]


def test_an_item_is_no_list_where_the_key_says_so() -> None:
    base = "answer: [1, 2]\n"
    assert merged("a.yml", base, "answer: 1\n", "answer: [1]\n") is None


DEPS = "[testenv]\ndeps = pytest\n"


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("deps =\n    pytest\n    mock>=1", "deps = pytest>=8"),
        ("deps = pytest>=8", "deps =\n    pytest\n    mock>=1"),
    ],
)
def test_requirements_of_which_one_side_has_made_a_list_are_merged(ours: str, theirs: str) -> None:
    sides = [DEPS.replace("deps = pytest", each) for each in (ours, theirs)]
    both = "[testenv]\ndeps =\n    pytest>=8\n    mock>=1\n"
    assert merged("tox.ini", DEPS, *sides) == both


COMMANDS = "[testenv:docs]\ncommands = sphinx -j2 -v a\n           sphinx b\n"


def test_comments_above_a_key_are_merged_apart_from_its_value() -> None:
    ours = COMMANDS.replace("commands", "# Why.\ncommands").replace("sphinx b", "sphinx b c")
    theirs = COMMANDS.replace("-v a", "-v -q a")
    assert merged("tox.ini", COMMANDS, ours, theirs) == ours.replace("-v a", "-v -q a")


MODULE = "# -*- coding: utf-8 -*-\n\nimport os\nimport sys\n\nx = 1\n"
HEAD = (
    "# SPDX-License-Identifier: MIT\n# Copyright (c) 2023 The probe contributors of the institute\n"
)


def test_comments_that_the_project_puts_in_place_of_what_the_template_drops_stay() -> None:
    ours = MODULE.replace("# -*- coding: utf-8 -*-\n", HEAD)
    theirs = MODULE.replace("# -*- coding: utf-8 -*-\n\n", "").replace("import sys", "import re")
    assert merged("a.py", MODULE, ours, theirs) == ours.replace("import sys", "import re")


def test_of_comments_that_both_add_nearly_alike_the_projects_stay() -> None:
    base = MODULE.partition("\n\n")[2]
    ours, theirs = HEAD + "\n" + base, HEAD.replace("2023", "2024") + "\n" + base
    theirs = theirs.replace("import sys", "import re")
    assert merged("a.py", base, ours, theirs) == ours.replace("import sys", "import re")


def test_comments_that_both_change_are_in_conflict() -> None:
    ours, theirs = MODULE.replace("coding", "our"), MODULE.replace("coding", "their")
    assert merged("a.py", MODULE, ours, theirs) is None


def test_a_docstring_stands_above_what_the_template_puts_into_an_empty_file() -> None:
    assert merged("a.py", "", '"""Ours."""\n', "import os\n") == '"""Ours."""\n\nimport os\n'


TASKS = "tasks:\n  check:\n    cmds:\n      - safety check -i 1\n      - bandit src\n"


@pytest.mark.parametrize("lead", ["", "# Not in use.\n      "])
def test_words_of_one_item_of_an_ordered_list_are_united(lead: str) -> None:
    """One side touches the item below as well, so that lines alone do not tell."""
    ours = TASKS.replace("-i 1", "-i 1 -i 2")
    theirs = TASKS.replace("- safety check -i 1", f"{lead}- safety check -i 1 -i 3 -i 4")
    theirs = theirs.replace("bandit src", "bandit -q src")
    both = theirs.replace("-i 1 -i 3", "-i 1 -i 2 -i 3")
    assert merged("Taskfile.yaml", TASKS, ours, theirs) == both


def test_an_ordered_list_in_which_both_rewrite_an_item_is_in_conflict() -> None:
    ours, theirs = TASKS.replace("safety check", "pip-audit"), TASKS.replace("-i 1", "--full")
    assert merged("Taskfile.yaml", TASKS, ours, theirs) is None


EXTRAS = '[project.optional-dependencies]\ntest = [\n]\n\n[tool.build.find]\nexclude = ["a"]\n'


def test_bounds_that_both_add_are_read_whatever_the_spaces() -> None:
    ours = EXTRAS.replace("[\n]", '[\n    "pytest >= 6",\n    "own",\n]')
    theirs = EXTRAS.replace("[\n]", '[\n    "pytest >=7"\n]')
    both = EXTRAS.replace("[\n]", '[\n    "pytest >=7",\n    "own",\n]')
    assert merged("pyproject.toml", EXTRAS, ours, theirs) == both


def test_a_table_in_the_place_of_one_that_both_removed_is_new() -> None:
    table = '\n[tool.build.find]\nexclude = ["a"]\n'
    ours = EXTRAS.replace(table, "").replace("[\n]", '[\n    "own",\n]')
    new = '\n[tool.build]\npackages = ["x"]\n'
    theirs = EXTRAS.replace(table, new).replace("[\n]", '[\n    "new",\n]')
    both = EXTRAS.replace("[\n]", '[\n    "own",\n    "new",\n]').replace(table, new)
    assert merged("pyproject.toml", EXTRAS, ours, theirs) == both


ABOUT = '[project]\nname = "x"\ndynamic = ["description"]\nreadme = "README.md"\n'


def described(words: str) -> str:
    return ABOUT.replace('dynamic = ["description"]', f'description = "{words}"')


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("A template's words.", "both sides wrote it, each in its own words"),
        ("", "both sides added it, the template without content"),
    ],
)
def test_a_description_that_both_wrote_stays_the_projects(words: str, why: str) -> None:
    ours = described("What the project is.")
    result = merge_file("pyproject.toml", *map(str.encode, (ABOUT, ours, described(words))))
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert f'+description = "{words}"' in result.patch
    assert f"project.description: {why}" in result.reason


def test_words_of_a_description_that_the_project_hardly_changed_are_open() -> None:
    base = described("A small package of the observatory for mirrors.")
    ours, theirs = base.replace("small", "tiny"), base.replace("small", "large")
    assert merged("pyproject.toml", base, ours, theirs) is None
    assert merged("pyproject.toml", base, ours.replace("tiny ", ""), theirs) is None


def test_other_texts_that_both_wrote_are_open() -> None:
    ours, theirs = (ABOUT + f'title = "{words}"\n' for words in ("One of ours.", "One of theirs."))
    assert merged("pyproject.toml", ABOUT, ours, theirs) is None


@pytest.mark.parametrize("base", ['"""\nDescribe your package here.\n"""\n', ""])
def test_a_docstring_that_the_project_wrote_itself_stays(base: str) -> None:
    ours = '"""\nSeeds of random numbers.\n"""\n\nfrom x.a import b\n'
    theirs = '"""\nA toolkit.\n"""\n\nVERSION = 1\n'
    result = merge_file("x/__init__.py", *map(str.encode, (base, ours, theirs)))
    assert isinstance(result, Merged)
    assert result.content.decode() == f"{ours}\nVERSION = 1\n"
    assert "+A toolkit." in result.patch
    assert (
        merge_file("x/__init__.py", *map(str.encode, (base, ours, theirs)), keep_prose=False)
        is None
    )


PINNED = "steps:\n  - uses: a/b@v2  # not yet\n  - run: x\n"


def test_a_comment_goes_with_the_value_that_it_is_about() -> None:
    ours = PINNED.replace("@v2  # not yet", "@v3")
    theirs = PINNED.replace("not yet", "not yet on ours").replace("run: x", "run: y")
    expected = ours.replace("run: x", "run: y")
    assert merged(".github/workflows/a.yml", PINNED, ours, theirs) == expected
    result = merge_file(".github/workflows/a.yml", *map(str.encode, (PINNED, ours, theirs)))
    assert "only the comment # not yet on ours, which is left out" in str(result)
    assert merged(".github/workflows/a.yml", PINNED, theirs, ours) is None


@pytest.mark.parametrize(
    ("path", "line", "value"),
    [("a.yml", "uses: a/b@v3", "a/b@v4"), ("a.toml", 'version = "1.2"', '"1.3"')],
)
def test_a_comment_on_an_older_version_is_not_put_behind_a_newer_one(
    path: str, line: str, value: str
) -> None:
    base = f"{line}\n"
    ours = base.replace(line.rsplit(maxsplit=1)[-1], value)
    theirs = f"{line}  # cannot be moved yet\n"
    assert merged(path, base, ours, theirs) == ours
    result = merge_file(path, *map(str.encode, (base, ours, theirs)))
    assert "only the comment # cannot be moved yet, which is left out" in str(result)


def test_a_comment_on_a_setting_goes_with_any_value() -> None:
    base, ours, theirs = "width: 1\n", "width: 2\n", "width: 1  # in columns\n"
    assert merged("a.yml", base, ours, theirs) == "width: 2  # in columns\n"


def test_of_a_key_that_both_add_the_comment_of_one_stays() -> None:
    ours, theirs = "a: 1\ncss:\n  - x\n", "a: 1\ncss: # a fault of the theme\n  - x\n"
    assert merged("a.yml", "a: 1\n", ours, theirs) == theirs
    assert merged("a.yml", "a: 1\n", theirs, ours) == theirs
    assert merged("a.yml", "a: 1\n", theirs, theirs.replace("fault", "bug")) is None


@pytest.mark.parametrize(("path", "is_sure"), [("a.css", True), ("a.py", False)])
def test_of_a_file_that_both_add_the_projects_white_space_stays(path: str, is_sure: bool) -> None:
    ours, theirs = b"a {\n    b: c\n}\n", b"a {\n  b: c\n}\n"
    result = merge_file(path, None, ours, theirs)
    assert (isinstance(result, Declined) and result.content == ours) is is_sure


FIRST = "jobs:\n  docs:\n    steps:\n      - name: First\n        run: x\n"
BUILD = f"{FIRST}      - name: Build\n        run: mkdocs build -d out"


def test_of_a_command_that_both_add_the_projects_may_have_more() -> None:
    ours, theirs = f"{BUILD} -v\n", f"{BUILD}\n        env:\n          X: 1\n"
    assert merged(".github/workflows/a.yml", FIRST, ours, theirs) == theirs.replace("out", "out -v")
    ours, theirs = f"{BUILD} -v\n", f"{BUILD} -q\n"
    assert merged(".github/workflows/a.yml", FIRST, ours, theirs) is None


CONTINUED = "steps:\n  - name: t\n    run: |\n      cd a\n      pytest --html \\\n        --cov=x\n"


def test_a_command_over_several_lines_is_one_line() -> None:
    ours = CONTINUED.replace("--cov=x", "--cov=x --quick")
    theirs = CONTINUED.replace("--html \\\n", "--html \\\n        --xml \\\n")
    both = theirs.replace("--cov=x", "--cov=x --quick")
    assert merged(".github/workflows/a.yml", CONTINUED, ours, theirs) == both
    ours, theirs = (CONTINUED.replace("--cov=x", f"--cov={each}") for each in "yz")
    assert merged(".github/workflows/a.yml", CONTINUED, ours, theirs) is None


@pytest.mark.parametrize(
    ("path", "ours", "theirs"),
    [
        ("docs/conf.py", "project = 'X'\n", 'project = "X""\n'),
        ("a.toml", "x = 1\n", "x = 2 3\n"),
        ("a.json", '{"x": 1}\n', '{"x": 2\n'),
    ],
)
def test_of_a_file_that_both_add_one_that_cannot_be_read_is_no_choice(
    path: str, ours: str, theirs: str
) -> None:
    result = merge_file(path, None, ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert "the template's cannot be read" in result.reason
    assert f"+{theirs}" in result.patch
    assert merge_file(path, None, theirs.encode(), ours.encode()) is None


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "both"),
    [
        ("^0.24.8", ">=0.24.8,<0.26.0", "^0.25.1", "^0.25.1"),
        ("^5.0.0", ">=5,<7", "^6.0", "^6.0"),
        ("^5.0", "^6.1", ">=5.0,<7", "^6.1"),
        ("^0.0.3", ">= 0.0.3, < 0.0.5", "^0.0.4", "^0.0.4"),
        ("^5.0.0", ">=5,<8", "^6.0", None),
        ("^5.0.0", ">=4,<6", "^6.0", None),
        ("^5.0.0", ">=5,<7,!=6.1", "^6.0", None),
    ],
)
def test_the_ends_of_a_range_are_merged_one_by_one(
    base: str, ours: str, theirs: str, both: str | None
) -> None:
    def written(bounds: str) -> str:
        return f'[tool.poetry.dependencies]\nx = "{bounds}"\n'

    done = merged("pyproject.toml", *map(written, (base, ours, theirs)))
    assert done == (both and written(both))


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\nx = "{}"\n'),
        ("package.json", '{{\n  "devDependencies": {{\n    "x": "{}"\n  }}\n}}\n'),
    ],
)
@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [("1.1.0", "1.2.0", "1.2.0"), ("0.9.0", "1.2.0", "0.9.0"), ("^1.1.0", "1.2.0", None)],
)
def test_a_bare_version_in_a_table_of_requirements_is_a_pin(
    path: str, written: str, ours: str, theirs: str, both: str | None
) -> None:
    done = merged(path, *map(written.format, ("1.0.0", ours, theirs)))
    assert done == (both and written.format(both))


PACKAGED = """\
import x


def test_version():
    \"\"\"The version is there.\"\"\"
    # Whatever it is.
    assert x.__version__
"""


def test_functions_that_both_wrote_but_for_the_docstring_stay_the_projects() -> None:
    theirs = PACKAGED.replace("The version is there.", "Check that we can get a version.")
    result = merge_file("tests/test_x.py", None, PACKAGED.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == PACKAGED
    assert "test_version: both sides wrote it, each in its own words" in result.reason
    assert '+    """Check that we can get a version."""' in result.patch


@pytest.mark.parametrize(
    ("old", "new"), [("assert x", "assert not x"), ("Whatever it is", "Or else")]
)
def test_functions_that_both_wrote_otherwise_are_open(old: str, new: str) -> None:
    theirs = PACKAGED.replace("is there", "can be had").replace(old, new)
    assert merge_file("tests/test_x.py", None, PACKAGED.encode(), theirs.encode()) is None


PORTS = '{\n  "appPort": [\n    "5064:5064/udp",\n    "5075:5075"\n  ],\n  "z": 1\n}\n'


def test_what_both_put_in_the_place_of_what_both_removed_is_open() -> None:
    """Git has a conflict there; both together would open each port twice."""
    ours, theirs = (
        PORTS.replace('"5064:5064/udp"', f'"${{{home}:CA_SERVER_PORT}}:${{{home}:CA_SERVER_PORT}}"')
        for home in ("localEnv", "remoteEnv")
    )
    assert merged("a.json", PORTS, ours, theirs) is None
    # What is not much alike is there for different things.
    theirs = PORTS.replace('"5064:5064/udp"', '"8080:80/tcp"')
    both = ours.replace('PORT}",', 'PORT}",\n    "8080:80/tcp",')
    assert merged("a.json", PORTS, ours, theirs) == both


INSTALLED = "steps:\n  - name: Install\n    run: {}\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        ("uv tool install a@${{ x.y }}", 'uv tool install "a@${{ x.y }}"', 1),
        ("uv tool install 'a@1' b", "uv tool install a@1 b", 0),
        ('uv tool install "a@${{ x.y }}"', "uv tool install a@${{ x.z }}", None),
        ("uv tool install a@*", 'uv tool install "a@*"', None),
        ("uv tool install a b", 'uv tool install "a b"', None),
    ],
)
def test_a_command_that_both_wrote_keeps_the_quotes_of_either(
    ours: str, theirs: str, both: int | None
) -> None:
    sides = [INSTALLED.format(text) for text in ("pipx install a now", ours, theirs)]
    expected = None if both is None else sides[1 + both]
    assert merged(".github/workflows/ci.yml", *sides) == expected


OPTION = """\
  {}:
    required: false
    type: str
    default: {}
    description: {}
"""


def test_options_of_the_projects_are_none_that_the_template_renamed() -> None:
    dummies = ("foo", "hello", "A dummy."), ("bar", "world", "A dummy.")
    own = ("bin", "/usr/bin", "Where it goes."), ("lib", "/usr/lib", "What it needs.")
    base, ours = (
        "options:\n" + "".join(OPTION.format(*o) for o in side) for side in (dummies, own)
    )
    theirs = base.replace("foo:", "a__foo:").replace("bar:", "a__bar:")
    assert merged("meta/argument_specs.yml", base, ours, theirs) == ours


TASK = "- name: Do nothing{}\n  debug:\n    {}\n  changed_when: false\n"


def test_a_task_that_the_project_removed_stays_away_under_a_name_with_a_full_stop() -> None:
    base, theirs = TASK.format("", "cmd: echo"), TASK.format(".", "msg: Nothing to do.")
    ours = "- name: Do much\n  shell:\n    cmd: make\n"
    result = merge_file("tasks/main.yml", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert result.reason == (
        "Do nothing.: the project does not have it, the template changed it; it stays out."
    )


LISTED = "\n\ndef plugins():\n    return [\n        first(),\n    ]\n"
BARE = "\n\ndef now():\n    return clock()\n"


@pytest.mark.parametrize(
    ("shorter", "longer", "is_merged"),
    [
        (LISTED, LISTED.replace("    ]", "        second(),\n    ]"), True),
        (LISTED, LISTED.replace("    ]", "        + second()\n    ]"), False),
        (BARE, BARE.replace("    r", '    """Tell the time."""\n\n    r'), True),
        (BARE, BARE.replace("    r", "    wait()\n    r"), False),
    ],
)
def test_of_a_function_that_both_added_the_one_is_taken_that_only_says_more(
    shorter: str, longer: str, is_merged: bool
) -> None:
    base = "def first():\n    return 1\n\n\ndef last():\n    return 1\n"
    at = "\n\ndef last"
    ours = base.replace(at, shorter + at)
    theirs = base.replace("return 1\n" + at, "return 2\n" + longer + at)
    theirs += "\n\ndef z():\n    pass\n"
    assert merged("a.py", base, ours, theirs) == (theirs if is_merged else None)


@pytest.mark.parametrize(("full", "empty"), [('["a"]', "[]"), ('(\n    "a",\n)', "()")])
def test_a_list_that_the_template_adds_without_items_stays_as_the_project_has_it(
    full: str, empty: str
) -> None:
    base = "from .a import *  # noqa: F403\n"
    below = f"\n\n{base}\nVERSION = 1\n"
    theirs = f"__all__ = {empty[0]}  # noqa: F405\n    # Add names here.\n{empty[1]}{below}"
    ours = f"__all__ = {full}\n\n{base}"
    assert merged("a.py", base, ours, theirs) == f"__all__ = {full}{below}"
    assert merged("a.py", base, theirs, ours) is None
    assert merged("a.py", base, ours.replace(full, "names"), theirs) is None


COMMANDS = "cmds:\n  - task: install\n  - >\n    poetry run\n    pytest --strict tests\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        (("  - >", "  - task: generate\n  - >"), ("run", "run --"), 0),
        (("run", "run --"), ("  - >", "  - task: generate\n  - >"), 0),
        (("run", "run --"), ("run", "run -x"), None),
        (("  - >", "  - task: generate\n  - >"), ("poetry run\n    pytest", "nox -s"), None),
    ],
)
def test_a_step_before_one_that_the_other_side_edited_has_a_sure_place(
    ours: tuple[str, str], theirs: tuple[str, str], both: int | None
) -> None:
    sides = [COMMANDS, COMMANDS.replace(*ours), COMMANDS.replace(*theirs)]
    expected = None if both is None else sides[1].replace(*theirs)
    assert merged("Taskfile.yaml", *sides) == expected


CLIENT = """\
import x


async def client(app: App) -> Client:
    \"\"\"Make one.\"\"\"
    return Client(app)
"""


def test_one_side_adds_arguments_where_the_other_annotates_what_is_returned() -> None:
    ours = CLIENT.replace("(app: App)", "(\n    app: App,\n    other: Other,\n)")
    theirs = CLIENT.replace("-> Client", "-> Iterator[Client]")
    assert merged("a.py", CLIENT, ours, theirs) == ours.replace("-> Client", "-> Iterator[Client]")
    assert merged("a.py", CLIENT, theirs, ours) == ours.replace("-> Client", "-> Iterator[Client]")


def test_what_both_annotate_otherwise_is_in_conflict() -> None:
    ours, theirs = (CLIENT.replace("-> Client", f"-> {each}[Client]") for each in ("List", "Set"))
    assert merged("a.py", CLIENT, ours.replace("(app", "(own, app"), theirs) is None


LOGGED = """\
def changelog():
    args = [bump] if bump else []
    run(log, args=[args], title="Log", command="git-log")
    return 0
"""


@pytest.mark.parametrize(
    ("ours", "theirs", "both"),
    [
        (', command="git-log"', "", ""),
        ("", ', command="git-log"', ""),
        (', command="git-log", quiet="yes"', "", None),
        (', command="log"', "", None),
        (', quiet="yes"', "", None),
    ],
)
def test_where_both_agree_but_for_words_that_one_removed_these_go(
    ours: str, theirs: str, both: str | None
) -> None:
    head, _, _ = LOGGED.partition("    args")
    made = head + '    run(tools.log(bump or None), title="Log"{})\n    return 0\n'
    expected = None if both is None else made.format(both)
    assert merged("duties.py", LOGGED, made.format(ours), made.format(theirs)) == expected


def test_a_list_from_which_both_removed_an_item_is_spelled_as_one_side_has_come_to() -> None:
    base = '@duty(pre=["a_b", "c_d", "e-f", "g"])\ndef check():\n    pass\n'
    ours = base.replace('"e-f", ', "")
    theirs = ours.replace("_b", "-b").replace("_d", "-d")
    assert merged("duties.py", base, ours, theirs) == theirs
    assert merged("duties.py", base, ours, theirs.replace("c-d", "c-e")) is None


@pytest.mark.parametrize("now", ["a__b", "a-b", "A_B"])
def test_a_setting_that_the_project_removed_stays_away_in_another_spelling(now: str) -> None:
    base = "a_b: hello\nc: 1\n"
    ours, theirs = "own: 1\nc: 1\n", base.replace("a_b", now).replace("1", "2")
    assert merged("defaults/main.yml", base, ours, theirs) == "own: 1\nc: 2\n"
    kept = base.replace("hello", "bye")
    assert merged("defaults/main.yml", base, kept, theirs) == theirs.replace("hello", "bye")


CHECKS = "- name: Verify\n  tasks:\n    - name: {}\n      {}\n"


def test_a_list_that_the_project_replaced_stays_its_own_where_the_template_replaced_it() -> None:
    base = CHECKS.format("Get version", "shell: echo")
    ours = CHECKS.format("Check unit", "command: systemctl is-active")
    theirs = CHECKS.format("Do nothing", "debug: Nothing to do")
    result = merge_file("verify.yml", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours
    assert "+      debug: Nothing to do" in result.patch
    both = theirs + "    - name: Check unit\n      command: systemctl is-active\n"
    assert merged("verify.yml", base, ours, both) is not None


def test_of_a_comment_that_both_wrote_in_the_same_words_the_projects_stays() -> None:
    base = "[tool]\nx = 1\n"
    ours = base + "known = [\n  # Treat tests as our own\n  'tests',\n]\n"
    theirs = ours.replace("our own", "our own.")
    result = merge_file("a.toml", base.encode(), ours.encode(), theirs.encode())
    assert isinstance(result, Merged)
    assert result.content.decode() == ours
    assert "template: # Treat tests as our own." in str(result.notes)
    assert merged("a.toml", base, ours, theirs.replace("our own", "no one's")) is None


def test_a_list_that_the_template_renamed_keeps_its_name_with_what_the_project_added() -> None:
    base = "python:\n  import:\n  - https://a.org/objects.inv\n  paths: [src]\n"
    theirs = base.replace("import", "inventories")
    ours = base.replace("  paths", "  - https://b.org/objects.inv\n  paths")
    assert merged("mkdocs.yml", base, ours, theirs) == ours.replace("import", "inventories")


SHARED = """\
global: {}
shared:
  # where it runs
  affinity:
    {}
    # zone: a
    # rack: b

  # what it bears
  tolerations: []
"""
OWN = SHARED.replace(
    "\n    {}\n    # zone: a\n    # rack: b\n", "\n    zone: own\n    rack: own\n"
).replace(" []", "\n    - key: own")


def test_what_the_template_leaves_empty_stays_as_the_project_has_filled_it() -> None:
    base = "global: {}\n"
    result = merge_file("values.yaml", *map(str.encode, (base, OWN, SHARED)))
    assert isinstance(result, Declined)
    assert result.content.decode() == OWN
    for name in ("affinity", "tolerations"):
        assert f"shared.{name}: both sides added it, the template without content" in result.reason
    # What the project left empty it may want so.
    assert merged("values.yaml", base, SHARED, OWN) is None


@pytest.mark.parametrize("empty", ["", " ''", " {}", " []"])
def test_a_secret_that_the_project_has_put_in_place_stays(empty: str) -> None:
    both = "kind: Secret\nspec:\n  data:\n    password:{}\n"
    ours, theirs = both.format(" Ab3="), both.format(empty)
    result = merge_file("secret.yaml", None, ours.encode(), theirs.encode())
    assert isinstance(result, Declined)
    assert result.content.decode() == ours


def test_an_empty_list_in_another_form_is_no_change() -> None:
    base = SHARED.replace("tolerations: []", "tolerations:\n    []\n    # - key: a")
    ours = base.replace("    []\n    # - key: a", "    - key: own")
    theirs = base.replace("tolerations:\n    []", "tolerations: []").replace(
        "where", "in which zone"
    )
    assert merged("values.yaml", base, ours, theirs) == ours.replace("where", "in which zone")


def test_of_a_comment_that_the_project_removed_the_one_in_its_place_stays() -> None:
    base = "[x]\ndocs = [\n  'a',\n  # c, d\n  'b',\n]\n"
    ours = base.replace("  # c, d\n", "  # extras\n  'aa',\n").replace("'b'", "'b>1'")
    theirs = base.replace("# c, d", "# other")
    both = ours.replace("  'b>1'", "  # other\n  'b>1'")
    assert merged("a.toml", base, ours, theirs) == both
    assert merged("a.toml", base, ours.replace("'aa',\n  ", ""), theirs) is None


RELEASE = "https://example.org/a/releases/download/{}/values.schema.json"


@pytest.mark.parametrize(
    ("old", "one", "other", "newest"),
    [
        ("2025.10.2", "2025.10.4-beta.1", "2025.10.4", "2025.10.4"),
        ("v1.2", "v1.10", "v1.9.1", "v1.10"),
        ("", "1.10.2-beta.1", "0.10.1", "1.10.2-beta.1"),
    ],
)
def test_of_two_addresses_of_a_release_the_newer_one_is_kept(
    old: str, one: str, other: str, newest: str
) -> None:
    before = f'"$ref": "{RELEASE}",\n    ' if old else ""
    text = f'{{\n  "dev": {{\n    {before}"type": "object"\n  }}\n}}\n'
    added = f'{{\n  "dev": {{\n    "$ref": "{RELEASE}",\n    "type": "object"\n  }}\n}}\n'
    base = text.replace("{}", old)
    sides = [added.replace("{}", each) for each in (one, other)]
    both = added.replace("{}", newest)
    assert merged("a.json", base, *sides) == merged("a.json", base, *sides[::-1]) == both


def test_addresses_of_other_files_of_a_release_are_in_conflict() -> None:
    text = f'{{"$ref": "{RELEASE}"}}\n'
    base, ours = text.replace("{}", "1.0"), text.replace("{}", "1.1")
    theirs = text.replace("{}", "1.2").replace("values", "other")
    assert merged("a.json", base, ours, theirs) is None


@pytest.mark.parametrize(
    ("ours", "theirs", "newest"),
    [
        ("4.2.3+b1", "4.2.2", "4.2.3+b1"),
        ("4.2.2+b1", "4.2.3", "4.2.3"),
        ("4.2.2+b1", "4.2.2+b2", "4.2.2+b1"),
    ],
)
def test_the_build_of_a_version_does_not_count(ours: str, theirs: str, newest: str) -> None:
    chart = "dependencies:\n  - name: a\n    version: {}\n"
    sides = [chart.format(each) for each in ("4.1.2", ours, theirs)]
    assert merged("Chart.yaml", *sides) == chart.format(newest)


REMARKS = "[x]\n# a = 1\n# b = 2\nc = 3\n"


def test_comments_that_one_side_only_moved_about_are_not_changed() -> None:
    moved = REMARKS.replace("# a = 1\n# b = 2\n", "# b = 2\n# a = 1\n")
    without = REMARKS.replace("# a = 1\n# b = 2\n", "").replace("c = 3", "c = 4")
    assert merged("a.toml", REMARKS, without, moved) == without
    assert merged("a.toml", REMARKS, moved, without) == without


def test_a_comment_that_both_added_stands_once_above_what_each_put_below_it() -> None:
    base = "[x]\nstrict = true\ncheck = 1\nlast = 1\n"
    ours = base.replace("check = 1", "# options\nown = 1\ncheck = 1")
    theirs = base.replace("check = 1", "# options\ncheck = 2")
    assert merged("a.toml", base, ours, theirs) == ours.replace("check = 1", "check = 2")
    # Elsewhere it is another one.
    theirs = base.replace("last = 1", "# options\nlast = 2")
    both = ours.replace("last = 1", "# options\nlast = 2")
    assert merged("a.toml", base, ours, theirs) == both


def test_a_comment_in_an_empty_list_heads_the_items_that_the_project_has() -> None:
    base = "dependencies = [\n]\n"
    ours = base.replace("[\n", '[\n    "own",\n    "other",\n')
    theirs = base.replace("[\n", "[\n    # Core dependencies\n")
    both = ours.replace("[\n", "[\n    # Core dependencies\n")
    assert merged("a.toml", base, ours, theirs) == both


@pytest.mark.parametrize("spelt", ['# mode = "a"', '# mode= "a"'])
def test_a_comment_that_the_project_took_out_does_not_come_back(spelt: str) -> None:
    base = '[x]\nmode = "b"\n# mode = "a"\nz = 1\n'
    ours = base.replace('# mode = "a"\n', "").replace('"b"', '"a"')
    theirs = base.replace('# mode = "a"\nz', f"{spelt}\ny = 1\nz")
    assert merged("a.toml", base, ours, theirs) == ours.replace("z = 1", "y = 1\nz = 1")


HOOK = """\
hooks:
  - id: cog
    entry:
      run --one --two
      -- README.md
    language: python
"""


def test_a_text_that_one_side_wrote_in_another_form_keeps_its_line_breaks() -> None:
    ours = HOOK.replace("--two", "--own").replace("id: cog", "id: cog\n    own: 1")
    theirs = HOOK.replace("entry:\n", "entry: >-\n").replace("id: cog", "id: cog\n    new: 1")
    both = ours.replace("own: 1", "own: 1\n    new: 1")
    assert merged("a.yaml", HOOK, ours, theirs) == both
    theirs = HOOK.replace("--two", "--new")
    assert merged("a.yaml", HOOK, HOOK.replace("entry:\n", "entry: >-\n"), theirs) == theirs


def test_an_option_in_the_place_of_words_that_both_removed_stays() -> None:
    base = "run: uvx check --all one two three\n"
    ours, theirs = "run: uvx check --all\n", "run: check --all -v\n"
    assert merged("a.yml", base, ours, theirs) == theirs
    assert merged("a.yml", base, theirs, ours) == theirs
    assert merged("a.yml", base, ours, "run: check --all four\n") is None
    assert merged("a.yml", base, ours, "run: check --all -v four\n") is None


def test_what_both_made_of_a_comment_goes_to_the_member_that_one_put_below_it() -> None:
    base = "shared:\n  host: true\n\n  # the account\n  security:\n    user: 1\n"
    ours = base.replace("  # the account", "  # of our own\n  # the account").replace("1", "2")
    theirs = base.replace("  security:", "  pod:\n    user: 1\n\n  security:\n    raise: false")
    both = ours.replace("  security:", "  pod:\n    user: 1\n\n  security:\n    raise: false")
    assert merged("values.yaml", base, ours, theirs) == both
    assert merged("values.yaml", base, theirs, ours) == both


def test_a_comment_stands_once_where_the_member_below_it_is_another_one() -> None:
    base = "[x]\na = 1\n# others\ncog = 1\nlast = 1\n"
    ours = base.replace("cog = 1\n", "").replace("last = 1", "last = 2")
    theirs = base.replace("# others\n", "# others\nbased = 1\n").replace("last", "mypy = 1\nlast")
    both = ours.replace("# others\n", "# others\nbased = 1\nmypy = 1\n")
    assert merged("a.toml", base, ours, theirs) == both


def test_a_comment_that_the_project_took_out_is_nothing_to_the_members_below_it() -> None:
    base = "docs = [\n    'a',\n    # c, d\n    'b',\n    'e',\n]\n"
    ours = base.replace("    # c, d\n", "").replace("    'e'", "    # other\n    'e'")
    theirs = base.replace("    # c, d\n", "").replace("    'e'", "    # c, d\n    'e'")
    theirs = theirs.replace("'b',", "'b',\n    'new',")
    assert merged("a.toml", base, ours, theirs) == ours.replace("'b',", "'b',\n    'new',")
