"""A generated pipeline passes its own sessions, with Airflow itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from ..support.tools import git, passes, run
from .parts.airflow import NEWEST, PYTHON, install, make_pipeline


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


CHECKS = (
    *("test_the_dags_load", "test_tasks_name_steps_that_are_there"),
    "test_a_sweep_looks_for_what_each_step_has_not_made",
    "test_no_task_ends_before_its_step",
    "test_each_step_stands_in_the_pool_that_the_site_names",
    "test_no_dag_works_at_import_time",
)
# What is changed in the DAG, and what is said of that.
MISNAMED = {'STEP = "noise"': ('STEP = "noisy"', "steps.yaml: no step 'noisy', there are noise")}
UNFIT = {
    "settle(STEP, ": (
        'settle("noisy", ',
        "settle: no step 'noisy' in steps.yaml, there are noise",
    ),
    "find_missed(SEGMENTS, STEP)": (
        "find_missed(SEGMENTS)",
        "process.publish: no sweep looks for what 'noise' has not made: name it in find_missed",
    ),
    "catchup=False,": (
        "catchup=False, dagrun_timeout=timedelta(minutes=20),",
        "process.noise: dagrun_timeout is 0:20:00, and steps.yaml gives 'noise' 30 minutes",
    ),
    "run_step(STEP, folder)": (
        "run_step(STEP, folder, execution_timeout=timedelta(minutes=20))",
        "process.noise: execution_timeout is 0:20:00, and steps.yaml gives 'noise' 30 minutes",
    ),
    "run_step(STEP, folder, ": (
        'run_step(STEP, folder, pool="many", ',
        "process.noise: in the pool many, and its site names another",
    ),
    "SEGMENTS = arrivals_asset()": (
        "SEGMENTS = arrivals_asset()\nwith open(__file__, 'a'):\n    pass",
        "work at import time: open",
    ),
}


def test_a_dag_that_does_not_fit_is_told_in_a_line(tmp_path: Path) -> None:
    made = install(tmp_path, "moto[s3]>=5.1,<6", "pytest>=8.2,<10")
    words = (
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        *(f"tests/test_dags.py::{each}" for each in CHECKS),
    )
    path = made.root / "dags/noise.py"
    text = path.read_text(encoding="utf-8")
    for changes in ({}, MISNAMED, UNFIT):
        changed = text
        for old, (new, _) in changes.items():
            assert old in changed
            changed = changed.replace(old, new, 1)
        path.write_text(changed, encoding="utf-8")
        done = run(made.python, *words, cwd=made.root, timeout=600)
        told = [line for line in done.stdout.splitlines() if line.startswith(f"{path}:")]
        assert (done.returncode, len(told)) == (bool(changes), len(changes)), done.stdout
        for line, (_, said) in zip(told, changes.values(), strict=True):
            assert said in line
