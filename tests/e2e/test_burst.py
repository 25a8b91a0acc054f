"""A thousand objects at once: what the relay makes of them, and what a sensor does beside it.

Both take the objects by one task that notes each: what is measured is the way there, and no step.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..support.tools import passes
from .parts import airflow, ceph
from .parts.airflow import Pipeline, wait_until
from .parts.ceph import Gateway

COUNT = 1000
TOKEN = "a-token-of-the-tests"  # noqa: S105 - it opens nothing but this relay
PUT = """
import json, sys, time, boto3
from concurrent.futures import ThreadPoolExecutor
client = boto3.client("s3")
def put(number):
    key = f"segments/{number:04} ü.csv"
    client.put_object(Bucket="lisa-l0", Key=key, Body=str(number).encode())
    return key, time.time()
with ThreadPoolExecutor(8) as pool:
    print(json.dumps(dict(pool.map(put, range(*map(int, sys.argv[1:]))))))
"""
NOTE = """
import os, time
from datetime import UTC, datetime, timedelta
from airflow.sdk import dag, task

def note(keys):
    with open(os.environ["TAKEN"], "a") as file:
        file.writelines(f"{time.time()} {key}\\n" for key in keys)

TASK = {"retries": 2, "retry_delay": timedelta(seconds=1)}
START = datetime(2026, 1, 1, tzinfo=UTC)
"""
PUSHED = f"""{NOTE}
from lisa_l1_pipeline.receipts import Receipts
from lisa_l1_pipeline.steps import load_site, load_step
from lisa_l1_pipeline.store import Arrival, Store, version_of
from lisa_l1_pipeline.tasks import arrivals_asset, list_arrivals

SEGMENTS = arrivals_asset()

@dag(schedule=[SEGMENTS], start_date=START, catchup=False, max_active_runs=1, default_args=TASK,
     params={{"objects": []}})
def pushed():
    @task
    def take(arrivals):
        note(each["key"] for each in arrivals)
        site = load_site()
        step, receipts = load_step("noise", site), Receipts(Store(site), "noise")
        for each in arrivals:
            receipts.receive(Arrival(**each), "noted", version_of(step, step.digest))
    take(list_arrivals(SEGMENTS, "noise"))
pushed()
"""
# What a sensor has found is moved away, or it would be found again.
WATCHED = f"""{NOTE}
import boto3
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor

@dag(schedule="@continuous", start_date=START, catchup=False, max_active_runs=1, default_args=TASK)
def watched():
    @task
    def take():
        bucket = boto3.resource("s3").Bucket("lisa-l0")
        keys = [each.key for each in bucket.objects.filter(Prefix="segments/")]
        note(keys)
        bucket.objects.filter(Prefix="segments/").delete()
    S3KeySensor(
        task_id="wait", bucket_key="s3://lisa-l0/segments/*.csv", wildcard_match=True,
        deferrable=True, aws_conn_id=None,
    ) >> take()
watched()
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A generated pipeline, with the sensor's provider beside it."""
    provider = "apache-airflow-providers-amazon[aiobotocore]"
    made = airflow.install(tmp_path_factory.mktemp("pipeline"), provider)
    # No engine is asked for an image that is published.
    made("pin", "noise", f"sha256:{'0' * 64}", env={})
    return made


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ceph.serving(tmp_path_factory.mktemp("ceph")) as serving:
        yield serving


def pss(session: int) -> int:
    """Memory of the processes of a session in MB, what they share counted once."""
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int(folder.joinpath("stat").read_text().rpartition(")")[2].split()[3]) == session:
                lines = folder.joinpath("smaps_rollup").read_text().splitlines()
                found += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError):  # it has ended
            continue
    return found // 1000


@contextmanager
def watching(**sessions: int) -> Iterator[dict[str, int]]:
    """Note the most memory that each of some sessions had meanwhile."""
    most, is_over = dict.fromkeys(sessions, 0), threading.Event()

    def watch() -> None:
        while not is_over.wait(2):
            for name, session in sessions.items():
                most[name] = max(most[name], pss(session))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        is_over.set()
        thread.join()


def put(pipeline: Pipeline, env: Mapping[str, str], *numbers: int) -> dict[str, float]:
    """Put a range of objects into the store, and tell when each was there."""
    said = passes(
        pipeline.python,
        *("-c", PUT, *map(str, numbers)),
        cwd=pipeline.root,
        env={**os.environ, **env},
        timeout=600,
    )
    found: dict[str, float] = json.loads(said)
    return found


def taken(path: Path) -> list[tuple[str, float]]:
    """The keys that were noted, as often as they were, and when."""
    if not path.exists():
        return []
    rows = [line.partition(" ") for line in path.read_text().splitlines()]
    return [(key, float(when)) for when, _, key in rows]


def tell(what: str, begun: Mapping[str, float], came: Mapping[str, float], **more: int) -> None:
    """Write what was measured; ``pytest -s`` shows it."""
    waits = sorted(came[key] - begun[key] for key in begun)
    most, middle = waits[int(0.95 * len(waits))], statistics.median(waits)
    span = max(map(came.__getitem__, begun)) - min(begun.values())
    rest = ", ".join(f"{name} {value} MB" for name, value in more.items())
    sys.stdout.write(
        f"\n{what}: {60 * len(begun) / span:.0f} objects a minute; after {middle:.1f} s (median),"
        f" {most:.1f} s (95 %), {waits[-1]:.1f} s (last); {rest}\n"
    )


@pytest.mark.heavy
def test_a_thousand_objects_are_each_taken_once(
    pipeline: Pipeline, gateway: Gateway, tmp_path: Path
) -> None:
    dags, notes = tmp_path / "dags", tmp_path / "taken"
    dags.mkdir()
    (dags / "pushed.py").write_text(PUSHED, encoding="utf-8")
    env = {**gateway.environment, "PIPELINE_HOME": str(pipeline.root), "PIPELINE_SITE": "local"}
    env |= {"RELAY_TOKEN": TOKEN, "TAKEN": str(notes), "AIRFLOW__CORE__DAGS_FOLDER": str(dags)}
    with airflow.standalone(pipeline, tmp_path, env, {"pushed"}) as running:
        port, spool, log = ceph.free_port(), tmp_path / "spool", tmp_path / "relay.log"
        told = {
            **env,
            "RELAY_SPOOL": str(spool),
            "AIRFLOW_API": running.url,
            "AIRFLOW_USER": running.user,
            "AIRFLOW_PASSWORD": running.password,
        }
        command = (pipeline.python, "-m", "lisa_l1_pipeline", "relay", "--port", str(port))
        relay = f"http://127.0.0.1:{port}"
        with ceph.process(*command, log=log, env=told) as pid:
            ceph.wait_for("the relay", f"{relay}/health", log)
            pipeline("subscribe", relay, env=env)
            one = put(pipeline, env, COUNT, COUNT + 1)
            wait_until("one is taken", lambda: taken(notes))
            tell("one object", one, dict(taken(notes)))
            running.wait_for_runs("pushed", 1, 600)
            with watching(relay=pid, airflow=running.session) as most:
                many = put(pipeline, env, 0, COUNT)
                wait_until("all are taken", lambda: len(taken(notes)) > COUNT, 1200)
                runs = running.wait_for_runs("pushed", 2, 600)
    # None is lost, and none comes twice.
    assert sorted(key for key, _ in taken(notes)) == sorted(one | many)
    assert {each["state"] for each in runs} == {"success"}
    with sqlite3.connect(spool) as database:
        rows = database.execute("select key, told from arrivals").fetchall()
    tell("until Airflow has the event", many, dict(rows), relay=most["relay"])
    tell("until a task has the object", many, dict(taken(notes)), airflow=most["airflow"])
    sys.stdout.write(f"runs: {len(runs)}\n")


@pytest.mark.heavy
def test_a_sensor_beside_it(pipeline: Pipeline, gateway: Gateway, tmp_path: Path) -> None:
    dags, notes = tmp_path / "dags", tmp_path / "taken"
    dags.mkdir()
    (dags / "watched.py").write_text(WATCHED, encoding="utf-8")
    env = {**gateway.environment, "PIPELINE_HOME": str(pipeline.root), "PIPELINE_SITE": "local"}
    env |= {"TAKEN": str(notes), "AIRFLOW__CORE__DAGS_FOLDER": str(dags)}
    pipeline("buckets", env=env)
    with airflow.standalone(pipeline, tmp_path, env, {"watched"}) as running:

        def waits() -> bool:
            there = "/api/v2/dags/watched/dagRuns/~/taskInstances"
            return "deferred" in [each["state"] for each in running(there)["task_instances"]]

        wait_until("the sensor waits", waits)
        one = put(pipeline, env, COUNT, COUNT + 1)
        wait_until("one is taken", lambda: taken(notes))
        tell("one object, with a sensor", one, dict(taken(notes)))
        wait_until("the sensor waits again", waits)
        with watching(airflow=running.session) as most:
            many = put(pipeline, env, 0, COUNT)
            wait_until("all are taken", lambda: len(set(taken(notes))) > COUNT, 1200)
    assert {key for key, _ in taken(notes)} == set(one | many)
    tell("with a sensor", many, dict(taken(notes)), **most)
