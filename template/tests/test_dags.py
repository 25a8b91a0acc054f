from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
# Seconds of a processor: a longer parse holds up all DAGs, and after 30 Airflow gives up.
LONGEST_PARSE = 20.0

WATCHED = """
import runpy, socket, sys, time
import airflow.sdk
def refuse(*_, **__):
    raise AssertionError("work at import time")
socket.socket.connect = socket.socket.connect_ex = refuse
before = time.process_time()
runpy.run_path(sys.argv[1])
print(time.process_time() - before)
"""


@pytest.fixture
def bag(request: pytest.FixtureRequest, home: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    request.getfixturevalue("database")
    assert home.is_dir()
    return DagBag(str(ROOT / "dags"))


def test_the_dags_load(bag: Any) -> None:
    assert bag.import_errors == {}
    assert {"noise", "sweep"} <= set(bag.dags)


def test_no_dag_works_at_import_time(home: Path) -> None:
    for path in sorted((ROOT / "dags").glob("*.py")):
        command = [sys.executable, "-c", WATCHED, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        assert float(done.stdout.split()[-1]) < LONGEST_PARSE
    assert home.is_dir()


def test_each_task_has_retries_and_an_end(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        for task in dag.tasks:
            assert task.retries >= 1, task.task_id
            assert task.execution_timeout, task.task_id
            assert task.on_failure_callback, task.task_id


def test_what_runs_after_what(bag: Any) -> None:
    dag = bag.dags["noise"]
    after = {task.task_id: task.downstream_task_ids for task in dag.tasks}
    assert after["list_arrivals"] >= {"process.fetch"}
    assert after["process.fetch"] == {"process.noise", "process.publish"}
    assert after["process.noise"] == {"process.publish"}


def run_once(dag: Any, **conf: Any) -> Any:
    """Run a DAG in this process, without second tries."""
    for task in dag.tasks:
        task.retries = 0
    return dag.test(run_conf=conf)


def test_an_object_becomes_a_product(bag: Any, client: Any, segment: bytes) -> None:
    keys = ["segments/1.csv", "segments/2 ü.csv"]
    told = []
    for number, key in enumerate(keys):
        body = segment + b"25.0,0\n" * number
        etag = client.put_object(Bucket="lisa-l0", Key=key, Body=body)["ETag"].strip('"')
        told.append({"bucket": "lisa-l0", "key": key, "etag": etag})
    # The same twice, and one that is no segment.
    told += [told[0], {"bucket": "lisa-l0", "key": "other.txt", "etag": "x"}]
    run = run_once(bag.dags["noise"], objects=told)
    assert str(run.state) == "success"
    made = [each["Key"] for each in client.list_objects_v2(Bucket="products")["Contents"]]
    products = [key for key in made if key.endswith("/noise.json")]
    assert len(products) == 2
    assert not any("/drafts/" in key for key in made)
    body = client.get_object(Bucket="products", Key=products[0])["Body"].read()
    assert json.loads(body)["channel"] == "X"


def test_events_that_came_while_a_run_went_on_are_not_forgotten(bag: Any, client: Any) -> None:
    assert client.list_objects_v2(Bucket="lisa-l0")["KeyCount"] == 0
    task = bag.dags["noise"].get_task("list_arrivals")
    (asset,) = task.inlets

    def event(key: str) -> Any:
        told = {"bucket": "lisa-l0", "key": f"segments/{key}.csv", "etag": key}
        return SimpleNamespace(extra={"objects": [told]})

    class Later(list[Any]):
        def after(self, moment: str) -> Any:
            assert moment == "2026-01-01T00:00:00+00:00"
            return self

    run = SimpleNamespace(run_after=datetime(2026, 1, 1, tzinfo=UTC))
    later = {asset: Later([event("b")])}
    given = {"dag_run": run, "params": {"objects": []}, "inlet_events": later}
    listed = task.python_callable(triggering_asset_events={asset: [event("a")]}, **given)
    assert [each["key"] for each in listed] == ["segments/a.csv", "segments/b.csv"]
    # A run by hand names its objects itself.
    assert task.python_callable(**given) == []


def test_no_run_has_more_objects_than_airflow_maps(
    bag: Any, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.configuration import conf

    told = []
    for at in range(5):
        key = f"segments/{at}.csv"
        etag = client.put_object(Bucket="lisa-l0", Key=key, Body=bytes(at))["ETag"].strip('"')
        told.append({"bucket": "lisa-l0", "key": key, "etag": etag})
    task = bag.dags["noise"].get_task("list_arrivals").python_callable
    assert task.__globals__["MOST"] <= conf.getint("core", "max_map_length")
    monkeypatch.setitem(task.__globals__, "MOST", 3)
    listed = task(params={"objects": told})
    assert [each["key"] for each in listed] == [each["key"] for each in told[:3]]


def test_the_sweep_reports_what_it_finds(bag: Any, client: Any, segment: bytes) -> None:
    client.put_object(Bucket="lisa-l0", Key="segments/lost.csv", Body=segment)
    run = run_once(bag.dags["sweep"])
    assert str(run.state) == "success"
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run.run_id))
        (extra,) = [event.extra for event in events]
    assert [each["key"] for each in extra["objects"]] == ["segments/lost.csv"]
