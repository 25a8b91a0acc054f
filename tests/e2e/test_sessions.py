"""A generated project passes its own sessions."""

from __future__ import annotations

import re
import shutil
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ..support.tools import git, passes, program, run
from ..support.updates import update
from ..template.test_upgrades import project_at
from .conftest import PROJECTS, Project, make_project
from .parts import http

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
SESSIONS = {
    name: [
        *("lint", "types", f"tests-{PYTHON}", "build"),
        *(["locked"] if given.get("container", True) else []),
        *(["docs"] if given.get("docs", True) else []),
        *(["notebooks"] if given.get("notebooks") else []),
        *(["bench"] if "benchmarks" in given.get("extras", []) else []),
    ]
    for name, given in PROJECTS.items()
}


# Of the other one, the jobs of a pipeline run every session: images/test_jobs.py.
@pytest.mark.parametrize("project", sorted(PROJECTS.keys() - {"hatchling"}), indirect=True)
def test_its_sessions_pass_and_leave_nothing_for_git(project: Project) -> None:
    passes(
        "nox", "--error-on-missing-interpreters", "-s", *SESSIONS[project.name], cwd=project.root
    )
    assert git("status", "--porcelain", cwd=project.root) == ""
    reports = {path.name for path in (project.root / "reports").iterdir()}
    wanted = {"code-quality.json", "ruff.json", "mypy.xml", "junit.xml", "coverage.xml"}
    assert reports == wanted
    tests = ET.parse(project.root / "reports/junit.xml").getroot()[0].attrib  # noqa: S314
    assert (tests["errors"], tests["failures"], tests["skipped"]) == ("0", "0", "0")
    coverage = ET.parse(project.root / "reports/coverage.xml").getroot().attrib  # noqa: S314
    assert float(coverage["line-rate"]) > 0.9


def test_a_pristine_project_of_the_first_release_passes_once_it_is_updated(tmp_path: Path) -> None:
    """Its example stays, and is judged by what has come since."""
    root = project_at("v0.1.0", {"kind": "package"}, tmp_path / "project")
    assert update(root) == 0
    git("commit", "--quiet", "--message=Update", cwd=root)
    sessions = ("lint", "types", f"tests-{PYTHON}", "docs", "build")
    passes("nox", "--error-on-missing-interpreters", "-s", *sessions, cwd=root)
    assert git("status", "--porcelain", cwd=root) == ""


def test_repairs_say_which_part_of_them_failed(tmp_path: Path) -> None:
    root = make_project("default", tmp_path / "project").root
    module = root / "src/lisa_example/noise.py"
    good = module.read_text("utf-8")
    module.write_text(good.replace("import numpy as np\n", "import  numpy as np\n", 1), "utf-8")
    nowhere = "repos:\n  - repo: file:///nowhere\n    rev: v1\n    hooks: [{id: a}]\n"
    (root / ".pre-commit-config.yaml").write_text(nowhere, "utf-8")
    done = run("nox", "-s", "fix", cwd=root)
    assert done.returncode == 1
    assert "ruff has repaired what it can, and the hooks did not run." in done.stdout
    assert module.read_text("utf-8") == good


# Of the lists that other projects publish, what the pages of a new project name.
INVENTORY = """\
h5py py:module 0 x.html -
lisaconstants.indexing py:module 0 x.html -
logging py:module 0 x.html -
numpy.dtype py:class 1 x.html -
numpy.fft.rfftfreq py:function 1 x.html -
numpy.ndarray py:class 1 x.html -
numpy.random.Generator py:class 1 x.html -
os.PathLike py:class 1 x.html -
str py:class 1 x.html -
float py:class 1 x.html -
int py:class 1 x.html -
object py:class 1 x.html -
ValueError py:exception 1 x.html -
typing.Any py:data 1 x.html -
"""


def plain(page: str) -> str:
    """The words of a page."""
    return re.sub(r"<[^>]*>", "", page)


def set_sites(root: Path, sites: Mapping[str, str]) -> None:
    """Let the documentation of a project link to the pages at some addresses alone."""
    conf = root / "docs/conf.py"
    listed = "".join(f'    "{name}": ("{site}", None),\n' for name, site in sites.items())
    text, number = re.subn(
        r"^intersphinx_mapping = \{\n    \".*?^\}\n",
        f"intersphinx_mapping = {{\n{listed}}}\n",
        conf.read_text("utf-8"),
        flags=re.DOTALL | re.MULTILINE,
    )
    assert number == 1
    conf.write_text(text, "utf-8")


def test_documentation_needs_no_server_of_others_and_no_name_that_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project("default", tmp_path / "project").root
    monkeypatch.delenv("SPHINX_OFFLINE")
    monkeypatch.setenv("CI", "true")
    # None of the sites that a new project names is there.
    linked = ("astropy", "h5py", "lisaconstants", "numpy", "python", "scipy")
    set_sites(root, {name: f"http://127.0.0.1:1/{name}" for name in linked})
    said = passes("nox", "-s", "docs", cwd=root)
    assert said.count("objects.inv' not fetchable due to") == len(linked)
    assert git("status", "--porcelain", cwd=root) == " M docs/conf.py\n"
    shown = plain((root / "docs/_build/html/_api/lisa_example.series.html").read_text("utf-8"))
    assert shown.count("NDArray[np.float64]") == 4
    assert "ndarray[" not in shown
    page = root / "docs/usage.md"
    text = page.read_text("utf-8")
    names = (
        "numpy.fft.rfftfreq",
        "numpy.gone",
        "scipy.gone",
        "os.gone",
        "lost",
        "lisa_example.gone",
    )
    text += "\n".join(f"{{py:func}}`{name}`" for name in names)
    head = "# Sphinx inventory version 2\n# Project: x\n# Version: 1\n# zlib\n"
    listed: dict[str, bytes] = {}
    with http.serving(lambda asked: listed[asked.path]) as site:
        set_sites(
            root, {"scipy": "http://127.0.0.1:1", "numpy": f"{site}/n", "python": f"{site}/p"}
        )

        def miss(how: str) -> tuple[list[str], bool]:
            # Sphinx looks at a page again when that has changed.
            page.write_text(f"{text}\n\n{how}\n", "utf-8")
            done = run("nox", "-R", "-s", "docs", cwd=root)
            assert done.returncode == 1
            missing = re.findall(r"py:func reference target not found: (\S+)", done.stdout)
            html = (root / "docs/_build/html/usage.html").read_text("utf-8")
            return sorted(missing), f'href="{site}/' in html

        # Names are judged by each list that is there.
        assert miss("without a list") == (["lisa_example.gone", "lost"], False)
        packed = head.encode() + zlib.compress(INVENTORY.encode())
        listed |= dict.fromkeys(("/n/objects.inv", "/p/objects.inv"), packed)
        assert miss("with two") == (["lisa_example.gone", "lost", "numpy.gone", "os.gone"], True)
        monkeypatch.setenv("SPHINX_OFFLINE", "1")
        shutil.rmtree(root / "docs/_build")
        assert miss("with none asked for") == (["lisa_example.gone", "lost"], False)


def test_references_are_listed_as_numpydoc_has_them(tmp_path: Path) -> None:
    root = make_project("default", tmp_path / "project").root
    module = root / "src/lisa_example/noise.py"
    text = module.read_text("utf-8")
    listed = '.. [1] A. Author, "One".\n.. [Author2020] A. Author, "Two".\n'
    module.write_text(text.replace("T. Robson,", f"{listed}\nT. Robson,", 1), "utf-8")
    passes("nox", "-s", "docs", cwd=root)


def test_formulae_of_a_page_are_formulae(tmp_path: Path) -> None:
    root = make_project("default", tmp_path / "project").root
    page = "# Response\n\nThe strain $h(t)$ has\n\n$$\nS_h(f) = \\frac{1}{f^2}\n$$\n"
    (root / "docs/response.md").write_text(page, "utf-8")
    index = root / "docs/index.md"
    index.write_text(index.read_text("utf-8").replace("usage\n", "usage\nresponse\n"), "utf-8")
    passes("nox", "-s", "docs", cwd=root)
    made = (root / "docs/_build/html/response.html").read_text("utf-8")
    assert r'<span class="math notranslate nohighlight">\(h(t)\)</span>' in made
    assert re.search(r'<div class="math [^>]*>\s*\\\[\s*S_h\(f\) = \\frac\{1\}\{f\^2\}', made)
    assert re.search(r'<script [^>]*src="[^"]*mathjax', made)


def test_its_notebooks_run_and_leave_nothing_for_git(tmp_path: Path) -> None:
    root = make_project("hatchling", tmp_path / "project").root
    # One that was saved with a kernel of somebody's own desk.
    book = root / "notebooks/noise.ipynb"
    text = book.read_text("utf-8")
    assert text.count('"name": "python3"') == 1
    book.write_text(text.replace('"name": "python3"', '"name": "lisa"'), "utf-8")
    git("commit", "--all", "--quiet", "--message=Kernel", cwd=root)
    passes("nox", "-s", "notebooks", cwd=root)
    assert git("status", "--porcelain", cwd=root) == ""
    assert [path.name for path in (root / "reports").iterdir()] == ["notebooks.xml"]


def test_the_sessions_that_run_by_default_are_those_tried_here(project: Project) -> None:
    listed = passes("nox", "--list", cwd=project.root)
    default = {line.split()[1] for line in listed.splitlines() if line.startswith("* ")}
    others = {name for name in default if name.startswith("tests-")}
    assert default - others == set(SESSIONS[project.name]) - {f"tests-{PYTHON}", "bench"}
    assert f"tests-{PYTHON}" in others


# The others' faults are seen by jobs: images/test_jobs.py.
FAULTS = {
    "docs": ("docs/usage.md", "[gone](gone.md)\n", "gone.md"),
    "types": ("src/lisa_example/noise.py", "LENGTH: int = 'x'\n", "Incompatible types"),
}


@pytest.mark.parametrize("session", FAULTS)
def test_a_session_sees_a_fault(session: str, tmp_path: Path) -> None:
    project = make_project("default", tmp_path / "project")
    path, fault, said = FAULTS[session]
    with (project.root / path).open("a", encoding="utf-8") as file:
        file.write(fault)
    done = run("nox", "-s", session, cwd=project.root)
    assert done.returncode == 1, done.stdout
    assert said in done.stdout


@pytest.mark.parametrize("name", ["default", "minimal"])
def test_an_audit_asks_about_what_the_package_needs_and_not_about_its_tools(
    name: str, tmp_path: Path
) -> None:
    """The database of vulnerabilities itself is out of reach."""
    project = make_project(name, tmp_path / "project")
    said = passes("nox", "-s", "audit", "--", "--dry-run", cwd=project.root)
    found = re.search(r"Dry run: would have audited (\d+) packages", said)
    assert found, said
    # numpy, h5py, lisaconstants, and what this needs; pip-audit alone would be thirty.
    assert 5 <= int(found[1]) <= 8


def test_the_bounds_of_requirements_are_true(tmp_path: Path) -> None:
    project = make_project("default", tmp_path / "project")
    passes("nox", "-s", "lowest", cwd=project.root)
    assert git("status", "--porcelain", cwd=project.root) == ""


def test_a_lock_that_is_out_of_date_is_told_and_stays(tmp_path: Path) -> None:
    root = make_project("default", tmp_path / "project").root
    settings, lock, of_build = (
        root / name for name in ("pyproject.toml", "constraints.txt", "build-constraints.txt")
    )
    before, text = lock.read_bytes(), settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('  "numpy>=', '  "packaging>=24",\n  "numpy>='))
    done = run("nox", "-s", "locked", cwd=root)
    assert done.returncode == 1
    assert re.search(r"(?m) constraints\.txt is out of date. nox -s lock renews all, ", done.stdout)
    assert lock.read_bytes() == before
    # As the message says, one package is added, and nothing else moves.
    passes("nox", "-s", "lock", "--", "--upgrade-package", "packaging", cwd=root)
    was, lines = (set(each.decode().splitlines()) for each in (before, lock.read_bytes()))
    assert {line.partition("==")[0] for line in lines - was if "==" in line} == {"packaging"}
    assert was - lines == set()
    passes("nox", "-s", "locked", cwd=root)
    # What builds is locked as well; and a lock that is not there is made by nobody unasked.
    settings.write_text(text.replace('requires = [ "set', 'requires = [ "wheel", "set'))
    lock.unlink()
    before = of_build.read_bytes()
    done = run("nox", "-s", "locked", cwd=root)
    assert done.returncode == 1
    assert " constraints.txt and build-constraints.txt are out of date. nox" in done.stdout
    assert of_build.read_bytes() == before
    assert not lock.exists()


def test_uv_sync_makes_an_environment_in_which_the_tests_pass(tmp_path: Path) -> None:
    root = make_project("default", tmp_path / "project").root
    passes(program("uv"), "sync", "--quiet", cwd=root, env={"UV_PYTHON": sys.executable})
    said = passes(".venv/bin/python", "-m", "pytest", "-q", cwd=root)
    assert re.search(r"\d+ passed", said)
    # What is new is offered to git: the lock of uv may be committed.
    assert git("status", "--porcelain", cwd=root) == "?? uv.lock\n"


def test_repairs_leave_what_passes(tmp_path: Path) -> None:
    """The hooks need their repositories: test_hooks.py."""
    root = make_project("default", tmp_path / "project").root
    module = root / "src/lisa_example/noise.py"
    good = module.read_text(encoding="utf-8")
    module.write_text(good.replace("import numpy as np\n", "import os\nimport  numpy as np\n", 1))
    (root / ".pre-commit-config.yaml").write_text("repos: []\n", encoding="utf-8")
    passes("nox", "-s", "fix", cwd=root)
    assert module.read_text(encoding="utf-8") == good
