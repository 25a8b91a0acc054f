"""What adoption writes into a project and says of it is true of that project."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lisa_scaffold.errors import ExitCode

from ..support.adopting import (
    BRANCH,
    HATCHLING,
    MESON,
    OLD,
    REMOTE,
    SCIKIT,
    SERVICE,
    SETUPTOOLS,
    WORKFLOW,
    adopt,
    answers,
    items,
    make,
    paths,
    report,
    show,
)
from ..support.sweeps import sampled
from ..support.updates import Capture, Files

OWN_CHANGELOG: Files = {**HATCHLING, "CHANGES.rst": "Changes\n=======\n"}
CLOSED: Files = {**SETUPTOOLS, ".gitlab-ci.yml": "spec:\n  inputs: {}\n---\nt: {script: pytest}\n"}
REBUILT: Files = {
    **SCIKIT,
    "pyproject.toml": str(SCIKIT["pyproject.toml"]).replace(
        "[tool.scikit-build]\n", "[tool.scikit-build]\neditable.rebuild = true\n"
    ),
}
PROJECTS: dict[str, tuple[Files, str]] = {
    "meson": (MESON, ""),
    "old": (OLD, ""),
    "scikit": (SCIKIT, REMOTE),
    "rebuilt": (REBUILT, REMOTE),
    "changes": (OWN_CHANGELOG, ""),
    "closed": (CLOSED, REMOTE),
    "service": ({**SERVICE, "NEWS.md": "# News\n"}, ""),
    "dags": ({**WORKFLOW, "HISTORY.md": "# History\n"}, REMOTE),
    "setuptools": (SETUPTOOLS, REMOTE),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], str]:
    """A file of an adopted project; empty where it has none."""
    folder = tmp_path_factory.mktemp("adopted")

    def read(name: str, path: str) -> str:
        project = folder / name
        if not project.exists():
            make(project, *PROJECTS[name])
            assert adopt(project) == ExitCode.DONE
        # Where a line ends, and what is marked as code, is no matter here.
        found = show(project, path) if path in paths(project) else ""
        return " ".join(found.split())

    return read


CONTRIBUTING = "CONTRIBUTING.md"
REQUEST = ".gitlab/merge_request_templates/Default.md"
PIPELINE = ".gitlab-ci.yml"
TOML = "pyproject.toml"
BUILD = ".gitlab/ci/build.yml"


@pytest.mark.uncounted
@sampled(
    ("sentence", "path", "true_of", "false_of"),
    [
        ("git clone", CONTRIBUTING, "", "meson old setuptools changes service dags"),
        ("`CHANGELOG.md`", CONTRIBUTING, "scikit setuptools", "meson changes old service dags"),
        ("Keep a Changelog", CONTRIBUTING, "scikit", "meson changes old service dags"),
        (
            "Tell of the change in the changelog",
            CONTRIBUTING,
            "meson changes service dags",
            "scikit",
        ),
        ("`CHANGELOG.md`", REQUEST, "scikit setuptools", "meson changes old service dags"),
        ("The changelog tells of the change", REQUEST, "meson changes service", "scikit"),
        ("without a warning", CONTRIBUTING, "", "meson scikit setuptools"),
        ("A warning is an error", TOML, "", "meson scikit setuptools"),
        ("in strict mode", CONTRIBUTING, "", "meson changes service dags"),
        (
            "the compilers that the build asks for",
            CONTRIBUTING,
            "meson scikit",
            "changes setuptools",
        ),
        ("--no-build-isolation", CONTRIBUTING, "meson rebuilt", "scikit changes setuptools"),
        ("`uv sync` alone does", CONTRIBUTING, "scikit changes", "meson rebuilt"),
        ("do the same; where `pyproject.toml` has `[project]`", CONTRIBUTING, "old", "meson"),
        ("What is uploaded is the source", CONTRIBUTING, "meson scikit", "changes setuptools"),
        ("- dist/*.tar.gz", BUILD, "meson scikit rebuilt", "changes setuptools"),
        ("-*.whl", BUILD, "changes setuptools", "meson scikit rebuilt"),
        ("names the same versions", TOML, "", "meson setuptools service dags"),
        ("classifiers name the same", PIPELINE, "", "meson setuptools old"),
        ("LISA_ZENODO", PIPELINE, "scikit setuptools", "meson changes old"),
        ("LISA_ZENODO_TOKEN", CONTRIBUTING, "scikit setuptools", "meson changes old"),
        ("makes a GitLab release", CONTRIBUTING, "scikit setuptools", "meson changes old closed"),
        ("package registry. A release on GitLab's pages is yours", CONTRIBUTING, "meson", "scikit"),
        ("| `publish-package` |", CONTRIBUTING, "meson changes", "scikit closed"),
        ("The pipeline runs the same", CONTRIBUTING, "meson scikit", "closed"),
        ("CI runs the same sessions", "noxfile.py", "meson scikit", "closed"),
        ("What each CI job wants", CONTRIBUTING, "meson scikit", "closed"),
        ("LISA_PROJECT_SLUG", CONTRIBUTING, "meson scikit", "closed"),
        ("repository-code:", "CITATION.cff", "meson setuptools", "old service"),
        ("repository-code: https://github.com/lisa/twice", "CITATION.cff", "meson", "setuptools"),
        ("How Glue is developed", CONTRIBUTING, "old", ""),
        ("See AUTHORS", "CITATION.cff", "", "old"),
        ("gitlab.in2p3.fr", "README.md", "", "meson old"),
        ("gitlab.in2p3.fr/LISA/glue", "Dockerfile", "", "old"),
        ("--no-build-isolation", "noxfile.py", "meson rebuilt", "scikit setuptools"),
        ('"cmake>=3.15"', TOML, "rebuilt", "scikit meson"),
        ('"setuptools<82"', TOML, "old", "meson setuptools"),
        ('"numpy>=1.11.2"', TOML, "old", "setuptools"),
    ],
    6,
)
def test_a_sentence_stands_where_it_is_true(
    sentence: str,
    path: str,
    true_of: str,
    false_of: str,
    written: Callable[[str, str], str],
) -> None:
    for name in true_of.split():
        assert sentence in written(name, path), name
    for name in false_of.split():
        assert sentence not in written(name, path), name


def test_each_sentence_that_adoption_links_leads_somewhere(
    written: Callable[[str, str], str],
) -> None:
    read = written("old", "README.md")
    assert "[CONTRIBUTING.md](CONTRIBUTING.md)" in read
    assert "CHANGELOG.md" not in read
    assert "https://" not in re.sub(r"\(CONTRIBUTING.md\)", "", read)


@pytest.mark.sweep
def test_what_is_guessed_is_told(tmp_path: Path, capsys: Capture) -> None:
    result = report(make(tmp_path / "project", OLD), capsys)
    assert answers(result)["project_name"] == "Glue"
    assert answers(result)["copyright_holder"] == "Ada Example and contributors"
    told = "\n".join(result["to_decide"])
    for part in (
        "forge=in2p3, namespace=LISA is a guess (no GitLab address found)",
        "code_url=unknown is a guess (no address of a repository found)",
        "python_min=3.11 is a guess (no oldest Python is said, and the classifiers name 2.7, 3.5; "
        "the jobs begin with 3.11)",
        "glue/__init__.py: line 1 imports pkg_resources, which setuptools 82 has not any more",
        "pyproject.toml: the group `test` got these too, which are not stated for tests alone: "
        "mock, numpy>=1.11.2 (tox.ini); babel>=2.3 (.travis.yml). Take out what no test needs; and "
        "what cannot be installed (no wheel, and a setup.py that imports NumPy): tests that need "
        "it begin with pytest.importorskip",
        "tox or jobs install these too, and the group `test` does not: hdf5 (.travis.yml, "
        "by conda)",
    ):
        assert part in told
    assert "nox -s lint types hooks lists them" in "\n".join(result["notes"])


@pytest.mark.sweep
def test_a_namespace_that_is_given_makes_the_address_known(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", OLD)
    result = report(project, capsys, "--data", "namespace=lisa/old")
    assert answers(result)["code_url"] == ""
    assert "https://gitlab.in2p3.fr/lisa/old/glue" in show(project, "CITATION.cff")


@pytest.mark.sweep
def test_pages_show_no_file_that_is_not_there(tmp_path: Path, capsys: Capture) -> None:
    project = make(tmp_path / "project", OWN_CHANGELOG)
    result = report(project, capsys, "--data", "docs=true")
    assert "docs/changelog.md" in items(result, "left out")
    assert "docs/contributing.md" in paths(project, BRANCH)
    toctree = show(project, "docs/index.md").split("```{toctree}")[1]
    assert "contributing" in toctree
    assert "changelog" not in toctree


@sampled("name", PROJECTS, 4)
def test_no_branch_is_named_that_the_project_need_not_have(
    name: str, written: Callable[[str, str], str]
) -> None:
    for path in "README.md", "CONTRIBUTING.md", "CHANGELOG.md":
        assert re.findall(r"\S*[/`]main[/`]\S*|switch main", written(name, path)) == []
