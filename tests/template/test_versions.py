"""The one table of versions, and the locks that are made from it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from packaging.markers import Marker
from packaging.requirements import Requirement

from ..conftest import ROOT
from ..support.answers import answers, template
from ..support.files import load_yaml
from .conftest import Render
from .test_tokens import LOCKS

PYTHONS = ["3.11", "3.12", "3.13"]


@pytest.fixture
def table() -> Any:
    source = (ROOT / "includes/versions.jinja").read_text(encoding="utf-8")
    return Environment(autoescape=False).from_string(source).module  # noqa: S701 - no HTML


def test_every_tool_of_the_table_is_used(table: Any) -> None:
    parts = [*(ROOT / "template").rglob("*.jinja"), *(ROOT / "includes").rglob("*.*")]
    files = [path for path in parts if path.is_file()]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    written = set(re.findall(r"\b(?:pin|rev)\('([^']+)'\)", text))
    assert set(table.tools) == written | set(LOCKS.values())


def test_all_places_name_the_same_pythons(package: Render, table: Any) -> None:
    oldest = table.python_versions.index(package.answers["python_min"])
    pythons = table.python_versions[oldest:]
    assert pythons
    pipeline = load_yaml(package.files[".gitlab-ci.yml"].decode())
    if package.answers["ci_rules"] == "component":
        (component,) = pipeline["include"]
        assert component["inputs"].get("pythons", table.python_versions) == pythons
    else:
        assert pipeline[".pythons"]["parallel"]["matrix"] == [{"PYTHON_VERSION": pythons}]
    project = tomllib.loads(package.files["pyproject.toml"].decode())["project"]
    named = re.findall(r"Python :: (\d\.\d+)", " ".join(project["classifiers"]))
    assert named == pythons
    assert f"PYTHONS = {pythons}".replace("'", '"') in package.files["noxfile.py"].decode()
    # Told of another Python than it runs on, mypy takes the types of a newer NumPy for wrong.
    mypy = tomllib.loads(package.files["pyproject.toml"].decode())["tool"]["mypy"]
    assert "python_version" not in mypy


def test_groups_whose_warnings_are_errors_end_before_what_may_bring_new_ones(
    render: Render,
) -> None:
    groups = tomllib.loads(render.files["pyproject.toml"].decode()).get("dependency-groups", {})
    wanted = [
        Requirement(each)
        for name in ("bench", "docs", "e2e", "test")
        for each in groups.get(name, [])
        if isinstance(each, str)
    ]
    ends = {"<", "==", "<=", "~="}
    assert [
        str(each) for each in wanted if not ends & {part.operator for part in each.specifier}
    ] == []


def pins(text: str, python: str) -> dict[str, str]:
    """What a lock installs on a Python: names and versions."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith(("#", " ")):
            requirement = Requirement(line.removesuffix("\\").strip())
            marker = requirement.marker or Marker("python_version > '3'")
            if marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"}):
                assert requirement.name not in found
                found[requirement.name] = str(requirement.specifier).removeprefix("==")
    return found


@pytest.mark.parametrize("python_min", PYTHONS)
def test_the_lock_of_the_container_has_what_a_new_package_needs(
    python_min: str, table: Any, tmp_path: Path
) -> None:
    template().render(answers(python_min=python_min), tmp_path / "project")
    text = (tmp_path / "project/constraints.txt").read_text(encoding="utf-8")
    metadata = tomllib.loads((tmp_path / "project/pyproject.toml").read_text(encoding="utf-8"))
    wanted = [Requirement(each) for each in metadata["project"]["dependencies"]]
    assert {each.name for each in wanted} >= {"h5py", "lisaconstants", "numpy"}
    for python in table.python_versions[table.python_versions.index(python_min) :]:
        locked = pins(text, python)
        for each in wanted:
            assert each.specifier.contains(locked[each.name]), (python, each)
    # Every pin has hashes, and no place of this machine or of an index is named.
    assert text.count("==") == len(re.findall(r"^\S+==[^\n]* \\\n    --hash=sha256:", text, re.M))
    assert not re.search(r"https?:|/tmp|--index", text)


BUILDS = {
    "setuptools": {"backend": "setuptools"},
    "hatchling": {"backend": "hatchling"},
    **{way: {"compiled": way} for way in ("nanobind", "pybind11", "cython")},
}
NATIVE = {"cmake", "ninja"}
"""What CMake's backend asks for where the machine has none of it."""


@pytest.mark.parametrize("name", BUILDS)
@pytest.mark.parametrize("python_min", PYTHONS)
def test_what_builds_in_the_container_is_locked_too(
    name: str, python_min: str, table: Any, tmp_path: Path
) -> None:
    template().render(answers(python_min=python_min, **BUILDS[name]), tmp_path / "project")
    text = (tmp_path / "project/build-constraints.txt").read_text(encoding="utf-8")
    metadata = tomllib.loads((tmp_path / "project/pyproject.toml").read_text(encoding="utf-8"))
    wanted = [Requirement(each) for each in metadata["build-system"]["requires"]]
    assert len(wanted) >= 2
    for python in table.python_versions[table.python_versions.index(python_min) :]:
        locked = pins(text, python)
        for each in wanted:
            assert each.specifier.contains(locked[each.name]), (python, each)
        assert (locked.keys() >= NATIVE) == ("compiled" in BUILDS[name])
    assert text.count("==") == len(re.findall(r"^\S+==[^\n]* \\\n    --hash=sha256:", text, re.M))
    assert not re.search(r"https?:|/tmp|--index", text)


def test_an_adopted_project_and_one_without_a_container_have_no_lock(tmp_path: Path) -> None:
    template().render(answers(container=False), tmp_path / "bare")
    template().render(answers(adopted=True), tmp_path / "adopted")
    for name in "bare", "adopted":
        assert list((tmp_path / name).glob("*constraints.txt")) == []
        assert "constraints" not in (tmp_path / name / "noxfile.py").read_text(encoding="utf-8")
    assert "constraints" not in (tmp_path / "adopted/Dockerfile").read_text(encoding="utf-8")
