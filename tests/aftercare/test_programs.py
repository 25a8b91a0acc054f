"""Which programs sessions, tasks and jobs run."""

from __future__ import annotations

import pytest

from lisa_scaffold.aftercare.programs import find_runs, is_running

SESSIONS = """\
@nox.session
def build(session):
    session.install("twine")
    session.run(
        "check-manifest", "--ignore=data"
    )
    session.run("python", "-m", "build", *installer)
    session.run_always(name, "uv")
"""
JOBS = """\
# check-manifest
build:
  script:
    - check-manifest --ignore=data
    - python3 -m build && twine check dist/*
  after_script: "ls -m"
  needs: [lint]
"""


@pytest.mark.parametrize(
    ("path", "text", "runs"),
    [
        ("noxfile.py", SESSIONS, [("check-manifest", 4), ("python", 7), ("build", 7)]),
        ("noxfile.py", "def (", []),
        (
            ".gitlab-ci.yml",
            JOBS,
            [("check-manifest", 4), ("python3", 5), ("build", 5), ("twine", 5), ("ls", 6)],
        ),
        ("tox.ini", "[testenv]\ncommands = check-manifest\n    ruff check\n", None),
        ("Makefile", "all: lint\n\t@check-manifest; ruff .\n", None),
    ],
)
def test_what_a_file_runs(path: str, text: str, runs: list[tuple[str, int]] | None) -> None:
    found = [*find_runs(path, text.encode())]
    if runs is None:
        assert {"check-manifest", "ruff"} <= {name for name, _ in found}
    else:
        assert found == runs


@pytest.mark.parametrize(
    ("path", "runs"),
    [
        *(("noxfile.py", True), ("sub/noxfile.py", False), ("sub/Makefile", True)),
        *((".gitlab/ci/build.yml", True), ("docs/conf.py", False), ("tools/check.sh", True)),
    ],
)
def test_which_files_run_tools(path: str, runs: bool) -> None:
    assert is_running(path) is runs
