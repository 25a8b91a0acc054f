"""A real Slurm is asked for a job: while it knows it, later, and while the controller is away."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..support.tools import passes
from .parts import airflow, slurm
from .parts.airflow import Pipeline
from .parts.slurm import Cluster

LOOK = """\
import sys
from airflow.sdk.exceptions import AirflowException
from lisa_l1_pipeline.slurm import look_up
try:
    print(*look_up("hpc", *sys.argv[1:]))
except AirflowException as error:
    print(error)
"""
JOB = """\
#!/bin/sh
echo "3 noise-1" > exit-$SLURM_JOB_ID
exit 3
"""


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with slurm.running(tmp_path_factory.mktemp("cluster"), {"PATH": "/usr/bin:/bin"}) as running:
        yield running


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return airflow.install(tmp_path)


def look(pipeline: Pipeline, cluster: Cluster, job: str, folder: Path) -> str:
    """What a pipeline finds out about a job."""
    extra = {"key_file": str(cluster.key), "host_key": f"ssh-ed25519 {cluster.host_key}"}
    connection = {"conn_type": "ssh", "host": "127.0.0.1", "port": cluster.port, "login": "root"}
    env = {"AIRFLOW_CONN_HPC": json.dumps({**connection, "extra": extra})}
    env["AIRFLOW_HOME"] = str(pipeline.root.parent / "airflow")
    command = (pipeline.python, "-c", LOOK, job, folder)
    return passes(*command, cwd=folder, env=env, timeout=300).splitlines()[-1]


def forget(cluster: Cluster, job: str) -> None:
    """Have the controller forget a job that has ended, as it does after `MinJobAge`."""
    with Path(cluster.environment["SLURM_CONF"]).open("a", encoding="utf-8") as config:
        config.write("MinJobAge=2\n")
    cluster("scontrol", "reconfigure")
    end = time.monotonic() + 180
    while f"JobId={job} " in cluster("scontrol", "--oneliner", "show", "job"):
        assert time.monotonic() < end, "the controller still knows the job"
        time.sleep(1)


def test_a_forgotten_job_is_told_from_a_controller_that_is_away(
    pipeline: Pipeline, cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    script = folder / "job"
    script.write_text(JOB, encoding="utf-8")
    # Of a try before: it says nothing of this job.
    (folder / "exit").write_text("0\n")
    (folder / "exit-0").write_text("0 noise-1\n")
    command = ("sbatch", "--wait", "--parsable", f"--chdir={folder}", str(script))
    job = passes(
        "sh", "-c", '"$@" || test $? = 3', "sh", *command, cwd=folder, env=dict(cluster.environment)
    ).strip()
    assert look(pipeline, cluster, job, folder) == "FAILED 3"
    forget(cluster, job)
    # There is no accounting here: the job's own file tells.
    assert look(pipeline, cluster, job, folder) == "FAILED 3"
    (folder / f"exit-{job}").unlink()
    assert look(pipeline, cluster, job, folder) == "LOST -1"
    cluster("scontrol", "shutdown", "slurmctld")
    assert "Unable to contact slurm controller" in look(pipeline, cluster, job, folder)
