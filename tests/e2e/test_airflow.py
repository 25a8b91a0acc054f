"""A generated pipeline passes its own sessions, with Airflow itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from ..support.tools import git, passes
from .parts.airflow import NEWEST, PYTHON, make_pipeline


def test_its_sessions_pass_and_leave_nothing_for_git(tmp_path: Path) -> None:
    # With a queue it has every test that another one has, and those of the queue.
    root = make_pipeline(tmp_path / "project", events="queue")
    # The index of this machine may not have Airflow's own list of versions beside it.
    passes(
        *("nox", "--error-on-missing-interpreters", "-s", "lint", "types", "config"),
        f"tests-{PYTHON}(airflow='{NEWEST}')",
        cwd=root,
        env={"AIRFLOW_CONSTRAINTS": ""},
        timeout=900,
    )
    assert git("status", "--porcelain", cwd=root) == ""
    tests = ET.parse(root / "reports/junit.xml").getroot()[0].attrib  # noqa: S314 - written above
    assert (tests["errors"], tests["failures"], tests["skipped"]) == ("0", "0", "0")
    coverage = ET.parse(root / "reports/coverage.xml").getroot().attrib  # noqa: S314
    assert float(coverage["line-rate"]) > 0.8
