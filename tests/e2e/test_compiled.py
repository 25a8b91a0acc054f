"""Compiled projects for real: compiled by Debian's compiler, installed, tested, looked over."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ..support.answers import Answers, answers, template
from ..support.files import contents
from ..support.tools import commit_all, git, passes, program, run, unpacked
from .conftest import VERSION, Project
from .parts import cache
from .parts.machine import find_python, need

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
THIS = f"cp{PYTHON.replace('.', '')}-cp{PYTHON.replace('.', '')}"
WAYS: dict[str, tuple[Answers, str]] = {
    "cython": ({"cli": True, "distribution": "lisa-foo", "import_name": "lisa.foo"}, "cp311-abi3"),
    "nanobind": ({}, THIS if PYTHON == "3.11" else "cp312-abi3"),
    "pybind11": ({"docs": False, "license": "LGPL-3.0-or-later"}, THIS),
}
"""Ways to compile: with them other answers that decide about what is built, and the wheel's tag."""
OUT = re.compile(
    r"\.(copier-answers\.yml|dockerignore|editorconfig|gitattributes|gitignore|gitlab.*|hadolint\.yaml)"
    r"|Dockerfile|(build-)?constraints\.txt|sonar-project\.properties"
)
"""What the source distribution leaves out."""


@pytest.fixture(autouse=True)
def _compiler() -> None:
    need("c++")


def make(way: str, root: Path) -> Project:
    """A compiled project, committed and tagged."""
    complete = answers(compiled=way, **WAYS[way][0])
    template().render(complete, root)
    commit_all(root)
    git("tag", "--annotate", f"v{VERSION}", f"--message={VERSION}", cwd=root)
    return Project(way, complete, root, frozenset(contents(root)))


def make_distributed(way: str, root: Path) -> Project:
    """A compiled project with its distributions in dist, compiled once for what they hold."""
    made = make(way, root)

    def build(dist: Path) -> None:
        passes("uv", "build", "--quiet", "--sdist", "--out-dir", "dist", ".", cwd=made.root)
        passes("nox", "-s", "wheel", cwd=made.root)
        shutil.move(made.root / "dist", dist)

    decides = ("CMake", "noxfile.py", "pyproject.toml", "src/", "tests/")
    held = [(path, (made.root / path).read_bytes()) for path in sorted(made.files)]
    recipe = [part for pair in held if pair[0].startswith(decides) for part in pair]
    machine = (sys.version, sysconfig.get_platform(), *sorted(made.files))
    shutil.copytree(cache.cached("dist", [*machine, *recipe], build), made.root / "dist")
    return made


@pytest.fixture(params=WAYS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project for each way, with its distributions."""
    return make_distributed(request.param, tmp_path / "project")


def distributions(project: Project) -> tuple[Path, Path]:
    """The source distribution and the wheel."""
    (sdist,) = (project.root / "dist").glob("*.tar.gz")
    (wheel,) = (project.root / "dist").glob("*.whl")
    return sdist, wheel


def test_its_distributions_hold_what_they_should(project: Project) -> None:
    sdist, wheel = distributions(project)
    name = str(project.answers["distribution"]).replace("-", "_")
    kept = {path for path in project.files if not OUT.fullmatch(path)}
    with tarfile.open(sdist) as archive:
        members = [member.name for member in archive.getmembers() if member.isfile()]
    assert sorted(members) == sorted(f"{name}-{VERSION}/{path}" for path in {*kept, "PKG-INFO"})
    assert re.fullmatch(
        rf"{name}-{VERSION}-{WAYS[project.name][1]}-manylinux\S+_x86_64\.whl", wheel.name
    )
    names = [name for name in zipfile.ZipFile(wheel).namelist() if not name.endswith("/")]
    found = {name for name in names if ".dist-info/" not in name}
    sources = {path.removeprefix("src/") for path in project.files if path.startswith("src/")}
    python = {path for path in sources if path.endswith((".py", ".pyi", "py.typed"))}
    # What auditwheel puts beside a package are libraries that Debian has: none is needed.
    (module,) = found - python
    assert re.fullmatch(rf"{project.package}/_kernel\.(abi3|cpython-\S+)\.so", module)
    assert found >= python


def test_the_source_distribution_makes_itself_again(project: Project, tmp_path: Path) -> None:
    sdist, _ = distributions(project)
    source = unpacked(sdist, tmp_path / "unpacked")
    passes("uv", "build", "--quiet", "--sdist", f"--out-dir={tmp_path}", source, cwd=tmp_path)
    with tarfile.open(sdist) as first, tarfile.open(tmp_path / sdist.name) as second:
        assert first.getnames() == second.getnames()


def environment(project: Project, session: str, *installed: str | Path) -> Path:
    """The environment of a session, with the wheel in place of what it would compile once more."""
    folder = project.root / ".nox" / session
    passes("uv", "venv", "--quiet", f"--python={sys.executable}", folder, cwd=project.root)
    wheel = distributions(project)[1]
    passes(
        *("uv", "pip", "install", "--quiet", f"--python={folder / 'bin/python'}"),
        *(wheel, *installed),
        cwd=project.root,
    )
    return folder


def test_the_wheel_passes_the_tests_and_its_stub_is_what_it_says(project: Project) -> None:
    said = passes("nox", "-s", f"wheel-tests-{PYTHON}", cwd=project.root)
    assert re.search(r"\d+ passed", said)
    assert not re.search(r"skipped|failed", said)
    environment(project, "types", "--group", "stubs")
    passes("nox", "-R", "-s", "types", cwd=project.root)
    passes(program("ruff"), "check", cwd=project.root)
    assert git("status", "--porcelain", cwd=project.root) == ""


@pytest.mark.parametrize(("way", "least"), [("cython", "3.11"), ("nanobind", "3.12")])
def test_a_wheel_of_the_stable_abi_passes_the_tests_on_a_newer_python(
    way: str, least: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiled by the oldest Python that is there, installed and tested on the newest."""
    versions = tuple(f"3.{minor}" for minor in range(int(least.partition(".")[2]), 16))
    there = {each: python for each in versions if (python := find_python(each))}
    if len(there) < 2:
        pytest.skip(f"two Pythons from {least} on are needed, and there is {', '.join(there)}")
    (old, *_, new) = there
    scripts, rest = os.environ["PATH"].split(os.pathsep, 1)
    pythons = (str(there[each].parent) for each in (old, new))
    monkeypatch.setenv("PATH", os.pathsep.join([scripts, *pythons, rest]))
    project = make(way, tmp_path / "project")
    passes("uv", "build", "--quiet", "--sdist", "--out-dir", "dist", ".", cwd=project.root)
    passes("nox", "-s", "wheel", f"--force-python={old}", cwd=project.root)
    (wheel,) = (project.root / "dist").glob("*.whl")
    assert f"-cp{old.replace('.', '')}-abi3-manylinux" in wheel.name
    said = passes("nox", "-s", f"wheel-tests-{new}", cwd=project.root)
    assert re.search(rf"platform linux -- Python {new}[.]", said)
    assert re.search(r"\d+ passed", said)
    assert not re.search(r"skipped|failed", said)


@pytest.mark.parametrize("project", ["cython"], indirect=True)
def test_a_stub_that_says_something_else_is_renewed_and_fails(project: Project) -> None:
    environment(project, "types", "--group", "stubs")
    stub = project.root / f"src/{project.package}/_kernel.pyi"
    right = stub.read_text(encoding="utf-8")
    stub.write_text(right.replace("numpy.int64", "numpy.int32"), encoding="utf-8")
    done = run("nox", "-R", "-s", "types", cwd=project.root)
    assert done.returncode == 1
    assert "_kernel.pyi was out of date and is renewed" in done.stdout
    assert stub.read_text(encoding="utf-8") == right


BOUND = "first + length <= size"


@pytest.mark.parametrize("way", ["cython", "pybind11"])
def test_the_sanitizers_see_a_read_beyond_the_end(way: str, tmp_path: Path) -> None:
    project = make(way, tmp_path / "project")
    header = project.root / f"src/{project.package}/spectrum.hpp"
    right = header.read_text(encoding="utf-8")
    assert BOUND in right
    header.write_text(right.replace(BOUND, "first < size"), encoding="utf-8")
    done = run("nox", "-s", "sanitize", cwd=project.root)
    assert done.returncode == 1
    assert "AddressSanitizer: heap-buffer-overflow" in done.stdout, done.stdout
    header.write_text(right, encoding="utf-8")
    said = passes("nox", "--reuse-existing-virtualenvs", "-s", "sanitize", cwd=project.root)
    assert re.search(r"\d+ passed", said)
    assert git("status", "--porcelain", cwd=project.root) == ""


@pytest.mark.parametrize("way", ["cython", "pybind11"])
def test_lines_of_the_compiled_part_are_counted(way: str, tmp_path: Path) -> None:
    project = make(way, tmp_path / "project")
    said = passes("nox", "-s", "gcov", cwd=project.root)
    assert "lines: 100.0%" in said
    report = ET.parse(project.root / "reports/native-coverage.xml").getroot()  # noqa: S314
    names = {each.attrib["filename"] for each in report.iter("class")}
    # What Cython writes is in the folder of the build; the binding of pybind11 is the project's.
    own = ["spectrum.hpp"] if way == "cython" else ["_kernel.cpp", "spectrum.hpp"]
    expected = [f"src/{project.package}/{name}" for name in own]
    assert sorted(names) == expected
    sonar = ET.parse(project.root / "reports/native-sonar.xml").getroot()  # noqa: S314
    assert sorted(each.attrib["path"] for each in sonar.iter("file")) == expected
    assert git("status", "--porcelain", cwd=project.root) == ""


@pytest.mark.parametrize("way", WAYS)
def test_its_cpp_is_as_the_hook_of_clang_format_has_it(way: str, tmp_path: Path) -> None:
    project = make(way, tmp_path / "project")
    assert len(check_form(project)) == (1 if way == "cython" else 2)


def check_form(project: Project) -> list[str]:
    """Check that C++ and CUDA are as the project's hook of clang-format has them; which files."""
    hooks = (project.root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    found = re.search(r"mirrors-clang-format\n    rev: v(\S+)\n", hooks)
    assert found
    files = sorted(path for path in project.files if path.endswith((".cpp", ".cu", ".hpp")))
    form = ("uv", "tool", "run", "--quiet", f"clang-format@{found[1]}", "--dry-run", "--Werror")
    passes(*form, *files, cwd=project.root)
    return files


@pytest.mark.parametrize("way", ["cython", "nanobind", "pybind11"])
def test_clang_tidy_sees_a_fault_and_no_other(way: str, tmp_path: Path) -> None:
    project = make(way, tmp_path / "project")
    header = project.root / f"src/{project.package}/spectrum.hpp"
    with header.open("a", encoding="utf-8") as file:
        file.write("\ninline int* nothing() { return 0; }\n")
    done = run("nox", "-s", "tidy", cwd=project.root)
    assert done.returncode == 1
    found = re.findall(r"^(\S+?):\d+:\d+: error: .* \[(.*?)[],]", done.stdout, re.MULTILINE)
    assert {(Path(path).name, check) for path, check in found} == {
        ("spectrum.hpp", "modernize-use-nullptr")
    }


def test_an_editable_installation_compiles_again_what_has_changed(tmp_path: Path) -> None:
    """As CONTRIBUTING.md says, with uv in the place of pip."""
    project = make("cython", tmp_path / "project")
    root = project.root
    guide = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python -m (pip install (?:--group native|--no-build.*))$", guide, re.M)
    assert len(commands) == 2
    passes("uv", "venv", "--quiet", f"--python={sys.executable}", ".venv", cwd=root)
    python = root / ".venv/bin/python"
    # Without optimisation it is compiled in a third of the time.
    quick = {"SKBUILD_CMAKE_BUILD_TYPE": "Debug"}
    for command in commands:
        passes("uv", *command.split(), f"--python={python}", "--quiet", cwd=root, env=quick)
    say = "import lisa.foo; print(lisa.foo.estimate_psd([1.0, -1.0] * 64, 1.0, 0.25).round(3))"
    path = {"PATH": f"{python.parent}:{os.environ['PATH']}"}
    before = passes(python, "-c", say, cwd=tmp_path, env=path)
    header = root / f"src/{project.package}/spectrum.hpp"
    text = header.read_text(encoding="utf-8")
    header.write_text(text.replace("return 2 * power", "return 1e300 + 2 * power"))
    after = passes(python, "-c", say, cwd=tmp_path, env=path)
    assert "1e+300" not in before
    assert after.splitlines()[-1] == "1e+300"
