"""Image repositories: their files, their locks, their build script, their list of contents."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lisa_scaffold.project.facts import Facts, Given

from ..support.answers import answers, template
from ..support.components import KNOWN
from ..support.tools import commit_all, git, passes, run
from .conftest import Render

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
FILES = {
    *(".copier-answers.yml", ".editorconfig", ".gitattributes", ".gitignore", ".gitlab-ci.yml"),
    *(f".gitlab/ci/{name}.yml" for name in ("common", "compliance", "images")),
    *(f".gitlab/ci/{name}.yml" for name in ("quality", "release")),
    *(f".gitlab/ci/{name}" for name in ("security.yml", "syft.txt", "workflow.yml")),
    ".gitlab/merge_request_templates/Default.md",
    *(f".gitlab/issue_templates/{name}.md" for name in ("Bug", "Feature")),
    *(".hadolint.yaml", ".pre-commit-config.yaml", "CHANGELOG.md", "CITATION.cff"),
    *("CONTRIBUTING.md", "LICENSE", "README.md", "noxfile.py", "pyproject.toml"),
    *(f"images/{name}" for name in (".dockerignore", "Dockerfile", "build", "contents.py")),
    *(f"images/operations/{name}" for name in ("debian.txt", "requirements.in")),
    *(f"images/development/{name}" for name in ("debian.txt", "requirements.in")),
    "images/development/jupyter-service",
    *(f"images/tests/{name}" for name in ("requirements.in", "requirements.txt", "run")),
    *(f"images/tests/test_{name}.py" for name in ("operations", "development")),
}
# Words of a Python package's template.
LEFTOVERS = re.compile(
    r"acceleration|LISA_(?:PUBLISH_INDEX|ZENODO|CDE_IMAGE|PYTHON_IMAGE)|publish-package|\bsdist\b"
    r"|MANIFEST|git_archival|readthedocs|pages|import_name|\bsrc\b|--editable|pytest\.ini_options"
    r"|\[project\]|build-system|distribution archive|container-(?:test|publish)"
)


EXTRAS = {"renovate": "renovate.json", "conduct": "CODE_OF_CONDUCT.md", "security": "SECURITY.md"}


def text(render: Render, path: str) -> str:
    return render.files[path].decode()


def files_of(answered: dict[str, Any]) -> set[str]:
    """What an image repository is made of, by its answers."""
    locks = {f"images/{name}/requirements-{answered['debian']}.txt" for name in IMAGES}
    scanner = {"sonar-project.properties", ".gitlab/ci/sonar.yml", ".gitlab/ci/pysonar.txt"}
    analysis = scanner if answered["sonar"] else set()
    second = {"LICENSE.GPL-3.0"} if answered["license"] == "LGPL-3.0-or-later" else set()
    extras = {EXTRAS[name] for name in answered["extras"] if name in EXTRAS}
    wanted = FILES | locks | analysis | second | extras
    if answered["ci_rules"] == "component":
        wanted = {path for path in wanted if not path.startswith(".gitlab/ci/")}
    return wanted


IMAGES = ["operations", "development"]


def test_it_has_its_own_files_and_none_of_a_package(image: Render) -> None:
    assert set(image.files) == files_of(image.answers)


def test_no_file_speaks_of_a_package(image: Render) -> None:
    looked_at = [
        path
        for path in image.files
        if not re.search(r"\.copier-answers|\.gitignore|LICENSE|requirements", path)
    ]
    found = {path: words for path in looked_at if (words := LEFTOVERS.findall(text(image, path)))}
    assert found == {}


def test_the_metadata_name_no_project_and_no_build(image: Render) -> None:
    assert set(tomllib.loads(text(image, "pyproject.toml"))) == {"dependency-groups", "tool"}


def test_scripts_can_be_run_and_are_shell(image: Render) -> None:
    scripts = ["images/build", "images/tests/run", "images/development/jupyter-service"]
    modes = {path: (image.root / path).stat().st_mode & 0o111 for path in image.files}
    assert {path for path, mode in modes.items() if mode} == set(scripts)
    for script in scripts:
        passes("sh", "-n", script, cwd=image.root)


def test_debian_s_python_is_everywhere(image: Render) -> None:
    release, python = image.answers["debian"], PYTHONS[image.answers["debian"]]
    dockerfile = text(image, "images/Dockerfile")
    assert f"ARG BASE_IMAGE=docker.io/library/debian:{release}-slim\n" in dockerfile
    assert set(re.findall(r"requirements-(\w+)", dockerfile)) == {release}
    assert f'PYTHON = "{python}"\n' in text(image, "noxfile.py")
    tool = tomllib.loads(text(image, "pyproject.toml"))["tool"]
    assert tool["mypy"]["python_version"] == python
    assert tool["ruff"]["target-version"] == f"py{python.replace('.', '')}"
    variables = Facts.of(image.files, Given(tags=(), components=KNOWN)).pipeline.variables
    assert variables["LISA_JOB_IMAGE"] == f"docker.io/library/python:{python}"


def test_hooks_and_sessions_run_the_same_tools(image: Render) -> None:
    groups = tomllib.loads(text(image, "pyproject.toml"))["dependency-groups"]
    pinned = dict(pin.split("==") for pin in [*groups["lint"], *groups["types"]] if "==" in pin)
    hooks = yaml.safe_load(text(image, ".pre-commit-config.yaml"))["repos"]
    hooked = {
        entry["repo"].split("/")[-1]: entry["rev"].lstrip("v") for entry in hooks if "rev" in entry
    }
    assert pinned["ruff"] == hooked["ruff-pre-commit"]


# --- Locks ----------------------------------------------------------------------------------------


def asked_for(folder: Path) -> set[str]:
    """The packages that requirements.in names."""
    lines = (folder / "requirements.in").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(line) for line in lines if line and not line.startswith("#")}


def locked(path: Path) -> Iterator[tuple[str, str]]:
    """Name and version of each package; one without a hash fails."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    for line in lines:
        if line and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split(" --hash=")
            assert hashes, line
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64} *", hash_) for hash_ in hashes), line
            parsed = Requirement(requirement)
            (version,) = parsed.specifier
            assert version.operator == "=="
            yield canonicalize_name(parsed.name), version.version


@pytest.mark.parametrize("release", PYTHONS)
def test_what_is_asked_for_is_locked_with_hashes(release: str, tmp_path: Path) -> None:
    template().render(answers(kind="image", debian=release), tmp_path / "project")
    images = tmp_path / "project/images"
    locks = {name: dict(locked(images / name / f"requirements-{release}.txt")) for name in IMAGES}
    for name in IMAGES:
        assert asked_for(images / name) - set(locks[name]) == set()
    both = locks["operations"].keys() & locks["development"].keys()
    assert "numpy" in both
    assert {name: locks["development"][name] for name in both} == {
        name: locks["operations"][name] for name in both
    }
    assert {*dict(locked(images / "tests/requirements.txt"))} >= asked_for(images / "tests")


# --- The build script -----------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    template().render(answers(kind="image"), tmp_path / "lisa-cde")
    commit_all(tmp_path / "lisa-cde")
    git("tag", "--annotate", "v1.2.3", "--message=1.2.3", cwd=tmp_path / "lisa-cde")
    return tmp_path / "lisa-cde"


@pytest.mark.parametrize(
    ("words", "builder", "said"),
    [
        ((), "docker", "'' is no image\n  Say: images/build operations, or: images/build dev"),
        (("ops",), "docker", "'ops' is no image\n  Say: images/build operations, or"),
        (("operations",), "make", "LISA_BUILDER is 'make'\n  It may be docker, podman, buildah"),
        (("operations",), "docker", "docker does not answer\n  Start it. On a CI runner without"),
        (("operations",), "kaniko", "there is no kaniko in here\n  Set LISA_BUILDER_IMAGE to a"),
    ],
)
def test_a_build_that_cannot_be_says_so_and_what_to_do(
    words: tuple[str, ...], builder: str, said: str, repository: Path
) -> None:
    environment = {"LISA_BUILDER": builder, "DOCKER_HOST": "unix:///nowhere"}
    done = run("images/build", *words, cwd=repository, env=environment)
    assert done.returncode == 1
    assert done.stdout.startswith(f"images/build: {said}")


@pytest.mark.parametrize("builder", ["docker", "podman", "buildah"])
def test_what_is_not_installed_is_not_to_be_started(
    builder: str, repository: Path, tmp_path: Path
) -> None:
    # Whether this machine permits `unshare` is not what it is about.
    named = {name: name for name in ("git", "sh", "dirname", "mkdir", "sed")} | {"unshare": "true"}
    for name, program in named.items():
        found = shutil.which(program)
        assert found
        (tmp_path / name).symlink_to(found)
    environment = {"LISA_BUILDER": builder, "PATH": str(tmp_path)}
    done = run("images/build", "operations", cwd=repository, env=environment)
    assert done.returncode == 1
    assert done.stdout.startswith(f"images/build: there is no {builder} here\n  Install it, or set")


# It stands in for an engine: it notes what it is asked for, and a push gives a digest.
ENGINE = """\
#!/bin/sh
echo "$@" >> "$NOTES"
case "$1 $2" in
    "login "*) cat >> "$NOTES" ;;
    "image inspect") echo '[{"RepoDigests": ["a.b/other@sha256:00", "a.b/cde@sha256:12ab"]}]' ;;
esac
"""


def build(repository: Path, *words: str, **variables: str) -> list[str]:
    """Run the script beside a stand-in for Docker; what that was asked for."""
    programs = repository.with_name("programs")
    programs.mkdir()
    (programs / "docker").write_text(ENGINE)
    (programs / "docker").chmod(0o755)
    notes = repository.with_name("notes")
    path = f"{programs}:{Path(shutil.which('git') or '').parent}:/usr/bin:/bin"
    passes(
        "images/build", *words, cwd=repository, env={"PATH": path, "NOTES": str(notes), **variables}
    )
    return notes.read_text().splitlines()


def test_at_the_desk_the_version_is_git_s(repository: Path) -> None:
    revision = git("rev-parse", "HEAD", cwd=repository).strip()
    assert build(repository, "operations") == [
        "info",
        f"build --target operations --build-arg VERSION=1.2.3 --build-arg REVISION={revision}"
        f" --tag localhost/lisa-cde:1.2.3 {repository}/images",
    ]


def test_in_ci_the_version_is_the_tag_s_and_the_image_is_pushed(repository: Path) -> None:
    asked = build(
        repository,
        *("development", "a.b/cde:1.3.0-dev"),
        CI_COMMIT_TAG="v1.3.0",
        CI_COMMIT_REF_SLUG="v1-3-0",
        CI_COMMIT_SHA="abc",
        CI_REGISTRY="a.b",
        CI_REGISTRY_USER="me",
        CI_REGISTRY_PASSWORD="word",  # noqa: S106 - it opens nothing
        LISA_BASE_IMAGE="a.b/debian:1",
        OPERATIONS_IMAGE="a.b/cde@sha256:0",
        LISA_BUILDER_OPTIONS="--network host",
    )
    assert asked == [
        "info",
        "login --username me --password-stdin a.b",
        "word",
        "build --target development --build-arg VERSION=1.3.0 --build-arg REVISION=abc"
        " --build-arg BASE_IMAGE=a.b/debian:1 --build-arg OPERATIONS_IMAGE=a.b/cde@sha256:0"
        f" --network host --tag localhost/lisa-cde:1.3.0-dev {repository}/images",
        "tag localhost/lisa-cde:1.3.0-dev a.b/cde:1.3.0-dev",
        "push a.b/cde:1.3.0-dev",
        "image inspect a.b/cde:1.3.0-dev",
    ]
    assert (repository / "reports/digest").read_text() == "sha256:12ab\n"
    assert git("status", "--porcelain", cwd=repository) == ""


def test_a_build_that_pushes_nothing_logs_in_nowhere(repository: Path) -> None:
    given = {"CI_REGISTRY": "a.b", "CI_REGISTRY_USER": "me", "CI_REGISTRY_PASSWORD": "word"}
    asked = build(repository, "operations", **given)
    assert [line.split()[0] for line in asked] == ["info", "build"]


# --- The list of contents -------------------------------------------------------------------------


def test_the_list_of_contents_is_sorted_by_kind_and_name(repository: Path) -> None:
    components = [
        {"name": "zlib1g", "version": "1.3", "purl": "pkg:deb/debian/zlib1g@1.3"},
        {"name": "numpy", "version": "2.0", "purl": "pkg:pypi/numpy@2.0"},
        {"name": "h5py", "version": "3.0", "purl": "pkg:pypi/h5py@3.0"},
        {"name": "h5py", "version": "3.0", "purl": "pkg:pypi/h5py@3.0"},
        {"name": "tool", "purl": "pkg:golang/tool"},
        {"name": "/etc/passwd"},
    ]
    bill = {"metadata": {"component": {"name": "a.b/cde"}}, "components": components}
    page = runpy.run_path(str(repository / "images/contents.py"))["page"]
    head = ["", "| name | version |", "| --- | --- |"]
    assert list(page(json.loads(json.dumps(bill)))) == [
        "# a.b/cde",
        *("", "## Python packages", *head, "| h5py | 3.0 |", "| numpy | 2.0 |"),
        *("", "## Debian packages", *head, "| zlib1g | 1.3 |"),
        *("", "## Other: golang", *head, "| tool |  |"),
    ]


def test_contents_want_a_source_and_a_target(repository: Path) -> None:
    done = run("python3", "images/contents.py", "docker:x", cwd=repository)
    assert (done.returncode, done.stdout) == (
        2,
        "usage: python images/contents.py SOURCE TARGET\n",
    )
