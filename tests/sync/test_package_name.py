"""A package that gets another import name, with what people have added to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from lisa_scaffold import cli, git
from lisa_scaffold.errors import ExitCode

from ..support.sweeps import sampled
from ..support.updates import Capture, Files, commit, write

pytestmark = pytest.mark.usefixtures("no_hook_programs", "uncounted_renders")

Rename = Callable[..., tuple[int, dict[str, object]]]

OWN: Files = {
    "src/{old}/fit.py": "import {name}\nfrom {name}.noise import link_noise_psd\n\n"
    "FIT = {name}.noise\n",
    "src/{old}/sub/__init__.py": "",
    "src/{old}/sub/deep.py": "from {name}.fit import (\n    FIT,\n)\n",
    "src/{old}/sub/table.txt": "{name}.noise stays: a table\n",
    "tests/test_own.py": '"""Own.\n\n>>> from {name} import fit\n"""\n\n'
    "import {name}.sub.deep as deep\n",
    "docs/own.rst": ".. code-block:: python\n\n   from {name}.fit import FIT\n",
    "notes.ipynb": '{{"cells": [{{"source": ["from {name} import fit\\n"]}}]}}\n',
}


def own(name: str) -> Files:
    names = {"name": name, "old": name.replace(".", "/")}
    return {path.format(**names): str(text).format(**names) for path, text in OWN.items()}


@pytest.fixture
def rename(tmp_path: Path, capsys: Capture) -> Rename:
    """Make a project, add files, and give its package another name."""

    def renamed(
        old: str, new: str, files: Files | Callable[[Path], Files], *answers: str
    ) -> tuple[int, dict[str, object]]:
        project = tmp_path / "project"
        data = [word for each in (f"import_name={old}", *answers) for word in ("--data", each)]
        assert cli.main(["new", str(project), "--defaults", *data]) == ExitCode.DONE
        write(project, files(project) if callable(files) else files)
        commit(project)
        capsys.readouterr()
        options = ["--data", f"import_name={new}", "--format", "json"]
        code = cli.main(["update", str(project), *options])
        return code, json.loads(capsys.readouterr().out)

    return renamed


@sampled(
    ("old", "new", "answers"),
    [
        ("r3", "r4", ()),
        ("r3", "lisa.r3", ()),
        ("lisa.foo", "lisa.bar", ()),
        ("lisa.foo", "foo", ("notebooks=yes",)),
        ("r3", "r4", ("compiled=nanobind",)),
        ("r3", "r4", ("backend=hatchling", "cli=yes")),
    ],
    6,
)
def test_the_whole_folder_moves_and_imports_follow(
    old: str, new: str, answers: tuple[str, ...], rename: Rename, tmp_path: Path
) -> None:
    before, after = own(old), own(new)
    code, told = rename(old, new, before, *answers)
    project = tmp_path / "project"
    tasks = [each for each in told["tasks"] if "table.txt" not in each]  # type: ignore[attr-defined]
    assert tasks == []
    assert code == ExitCode.FINDINGS  # the table names a module
    assert told["conflicts"] == []
    for path, text in after.items():
        expected = (
            text if not path.endswith("table.txt") else before[path.replace(*_swap(new, old))]
        )
        assert (project / path).read_text() == expected
    tracked = git.git("ls-files", cwd=project).splitlines()
    assert not [path for path in tracked if path.startswith(f"src/{old.replace('.', '/')}/")]
    source = (project / f"src/{new.replace('.', '/')}/__init__.py").read_text()
    assert f"from {old}." not in source
    for path in tracked:
        if path.endswith(".py") and path.startswith(("src/", "tests/", "docs/")):
            compile((project / path).read_text(), path, "exec")
            text = (project / path).read_text()
            assert f"from {old} import" not in text
            assert f"from {old}." not in text


def _swap(new: str, old: str) -> tuple[str, str]:
    return f"src/{new.replace('.', '/')}/", f"src/{old.replace('.', '/')}/"


def test_the_renamed_package_is_imported(rename: Rename, tmp_path: Path) -> None:
    files: Files = {
        "src/r3/own.py": "VALUE = 3\n",
        "src/r3/__init__.py": "from r3.own import VALUE\n",
    }
    code, told = rename("r3", "r4", files)
    assert (code, told["tasks"]) == (ExitCode.DONE, [])
    run = [sys.executable, "-c", "import r4; print(r4.VALUE)"]
    done = subprocess.run(
        run, cwd=tmp_path / "project/src", capture_output=True, text=True, check=True
    )
    assert done.stdout == "3\n"


def test_the_example_that_was_deleted_stays_away(rename: Rename, tmp_path: Path) -> None:
    gone = ("src/r3/noise.py", "src/r3/series.py", "src/r3/py.typed", "tests/test_noise.py")
    files: Files = {**dict.fromkeys(gone), "tests/test_series.py": None, "src/r3/__init__.py": ""}
    code, told = rename("r3", "r4", {**files, "docs/usage.md": "# Use\n", "src/r3/a.py": "A = 1\n"})
    assert (code, told["tasks"]) == (ExitCode.DONE, [])
    tracked = git.git("ls-files", "src", cwd=tmp_path / "project").splitlines()
    assert tracked == ["src/r4/__init__.py", "src/r4/a.py"]


@sampled(
    ("path", "text", "line"),
    [
        ("tests/test_own.py", 'NAME = "r3.noise"\n', 1),
        ("tests/test_own.py", 'PACKAGES = [\n    "r3",\n]\n', 2),
        ("tools/own.toml", 'run = "r3.gone:main"\n', 1),
        ("tests/test_own.py", "import r3\n\nr3 = 1\nprint(r3.noise)\n", 4),
        ("docs/own.md", "One.\n\nSee {py:mod}`r3.noise`.\n", 3),
        ("tools/run.toml", 'module = "r3.series"\n', 1),
        ("tools/own.cfg", "# own\npath = src/r3/noise.py\n", 2),
        ("tools/data.toml", 'r3 = ["*.txt"]\n', 1),
    ],
    8,
)
def test_what_only_people_can_tell_is_listed(
    path: str, text: str, line: int, rename: Rename
) -> None:
    code, told = rename("r3", "r4", {path: text})
    assert code == ExitCode.FINDINGS
    assert told["tasks"] == [f"{path}: still names r3 ({path}:{line}): write r4."]


@sampled(
    ("path", "text"),
    [
        ("tests/test_own.py", "r3 = [1.0]\nprint(r3.count(1))\n"),
        ("docs/own.md", "Install r3 from https://gitlab.in2p3.fr/LISA/r3.git and r3.md.\n"),
        ("tests/test_own.py", 'print(version("r3"), "r3d", "an r3 b")\n'),
        ("tests/test_own.py", 'P = ArgumentParser(prog="r3")\n'),
        ("compose.yml", "image: r3:main\n"),
        ("tests/test_own.py", "import r3d\nfrom r3_x import y\nfrom .r3 import z\n"),
        ("CHANGELOG.md", "- `r3.noise` is faster\n"),
    ],
    7,
)
def test_what_is_no_name_of_the_package_stays(
    path: str, text: str, rename: Rename, tmp_path: Path
) -> None:
    code, told = rename("r3", "r4", {path: text})
    assert (code, told["tasks"]) == (ExitCode.DONE, [])
    assert (tmp_path / "project" / path).read_text() == text


def test_what_is_at_the_new_place_already_is_told(rename: Rename, tmp_path: Path) -> None:
    files: Files = {"src/r3/fit.py": "A = 1\n", "src/r4/fit.py": "B = 1\n"}
    code, told = rename("r3", "r4", files)
    assert code == ExitCode.FINDINGS
    expected = "src/r3/fit.py: stays, as src/r4/fit.py is there already: put them together."
    assert told["tasks"] == [expected]
    assert (tmp_path / "project/src/r3/fit.py").read_text() == "A = 1\n"
    assert (tmp_path / "project/src/r4/fit.py").read_text() == "B = 1\n"


@sampled(
    ("path", "before", "after"),
    [
        (
            "tests/test_own.py",
            'run = ["python", "-m", "r3", "-v"], ("-m", "r3.noise")\n',
            'run = ["python", "-m", "r4", "-v"], ("-m", "r4.noise")\n',
        ),
        (
            "tests/test_own.py",
            'a = pytest.importorskip("r3.gone")\nb = resources.files("r3")\n',
            'a = pytest.importorskip("r4.gone")\nb = resources.files("r4")\n',
        ),
        (
            "setup.cfg",
            "[options.entry_points]\nconsole_scripts =\n  a = r3.gone:main\n",
            "[options.entry_points]\nconsole_scripts =\n  a = r4.gone:main\n",
        ),
    ],
    3,
)
def test_texts_that_are_modules_beyond_doubt_follow(
    path: str, before: str, after: str, rename: Rename, tmp_path: Path
) -> None:
    code, told = rename("r3", "r4", {path: before})
    assert (code, told["tasks"]) == (ExitCode.DONE, [])
    assert (tmp_path / "project" / path).read_text() == after


@sampled("name", ["lisa-link", "r3"], 2)
def test_the_template_s_own_tests_pass_under_the_new_name(
    name: str, rename: Rename, tmp_path: Path
) -> None:
    """The distribution may have the old name, and keeps it."""
    entry = '[project.entry-points.pipelines]\nr3-old = "r3.plotting:main"\n\n[dependency-groups]'
    project = tmp_path / "project"

    def add_entry(made: Path) -> Files:
        text = (made / "pyproject.toml").read_text()
        return {"pyproject.toml": text.replace("[dependency-groups]", entry, 1)}

    code, told = rename("r3", "r4", add_entry, "example=no", "cli=yes", f"distribution={name}")
    assert (code, told["tasks"]) == (ExitCode.DONE, [])
    settings = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    assert settings["scripts"] == {name: "r4.cli:main"}
    assert settings["entry-points"] == {"pipelines": {"r3-old": "r4.plotting:main"}}
    about = tmp_path / "installed" / f"{name.replace('-', '_')}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": f"{project / 'src'}{os.pathsep}{about.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
