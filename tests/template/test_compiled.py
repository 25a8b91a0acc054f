"""Compiled projects: how they are built, what their pipeline makes, and what they go without."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import errors
from lisa_scaffold.project.facts import Facts

from ..support.answers import answers, questions, template
from ..support.files import contents, load_yaml
from .conftest import Render

(COMPILED,) = (question for question in questions() if question.key == "compiled")
WAYS = [choice.value for choice in COMPILED.choices if choice.value != "none"]
ONLY_COMPILED = re.compile(
    r"\.clang-(format|tidy)|\.gitlab/ci/compiled\.yml|CMake(Lists\.txt|Presets\.json)"
    r"|src/.*/(_kernel\.\w+|spectrum\.\w+)|tests/test_spectrum\.py"
)


def rendered(folder: Path, **given: Any) -> dict[str, bytes]:
    template().render(answers(**given), folder / "project")
    return contents(folder / "project")


def requirements(files: dict[str, bytes]) -> list[str]:
    found: list[str] = tomllib.loads(files["pyproject.toml"].decode())["build-system"]["requires"]
    return found


def test_the_ways_to_compile_are_known() -> None:
    assert WAYS == ["nanobind", "pybind11", "cython"]


def test_a_project_has_the_files_of_its_own_way_and_no_other(render: Render) -> None:
    way = render.answers["compiled"] if render.answers["kind"] == "package" else "none"
    found = {Path(path).name for path in render.files if ONLY_COMPILED.fullmatch(path)}
    usual = {".clang-format", ".clang-tidy", "compiled.yml", "CMakeLists.txt", "CMakePresets.json"}
    usual |= {"_kernel.pyi", "spectrum.hpp", "spectrum.py", "test_spectrum.py"}
    usual -= {"compiled.yml"} if render.answers["ci_rules"] == "component" else set()
    source = "_kernel.pyx" if way == "cython" else "_kernel.cpp"
    assert found == (set() if way == "none" else usual | {source})


def test_a_compiled_project_is_built_by_scikit_build_core_whatever_the_backend(
    package: Render,
) -> None:
    system = tomllib.loads(package.files["pyproject.toml"].decode())["build-system"]
    named = [re.split("[>=]", each)[0] for each in system["requires"]]
    way = package.answers["compiled"]
    is_compiled = way != "none"
    assert (system["build-backend"] == "scikit_build_core.build") == is_compiled
    assert [each for each in named if each in WAYS] == ([way] if is_compiled else [])
    wants_manifest = package.answers["backend"] == "setuptools" and not is_compiled
    assert ("MANIFEST.in" in package.files) == wants_manifest


@pytest.mark.parametrize("way", WAYS)
def test_what_builds_without_isolation_is_what_builds_with_it(way: str, tmp_path: Path) -> None:
    files = rendered(tmp_path, compiled=way)
    native = tomllib.loads(files["pyproject.toml"].decode())["dependency-groups"]["native"]
    assert set(requirements(files)) <= set(native)


@pytest.mark.parametrize("compiled", ["none", *WAYS])
def test_both_backends_give_the_same_compiled_project(compiled: str, tmp_path: Path) -> None:
    one, other = (
        rendered(tmp_path / backend, compiled=compiled, backend=backend)
        for backend in ("setuptools", "hatchling")
    )
    for files in one, other:
        del files[".copier-answers.yml"]
    assert (one == other) == (compiled != "none")


# One for each Python, or one that the later ones share: from 3.12 on the stable ABI has what
# nanobind needs, and pybind11 does not know it.
WHEELS = {
    ("nanobind", "3.11"): ("cp312", ["cp311-cp311", "cp312-cp312"]),
    ("nanobind", "3.12"): ("cp312", ["cp312-cp312"]),
    ("nanobind", "3.13"): ("cp313", ["cp313-cp313"]),
    ("pybind11", "3.12"): (None, ["cp312-cp312", "cp313-cp313", "cp314-cp314"]),
    ("cython", "3.11"): ("cp311", ["cp311-cp311"]),
    ("cython", "3.13"): ("cp313", ["cp313-cp313"]),
}


@pytest.mark.parametrize(("way", "oldest"), WHEELS)
def test_there_is_a_wheel_for_every_python(way: str, oldest: str, tmp_path: Path) -> None:
    files = rendered(tmp_path, compiled=way, python_min=oldest)
    settings = tomllib.loads(files["pyproject.toml"].decode())["tool"]["scikit-build"]
    matrix = load_yaml(files[".gitlab-ci.yml"].decode())[".wheels"]["parallel"]["matrix"]
    (interpreters,) = (row["INTERPRETER"] for row in matrix)
    assert (settings["wheel"].get("py-api"), interpreters) == WHEELS[way, oldest]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_published_was_compiled_in_the_manylinux_image(way: str, tmp_path: Path) -> None:
    pipeline = Facts.of(rendered(tmp_path, compiled=way)).pipeline
    assert pipeline.troubles == ()
    jobs = pipeline.jobs
    # The wheel that the build job makes beside the source distribution stays there.
    assert jobs["build"].get("artifacts")["paths"] == ["dist/*.tar.gz"]
    wheels = jobs["wheels"]
    assert wheels.get("image") == "$LISA_MANYLINUX_IMAGE"
    assert wheels.get("cache") == []
    assert wheels.get("artifacts")["paths"] == ["dist/*.whl"]
    assert "docker" not in json.dumps(wheels.data)
    for name in "publish-package", "publish-index":
        assert jobs[name].get("dependencies") == ["build", "wheels"]
    tested = [row["PYTHON_VERSION"] for row in jobs["wheel-tests"].get("parallel")["matrix"]]
    assert tested == [["3.11", "3.12", "3.13", "3.14"]]
    # The container tests what it installs with what its build stage has.
    assert jobs["container-test"].get("needs") == ["build"]


def test_without_compiled_code_the_pipeline_is_what_it_was(tmp_path: Path) -> None:
    pipeline = Facts.of(rendered(tmp_path)).pipeline
    assert not {"wheels", "wheel-tests", "gcov", "tidy", "sanitize"} & set(pipeline.jobs)
    assert pipeline.jobs["publish-package"].get("dependencies") == ["build"]


@pytest.mark.parametrize("way", WAYS)
def test_the_compiler_is_in_the_build_stage_of_the_image_alone(way: str, tmp_path: Path) -> None:
    dockerfile = rendered(tmp_path, compiled=way)["Dockerfile"].decode()
    build, final = re.split(r"(?m)^FROM \$\{CDE_IMAGE\}$", dockerfile)
    assert "--no-install-recommends g++" in build
    assert "apt-get" not in final
    ignored = (tmp_path / "project/.dockerignore").read_text(encoding="utf-8").splitlines()
    assert {"!CMakeLists.txt", "!CMakePresets.json"} <= set(ignored)


@pytest.mark.parametrize("preset", ["sanitize", "coverage"])
@pytest.mark.parametrize("way", WAYS)
def test_sessions_name_presets_that_there_are(way: str, preset: str, tmp_path: Path) -> None:
    files = rendered(tmp_path, compiled=way)
    presets = json.loads(files["CMakePresets.json"])["configurePresets"]
    assert f'install_preset(session, "{preset}")' in files["noxfile.py"].decode()
    assert preset in {each["name"] for each in presets}


def test_an_adopted_project_keeps_its_build() -> None:
    with pytest.raises(errors.LisaError, match="built as it always was"):
        answers(adopted=True, example=False, compiled="cython")
