"""Plain Copier works on the template: it copies what lisa-scaffold renders, and updates it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier._cli import CopierApp
from pathspec import GitIgnoreSpec
from plumbum import local

from lisa_scaffold.template import CANONICAL_URL

from ..conftest import ROOT
from ..support.answers import Answers, answers, choices, questions
from ..support.files import contents, empty_folders
from ..support.repository import AFTER, BEFORE, Repository, make_repository, released_versions
from ..support.sweeps import sampled
from ..support.tools import commit_all, git, passes, program

OWNERSHIP = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["_lisa_ownership"]
SEEDED, EXAMPLE = (GitIgnoreSpec.from_lines(OWNERSHIP[key]) for key in ("seeded", "example"))
# Text that means something to YAML, TOML, Markdown, Jinja or a shell.
TEXTS = {
    "project_name": 'LISA "Noise": {{ x }} #1 \\é',
    "description": "- `Noise` & {% x %} <b>: 100 % \U0001f680 $HOME\\",
    "author_name": 'O\'Neil "J" {{ }}',
    "author_email": "o_neil+x@example.org",
    "copyright_holder": "CNRS, CEA: {# x #}",
    "copyright_year": "2019-2026",
    "namespace": "Group/sub-group",
    "cde_image": "localhost:5000/cde:1",
    "author_orcid": "0000-0002-1825-0097",
    "other_authors": "Zoë D <zoe@example.org> 0000-0002-1825-0097; The {{ B }} Team",
    "keywords": 'LISA, "noise", {% x %}',
    "doi": "10.5281/zenodo.1",
}
NAMES = {"distribution": "lisa-other", "import_name": "lisa.other"}
IMAGE = {"kind": "image", "debian": "trixie"}
# The jobs of compiled code stand in files alone, and Cython has no part for GPUs.
PACKAGE = {"kind": "package", "ci_rules": "files", "compiled": "pybind11"}
LAST = {key: values[-1] for key, values in choices().items()}
WALKS = 3
"""Into how many tests the changes of single answers are dealt out."""


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_repository(tmp_path_factory.mktemp("template") / "repository")


@pytest.fixture
def _stand_in(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """The canonical address leads to the repository of this test, in all processes."""
    for name, value in repository.stand_in().items():
        monkeypatch.setenv(name, value)


def project_at(repository: Repository, version: str, folder: Path, given: Answers) -> Path:
    """A pristine project, committed."""
    template = repository.template(version)
    complete = {question.key: question.value for question in template.questions(given)}
    template.render(complete, folder)
    commit_all(folder)
    return folder


def data(given: Answers) -> list[str]:
    return [
        f"--data={key}={json.dumps(value) if isinstance(value, list) else value}"
        for key, value in given.items()
    ]


def copier_update(project: Path, given: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the command of plain Copier in this process: its imports take longer than its work."""
    monkeypatch.chdir(project)
    arguments = ["copier", "update", "--defaults", "--quiet", *data(given)]
    with local.env(**os.environ):  # Copier's processes get the variables of its import otherwise
        _, code = CopierApp.run(arguments, exit=False)
    assert code == 0


def assert_updated(project: Path, before: dict[str, bytes], fresh: dict[str, bytes]) -> None:
    """The project is a fresh render, but for its seeded files, which stay as they were."""
    assert git("ls-files", "--unmerged", cwd=project) == ""
    assert empty_folders(project) == []
    found = contents(project)
    kept = set(SEEDED.match_files(before)) & set(fresh)
    expected = {path: before[path] if path in kept else fresh[path] for path in fresh}
    # What has no example of the new version keeps that of its own.
    own = (
        EXAMPLE.match_files(before) if b"\nexample: false\n" in fresh[".copier-answers.yml"] else ()
    )
    expected |= {path: before[path] for path in own if path not in fresh}
    assert set(found) == set(expected)
    assert {path for path in found if found[path] != expected[path]} == set()


@sampled(
    "given",
    [{**LAST, **TEXTS, **NAMES, **PACKAGE}, {}, {**LAST, **TEXTS, **NAMES, **IMAGE}],
    3,
    ids=["other", "defaults", "image"],
)
@pytest.mark.usefixtures("_stand_in")
def test_plain_copier_makes_the_same_project(
    given: Answers, repository: Repository, tmp_path: Path
) -> None:
    ours = project_at(repository, AFTER, tmp_path / "ours", given)
    copied = tmp_path / "copied"
    command = (program("copier"), "copy", "--defaults", "--quiet", *data(given))
    passes(*command, CANONICAL_URL, copied, cwd=tmp_path)
    assert contents(copied) == contents(ours)


@pytest.mark.sweep
@pytest.mark.parametrize(
    ("version", "answered"),
    [(BEFORE, {}), (BEFORE, IMAGE), *((version, {}) for version in released_versions())],
)
@pytest.mark.usefixtures("_stand_in")
def test_a_pristine_project_updates(
    version: str,
    answered: Answers,
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = project_at(repository, version, tmp_path / "project", answered)
    before = contents(project)
    copier_update(project, {}, monkeypatch)
    recorded = yaml.safe_load((project / ".copier-answers.yml").read_text(encoding="utf-8"))
    given = {key: value for key, value in recorded.items() if not key.startswith("_")}
    fresh = project_at(repository, AFTER, tmp_path / "fresh", given)
    assert_updated(project, before, contents(fresh))
    assert before != contents(project)


def single_changes() -> dict[str, Answers]:
    """Each answer changed on its own, save for texts: they decide about no file.

    The release of Debian matters to images alone, so that the kind changes with it.
    """
    defaults = answers()
    changes: dict[str, Answers] = {
        key: {key: next(value for value in reversed(values) if value != defaults[key])}
        for key, values in choices().items()
        if len(values) > 1
    }
    changes["forge"]["forge_host"] = "gitlab.example.org"
    changes["cuda"]["compiled"] = "nanobind"
    changes["debian"] |= {"kind": changes.pop("kind")["kind"]}
    license_of_two_files = {"license": "LGPL-3.0-or-later"}
    return {**changes, "license-2": license_of_two_files, "texts": TEXTS, "names": NAMES}


def test_every_answer_is_changed_by_some_update() -> None:
    changed = {key for given in single_changes().values() for key in given}
    # `adopt` alone gives the answers of adopted projects; tests/adopt updates those.
    adopted = {"adopted", "code_path", "code_url", "test_path", "left_out"}
    # An older project has another answer, and keeps it.
    assert {question.key for question in questions()} - changed == {*adopted, "example"}


@pytest.mark.e2e
@pytest.mark.parametrize("turn", range(WALKS))
@pytest.mark.usefixtures("_stand_in")
def test_each_answer_changes_while_the_one_before_changes_back(
    turn: int, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pristine project is updated to each of the changes in turn, and to the usual answers."""
    project = project_at(repository, BEFORE, tmp_path / "project", {})
    usual: dict[str, Any] = answers()
    last: Answers = {}
    for number, given in enumerate([*[*single_changes().values()][turn::WALKS], {}]):
        wanted = {**usual, **given}
        before = contents(project)
        changed = {key: wanted[key] for key in {**last, **given}}
        copier_update(project, changed, monkeypatch)
        fresh = project_at(repository, AFTER, tmp_path / f"fresh{number}", wanted)
        assert_updated(project, before, contents(fresh))
        assert contents(project) != before
        commit_all(project)
        last = given
