"""What is not looked at is said, before scripts move and after."""

from __future__ import annotations

import json
import time
import tomllib

import pytest

from lisa_scaffold.adopt import loose
from lisa_scaffold.adopt.customs import find_customs
from lisa_scaffold.adopt.left_behind import find_unread
from lisa_scaffold.project.facts import Facts

PICTURE = {"data": {"image/png": "A" * 1_500_000}}
PACKAGE = {"src/fit/__init__.py": "", "pyproject.toml": '[project]\nname = "fit"\n'}


def notebook(*sources: str) -> str:
    cells = [{"cell_type": "code", "source": each, "outputs": [PICTURE]} for each in sources]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})


def test_a_notebook_full_of_pictures_is_read() -> None:
    told = notebook('import sys\nsys.path.append("../src")', "from pta import PTA")
    facts = Facts.of({"notebooks/a.ipynb": told, "src/fit/pta.py": "", **PACKAGE})
    found = [(each.cell, each.name, each.package) for each in loose.find_notebook_imports(facts)]
    assert found == [(2, "pta", "fit")]
    assert [*find_unread(facts)] == []


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("a.ipynb", "x" * 20_000_001, "larger than 20 MB"),
        ("a.ipynb", "{", "no JSON (line 1)"),
        ("tests/a.py", "#" * 1_000_001, "larger than 1 MB"),
        ("tests/a.py", "\0x", "no text in UTF-8"),
        ("tests/a.py", "x = 1\nprint 'a'\n", "no Python 3 (line 2)"),
        ("README.md", "#" * 1_000_001, "larger than 1 MB"),
        ("run.sh", "\0", "no text in UTF-8"),
        ("data.yml", "x\n" * 50_001, "more than 50000 lines"),
        (".github/workflows/a.yml", "x\n" * 50_001, "more than 50000 lines"),
        ("CHANGELOG.md", "#" * 1_000_001, None),
        ("tests/a.py", "", None),
        ("data.csv", "1" * 1_000_001, None),
    ],
)
def test_what_is_not_looked_at(path: str, content: str, why: str | None) -> None:
    expected = [why] if why else []
    facts = Facts.of({path: content, "src/fit.py": ""})
    assert [*find_unread(facts)] == [(path, each) for each in expected]
    steps = loose.explain_steps(facts, "fit")
    listed = [each for each in steps if each.startswith(f"  - {path}")]
    assert listed == [f"  - {path}: {each}" for each in expected]
    told = find_customs(Facts.of({path: content, **PACKAGE}))
    assert [each.text for each in told if each.text.startswith("not looked at")] == [
        f"not looked at ({each}): see whether it finds the modules that it needs"
        for each in expected
    ]


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("Please run `src/fit.py` to make the plots.", True),
        ("It is started by running the script ``src/fit.py``.", True),
        ("Execute `./src/fit.py`, then look.", True),
        ("The fit is in `src/fit.py`.", False),
        ("Run `src/other.py`.", False),
        ("Run `nox`; the fit is in `src/fit.py`.", False),
    ],
)
def test_what_a_person_is_told_to_run(line: str, is_told: bool) -> None:
    steps = loose.explain_steps(
        Facts.of({"README.md": f"# Fit\n\n{line}\n", "src/fit.py": ""}), "a"
    )
    said = [each for each in steps if each.startswith("  - README.md:3 starts ")]
    assert len(said) == is_told
    assert all(each.endswith("src/fit.py: python -m a.fit from now on") for each in said)


@pytest.mark.parametrize(
    ("more", "is_named"),
    [
        ({"src/outputs/a.png": ""}, True),
        ({}, False),
        ({"src/.hidden/a": "", "src/a.txt": ""}, False),
    ],
)
def test_the_one_package_is_named_beside_other_folders(
    more: dict[str, str], is_named: bool
) -> None:
    steps = loose.explain_steps(Facts.of({"src/fit.py": "", **more}), "a")
    start = steps.index("    [project]")
    table = tomllib.loads("\n".join(each for each in steps[start:] if each.startswith("    ")))
    named = {"packages": {"find": {"where": ["src"], "include": ["a", "a.*"]}}}
    assert table.get("tool", {}).get("setuptools") == (named if is_named else None)


def test_large_notebooks_cost_little() -> None:
    facts = Facts.of({f"{n}.ipynb": notebook("import a", "b") for n in range(10)})
    start = time.process_time()
    assert len([facts.notebook(path).cells for path in facts.files for _ in range(5)]) == 50
    assert time.process_time() - start < 5
