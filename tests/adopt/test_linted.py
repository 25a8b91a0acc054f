"""What a project keeps its linters away from, ruff leaves alone as well."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from lisa_scaffold.adopt import linted
from lisa_scaffold.project.facts import Facts

from ..support.adopting import SETUPTOOLS, make, report, show
from ..support.tools import passes, program, run
from ..support.updates import Capture, Files, write

CFG = """\
[versioneer]
versionfile_source = pkg/_version.py
[flake8]
exclude = \\
    .git,
    ./doc/*  # pages
    build
    pkg/old
per-file-ignores= \\
    pkg/__init__.py:F401,W503 E5
    doc/a.py: BLK100
[isort]
skip = pkg/__init__.py,__pycache__
"""
NOTEBOOK = (
    '{"cells": [{"cell_type": "code", "execution_count": null, "metadata": {}, "outputs": [], '
    '"source": ["import os\\n"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
)
FILES: dict[str, str | bytes] = {
    "setup.cfg": CFG,
    "versioneer.py": "",
    "doc/a.py": "",
    "pkg/__init__.py": "",
    "pkg/_version.py": "",
    "pkg/old/a.py": "",
    "pkg/extern/b/c.py": "",
}


def test_what_was_left_alone_and_what_tools_and_others_wrote() -> None:
    assert linted.find_excluded(Facts.of(FILES)) == {
        "versioneer.py": "versioneer",
        "pkg/_version.py": "what writes it",
        "pkg/extern": "its name",
        "doc/*": "setup.cfg",
        "pkg/old": "setup.cfg",
    }
    assert linted.find_excluded(Facts.of({"tox.ini": "[flake8]\nexclude = a,/b,~c\n"})) == {}


def test_rules_of_the_template_hold_in_other_places() -> None:
    tests = ("pkg/tests/test_a.py", "pkg/utils/tests/sub/test_b.py", "test/test_c.py")
    files = dict.fromkeys((*tests, "pkg/test_d.py", "doc/source/conf.py", "doc/conf.pyi"), "")
    present = {"pkg/tests/**": ["D"], "docs/conf.py": ["D"]}
    assert [*linted.find_places(Facts.of(files), present, "pkg/tests")] == [
        ("pkg/tests/**", "pkg/utils/tests/**"),
        ("pkg/tests/**", "test/**"),
        ("docs/conf.py", "doc/source/conf.py"),
    ]
    assert [*linted.find_places(Facts.of({**files, "docs/conf.py": ""}), present, "")] == []


def test_rules_that_did_not_hold_for_a_file() -> None:
    codes = ["F401", "E5", "I001"]
    assert linted.find_ignores(Facts.of(FILES)) == {"pkg/__init__.py": (codes, "setup.cfg")}
    toml = "[tool.isort]\nskip_glob = ['a/*.py']\n"
    found = linted.find_ignores(Facts.of({"pyproject.toml": toml, "a/b.py": ""}))
    assert found == {"a/*.py": (["I001"], "pyproject.toml")}


def test_of_lists_that_nobody_wrote_by_hand_the_first_are_taken() -> None:
    many = [f"a{number}.py" for number in range(5000)]
    ignores = "\n".join(f"  {each}:F401" for each in many)
    cfg = f"[flake8]\nexclude = {','.join(many)}\nper-file-ignores =\n{ignores}\n"
    facts = Facts.of({"setup.cfg": cfg, **dict.fromkeys(many, "")})
    assert [*linted.find_excluded(facts)] == [*linted.find_ignores(facts)] == many[:100]


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("from .b import x\nfrom .a import y\n", True),
        ("from pkg.b import x\nfrom pkg import a\n", True),
        ("from .a import x\nfrom .B import y\n", False),
        ("from ..z import x\nfrom .a import y\n", False),
        ("from zlib import x\nfrom ast import y\n", False),
        ("from .b import x\nx()\nfrom .a import y\n", False),
        ("# isort: off\nfrom .b import x\nfrom .a import y\n", False),
        ("from .b import (\n", False),
    ],
)
def test_an_order_that_may_matter_is_told(text: str, is_told: bool) -> None:
    facts = Facts.of({"pkg/__init__.py": text, "pkg/a.py": "", "pkg/b.py": ""})
    told = [each.path for each in linted.find_unsorted(facts, {})]
    assert told == ["pkg/__init__.py"] * is_told
    assert [*linted.find_unsorted(facts, {"__init__.py": ""})] == []


def test_ruff_knows_every_rule_that_is_carried_over(tmp_path: Path) -> None:
    rules = json.loads(
        passes(program("ruff"), "rule", "--all", "--output-format=json", cwd=tmp_path)
    )
    stable = {each["code"] for each in rules if not each["preview"]}
    known = {each["code"] for each in rules}
    for letter in "BCDEFNW":
        codes = {f"{letter}{number:03}" for number in range(1000)}
        carried = {code for code in codes if linted.is_known(code)}
        assert carried <= known, letter
        # What is no Python, ruff says whatever it is told.
        assert carried == codes & stable - {"E999"}, letter


def test_tools_read_what_adoption_writes(tmp_path: Path, capsys: Capture) -> None:
    cfg = CFG.replace("pkg", "lisa_noise")
    files: Files = {**SETUPTOOLS, "setup.cfg": cfg, "versioneer.py": "import os\n"}
    others = {
        "lisa_noise/_version.py": "import os\n",
        ".gitmodules": '[submodule "m"]\n\tpath = models/m\n[submodule "$"]\n\tpath = $(x)\n',
        "notes/a.ipynb": NOTEBOOK,
    }
    project = make(tmp_path / "project", {**files, **others})
    report(project, capsys)
    text = show(project, "pyproject.toml")
    ruff = tomllib.loads(text)["tool"]["ruff"]
    excluded = [
        *("versioneer.py", "models/m", "lisa_noise/_version.py", "*.ipynb"),
        "noxfile.py",
    ]
    read = tomllib.loads(text)["tool"]
    written = {"module": ["lisa_noise._version"], "ignore_errors": True}
    assert read["mypy"]["overrides"][-1] == written
    assert read["coverage"]["run"]["omit"] == ["*/lisa_noise/_version.py"]
    assert ruff["extend-exclude"] == excluded  # the last for lines of another length
    assert ruff["lint"]["per-file-ignores"]["lisa_noise/__init__.py"] == ["F401", "E5", "I001"]
    write(project, {"pyproject.toml": text, "lisa_noise/__init__.py": '"""A."""\n\nimport os\n'})
    write(project, {"models/m/a.py": "import os\n", "notes/a.ipynb": NOTEBOOK})
    judged = ("lisa_noise", "versioneer.py", "models", "notes")
    passes(program("ruff"), "check", "--force-exclude", *judged, cwd=project)
    done = run(program("ruff"), "check", "--isolated", "lisa_noise", cwd=project)
    assert done.returncode == 1


def test_what_flake8_ignored_ruff_does() -> None:
    cfg = "[flake8]\nignore = E129 W503, E402  # E711\n    E741\nextend-ignore = E203,E402,D1\n"
    found = linted.find_ignored(Facts.of({"setup.cfg": cfg}))
    assert found == dict.fromkeys(["E402", "E741", "D1"], "setup.cfg")
    assert linted.find_ignored(Facts.of({".flake8": "[flake8]\nselect = E\n"})) == {}


def test_black_stays_the_one_that_formats(tmp_path: Path, capsys: Capture) -> None:
    files = {**SETUPTOOLS, "setup.cfg": "[flake8]\nignore = E402 W503\n"}
    project = make(tmp_path / "lisa-noise", files)
    result = report(project, capsys)
    text = show(project, "noxfile.py")
    assert '"ruff", "check"' in text
    assert '"format"' not in text
    told = {each["path"]: each["text"] for each in result["items"] if each["status"] == "added"}
    assert told["noxfile.py"] == "without ruff's formatter, as black stays"
    assert "E402 in ignore as setup.cfg has it" in told["pyproject.toml"]
    assert (
        "E402" in tomllib.loads(show(project, "pyproject.toml"))["tool"]["ruff"]["lint"]["ignore"]
    )
