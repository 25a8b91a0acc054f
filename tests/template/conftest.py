"""Renders that many tests look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ..support.answers import Answers, answers, pairwise, template
from ..support.files import contents

ROWS = range(len(pairwise()))


@dataclass(frozen=True)
class Render:
    """One rendered project."""

    answers: Answers
    root: Path
    files: dict[str, bytes]


@pytest.fixture(scope="session")
def renders(tmp_path_factory: pytest.TempPathFactory) -> list[Render]:
    """A project for each row of the pairwise table; tests must not write there."""
    parent = tmp_path_factory.mktemp("renders")
    return [_render(dict(row), parent / f"row{number:02}") for number, row in enumerate(pairwise())]


def _render(given: Answers, root: Path) -> Render:
    complete = answers(**given)
    template().render(complete, root)
    return Render(complete, root, contents(root))


@pytest.fixture(params=ROWS, ids=[f"row{number:02}" for number in ROWS])
def render(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of the pairwise renders in turn."""
    number: int = request.param
    return renders[number]
