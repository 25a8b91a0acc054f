"""A computing centre and a whole Airflow: its triggerer dies, and a task is ended by hand.

No image is needed for that: the step is the generated program itself, and waits until it may go on.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .parts import airflow, ceph, slurm
from .parts.airflow import Airflow, Pipeline, wait_until
from .parts.centre import Centre
from .parts.ceph import Client, Gateway
from .parts.slurm import Cluster

pytestmark = pytest.mark.heavy
SEGMENT = "\n".join(["time,X", *(f"{at / 4},{at % 2}" for at in range(100)), ""])
# Stands in for Apptainer: the words are the same; the program has the folder under its own name.
APPTAINER = """\
#!/bin/sh
for word; do
    shift
    case $word in
        --bind=*) bind=${word#--bind=} bind=${bind%:*} ;;
        *.sif) break ;;
    esac
done
file=$bind/${3#/work/}
sed -i "s#/work/#$bind/#" "$file"
while [ ! -e "$GATE" ]; do sleep 0.2; done
exec $STEP "$2" "$file"
"""


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return airflow.install(tmp_path)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """While this file is there, steps run."""
    return tmp_path / "gate"


@pytest.fixture
def cluster(
    pipeline: Pipeline, gate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    stand_in = folder / "bin/apptainer"
    stand_in.parent.mkdir()
    stand_in.write_text(APPTAINER, encoding="utf-8")
    stand_in.chmod(0o755)
    step = f"{pipeline.python} {pipeline.root}/steps/noise/noise.py"
    variables = {"PATH": f"{stand_in.parent}:/usr/bin:/bin", "GATE": str(gate), "STEP": step}
    with slurm.running(folder, variables) as running:
        yield running


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ceph.serving(tmp_path_factory.mktemp("ceph")) as serving:
        yield serving


def begin(running: Airflow, client: Client, key: str, body: str) -> str:
    """Run the DAG on a new object; the name of the run."""
    client("put_object", Bucket="lisa-l0", Key=key, Body=body)
    etag = client("head_object", Bucket="lisa-l0", Key=key)["ETag"].strip('"')
    told = {"objects": [{"bucket": "lisa-l0", "key": key, "etag": etag}]}
    made = running("/api/v2/dags/noise/dagRuns", {"logical_date": None, "conf": told})
    return str(made["dag_run_id"])


def step_of(running: Airflow, run: str) -> dict[str, Any]:
    """The task that is the step of a run; empty while there is none."""
    listed = running(f"/api/v2/dags/noise/dagRuns/{run}/taskInstances")["task_instances"]
    found = [each for each in listed if each["task_id"] == "process.noise"]
    return found[0] if found and found[0]["map_index"] == 0 else {}


def jobs(cluster: Cluster) -> list[str]:
    """The state of every job that there was, the oldest first."""
    said = cluster("scontrol", "--oneliner", "show", "job")
    return re.findall(r"JobState=(\w+)", said)


def kill_triggerer(running: Airflow) -> None:
    """Kill the triggerer as a machine does that goes down."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            session = int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[3])
            is_one = (
                session == running.session
                and b"triggerer" in folder.joinpath("cmdline").read_bytes()
            )
        except OSError:  # it has ended
            continue
        if is_one:
            found.append(int(folder.name))
    assert found
    for each in found:
        os.kill(each, signal.SIGKILL)


def test_a_job_outlives_the_triggerer_and_ends_with_its_task(
    pipeline: Pipeline, gateway: Gateway, cluster: Cluster, gate: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    centre = Centre(pipeline, gateway, cluster, folder)
    env = {name: each for name, each in centre.env.items() if name != "AIRFLOW_HOME"}
    pipeline("buckets", env=env)
    client = Client(pipeline.python, {**os.environ, **env})
    with airflow.standalone(pipeline, tmp_path, env) as running:

        def waits(run: str) -> bool:
            return step_of(running, run).get("state") == "deferred"

        running("/api/v2/dags/sweep", {"is_paused": True}, "PATCH")
        # The triggerer goes while the job runs, and another one goes on where it was.
        run = begin(running, client, "segments/a.csv", SEGMENT)
        wait_until("the job runs, and its task waits", lambda: waits(run) and jobs(cluster))
        kill_triggerer(running)
        gate.touch()
        wait_until("the job has ended", lambda: jobs(cluster) == ["COMPLETED"])
        assert waits(run)
        command = (pipeline.python, "-m", "airflow", "triggerer")
        log = tmp_path / "triggerer.log"
        with ceph.process(*command, log=log, env=dict(running.environment)):
            (ended,) = running.wait_for_runs("noise", 1, 480)
            assert (ended["state"], len(jobs(cluster))) == ("success", 1)

            # Somebody ends the task: the job ends with it, and there is no second one.
            gate.unlink()
            run = begin(running, client, "segments/b.csv", SEGMENT + "25.0,0\n")
            wait_until(
                "the second job runs", lambda: waits(run) and jobs(cluster)[1:] == ["RUNNING"]
            )
            where = f"/api/v2/dags/noise/dagRuns/{run}/taskInstances/process.noise/0"
            running(where, {"new_state": "failed"}, "PATCH")
            wait_until("it ends", lambda: jobs(cluster) == ["COMPLETED", "CANCELLED"])
            states = {each["state"] for each in running.wait_for_runs("noise", 2, 480)}
    assert states == {"success", "failed"}
    listed = client("list_objects_v2", Bucket="products", Prefix="noise/")["Contents"]
    assert len([each for each in listed if each["Key"].endswith("/noise.json")]) == 1
    client.close()
