"""Versions that no lisa-scaffold here knows: newer ones, or a project's mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from lisa_scaffold import git, template
from lisa_scaffold.fleet.newer import explain_newer
from lisa_scaffold.template import SOURCE_VARIABLE

MANY = ["v1.0.0", "v1.0.0", "v9.9.9"]
MEND = "write the version that it was last updated to into .copier-answers.yml"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is asked in the place of the template's repository, which has one more version."""
    git.git("init", "--quiet", cwd=tmp_path)
    git.git("commit", "--quiet", "--allow-empty", "--message", "One", cwd=tmp_path)
    git.git("tag", "v8.0.0", cwd=tmp_path)
    monkeypatch.delenv(SOURCE_VARIABLE, raising=False)
    monkeypatch.setattr(template, "CANONICAL_URL", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("repository")
def test_the_repository_knows_which_versions_there_are() -> None:
    assert explain_newer(["v1.0.0", "v8.0.0"], ["v8.0.0"]) == {}
    assert explain_newer(["8.0.0"], ["8.0.0"]) == {}
    said = f"v9.9.9: there is no such version of the template: {MEND}"
    assert explain_newer(MANY, ["v9.9.9"]) == {"v9.9.9": said}
    # However many say so.
    assert explain_newer(["v9.9.9"], ["v9.9.9"]) == {"v9.9.9": said}
    assert explain_newer([*MANY, "v8.0.0"], ["v8.0.0", "v9.9.9"]) == {"v9.9.9": said}


def test_where_it_cannot_be_asked_most_projects_decide(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "CANONICAL_URL", str(repository / "gone"))
    newest = template.find_default_source().versions()[-1]
    assert explain_newer(MANY, ["v9.9.9"]) == {
        "v9.9.9": f"whether there is v9.9.9 of the template cannot be told: {repository}/gone does "
        f"not answer, and this lisa-scaffold knows versions up to {newest}"
    }
    assert explain_newer(["v1.0.0", "v9.9.9", "v9.9.9"], ["v9.9.9", "v9.9.9"]) == {}


def test_nobody_is_asked_where_nothing_is_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("asked")

    monkeypatch.setattr(template, "Source", refuse)
    assert explain_newer(["v1.0.0"], []) == {}
