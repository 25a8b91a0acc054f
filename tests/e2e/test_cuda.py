"""Packages that compute on GPUs: compiled by NVIDIA's compiler, and installed where no GPU is."""

from __future__ import annotations

import re
import shutil
import sys
import sysconfig
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from ..support.answers import Answers, answers, template
from ..support.files import contents
from ..support.tools import commit_all, git, passes, run
from .conftest import VERSION, Project
from .parts import cache
from .parts.machine import need
from .test_compiled import check_form

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
WAYS: dict[str, Answers] = {
    "nanobind": {"cuda": ["12", "13"]},
    "pybind11": {
        "cuda": ["13"],
        "distribution": "lisa-foo",
        "docs": False,
        "import_name": "lisa.foo",
        "license": "LGPL-3.0-or-later",
    },
}
STAND_IN = Path(__file__).parent / "parts/gpu"
NO_GPU = (
    r"cuda13x cannot be used: (there is no driver of NVIDIA|no CUDA-capable device is detected)"
)


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with Debian's compiler and that of another CUDA, and a GPU that nobody sees."""
    need("c++")
    has_compiler(tmp_path, "12.9", monkeypatch)
    for name in "CUDACXX", "CUDA_HOME":
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")


def has_compiler(folder: Path, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first nvcc on PATH be of this CUDA; it compiles nothing."""
    nvcc = folder / f"cuda-{version}/nvcc"
    nvcc.parent.mkdir()
    nvcc.write_text(f"#!/bin/sh\ntest $1 = --version && echo 'release {version}, V{version}.1'\n")
    nvcc.chmod(0o755)
    monkeypatch.setenv("PATH", str(nvcc.parent), prepend=":")


def make(way: str, root: Path) -> Project:
    """A package that computes on GPUs, committed and tagged."""
    complete = answers(compiled=way, **WAYS[way])
    template().render(complete, root)
    commit_all(root)
    git("tag", "--annotate", f"v{VERSION}", f"--message={VERSION}", cwd=root)
    return Project(way, complete, root, frozenset(contents(root)))


def with_distributions(project: Project) -> Project:
    """The same project, with the wheels in dist: compiled once for what they hold."""

    def build(dist: Path) -> None:
        # For the CPU what is quickly compiled does: compiled projects have their own tests.
        quick = {"SKBUILD_CMAKE_BUILD_TYPE": "Debug"}
        passes("uv", "build", "--quiet", "--out-dir=dist", ".", cwd=project.root, env=quick)
        passes("nox", "-s", "cuda", "--", "13", cwd=project.root)
        shutil.move(project.root / "dist", dist)

    decides = ("CMake", "cuda/", "noxfile.py", "pyproject.toml", "src/", "tests/")
    held = [(path, (project.root / path).read_bytes()) for path in sorted(project.files)]
    recipe = [part for pair in held if pair[0].startswith(decides) for part in pair]
    machine = (sys.version, sysconfig.get_platform(), *sorted(project.files))
    made = cache.cached("dist", ["cuda", *machine, *recipe], build)
    shutil.copytree(made, project.root / "dist")
    return project


@pytest.fixture(params=WAYS)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    """A project for each way to bind what is compiled, with its distributions."""
    return with_distributions(make(request.param, tmp_path / "project"))


def test_a_gpu_is_used_where_one_is_and_asked_for(project: Project, tmp_path: Path) -> None:
    name, package = project.answers["distribution"], str(project.answers["import_name"])
    (wheel,) = (project.root / "dist").glob("*_cuda13x-*.whl")
    module = check_wheel(wheel, name.replace("-", "_"), project)
    # The runtime is linked in; the driver is looked for when the module is imported.
    assert b"libcuda.so.1" in module
    assert b"libcudart.so" not in module
    # Installed beside the package, where no GPU is.
    said = passes("nox", "-s", f"wheel-tests-{PYTHON}", cwd=project.root)
    assert f"{name}-cuda13x" in said
    assert re.search(r"\d+ passed, 5 skipped", said), said
    reasons = [line for line in said.splitlines() if line.startswith("SKIPPED")]
    assert reasons
    assert all(re.search(NO_GPU, reason) for reason in reasons), reasons
    python = project.root / f".nox/wheel-tests-{PYTHON.replace('.', '-')}/bin/python"
    same = f"from {package} import _kernel; from {package}_backend_cpu import densities"
    passes(python, "-c", f"{same}; assert densities is _kernel.densities", cwd=tmp_path)
    variable = f"{name.upper().replace('-', '_')}_BACKEND"
    compute = (
        f"import {package} as p; print('imported'); p.estimate_psd([1.0, -1.0] * 64, 1.0, 0.2)"
    )
    done = run(python, "-c", compute, cwd=tmp_path)
    assert done.returncode == 0
    assert re.fullmatch(rf"imported\nBackend {NO_GPU}\n", done.stdout)
    for asked, why in (
        ("cuda", NO_GPU),
        ("cuda12x", f"cuda12x is not installed, which {name}-cuda12x"),
    ):
        done = run(python, "-c", compute, cwd=tmp_path, env={variable: asked})
        assert done.returncode == 1
        assert done.stdout.startswith("imported\n")
        assert re.search(rf"\nRuntimeError: {why}", done.stdout), done.stdout


def check_wheel(wheel: Path, name: str, project: Project) -> bytes:
    """Check what a wheel holds and says of itself; its one module."""
    tag = {"nanobind": r"cp3\d+-(cp311|abi3)", "pybind11": r"cp3\d+-cp3\d+"}[project.name]
    assert re.fullmatch(rf"{name}_cuda13x-{VERSION}-{tag}-manylinux_\S+_x86_64\.whl", wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        names = [each for each in archive.namelist() if not each.endswith("/")]
        about = f"{name}_cuda13x-{VERSION}.dist-info"
        licences = {path for path in project.files if path.startswith("LICENSE")}
        own = {"METADATA", "RECORD", "WHEEL", "entry_points.txt"}
        own |= {f"licenses/{path}" for path in licences}
        (module,) = set(names) - {f"{about}/{path}" for path in own}
        assert len(names) == len(own) + 1
        assert re.fullmatch(rf"{project.package}_backend_cuda13x\.(abi3|cpython-\S+)\.so", module)
        metadata = message_from_string(archive.read(f"{about}/METADATA").decode())
        assert metadata.get_all("Requires-Dist") == [
            f"{project.answers['distribution']}=={VERSION}"
        ]
        return archive.read(module)


@pytest.mark.parametrize("way", WAYS)
def test_its_code_is_as_the_hook_of_clang_format_has_it(way: str, tmp_path: Path) -> None:
    assert len(check_form(make(way, tmp_path / "project"))) == 5


def test_what_no_machine_can_compile_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make("nanobind", tmp_path / "project")
    has_compiler(tmp_path, "13.0", monkeypatch)
    passes("uv", "build", "--quiet", "--sdist", "--out-dir=dist", ".", cwd=project.root)
    done = run("nox", "-s", "cuda", "--", "12", cwd=project.root)
    assert done.returncode == 1
    assert "There is no nvcc of CUDA 12: CUDA_HOME says where its toolkit is" in done.stdout


def test_threads_of_the_cpu_in_the_place_of_a_gpu_s_compute_what_they_should(
    tmp_path: Path,
) -> None:
    """The code of the kernel itself, by Debian's compiler, in the tests of the project."""
    project = with_distributions(make("pybind11", tmp_path / "project"))
    part = project.root / "cuda"
    shutil.copy(STAND_IN / "cuda_runtime.h", part)
    as_cpp = "set_source_files_properties(spectrum.cu PROPERTIES LANGUAGE CXX)\nadd_library("
    change(
        part / "CMakeLists.txt", ("LANGUAGES CXX CUDA", "LANGUAGES CXX"), ("add_library(", as_cpp)
    )
    call = r"(\w+)<<<(.*?), threads>>>\("
    source = (part / "spectrum.cu").read_text(encoding="utf-8")
    launched, count = re.subn(call, r"launch(\1, \2, threads, ", source, flags=re.DOTALL)
    assert count == 1
    # A block has as many threads as this machine can keep at work.
    few = launched.replace("threads = 256;", "threads = 4;")
    assert few != launched
    (part / "spectrum.cu").write_text(few, encoding="utf-8")
    python = environment(project, "test")
    passes(
        *("uv", "pip", "install", "--quiet", f"--python={python}", "--no-deps", "./cuda/cuda13x"),
        "--config-settings=cmake.define.CMAKE_CUDA_COMPILER_VERSION=13.0",
        cwd=project.root,
        env={"CXXFLAGS": f"-I{part}"},
    )
    # But for the two that have a lot to compute: threads of a CPU wait long for one another.
    tests = ("tests/test_backends.py", "tests/test_spectrum.py", "-k", "not noise")
    gpu = {"LISA_FOO_BACKEND": "cuda13x"}
    said = passes(python, "-m", "pytest", *tests, cwd=project.root, env=gpu)
    assert re.search(r"\d+ passed, 2 deselected in", said), said


@pytest.mark.parametrize("project", ["pybind11"], indirect=True)
def test_the_types_are_those_of_what_is_compiled(project: Project) -> None:
    python = environment(project, "types")
    passes(python, "-m", "mypy", cwd=project.root)


def environment(project: Project, group: str) -> Path:
    """The Python of an environment that has the wheel for the CPU and a dependency group."""
    python = project.root / ".venv/bin/python"
    passes("uv", "venv", "--quiet", f"--python={sys.executable}", ".venv", cwd=project.root)
    (wheel,) = (project.root / "dist").glob("lisa_foo-*.whl")
    install = ("uv", "pip", "install", "--quiet", f"--python={python}", f"--group={group}")
    passes(*install, wheel, cwd=project.root)
    return python


def change(path: Path, *pairs: tuple[str, str]) -> None:
    """Put one text in the place of another, which the file has once."""
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
