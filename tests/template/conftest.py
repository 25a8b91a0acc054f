"""Renders that many tests look at."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..support.answers import KINDS, Answers, answers, pairwise, template
from ..support.files import contents

ROWS = [(kind, number) for kind in KINDS for number in range(len(pairwise(kind)))]
NAMES = [f"{kind}{number:02}" for kind, number in ROWS]


@dataclass(frozen=True)
class Render:
    """One rendered project."""

    answers: Answers
    root: Path
    files: dict[str, bytes]


@pytest.fixture(scope="session")
def renders(tmp_path_factory: pytest.TempPathFactory) -> list[Render]:
    """A project for each row of the pairwise tables; tests must not write there.

    All processes of one run share them.
    """
    own = tmp_path_factory.getbasetemp()
    parent = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "renders"
    parent.mkdir(exist_ok=True)
    rows = {parent / name: pairwise(kind)[at] for name, (kind, at) in zip(NAMES, ROWS, strict=True)}
    for root, row in rows.items():
        _make(dict(row), root, fcntl.LOCK_EX | fcntl.LOCK_NB)  # what another process is at can wait
    for root, row in rows.items():
        _make(dict(row), root, fcntl.LOCK_EX)
    return [
        Render(json.loads(root.with_suffix(".json").read_bytes()), root, contents(root))
        for root in rows
    ]


def _make(given: Answers, root: Path, how: int) -> None:
    """Render a project that is not there yet."""
    answered = root.with_suffix(".json")
    with suppress(BlockingIOError), root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, how)
        if not answered.exists():
            complete = answers(**given)
            template().render(complete, root)
            answered.write_text(json.dumps(complete), encoding="utf-8")


@pytest.fixture(params=NAMES)
def render(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of the pairwise renders in turn."""
    return renders[NAMES.index(request.param)]


@pytest.fixture(params=[name for name in NAMES if name.startswith("package")])
def package(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of them that is a Python package."""
    return renders[NAMES.index(request.param)]


@pytest.fixture(params=[name for name in NAMES if name.startswith("pipeline")])
def workflow(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of them that is a pipeline of Airflow."""
    return renders[NAMES.index(request.param)]


@pytest.fixture(params=[name for name in NAMES if name.startswith("fleet")])
def fleet(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of them that is the control repository of a fleet."""
    return renders[NAMES.index(request.param)]


@pytest.fixture(params=[name for name in NAMES if name.startswith("image")])
def image(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of them that is an image repository."""
    return renders[NAMES.index(request.param)]


@pytest.fixture(params=[name for name in NAMES if name.startswith("service")])
def service(request: pytest.FixtureRequest, renders: list[Render]) -> Render:
    """Each of them that is a web service."""
    return renders[NAMES.index(request.param)]
