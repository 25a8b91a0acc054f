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

from .parts import airflow, ceph, mail, slurm
from .parts.airflow import Airflow, Pipeline, wait_until
from .parts.centre import Centre
from .parts.ceph import Client, Gateway
from .parts.mail import Mailbox
from .parts.slurm import Cluster

pytestmark = pytest.mark.heavy
SEGMENT = "\n".join(["time,X", *(f"{at / 4},{at % 2}" for at in range(100)), ""])
# Stands in for Apptainer: the words are the same; the program has the folder under its own name.
APPTAINER = """\
#!/bin/sh
for word; do
    shift
    case $word in
        --bind=*) bind=${word#--bind=} here=${bind%%:*} inside=${bind#*:} ;;
        *.sif) break ;;
    esac
done
file=$here/${3#"$inside"/}
sed -i "s#$inside/#$here/#" "$file"
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


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail.receiving() as receiving:
        yield receiving


@pytest.fixture
def centre(
    pipeline: Pipeline, gateway: Gateway, cluster: Cluster, mailbox: Mailbox, tmp_path: Path
) -> Centre:
    """The site, which tells people of runs that fail."""
    folder = tmp_path / "site"
    folder.mkdir()
    made = Centre(pipeline, gateway, cluster, folder)
    made.alert()
    made.env["AIRFLOW_CONN_SMTP_DEFAULT"] = mailbox.connection
    return made


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


def waits(running: Airflow, run: str) -> bool:
    """Whether the step of a run goes on without its task."""
    return step_of(running, run).get("state") == "deferred"


def is_watched(running: Airflow, run: str) -> bool:
    """Whether a triggerer looks after a step that goes on: the log of its task says so."""
    logs = Path(running.environment["AIRFLOW_HOME"], "logs/dag_id=noise", f"run_id={run}")
    found = logs.glob("task_id=process.noise/**/*.trigger.*")
    return waits(running, run) and any(" starting" in each.read_text() for each in found)


def jobs(cluster: Cluster) -> list[str]:
    """The state of every job that there was, the oldest first."""
    said = cluster("scontrol", "--oneliner", "show", "job")
    return re.findall(r"JobState=(\w+)", said)


def kill_triggerer(running: Airflow) -> None:
    """Kill the triggerer as a machine does that goes down."""
    found = [each for each in ceph.processes(running.session) if is_triggerer(each)]
    assert found
    for each in found:
        os.kill(each, signal.SIGKILL)


def is_triggerer(process: int) -> bool:
    """Whether a process is the triggerer; one that has ended is none."""
    try:
        return b"triggerer" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def test_a_job_outlives_the_triggerer_and_ends_with_its_task(
    centre: Centre, cluster: Cluster, gate: Path, mailbox: Mailbox, tmp_path: Path
) -> None:
    pipeline = centre.pipeline
    env = {name: each for name, each in centre.env.items() if name != "AIRFLOW_HOME"}
    pipeline("buckets", env=env)
    client = Client(pipeline.python, {**os.environ, **env})
    with airflow.standalone(pipeline, tmp_path, env) as running:
        running.rest_sweep()
        # The triggerer goes while the job runs, and another one goes on where it was.
        run = begin(running, client, "segments/a.csv", SEGMENT)
        wait_until("the triggerer watches the job", lambda: is_watched(running, run))
        assert jobs(cluster) == ["RUNNING"]
        kill_triggerer(running)
        gate.touch()
        wait_until("the job has ended", lambda: jobs(cluster) == ["COMPLETED"])
        assert waits(running, run)
        command = (pipeline.python, "-m", "airflow", "triggerer")
        log = tmp_path / "triggerer.log"
        with ceph.process(*command, log=log, env=dict(running.environment)):
            (ended,) = running.wait_for_runs("noise", 1, 480)
            assert (ended["state"], len(jobs(cluster))) == ("success", 1)

            # Somebody ends the task: the job ends with it, and there is no second one.
            gate.unlink()
            run = begin(running, client, "segments/b.csv", SEGMENT + "25.0,0\n")
            wait_until("the other one watches the next", lambda: is_watched(running, run))
            assert jobs(cluster) == ["COMPLETED", "RUNNING"]
            where = f"/api/v2/dags/noise/dagRuns/{run}/taskInstances/process.noise/0"
            running(where, {"new_state": "failed"}, "PATCH")
            wait_until("it ends", lambda: jobs(cluster) == ["COMPLETED", "CANCELLED"])
            states = {each["state"] for each in running.wait_for_runs("noise", 2, 480)}
            # The DAG processor tells people of the run, and of none that went well.
            wait_until("people were told", lambda: mailbox.mails != [])
    (told,) = mailbox.mails
    assert (told["To"], told["Subject"]) == ("operators@example.org", "noise: a run failed")
    (body,) = [part.get_content() for part in told.walk() if part.get_content_type() == "text/html"]
    assert body.strip() == f"{run}: task_failure"
    assert states == {"success", "failed"}
    listed = client("list_objects_v2", Bucket="products", Prefix="noise/")["Contents"]
    assert len([each for each in listed if each["Key"].endswith("/noise.json")]) == 1
    client.close()
