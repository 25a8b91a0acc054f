"""What scripts and notebooks find by its place: told before they move, and after."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from lisa_scaffold.adopt import loose, reads
from lisa_scaffold.adopt.customs import find_customs
from lisa_scaffold.project.facts import Facts

from ..support.adopting import adopt, make
from ..support.updates import Capture, Files

DATA: Files = {"data/noise.txt": "1 2\n", "data/config.txt": "a=1\n", "table.csv": "1\n"}


def notebook(*cells: str) -> str:
    listed = [{"cell_type": "code", "source": cell} for cell in cells]
    return json.dumps({"cells": listed, "metadata": {}, "nbformat": 4})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (
            'A = os.path.join(os.path.dirname(__file__), "data", "noise.txt")\nopen(A)\n',
            [(1, "data/noise.txt", True)],
        ),
        ('A = Path(__file__).parent / "data" / "noise.txt"\n', [(1, "data/noise.txt", True)]),
        ('HERE = Path(__file__).parent\nB = HERE / "data"\n', [(2, "data", True)]),
        (
            'H = dirname(abspath(__file__))\n\ndef f():\n    return open(H + "/table.csv")\n',
            [(4, "table.csv", True)],
        ),
        (
            'with open(join(dirname(__file__), "table.csv")) as f:\n    pass\n',
            [(1, "table.csv", True)],
        ),
        ("for p in Path(__file__).parent.glob('*.dat'):\n    pass\n", [(1, "", True)]),
        ("HERE = Path(__file__).parent\n", []),
        # These look elsewhere.
        ('A = Path(__file__).parent.parent / "data"\n', []),
        ('A = Path(__file__).parents[1] / "data"\n', []),
        ('A = join(dirname(__file__), "..", "data")\n', []),
        ('np.loadtxt("data/noise.txt")\n', [(1, "data/noise.txt", False)]),
        (
            'x = 1\nif x:\n    with open("./table.csv") as f:\n        pass\n',
            [(3, "table.csv", False)],
        ),
        ('open("table.csv")\nopen("table.csv")\n', [(1, "table.csv", False)]),
        # Nobody reads these here, or nothing is there.
        ('if name == "table.csv":\n    pass\n', []),
        ('open("other.csv")\nopen(name)\n', []),
        ("def broken(:\n", []),
    ],
)
def test_what_a_module_reads(code: str, expected: list[tuple[int, str, bool]]) -> None:
    facts = Facts.of({**{path: str(text) for path, text in DATA.items()}, "a.py": code})
    found = [(each.line, each.target, each.beside) for each in reads.find_reads(facts, ["a.py"])]
    assert found == expected


@pytest.mark.parametrize(
    ("code", "is_found"),
    [
        ("%run make_wave.py", True),
        ("x = 1\n  %run -i ./make_wave.py --fast", True),
        ("!python make_wave.py", True),
        ("! python3.11 -u 'make_wave.py'", True),
        ("%run other.py", False),
        ("%run -m make_wave", False),
        ("# %run make_wave.py", False),
    ],
)
def test_what_a_notebook_runs(code: str, is_found: bool) -> None:
    facts = Facts.of({"make_wave.py": "", "é.ipynb": notebook("1", code)})
    found = [*reads.find_runs(facts, ["make_wave.py"])]
    assert found == [reads.Run("é.ipynb", 2, "make_wave")] * is_found


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('pd.read_csv("../data/noise.txt")\n', [(1, "../data/noise.txt", False)]),
        ('A = "../data/noise.txt"\nopen(A)\n', [(1, "../data/noise.txt", False)]),
        ('open(os.path.join("..", "data", "noise.txt"))\n', [(1, "../data/noise.txt", False)]),
        ('A = Path("..") / "data" / "noise.txt"\n', [(1, "../data/noise.txt", False)]),
        ('A = Path("..", "data", "noise.txt")\n', [(1, "../data/noise.txt", False)]),
        ('A = Path(__file__).parent.parent / "data" / "noise.txt"\n', "own"),
        ('A = Path(__file__).parents[1] / "data" / "noise.txt"\n', "own"),
        ('A = join(dirname(__file__), "..", "data", "noise.txt")\nopen(A)\n', "own"),
        # Nothing is there, it leads out of the project, or is where modules are looked for.
        ('open("../data/other.txt")\n', []),
        ('open("../../../data/noise.txt")\n', []),
        ('sys.path.append("../data")\n', []),
        ('open("../" + name)\n', []),
    ],
)
def test_what_a_module_reads_above(code: str, expected: list[tuple[int, str, bool]] | str) -> None:
    places = [(1, "../data/noise.txt", True)] if expected == "own" else expected
    for path in ("src/a.py", "src/fit/a.py"):
        facts = Facts.of({**{path: str(text) for path, text in DATA.items()}, path: code})
        found = [*reads.find_reads(facts, [path])]
        assert [(each.line, each.target, each.is_own) for each in found] == places
        assert {each.above for each in found} <= {"data/noise.txt"}
        is_there = path == "src/a.py" or expected != "own"
        assert {each.is_there for each in found} <= {is_there}


ABOVE: Files = {
    "data/noise.txt": "1 2\n",
    "src/fit.py": 'open("../data/noise.txt")\n',
    "src/run.py": 'A = Path(__file__).parent.parent / "data" / "noise.txt"\n',
}


def test_what_leads_up_is_told_before_and_after_the_move() -> None:
    facts = Facts.of({path: str(text) for path, text in ABOVE.items()})
    steps = loose.explain_steps(facts, "fit")
    assert steps[steps.index("  and what is found by its place:") + 1 :] == [
        "  - src/fit.py:1 reads ../data/noise.txt, which is data/noise.txt, if it is started in "
        "the right folder: let it be given, or move it beside the module",
        "  - src/run.py:1 reads ../data/noise.txt, which is data/noise.txt, by the folders above "
        "itself, which are others then: let it be given, or move it beside the module",
    ]
    moved = {path.replace("src/", "src/fit/"): str(text).encode() for path, text in ABOVE.items()}
    about = {"src/fit/__init__.py": b"", "pyproject.toml": b'[project]\nname = "fit"\n'}
    after = Facts.of({**moved, **about})
    assert {each.path: each.text for each in find_customs(after) if "data/" in each.text} == {
        "src/fit/fit.py": "line 1 reads ../data/noise.txt, which is data/noise.txt, from wherever "
        "it is started, and an installed package is anywhere: let it be given, or move it beside "
        "the module and use importlib.resources",
        "src/fit/run.py": "line 1 reads ../data/noise.txt, which is data/noise.txt, by the folders "
        "above itself, which are others now: move it beside the module and use importlib.resources",
    }


SCRIPTS: Files = {
    **DATA,
    "common.py": (
        "import os\n"
        'PATH = os.path.join(os.path.dirname(__file__), "data", "noise.txt")\n\n\n'
        "def load():\n    return open(PATH).read()\n"
    ),
    "run.py": 'print(open("data/config.txt").read())\n',
    "look.ipynb": notebook("%run run.py"),
}


def test_the_steps_leave_what_still_reads_its_data(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "fit", SCRIPTS)
    adopt(project)
    told = [line.removeprefix("    ") for line in capsys.readouterr().err.splitlines()[1:-1]]
    commands = told[: told.index("  and in pyproject.toml:")]
    assert commands[-2:] == ["mkdir -p src/fit/data", "git mv data/noise.txt src/fit/data/"]
    for command in commands:
        subprocess.run(shlex.split(command), cwd=project, check=True)
    places = told.index("  and what is found by its place:")
    table = tomllib.loads("\n".join(told[len(commands) + 1 : places]))
    assert table["tool"]["setuptools"]["package-data"] == {"fit": ["data/noise.txt"]}
    assert table["build-system"]["build-backend"] == "setuptools.build_meta"
    assert told[places + 1 :] == [
        "  - run.py:1 reads data/config.txt wherever it is started: let it be given, "
        "or move it beside the module",
        "  - look.ipynb, cell 1, runs run.py: fit.run from now on, as in %run -m fit.run",
    ]
    say = "from fit.common import load; print(load())"
    done = subprocess.run(
        [sys.executable, "-c", say], cwd=project / "src", check=True, capture_output=True, text=True
    )
    assert done.stdout == "1 2\n\n"


def test_what_was_left_behind_is_told_after_the_move() -> None:
    moved = {
        f"src/fit/{path}" if path.endswith(".py") else path: str(text)
        for path, text in SCRIPTS.items()
    }
    facts = Facts.of(
        {**moved, "src/fit/__init__.py": "", "pyproject.toml": '[project]\nname = "fit"\n'}
    )
    told = {each.path: each.text for each in find_customs(facts) if each.to_decide}
    assert told["src/fit/common.py"].startswith(
        "line 2 reads data/noise.txt beside itself, where it is not: "
        "move it to src/fit/data/noise.txt, "
    )
    assert told["src/fit/run.py"].startswith(
        "line 1 reads data/config.txt from wherever it is started"
    )
    assert told["look.ipynb"] == "cell 1 runs run.py, which is part of the package: %run -m fit.run"
    # Where it has come along, or lies at the top of a package that stays there, nothing is missed.
    after = facts.changed({"src/fit/data/noise.txt": b"1 2\n", "data/noise.txt": None})
    assert "src/fit/common.py" not in {each.path for each in find_customs(after)}


def test_a_package_at_the_top_is_told_nothing() -> None:
    flat = {"fit/__init__.py": "", "fit/a.py": 'open("data/config.txt")\n'}
    facts = Facts.of({**{path: str(text) for path, text in DATA.items()}, **flat})
    assert not [each for each in find_customs(facts) if "data/" in each.text]
    assert loose.find_scripts(facts) == []


def test_many_files_and_many_reads_cost_little() -> None:
    """Nothing is looked for in all files again and again."""
    code = "".join(f'open(join(dirname(__file__), "a{n}", "b", "c", "e"))\n' for n in range(2000))
    facts = Facts.of({"a.py": code, **{f"d/{n}": "" for n in range(2000)}})
    start = time.process_time()
    assert {each.target for each in reads.find_reads(facts, ["a.py"])} == {""}
    assert time.process_time() - start < 5
