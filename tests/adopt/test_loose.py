"""Scripts that are no package yet: the steps that make one, and the adoption after them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.adopt import eligible, environment, loose
from lisa_scaffold.errors import ExitCode, LisaError
from lisa_scaffold.project.facts import Facts

from ..conftest import ROOT
from ..support.adopting import adopt, answers, make, paths, report, show
from ..support.sweeps import sampled
from ..support.updates import Capture, Files, commit, write

pytestmark = pytest.mark.usefixtures("uncounted_renders")

SCRIPTS: Files = {
    "utils_tdi.py": '"""TDI, in pieces."""\n\n\ndef delay(seconds):\n    return seconds * 2\n',
    "run_fit.py": "import numpy\nfrom utils_tdi import delay\n\nprint(numpy.ceil(delay(1)))\n",
    "requirements.txt": "numpy==1.26.4  # as on the cluster\nscipy\n-r other.txt\n",
    "analysis.ipynb": '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n',
}
METADATA: Files = {"pyproject.toml": '[project]\nname = "glitch-fit"\nversion = "0.1"\n'}
STEPS = (
    "    mkdir -p src/glitch_fit\n"
    "    touch src/glitch_fit/__init__.py\n"
    "    git mv run_fit.py utils_tdi.py src/glitch_fit/\n"
)
LINES = (
    "  and in pyproject.toml:\n"
    "    [project]\n"
    '    name = "glitch-fit"\n'
    '    version = "0.1.0"\n'
    '    requires-python = ">=3.11"\n'
    '    dependencies = ["numpy>=1.26.4", "scipy"]\n'
    "    [build-system]\n"
    '    requires = ["setuptools>=77.0.3"]\n'
    '    build-backend = "setuptools.build_meta"\n'
)
PAGE = (ROOT / "docs/howto/adopt.md").read_text("utf-8").partition("## From loose scripts\n")[2]


@pytest.mark.parametrize(
    ("more", "options", "expected"),
    [
        ({}, (), STEPS + LINES),
        (METADATA, (), STEPS),
        (METADATA, ("--data", "import_name=utils_tdi"), STEPS),
        (METADATA, ("--data", "import_name=glitch_fit"), STEPS),
    ],
)
def test_scripts_are_refused_with_the_steps(
    more: Files, options: tuple[str, ...], expected: str, tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "glitch-fit", {**SCRIPTS, **more})
    assert adopt(project, *options) == ExitCode.REFUSED
    told = capsys.readouterr().err
    first, *steps, last = told.splitlines(keepends=True)
    assert first.endswith("2 scripts at the root. Steps that make a package of them:\n")
    assert "".join(steps) == expected
    assert loose.PAGE in last


def test_the_steps_of_the_page_lead_to_a_project(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "glitch-fit", SCRIPTS)
    for language, block in re.findall(r"```(\w+)\n(.*?)```", PAGE, re.S)[:3]:
        if language == "toml":
            (project / "pyproject.toml").write_text(block)
            continue
        for command in block.splitlines():
            name, *arguments = shlex.split(command.removeprefix("$ "))
            if name == "lisa-scaffold":
                assert cli.main([*arguments, str(project)]) == ExitCode.DONE
            else:
                subprocess.run([name, *arguments], cwd=project, check=True)
    capsys.readouterr()
    shown = {"src/glitch_fit/__init__.py", "src/glitch_fit/run_fit.py", "noxfile.py"}
    assert shown <= paths(project)
    assert "analysis.ipynb" in paths(project)
    assert 'files = [ "src" ]' in show(project, "pyproject.toml")
    assert 'readme = "README.md"' in show(project, "pyproject.toml")
    branch = "lisa-scaffold/adopt"
    git.git("checkout", "--quiet", branch, cwd=project)
    assert cli.main(["check", str(project), "--select", "QTY,SON,DOC001"]) == ExitCode.DONE
    assert "No findings" in capsys.readouterr().out


def explained(files: Files) -> list[str]:
    return loose.explain_steps(
        Facts.of({path: str(text) for path, text in files.items()}), "glitch"
    )


@pytest.mark.parametrize(
    ("paths", "place", "steps"),
    [
        (
            ["code/fit.py", "code/plot it.py", "code/test_fit.py", "tests/run.py"],
            "in code/",
            [
                "mkdir -p src/glitch",
                "touch src/glitch/__init__.py",
                "git mv code/fit.py src/glitch/",
            ],
        ),
        (
            ["code/fit.py", "code/sub-runs/deep/a.py"],
            "in code/",
            [
                "mkdir -p src/glitch src/glitch/sub_runs src/glitch/sub_runs/deep",
                "touch src/glitch/__init__.py src/glitch/sub_runs/__init__.py \\",
                "  src/glitch/sub_runs/deep/__init__.py",
                "git mv code/fit.py src/glitch/",
                "git mv code/sub-runs/deep/a.py src/glitch/sub_runs/deep/",
            ],
        ),
        (
            ["scripts/a.py", "code/a.py", "docs/conf.py"],
            "in code/ and scripts/",
            [
                "mkdir -p src/glitch src/glitch/code src/glitch/scripts",
                "touch src/glitch/__init__.py src/glitch/code/__init__.py \\",
                "  src/glitch/scripts/__init__.py",
                "git mv code/a.py src/glitch/code/",
                "git mv scripts/a.py src/glitch/scripts/",
            ],
        ),
        (
            ["main.py", "code/a.py"],
            "at the root",
            ["mkdir -p src/glitch", "touch src/glitch/__init__.py", "git mv main.py src/glitch/"],
        ),
    ],
)
def test_scripts_in_folders_move_with_them(paths: list[str], place: str, steps: list[str]) -> None:
    assert loose.name_place(loose.find_loose(paths)) == place
    told = explained(dict.fromkeys(paths, ""))
    assert told[: told.index("  and in pyproject.toml:")] == [f"    {step}" for step in steps]


LONG = {f"code/a_long_name_of_a_script_{number}.py": "import numpy\n" for number in range(9)}


def test_long_commands_can_be_pasted(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "glitch", {**LONG, "code/data.txt": "1\n"})
    assert adopt(project) == ExitCode.REFUSED
    first, *steps, _ = capsys.readouterr().err.splitlines()
    assert first.endswith("9 scripts in code/. Steps that make a package of them:")
    commands = steps[: steps.index("  and in pyproject.toml:")]
    assert max(map(len, commands)) < 80
    subprocess.run(["sh", "-e", "-c", "\n".join(commands)], cwd=project, check=True)
    assert len([*(project / "src/glitch").glob("a_long_name*.py")]) == 9
    assert [each.name for each in (project / "code").iterdir()] == ["data.txt"]


def test_what_scripts_in_a_folder_read_moves_along() -> None:
    code = "import os\nopen(os.path.join(os.path.dirname(__file__), 'data', 'a.txt'))\n"
    cell = {"cell_type": "code", "source": ["%run ../code/fit.py\n"]}
    files: Files = {
        "code/fit.py": code,
        "code/data/a.txt": "1\n",
        "notebooks/a.ipynb": json.dumps({"cells": [cell], "nbformat": 4}),
    }
    told = explained(files)
    at = told.index("    git mv code/fit.py src/glitch/")
    assert told[at + 1 : at + 3] == [
        "    mkdir -p src/glitch/data",
        "    git mv code/data/a.txt src/glitch/data/",
    ]
    assert '    glitch = ["data/a.txt"]' in told
    assert told[-1] == (
        "  - notebooks/a.ipynb, cell 1, runs code/fit.py: glitch.fit from now on, as in "
        "%run -m glitch.fit"
    )


def test_notebooks_alone_are_given_steps(tmp_path: Path, capsys: Capture) -> None:
    sources = [
        "import os, numpy as np\nfrom odd.one import x\n",
        "y = 1\n",
        "def wave():\n    pass\n",
    ]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    files: Files = {
        "notebooks/a.ipynb": json.dumps({"cells": cells, "nbformat": 4}),
        "notebooks/b.ipynb": json.dumps({"cells": cells[:2], "nbformat": 4}),
        "README.md": "# Glitch\n",
    }
    project = make(tmp_path / "glitch", files)
    assert adopt(project) == ExitCode.REFUSED
    first, *steps, last = capsys.readouterr().err.splitlines()
    assert first.endswith("and 2 notebooks alone. Steps that make a package beside them:")
    at = steps.index("  and in pyproject.toml:")
    assert steps[:at] == ["    mkdir -p src/glitch", "    touch src/glitch/__init__.py"]
    assert '    dependencies = ["numpy"]  # which distributions bring odd?' in steps
    assert steps[-2:] == [
        "  and what the notebooks define goes into modules in src/glitch, to be imported:",
        "  - notebooks/a.ipynb: cell 3",
    ]
    assert loose.PAGE in last
    subprocess.run(["sh", "-e", "-c", "\n".join(steps[:at])], cwd=project, check=True)
    write(project, {"pyproject.toml": "\n".join(each[4:] for each in steps[at + 1 : -2])})
    commit(project)
    assert adopt(project) == ExitCode.DONE
    assert "import_name: glitch\n" in show(project, ".copier-answers.yml")


def test_beside_a_package_scripts_in_folders_are_none() -> None:
    alone = {"scripts/a.py": "", "a.ipynb": SCRIPTS["analysis.ipynb"]}
    files = {path: str(text) for path, text in alone.items()}
    with pytest.raises(LisaError, match="wrong, and one script in scripts/"):
        eligible.refuse_scripts(Facts.of(files), None, "wrong")
    eligible.refuse_scripts(Facts.of({**files, "src/a/__init__.py": ""}), None, "wrong")


@pytest.mark.sweep
def test_what_scripts_had_beside_them_is_told(tmp_path: Path, capsys: Capture) -> None:
    moved = {f"src/glitch_fit/{path}": SCRIPTS[path] for path in ("utils_tdi.py", "run_fit.py")}
    rest = {path: SCRIPTS[path] for path in ("requirements.txt", "analysis.ipynb")}
    cell = {"cell_type": "code", "source": ["import numpy\n", "import utils_tdi as tdi\n"]}
    rest["fit.ipynb"] = json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4})
    files = {**moved, **rest, **METADATA, "src/glitch_fit/__init__.py": ""}
    result = report(make(tmp_path / "project", files), capsys)
    told = " ".join(result["to_decide"])
    assert "src/glitch_fit/run_fit.py: line 2 imports utils_tdi" in told
    assert "glitch_fit.utils_tdi" in told
    assert (
        "fit.ipynb: cell 1, line 2 imports utils_tdi as a script beside it, which is part of the "
        "package: glitch_fit.utils_tdi"
    ) in told
    assert "numpy>=1.26.4, scipy" in told
    assert "analysis.ipynb" in {each["path"] for each in result["items"]}
    assert not [each for each in result["findings"]["left"] if each["severity"] == "must"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"src/a/x.py": "import y\n", "src/a/y.py": ""}, [("src/a/x.py", 1, "y", "a")]),
        ({"src/a/b/x.py": "\nfrom y.z import q\n", "src/a/b/y.py": ""}, [("b", 2, "y", "a.b")]),
        ({"src/a/x.py": "from . import y\nfrom .y import z\n", "src/a/y.py": ""}, []),
        ({"src/a/x.py": "import y\n", "src/a/y.py": "", "y.py": ""}, []),
        ({"src/a/x.py": "import a\n", "src/a/a.py": ""}, []),
        # Of the same name as a distribution: itself, a standard one, known, required.
        ({"src/a/y.py": "import y\n"}, []),
        ({"src/a/x.py": "import y\n", "src/a/y.py": "def f():\n    import y\n"}, []),
        ({"src/a/x.py": "import y\n", "src/a/b/y.py": "import y\n", "src/a/y.py": ""}, []),
        ({"src/a/x.py": "import logging\n", "src/a/logging.py": ""}, []),
        ({"src/a/x.py": "import emcee\n", "src/a/emcee.py": ""}, []),
        ({"src/a/x.py": "import sklearn\n", "src/a/sklearn.py": ""}, []),
        ({"src/a/x.py": "import y_z\n", "src/a/y_z.py": "", "requirements.txt": "y-z>=1\n"}, []),
        (
            {
                "src/a/x.py": "import y\n",
                "src/a/y.py": "",
                "setup.py": "import setuptools\nsetuptools.setup(extras_require={'all': ['Y']})\n",
            },
            [],
        ),
    ],
)
def test_imports_of_a_module_beside(
    files: Files, expected: list[tuple[str, int, str, str]]
) -> None:
    contents = {path: str(text) for path, text in files.items()}
    facts = Facts.of({**contents, "src/a/__init__.py": "", "src/a/b/__init__.py": ""})
    found = [(each.line, each.name, each.package) for each in loose.find_sibling_imports(facts)]
    assert found == [each[1:] for each in expected]


OURS = ("PhenomA", "a")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (["%pylab inline\n", "import numpy, PhenomA as pa\n"], [(2, 2, "PhenomA", "a")]),
        (["from tdi.delay import b"], []),
        (["import os\n", "if 1:\n", "    from deep.x import y"], [(2, 3, "deep", "a.b")]),
        (["import deep"], [(2, 1, "deep", "a.b")]),
        (["from a import PhenomA\n", "import json, scipy, near, twice"], []),
        (["import sys\n", "sys.path.append('../src/a')\n", "import PhenomA"], []),
        (["import sys\n", "sys.path.append('src/a')\n", "import PhenomA"], []),
        (["%cd ../src/a\n", "import PhenomA"], []),
        (["os.chdir(os.path.join(os.pardir, 'src', 'a'))\n", "import PhenomA"], [(2, 2, *OURS)]),
        (["sys.path.insert(0, str(Path.cwd().parent))\n", "import PhenomA"], []),
        (["print(sys.path)\n", "import PhenomA"], [(2, 2, *OURS)]),
        (["sys.path.insert(0, '/content/fit')\n", "import PhenomA"], [(2, 2, *OURS)]),
        (["sys.path.append('../lib')\n", "import PhenomA"], [(2, 2, *OURS)]),
        (
            ["!git clone https://example.org/a\n", "%cd /content/a\n", "\n", "import PhenomA"],
            [(2, 4, *OURS)],
        ),
        (["%%bash\n", "import PhenomA"], []),
        ("# import PhenomA", []),
    ],
)
def test_imports_in_notebooks(
    code: list[str] | str, expected: list[tuple[int, int, str, str]]
) -> None:
    cells = [{"cell_type": "markdown", "source": "import PhenomA"}]
    cells.append({"cell_type": "code", "source": code})  # type: ignore[dict-item]
    modules = ("__init__", "PhenomA", "json", "scipy", "near", "twice", "b/__init__")
    files = {f"src/a/{each}.py": "" for each in (*modules, "b/deep", "b/twice")}
    metadata = '[project]\nname = "a"\nversion = "1"\ndependencies = ["scipy>=1"]\n'
    notebook = json.dumps({"cells": cells, "nbformat": 4})
    more = {"examples/near.py": "", "pyproject.toml": metadata, "examples/a.ipynb": notebook}
    found = loose.find_notebook_imports(Facts.of({**files, **more}))
    assert [(each.cell, each.line, each.name, each.package) for each in found] == expected


def test_every_notebook_that_has_to_change_is_named(tmp_path: Path, capsys: Capture) -> None:
    colab = ["import sys\n", "!git clone https://example.org/fit\n", "%cd /content/fit\n"]
    colab += ["sys.path.insert(0, '/content/fit')\n", "from settings import *\n"]
    kept = {"kept.ipynb": ["import json\n"]}
    cells = {"a.ipynb": colab, "b.ipynb": ["from settings import MODES\n"], **kept}
    notebooks = {
        path: json.dumps({"cells": [{"cell_type": "code", "source": code}], "nbformat": 4})
        for path, code in cells.items()
    }
    files = {**METADATA, "src/glitch_fit/__init__.py": "", "src/glitch_fit/settings.py": ""}
    result = report(make(tmp_path / "project", {**files, **notebooks}), capsys)
    told = [each for each in result["to_decide"] if ".ipynb" in each]
    assert [each.partition(" as ")[0] for each in told] == [
        "a.ipynb: cell 1, line 5 imports settings",
        "b.ipynb: cell 1, line 1 imports settings",
    ]
    items = {each["path"]: each["text"] for each in result["items"] if "ipynb" in each["path"]}
    stay = "the notebooks at the root stay; with the package installed, they import it"
    assert items["kept.ipynb"] == stay


def test_a_lone_module_is_code_and_no_tests_are_none(tmp_path: Path, capsys: Capture) -> None:
    files = {**METADATA, "utils_tdi.py": SCRIPTS["utils_tdi.py"]}
    result = report(make(tmp_path / "a", files), capsys, "--data", "import_name=utils_tdi")
    found = answers(result)
    assert (found["code_path"], found["test_path"]) == ("utils_tdi.py", "")
    assert result["findings"]["left"] == []
    assert not [each for each in result["findings"]["waived"] if each["code"] == "QTY008"]


@pytest.mark.sweep
def test_a_namespace_without_files_is_found_by_its_name(tmp_path: Path, capsys: Capture) -> None:
    files = {**METADATA, "src/lisa/glitch/fit.py": "X = 1\n", "tests/test_fit.py": ""}
    result = report(make(tmp_path / "a", files), capsys, "--data", "import_name=lisa.glitch")
    found = answers(result)
    assert (found["code_path"], found["test_path"]) == ("src", "tests")


@pytest.mark.parametrize("key", ["code_path", "test_path"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (".", "the whole project is no folder"),
        ("source", "git has no folder source here"),
        ("requirements.txt", "neither a folder nor a Python module"),
    ],
)
def test_code_and_tests_are_where_there_is_something(
    key: str, value: str, problem: str, tmp_path: Path, capsys: Capture
) -> None:
    files = {**SCRIPTS, **METADATA}
    project = make(tmp_path / "a", files)
    given = ("--data", "import_name=utils_tdi", "--data", f"{key}={value}")
    assert adopt(project, *given) == ExitCode.REFUSED
    assert problem in capsys.readouterr().err


@sampled("licence", ["", "COPYING"], 2)
def test_a_readme_names_the_licence_that_there_is(
    licence: str, tmp_path: Path, capsys: Capture
) -> None:
    files: Files = {**METADATA, "src/glitch_fit/__init__.py": ""}
    project = make(tmp_path / "a", {**files, **({licence: "Ask us.\n"} if licence else {})})
    assert report(project, capsys)["findings"]["left"] == []
    readme = show(project, "README.md")
    assert "[LICENSE](LICENSE)" not in readme
    assert ("## License" in readme, "[COPYING](COPYING)" in readme) == (bool(licence),) * 2
    assert "\n\n\n" not in readme


def test_a_check_of_scripts_says_that_there_is_no_project(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "scripts", SCRIPTS)
    cli.main(["check", str(project)])
    told = capsys.readouterr().out
    assert "no Python project here" in told
    assert "analysis.ipynb, run_fit.py, utils_tdi.py stand alone" in told
    write(project, {"a/__init__.py": "", "b/__init__.py": ""})
    commit(project, "Two packages")
    cli.main(["check", str(project)])
    assert (
        "no metadata tell of a/, b/. lisa-scaffold adopt tells what makes one package of them"
        in (capsys.readouterr().out)
    )
    write(project, {"b/pyproject.toml": METADATA["pyproject.toml"]})
    commit(project, "One inside")
    cli.main(["check", str(project)])
    assert "no metadata tell of" not in capsys.readouterr().out
    git.git("rm", "-rq", "a", "b", cwd=project)
    write(project, METADATA)
    commit(project, "Say what it is")
    cli.main(["check", str(project)])
    assert "no Python project here" not in capsys.readouterr().out


PACKAGE: Files = {
    "pulsars/__init__.py": "",
    "pulsars/timing.py": "import json\nimport cv2, numpy as np\nfrom lal import C\n",
    "pulsars/plot.py": (
        "from pulsars import timing\nimport odd_one.x\n\ntry:\n    import rich\nexcept E: 1\n"
    ),
    "Example.ipynb": SCRIPTS["analysis.ipynb"],
}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            {},
            '["lalsuite", "numpy", "opencv-python"]  # which distributions bring odd_one?',
        ),
        (
            {"binder/requirements.txt": "numpy==2.1\njupyterlab\nodd_one\n"},
            '["numpy>=2.1", "odd_one", "lalsuite", "opencv-python"]',
        ),
    ],
)
def test_a_package_without_metadata_is_given_the_lines(
    more: Files, expected: str, tmp_path: Path, capsys: Capture
) -> None:
    project = make(tmp_path / "pulsar-timing", {**PACKAGE, **more})
    assert adopt(project) == ExitCode.REFUSED
    first, *steps, last = capsys.readouterr().err.splitlines()
    assert first.endswith("but pulsars is a package. Steps that say so:")
    assert [step.strip() for step in steps] == [
        "in pyproject.toml:",
        "[project]",
        'name = "pulsar-timing"',
        'version = "0.1.0"',
        'requires-python = ">=3.11"',
        f"dependencies = {expected}",
        "[build-system]",
        'requires = ["setuptools>=77.0.3"]',
        'build-backend = "setuptools.build_meta"',
        "[tool.setuptools.packages.find]",
        'include = ["pulsars", "pulsars.*"]',
    ]
    assert last.endswith("#from-loose-scripts")


@pytest.mark.parametrize(
    ("folder", "importer", "found"),
    [
        ("pulsars", "import pulsars.timing\n", ("pulsars", "pulsars")),
        ("code/pulsars", "import numpy\n", ("pulsars", "code")),
        ("code/pulsars", "from code.pulsars import timing\n", ("code.pulsars", "code/pulsars")),
        ("src/pulsars", "import pulsars.timing\n", ("pulsars", "src")),
    ],
)
def test_the_lines_for_a_package_leave_it_where_it_is(
    folder: str, importer: str, found: tuple[str, str], tmp_path: Path, capsys: Capture
) -> None:
    files = {path.replace("pulsars/", f"{folder}/"): text for path, text in PACKAGE.items()}
    files |= {"scripts/run.py": importer, "post/plot.py": "", "fit.py": ""}
    project = make(tmp_path / "pulsar-timing", files)
    assert adopt(project) == ExitCode.REFUSED
    _, *steps, _ = capsys.readouterr().err.splitlines()
    assert steps[0] == "  in pyproject.toml:"
    write(project, {"pyproject.toml": "".join(f"{step.strip()}\n" for step in steps[1:])})
    commit(project)
    result = report(project, capsys)
    given = answers(result)
    assert (given["import_name"], given["code_path"]) == found
    assert {*files} <= paths(project)
    assert not [each for each in result["to_decide"] if "imports pulsars" in each]
    assert [each["code"] for each in result["findings"]["left"]] == []


MOVED: Files = {
    **SCRIPTS,
    "post_processing/heatmaps.py": (
        "import sys\n\nsys.path.append('../')\nfrom utils_tdi import delay\nimport numpy\n"
    ),
    "tests/test_fit.py": "import json\nimport run_fit, utils_tdi\n",
    "tests/test_near.py": "import near\n",
    "tests/near.py": "",
    "near.py": "",
    "job_NASA.sh": "#!/bin/sh\n#SBATCH -n 4\npoetry run python run_fit.py --n 3\n",
    "README.md": "# Fits\n\n    python run_fit.py\n    python run_fit.py --all\n    ./near.py\n",
    "CHANGELOG.md": "`python run_fit.py` takes `--all`.\n",
    "cluster/Makefile": "fit:\n\tpython3 -u ../run_fit.py\n",
    ".github/workflows/run.yml": "jobs: {a: {steps: [{run: python ./run_fit.py}]}}\n",
    "deploy/start.py": "import os, subprocess\nos.system('python run_fit.py')\n",
    "deploy/run.sub": "executable = fit.py\narguments = run_fit.py\n",
}
LEFT = [
    (".github/workflows/run.yml", 1, "starts run_fit.py: python -m {}.run_fit from now on"),
    ("README.md", 3, "starts run_fit.py: python -m {}.run_fit from now on"),
    ("README.md", 5, "starts near.py: python -m {}.near from now on"),
    ("cluster/Makefile", 2, "starts ../run_fit.py: python -m {}.run_fit from now on"),
    ("deploy/start.py", 2, "starts run_fit.py: python -m {}.run_fit from now on"),
    ("job_NASA.sh", 3, "starts run_fit.py: python -m {}.run_fit from now on"),
    ("post_processing/heatmaps.py", 4, "imports utils_tdi: {}.utils_tdi from now on"),
    ("tests/test_fit.py", 2, "imports run_fit: {}.run_fit from now on"),
    ("tests/test_fit.py", 2, "imports utils_tdi: {}.utils_tdi from now on"),
]


def test_the_steps_name_what_stays_outside_and_needs_what_moves() -> None:
    told = explained(MOVED)
    at = told.index(
        "  and what finds a script where it was, and the package once pip install -e . ran:"
    )
    assert told[at + 1 :] == [
        f"  - {path}:{line} {what.format('glitch')}" for path, line, what in LEFT
    ]


def test_the_report_names_what_stays_outside_and_needs_what_moved(
    tmp_path: Path, capsys: Capture
) -> None:
    scripts = ("run_fit.py", "utils_tdi.py", "near.py")
    moved = {f"src/glitch_fit/{path}": MOVED[path] for path in scripts}
    rest = {path: text for path, text in MOVED.items() if path not in scripts}
    del rest["tests/near.py"], rest["tests/test_near.py"]
    files = {**moved, **rest, **METADATA, "src/glitch_fit/__init__.py": ""}
    result = report(make(tmp_path / "project", files), capsys)
    expected = [
        f"{path}: line {line} {what.format('glitch_fit')}, once `pip install -e .` ran"
        for path, line, what in LEFT
    ]
    assert sorted(each for each in result["to_decide"] if "from now on" in each) == expected


@pytest.mark.parametrize(
    "files",
    [
        {"tests/a_test.py": "import fit\n", "tests/conftest.py": "sys.path.append('../src/a')\n"},
        {"tests/a_test.py": "import sys\nsys.path.append('../src/a')\nimport fit\n"},
        {"x/run.py": "import fit\n", "x/fit.py": ""},
        {"x/run.py": "import fit\n", "fit/__init__.py": ""},
        {"x/run.py": "import fit\n", "requirements.txt": "fit>=1\n"},
        {"x/run.py": "import plot, a.fit\n"},
        {"x/run.py": "from . import fit\n"},
        {"run.sh": "cd src/a\npython fit.py\n"},
        {"run.sh": "python src/a/fit.py\npython -m a.fit\npython -m pytest fit.py\n"},
        {"run.sh": "cd x && python fit.py\n", "x/fit.py": ""},
        {"NEWS.md": "python fit.py\n"},
        {"run.sh": "python fit.pyc\npythonic fit.py\n"},
    ],
)
def test_what_still_finds_a_module_is_not_named(files: Files) -> None:
    texts = {path: str(text) for path, text in files.items()}
    facts = Facts.of({"src/a/__init__.py": "", "src/a/fit.py": "", **texts})
    assert [*loose.find_lost(facts)] == []


@pytest.mark.parametrize("path", ["code/fit.py", "notebooks/a.ipynb"])
def test_a_check_of_what_lies_in_folders_names_it(
    path: str, tmp_path: Path, capsys: Capture
) -> None:
    cli.main(["check", str(make(tmp_path / "scripts", {path: SCRIPTS["analysis.ipynb"]}))])
    assert f"{path} stands alone" in capsys.readouterr().out


def test_a_check_of_a_package_without_metadata_names_it(tmp_path: Path, capsys: Capture) -> None:
    cli.main(["check", str(make(tmp_path / "pulsar-timing", PACKAGE))])
    told = " ".join(capsys.readouterr().out.split())
    assert "no metadata tell of pulsars/. lisa-scaffold adopt tells what lets them be" in told


def test_a_new_project_over_scripts_names_the_other_way(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "scripts", SCRIPTS)
    assert cli.main(["new", str(project), "--defaults"]) == ExitCode.REFUSED
    assert f"lisa-scaffold adopt ({loose.PAGE})" in capsys.readouterr().err


def test_one_long_line_costs_little() -> None:
    wide = " " * 90_000
    cell = {"cell_type": "code", "source": f"import a{wide}b"}
    facts = Facts.of(
        {
            "a.ipynb": json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}),
            "src/p/__init__.py": "",
            "src/p/b.py": "",
            "pyproject.toml": "[project]\nname = 'p'\n",
        }
    )
    start = time.process_time()
    assert environment.find_bounds(facts) == []
    assert [*loose.find_notebook_imports(facts)] == []
    assert time.process_time() - start < 5


@pytest.mark.parametrize(("more", "is_told"), [({}, True), (METADATA, False)])
def test_a_folder_without_git_is_told_what_comes(
    more: Files, is_told: bool, tmp_path: Path, capsys: Capture
) -> None:
    write(tmp_path / "scripts", {**SCRIPTS, **more})
    assert adopt(tmp_path / "scripts") == ExitCode.REFUSED
    told = " ".join(capsys.readouterr().err.split())
    assert "no git repository" in told
    assert "git init, then commit" in told
    after = "After that, lisa-scaffold adopt names the steps that make a package of scripts"
    assert (after in told) is is_told
