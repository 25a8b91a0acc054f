"""This repository follows the practice that its template brings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pathspec import GitIgnoreSpec

from lisa_scaffold.template import CANONICAL_URL, Source

from .conftest import ROOT

RECORDED: dict[str, Any] = yaml.safe_load((ROOT / ".copier-answers.yml").read_text())
OWNERSHIP: dict[str, list[str]] = yaml.safe_load((ROOT / "copier.yml").read_text())[
    "_lisa_ownership"
]


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template as it stands, with the answers that this repository records."""
    folder = tmp_path_factory.mktemp("own") / "render"
    given = {key: value for key, value in RECORDED.items() if not key.startswith("_")}
    with Source(str(ROOT)).open() as template:
        template.render({q.key: q.value for q in template.questions(given)}, folder)
    return folder


def test_the_answers_are_those_of_the_template_as_it_stands(render: Path) -> None:
    assert (render / ".copier-answers.yml").read_text() == (
        ROOT / ".copier-answers.yml"
    ).read_text()
    assert RECORDED["_src_path"] == CANONICAL_URL


def test_the_rules_of_its_pipeline_are_the_templates_own(render: Path) -> None:
    locked = GitIgnoreSpec.from_lines(OWNERSHIP["locked"])
    paths = [path for path in locked.match_tree_files(render) if not path.startswith("tests/")]
    assert len(paths) > 5
    for path in paths:
        assert (ROOT / path).read_text() == (render / path).read_text(), path


@pytest.mark.parametrize("name", [".editorconfig", ".gitattributes", ".gitignore", "LICENSE"])
def test_files_that_need_nothing_of_their_own_are_the_templates(render: Path, name: str) -> None:
    assert (ROOT / name).read_text() == (render / name).read_text()
