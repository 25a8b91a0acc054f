"""What describes the code stays with it, where a former template's settings give way."""

from __future__ import annotations

import time
import tomllib
from typing import Any

import pytest

from lisa_scaffold.adopt.beside import place_files
from lisa_scaffold.adopt.placed import KEPT, MERGED
from lisa_scaffold.adopt.style import find_ignored, find_target, is_other, keep_style
from lisa_scaffold.project.facts import Facts

THEIRS = """[tool.ruff]
line-length = 100

[tool.ruff.lint]
select = [ "E" ]
ignore = [ "E741" ]

[tool.ruff.lint.per-file-ignores]
"noxfile.py" = [ "D" ]

[tool.ruff.lint.pydocstyle]
convention = "numpy"
"""


def kept(own: str) -> dict[str, Any]:
    """The template's ``[tool.ruff]`` with what stays of a project's settings."""
    text, _ = keep_style(Facts.of({"pyproject.toml": own}), THEIRS)
    ruff: dict[str, Any] = tomllib.loads(text)["tool"]["ruff"]
    return ruff


@pytest.mark.parametrize(
    ("own", "stays"),
    [
        ("[tool.ruff]\nline-length = 79\n", {"line-length": 79}),
        ("[tool.ruff]\nindent-width = 2\n", {"indent-width": 2, "line-length": None}),
        (
            "[tool.ruff.format]\nquote-style = 'single'\ndocstring-code-format = true\n",
            {"format": {"quote-style": "single", "docstring-code-format": True}},
        ),
        (
            "[tool.black]\nskip-string-normalization = true\n",
            {"format": {"quote-style": "preserve"}},
        ),
        (
            "[tool.black]\nskip-magic-trailing-comma = true\n",
            {"format": {"skip-magic-trailing-comma": True}, "line-length": 100},
        ),
        ("", {"line-length": 100, "format": None}),
    ],
)
def test_the_form_of_the_code_stays(own: str, stays: dict[str, Any]) -> None:
    ruff = kept(own)
    assert {key: ruff.get(key) for key in stays} == stays


@pytest.mark.parametrize("above", ["lint.", ""])
def test_tables_of_the_linter_that_describe_the_code_stay(above: str) -> None:
    own = (
        f"[tool.ruff.{above}pydocstyle]\nconvention = 'google'\n"
        f"[tool.ruff.{above}isort]\nforce-single-line = true\n"
        f"[tool.ruff.{above}isort.sections]\nlisa = ['lisa']\n"
        f"[tool.ruff.{above}flake8-quotes]\ninline-quotes = 'single'\n"
    )
    lint = kept(own)["lint"]
    assert lint["pydocstyle"] == {"convention": "google"}
    assert lint["isort"] == {"force-single-line": True, "sections": {"lisa": ["lisa"]}}
    assert lint["flake8-quotes"] == {"inline-quotes": "single"}
    assert lint["select"] == ["E"]


def test_what_was_ignored_is_found_in_old_and_new_places() -> None:
    own = (
        "[tool.ruff]\nignore = ['E501']\nper-file-ignores = { 'a.py' = ['F401'] }\n"
        "[tool.ruff.lint]\nextend-ignore = ['D100', 'E501']\n"
        "[tool.ruff.lint.extend-per-file-ignores]\n'a.py' = ['F811']\n'b.py' = ['D']\n"
    )
    found = find_ignored(Facts.of({"pyproject.toml": own}))
    assert found == (["E501", "D100"], {"a.py": ["F401", "F811"], "b.py": ["D"]})
    assert find_ignored(Facts.of({})) == ([], {})


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("[tool.ruff]\nline-length = 100\n", False),
        ("[tool.ruff]\nline-length = 88\n", True),
        ("[tool.ruff]\nlint.ignore = ['E501']\n", True),
        ("[tool.ruff]\nline-length = 100\nformat.quote-style = 'single'\n", True),
        ("[tool.ruff]\nline-length = 100\nlint.isort.force-single-line = true\n", True),
        ("[tool.ruff]\nline-length = 100\nlint.pydocstyle.convention = 'google'\n", False),
        ("", False),
    ],
)
def test_what_the_template_brings_is_in_another_form(own: str, other: bool) -> None:
    text, _ = keep_style(Facts.of({"pyproject.toml": own}), THEIRS)
    assert is_other(text, THEIRS) is other


FORMER = (
    "[project]\nname = 'a'\nversion = '1'\n\n[tool.ruff]\nline-length = 88\nlint.select = ['E']\n"
    "lint.ignore = ['E501']\nlint.per-file-ignores.'a.py' = ['F401']\n"
    "format.quote-style = 'single'\n"
)
ANSWERS = {"kind": "package", "test_path": "tests", "distribution": "a"}


def test_a_former_templates_ruff_gives_way_but_for_the_style() -> None:
    content = {"pyproject.toml": FORMER.encode()}
    rendered = {"pyproject.toml": f"[project]\nname = 'a'\n\n{THEIRS}".encode()}
    placed = place_files(Facts.of(content), rendered, content, ANSWERS)
    assert tomllib.loads(placed.files["pyproject.toml"].decode())["tool"]["ruff"] == {
        "line-length": 88,
        "format": {"quote-style": "single"},
        "lint": {
            "select": ["E"],
            "ignore": ["E741", "E501"],
            "per-file-ignores": {"noxfile.py": ["D"], "a.py": ["F401"]},
            "pydocstyle": {"convention": "numpy"},
        },
    }


@pytest.mark.parametrize("path", ["README.md", "docs/use.md", "CONTRIBUTING.md"])
def test_a_page_that_people_edited_stays(path: str) -> None:
    base, new = b"# A\n\nOld text.\n\nMore.\n", {path: b"# A\n\nNew text.\n\nMore.\n"}
    edited = place_files(Facts.of({path: base + b"\nMine.\n"}), new, {path: base}, ANSWERS)
    assert (edited.files, [each.status for each in edited.items]) == ({}, [KEPT])
    untouched = place_files(Facts.of({path: base}), new, {path: base}, ANSWERS)
    assert (untouched.files, [each.status for each in untouched.items]) == (new, [MERGED])


@pytest.mark.parametrize(
    "own",
    [
        "[tool.ruff.lint.isort]\n" + "".join(f'k{n} = "1"\n' for n in range(9000)),
        "[tool.ruff]\nignore = [" + "".join(f'"X{n}",' for n in range(9000)) + "]\n",
        "[tool.ruff.per-file-ignores]\n" + "".join(f'"{n}" = ["D"]\n' for n in range(9000)),
    ],
    ids=["style", "codes", "patterns"],
)
def test_settings_by_the_thousand_cost_little(own: str) -> None:
    """The text is not read anew for each of them."""
    head = "[project]\nname = 'a'\n"
    content = {"pyproject.toml": f"{head}version = '1'\n\n{own}".encode()}
    rendered = {"pyproject.toml": f"{head}\n{THEIRS}".encode()}
    start = time.process_time()
    placed = place_files(Facts.of(content), rendered, content, ANSWERS)
    assert time.process_time() - start < 10
    text = placed.files["pyproject.toml"].decode()
    assert len(text) > len(rendered["pyproject.toml"]) + 1000


CLASSIFIED = "classifiers = ['Programming Language :: Python :: 3.%d', 'Topic :: X']\n"


@pytest.mark.parametrize(
    ("files", "target"),
    [
        ({"pyproject.toml": "[project]\nname = 'a'\nrequires-python = '>=3.9'\n"}, None),
        (
            {"pyproject.toml": "[tool.poetry]\nname = 'a'\ndependencies.python = '^3.9'\n"},
            ("py39", "pyproject.toml:3"),
        ),
        ({"setup.cfg": "[options]\npython_requires = >=3.8\n"}, ("py38", "setup.cfg:2")),
        ({"setup.cfg": "[options]\npython_requires = >=3.6\n"}, ("py37", "setup.cfg:2")),
        (
            {"pyproject.toml": "[tool.ruff]\ntarget-version = 'py310'\n"},
            ("py310", "pyproject.toml:2"),
        ),
        (
            {"pyproject.toml": f"[project]\nname = 'a'\n{CLASSIFIED % 8}"},
            ("py38", "pyproject.toml:3"),
        ),
        ({"setup.py": "from setuptools import setup\nsetup(name='a')\n"}, None),
    ],
)
def test_ruff_writes_for_the_pythons_that_are_promised(
    files: dict[str, str], target: tuple[str, str] | None
) -> None:
    assert find_target(Facts.of(files)) == target
