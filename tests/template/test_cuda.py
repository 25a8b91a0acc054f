"""Packages that compute on GPUs too: what stands beside the package, and what does not change."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from lisa_scaffold import cli, errors
from lisa_scaffold.errors import ExitCode
from lisa_scaffold.project.facts import Facts

from ..support.answers import answers
from ..support.files import contents, load_yaml
from ..support.sweeps import sampled
from ..support.tools import commit_all
from .conftest import Render
from .test_compiled import rendered

BOTH = ["12", "13"]
ONLY_CUDA = re.compile(
    r"\.gitlab/ci/cuda\.yml|cuda/.*|src/.*/backends\.py|src/.*_backend_cpu/.*|tests/test_backends\.py"
)
EVERY = {
    ".gitlab/ci/cuda.yml",
    *("cuda/CMakeLists.txt", "cuda/backend.cpp", "cuda/spectrum.cu", "cuda/spectrum.hpp"),
    "src/lisa_example/backends.py",
    "src/lisa_example_backend_cpu/__init__.py",
    "tests/test_backends.py",
}


@pytest.mark.parametrize("majors", [[], ["13"], ["12"], BOTH])
def test_there_is_a_distribution_for_each_cuda(majors: list[str], tmp_path: Path) -> None:
    files = rendered(tmp_path, compiled="nanobind", cuda=majors)
    parts = {f"cuda/cuda{major}x/pyproject.toml" for major in majors}
    found = {path for path in files if ONLY_CUDA.fullmatch(path)}
    assert found == (EVERY | parts if majors else set())
    project = tomllib.loads(files["pyproject.toml"].decode())
    groups = project["dependency-groups"]
    assert ("cuda13x" in groups) == ("13" in majors)
    packages = project["tool"]["scikit-build"]["wheel"]["packages"]
    beside = ["src/lisa_example_backend_cpu"] if majors else []
    assert packages == ["src/lisa_example", *beside]


@pytest.mark.parametrize("way", ["nanobind", "pybind11"])
@pytest.mark.parametrize("major", BOTH)
def test_a_distribution_needs_the_package_in_its_own_version(
    way: str, major: str, tmp_path: Path
) -> None:
    files = rendered(tmp_path, compiled=way, cuda=[major], python_min="3.12")
    own = tomllib.loads(files[f"cuda/cuda{major}x/pyproject.toml"].decode())
    main = tomllib.loads(files["pyproject.toml"].decode())
    assert own["project"]["name"] == f"lisa-example-cuda{major}x"
    assert own["build-system"] == main["build-system"]
    same = ("license", "authors", "requires-python")
    assert {key: own["project"][key] for key in same} == {key: main["project"][key] for key in same}
    settings = own["tool"]["scikit-build"]
    assert settings["metadata"]["dependencies"]["result"] == ["lisa-example=={project[version]}"]
    assert settings["wheel"].get("py-api") == main["tool"]["scikit-build"]["wheel"].get("py-api")
    assert settings["cmake"]["define"] == {"CUDA_MAJOR": major}
    scm = own["tool"]["setuptools_scm"]
    assert scm["root"] == scm["fallback_root"] == "../.."


def test_a_namespace_holds_all_backends(tmp_path: Path) -> None:
    files = rendered(tmp_path, compiled="pybind11", cuda=["13"], import_name="lisa.foo")
    assert "src/lisa/foo_backend_cpu/__init__.py" in files
    settings = tomllib.loads(files["pyproject.toml"].decode())["tool"]
    assert settings["scikit-build"]["wheel"]["packages"] == ["src/lisa"]
    cmake = files["cuda/CMakeLists.txt"].decode()
    assert "install(TARGETS ${backend} LIBRARY DESTINATION lisa)" in cmake
    own = tomllib.loads(files["cuda/cuda13x/pyproject.toml"].decode())["project"]
    assert own["entry-points"] == {"lisa.foo.backends": {"cuda13x": "lisa.foo_backend_cuda13x"}}
    assert 'GROUP = "lisa.foo.backends"' in files["src/lisa/foo/backends.py"].decode()


def test_what_is_published_comes_from_the_wheels_of_each_cuda(tmp_path: Path) -> None:
    pipeline = Facts.of(rendered(tmp_path, compiled="pybind11", cuda=BOTH)).pipeline
    assert pipeline.troubles == ()
    jobs = pipeline.jobs
    made = ["cuda12x-wheels", "cuda13x-wheels"]
    for name in made:
        assert jobs[name].get("image") == "$LISA_MANYLINUX_IMAGE"
        assert jobs[name].get("cache") == []
        assert jobs[name].get("parallel") == jobs["wheels"].get("parallel")
        assert jobs[name].get("needs") == ["build"]
    for name in "publish-package", "publish-index":
        assert jobs[name].get("dependencies") == ["build", "wheels", *made]
    for name in "wheel-tests", "gpu-tests":
        assert jobs[name].get("needs") == ["wheels", *made]
    gpu = jobs["gpu-tests"]
    assert gpu.get("rules") == [{"if": "$LISA_GPU_TAG"}]
    assert gpu.get("variables")["LISA_EXAMPLE_BACKEND"] == "cuda"


def test_only_cuda_12_is_fetched_for_its_job(tmp_path: Path) -> None:
    jobs = load_yaml(
        rendered(tmp_path, compiled="nanobind", cuda=BOTH)[".gitlab/ci/cuda.yml"].decode()
    )
    installing = [name for name, job in jobs.items() if "dnf install" in str(job)]
    assert installing == ["cuda12x-wheels"]


def test_the_image_and_what_it_builds_stay_as_they_are(tmp_path: Path) -> None:
    without = rendered(tmp_path / "a", compiled="nanobind")
    with_it = rendered(tmp_path / "b", compiled="nanobind", cuda=BOTH)
    locks = ("build-constraints.txt", "constraints.txt")
    for path in ("Dockerfile", ".dockerignore", "CMakeLists.txt", *locks):
        assert with_it[path] == without[path]


def test_without_compiled_code_nothing_computes_on_gpus(render: Render) -> None:
    is_package = render.answers["kind"] == "package"
    found = {path for path in render.files if ONLY_CUDA.fullmatch(path)}
    assert bool(found) == (is_package and bool(render.answers["cuda"]))


@pytest.mark.parametrize("way", ["none", "cython"])
def test_only_cpp_is_bound_to_what_computes_on_gpus(way: str) -> None:
    with pytest.raises(errors.LisaError, match="compiled=nanobind or compiled=pybind11"):
        answers(compiled=way, cuda=["13"])


def make(folder: Path, majors: str) -> Path:
    words = ("--defaults", "--data", "compiled=nanobind", "--data", f"cuda={majors}")
    assert cli.main(["new", str(folder), *words]) == ExitCode.DONE
    return folder


KEPT = re.compile(
    r"cuda/\w+\.(cpp|cu|hpp)|src/lisa_x/(backends|spectrum)\.py|tests/test_backends\.py"
)
"""The project's from their first day: what computes, and what calls it, stay as they are."""


@pytest.mark.usefixtures("no_hook_programs")
@sampled(
    ("majors", "others"),
    [("[]", '["12","13"]'), ('["12","13"]', "[]"), ('["12"]', '["13"]')],
    3,
)
def test_switching_is_an_update_without_a_conflict(
    majors: str, others: str, tmp_path: Path
) -> None:
    project = make(tmp_path / "a" / "lisa-x", majors)
    before = contents(project)
    fresh = contents(make(tmp_path / "b" / "lisa-x", others))
    notes = {"README.md": b"\nOur own words.\n", "noxfile.py": b"\n# Ours.\n"}
    for path, text in notes.items():
        (project / path).write_bytes(before[path] + text)
    commit_all(project)
    words = ("--defaults", "--data", f"cuda={others}")
    assert cli.main(["update", str(project), *words]) == ExitCode.DONE
    kept = {path: before[path] for path in before if KEPT.fullmatch(path)}
    own = {path: fresh[path] + text for path, text in notes.items()}
    assert contents(project) == {**fresh, **kept, **own}
    assert cli.main(["check", str(project)]) == ExitCode.DONE
