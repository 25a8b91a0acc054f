"""Adopted projects with their real backends and tools: the same wheels, and the sessions run."""

from __future__ import annotations

import os
import re
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from ..support.adopting import (
    AUTOMATIC,
    BRANCH,
    HATCHLING,
    MESON,
    OLD,
    POETRY,
    REMOTE,
    SETUPTOOLS,
    adopt,
    make,
)
from ..support.tools import git, passes, program, run
from ..support.updates import Files
from .test_hooks import with_hooks

PROJECTS: dict[str, Files] = {"setuptools": SETUPTOOLS, "hatchling": HATCHLING, "poetry": POETRY}
ABOUT_TOOLS = ("RECORD", "WHEEL")


@pytest.fixture(params=PROJECTS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name: str = request.param
    return make(tmp_path / "project", PROJECTS[name], REMOTE)


def wheel(project: Path, out: Path) -> dict[str, bytes]:
    """What a wheel of the project holds: its modules and data, its metadata, its entry points."""
    command = ("build", "--wheel", "--quiet", "--out-dir", out, ".")
    passes(program("uv"), *command, cwd=project)
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    git("clean", "-fdxq", cwd=project)
    return {name: data for name, data in contents.items() if not name.endswith(ABOUT_TOOLS)}


def test_the_wheel_is_the_same(project: Path, tmp_path: Path) -> None:
    before = wheel(project, tmp_path / "before")
    assert adopt(project) == 0
    git("checkout", "--quiet", BRANCH, cwd=project)
    after = wheel(project, tmp_path / "after")
    # A licence that the metadata names, and that the project had no text of, comes with its text.
    new = {name for name in after if name.rpartition("/")[2] == "LICENSE"} - before.keys()
    assert after.keys() - new == before.keys()
    for name, content in before.items():
        lines = after[name].decode().splitlines()
        assert [line for line in lines if line != "License-File: LICENSE"] == [
            line for line in content.decode().splitlines() if line != "License-File: LICENSE"
        ]


def test_its_tests_pass_in_the_templates_session(project: Path) -> None:
    adopt(project, "--in-place")
    said = passes(program("nox"), "-s", "tests-3.11", cwd=project)
    told = "1 passed", "skipped: there are no tests, so nothing was tested"
    assert (told[0] if (project / "tests").is_dir() else told[1]) in said
    passes(program("nox"), "-s", "build", cwd=project)


@pytest.mark.parametrize("name", AUTOMATIC)
def test_what_the_sessions_write_becomes_no_package(name: str, tmp_path: Path) -> None:
    """Setuptools finds what it packages by itself: with ``reports/`` there, it would find more."""
    files = AUTOMATIC[name]
    project = make(tmp_path / "project", files, REMOTE)
    before = wheel(project, tmp_path / "before")
    adopt(project, "--in-place")
    for session in ("tests-3.11", "build", "tests-3.11"):  # the first one writes reports/
        passes(program("nox"), "-s", session, cwd=project)
    assert (project / "reports/junit.xml").is_file()
    (built,) = (project / "dist").glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        assert modules(archive.namelist()) == modules(before)
    # The same folder with what named nothing: it is refused, or what is built holds no module.
    for path in ("pyproject.toml", "setup.cfg"):
        if path in files:
            (project / path).write_text(str(files[path]))
    done = run(program("uv"), "build", "--wheel", f"--out-dir={tmp_path}", cwd=project)
    if done.returncode == 0:
        (empty,) = tmp_path.glob("*.whl")
        with zipfile.ZipFile(empty) as archive:
            assert modules(archive.namelist()) != modules(before)
    else:
        assert "Multiple top-level packages discovered" in done.stdout


def modules(names: Iterable[str]) -> set[str]:
    """What is installed, but for the metadata."""
    return {name for name in names if ".dist-info/" not in name}


def test_a_build_needs_no_uv_on_the_path(tmp_path: Path) -> None:
    """nox finds the one beside itself, and makes the session with it; what it runs does not."""
    project = make(tmp_path / "project", SETUPTOOLS, REMOTE)
    adopt(project, "--in-place")
    folders = os.environ["PATH"].split(os.pathsep)
    without = os.pathsep.join(each for each in folders if not Path(each, "uv").exists())
    assert program("uv")
    assert shutil.which("uv", path=without) is None
    said = passes(program("nox"), "-s", "build", cwd=project, env={"PATH": without})
    assert "Creating virtual environment (uv)" in said
    assert "PASSED" in said


def test_an_audit_asks_about_what_setup_py_needs(tmp_path: Path) -> None:
    """And not about its tools, of which it could say nothing and pass."""
    project = make(tmp_path / "project", SETUPTOOLS, REMOTE)
    assert adopt(project) == 0
    git("checkout", "--quiet", BRANCH, cwd=project)
    said = passes("nox", "-s", "audit", "--", "--dry-run", cwd=project)
    assert "pip-audit --strict --requirement=" in said
    assert "Dry run: would have audited 1 packages" in said  # numpy


def test_what_an_import_compiles_again_is_tested_and_installed(tmp_path: Path) -> None:
    project = make(tmp_path / "project", MESON, REMOTE)
    adopt(project, "--in-place")
    assert "1 passed" in passes(program("nox"), "-s", "tests-3.11", cwd=project)
    # As CONTRIBUTING.md says; and it is compiled again where its source changes.
    told = (project / "CONTRIBUTING.md").read_text()
    lines = re.findall(r"^python -m pip install (--group .*|--no-build.*)$", told, re.MULTILINE)
    passes(program("uv"), "venv", "--quiet", "--python=3.11", "own", cwd=project)
    for line in lines:
        words = line.split()
        passes(program("uv"), "pip", "install", "--quiet", "--python=own", *words, cwd=project)
    source = project / "src/_core.cpp"
    source.write_text(source.read_text().replace("2 * x", "x + x + 1"))
    say = "import lisa_twice; print(lisa_twice.twice(2))"
    path = f"{project / 'own/bin'}:/usr/bin:/bin"
    assert passes("own/bin/python", "-c", say, cwd=project, env={"PATH": path}) == "5\n"


def test_a_module_that_is_gone_is_brought_to_the_tests(tmp_path: Path) -> None:
    files = {path: text for path, text in OLD.items() if path not in ("tox.ini", ".travis.yml")}
    project = make(tmp_path / "project", files, REMOTE)
    adopt(project, "--in-place")
    assert "1 passed" in passes(program("nox"), "-s", "tests-3.11", cwd=project)


def test_what_coverage_warns_of_ends_no_session(tmp_path: Path) -> None:
    """As in cftime: warnings are errors, and coverage is set up with what it warns of."""
    strict = (
        "[tool.pytest.ini_options]\nfilterwarnings = ['error']\n"
        "[tool.coverage.run]\nsource = ['lisa_noise']\ninclude = ['lisa_noise/*']\n"
    )
    project = make(tmp_path / "project", {**SETUPTOOLS, "pyproject.toml": strict}, REMOTE)
    adopt(project, "--in-place")
    said = passes(program("nox"), "-s", "tests-3.11", cwd=project)
    assert "1 passed, 1 warning" in said
    assert "CoverageWarning: --include is ignored because --source is set" in said


def test_a_setup_py_that_imports_numpy_and_cython_is_built_with_its_extension(
    tmp_path: Path,
) -> None:
    """As in FRETBursts: without Cython it would make a package without extensions, and say so."""
    setup = (
        "import numpy\nfrom setuptools import Extension, setup\n\n"
        "try:\n    from Cython.Distutils import build_ext\n"
        "except ImportError:\n    made = {}\n"
        "else:\n    sources = ['lisa_noise/fast.pyx']\n"
        "    made = {'ext_modules': [Extension('lisa_noise.fast', sources)],\n"
        "            'cmdclass': {'build_ext': build_ext}}\n\n"
        "setup(name='lisa-noise', version='1', packages=['lisa_noise'],\n"
        "      include_dirs=[numpy.get_include()], **made)\n"
    )
    test = "from lisa_noise import fast\n\n\ndef test_fast():\n    assert fast.double(2) == 4\n"
    files = {
        **SETUPTOOLS,
        "setup.py": setup,
        "lisa_noise/fast.pyx": "def double(int x):\n    return 2 * x\n",
        "tests/test_noise.py": test,
    }
    project = make(tmp_path / "project", files, REMOTE)
    adopt(project, "--in-place")
    assert "1 passed" in passes(program("nox"), "-s", "tests-3.11", cwd=project)


def test_findings_in_code_that_is_older_end_with_how_many_there_are(tmp_path: Path) -> None:
    files = {**SETUPTOOLS, "lisa_noise/old.py": "import os, sys\nx = lambda: None\n" * 20}
    project = make(tmp_path / "project", files, REMOTE)
    adopt(project, "--in-place")
    done = run(program("nox"), "-s", "lint", cwd=project)
    assert done.returncode == 1
    # A line for each, and at the end a line for each rule.
    lines = done.stdout.splitlines()
    assert "lisa_noise/old.py:1:1: E401 [*] Multiple imports on one line" in lines
    counted = done.stdout.rpartition("> ruff check --statistics\n")[2].splitlines()
    numbers = {each.split()[1]: int(each.split()[0]) for each in counted if each[:1].isdigit()}
    assert (numbers["E401"], numbers["E731"]) == (20, 20)
    assert len(counted) < 40


def test_linters_and_type_checker_read_their_settings(project: Path) -> None:
    adopt(project, "--in-place")
    for command in (("ruff", "check"), ("ruff", "format", "--check"), ("mypy",)):
        done = run(program(command[0]), *command[1:], cwd=project)
        assert done.returncode in (0, 1), done.stdout
    passes(program("pre-commit"), "validate-config", cwd=project)


def test_its_hooks_run_and_find_what_they_are_for(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No formatter comes to code that nothing formats: this is by ruff's.
    formatted = {"Makefile": "format:\n\truff format .\n"}
    project = make(tmp_path / "project", {**HATCHLING, **formatted}, REMOTE)
    adopt(project, "--in-place")
    git("commit", "--quiet", "--message=Adopt", cwd=project)
    with_hooks(project, home, monkeypatch)
    done = run(program("pre-commit"), "run", "--all-files", cwd=project, timeout=900)
    found = dict(
        re.findall(r"^([\w-]+)\.{3,}.*(Passed|Failed|Skipped)$", done.stdout, re.MULTILINE)
    )
    assert len(found) == (project / ".pre-commit-config.yaml").read_text().count("- id: ")
    # Code that nobody wrote for these tools has findings, and no hook breaks at it.
    failed = [name for name, word in found.items() if word == "Failed"]
    assert (failed, done.returncode) == (["ruff-check", "ruff-format"], 1), done.stdout
