"""Renders that many tests look at."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ..support.answers import KINDS, Answers, answers, few, pairwise, template
from ..support.files import contents
from ..support.sweeps import parameters

ROWS = {f"{kind}{at:02}": row for kind in KINDS for at, row in enumerate(pairwise(kind))}
FEW = [
    *(f"{kind}{at:02}" for kind in KINDS for at in range(few(kind))),
    next(name for name, row in ROWS.items() if row["docs"] and row["ci_rules"] == "files"),
]
"""The rows that are rendered at every change; the sweeps render all.

The last has the one file that the others lack: ``.gitlab/ci/docs.yml``.
"""


@dataclass(frozen=True)
class Render:
    """One rendered project."""

    answers: Answers
    root: Path
    files: dict[str, bytes]


def names(kind: str = "") -> list[Any]:
    """The rows of one kind, or all, to parametrise with."""
    return parameters([name for name in ROWS if name.startswith(kind)], FEW)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Render]:
    """The project of a row of the pairwise tables; tests must not write there.

    All processes of one run share them.
    """
    own = tmp_path_factory.getbasetemp()
    parent = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "renders"
    parent.mkdir(exist_ok=True)

    @cache
    def read(name: str) -> Render:
        root = parent / name
        _make(dict(ROWS[name]), root, fcntl.LOCK_EX)
        return Render(json.loads(root.with_suffix(".json").read_bytes()), root, contents(root))

    return read


@pytest.fixture(scope="session", params=parameters(["few", "all"], ["few"]))
def renders(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> list[Render]:
    """The projects of many rows at once."""
    wanted = FEW if request.param == "few" else list(ROWS)
    parent = rendered(wanted[0]).root.parent
    for name in wanted:  # what another process is at can wait
        _make(dict(ROWS[name]), parent / name, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return [rendered(name) for name in wanted]


def _make(given: Answers, root: Path, how: int) -> None:
    """Render a project that is not there yet."""
    answered = root.with_suffix(".json")
    with suppress(BlockingIOError), root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, how)
        if not answered.exists():
            complete = answers(**given)
            template().render(complete, root)
            answered.write_text(json.dumps(complete), encoding="utf-8")


@pytest.fixture(params=names())
def render(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> Render:
    """Each of the pairwise renders in turn."""
    return rendered(request.param)


@pytest.fixture(params=names("package"))
def package(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> Render:
    """Each of them that is a Python package."""
    return rendered(request.param)


@pytest.fixture(params=names("pipeline"))
def workflow(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> Render:
    """Each of them that is a pipeline of Airflow."""
    return rendered(request.param)


@pytest.fixture(params=names("fleet"))
def fleet(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> Render:
    """Each of them that is the control repository of a fleet."""
    return rendered(request.param)


@pytest.fixture(params=names("image"))
def image(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> Render:
    """Each of them that is an image repository."""
    return rendered(request.param)


@pytest.fixture(params=names("service"))
def service(request: pytest.FixtureRequest, rendered: Callable[[str], Render]) -> Render:
    """Each of them that is a web service."""
    return rendered(request.param)
