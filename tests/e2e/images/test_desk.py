"""A generated pipeline at the desk, from nothing, by the two commands of its README."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import pytest
import yaml

from ..parts import airflow
from ..parts.airflow import Airflow, Pipeline
from ..parts.desk import Desk, make_desk
from ..parts.docker import Docker
from .conftest import Cde

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module", params=["push", "queue"])
def pipeline(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    folder = tmp_path_factory.mktemp("desk")
    # Containers of another user look below it.
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o755)
    return airflow.install_alone(folder, events=request.param)


@pytest.fixture(scope="module")
def desk(
    pipeline: Pipeline, docker: Docker, trixie: Cde, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    made = make_desk(pipeline, docker, tmp_path_factory.mktemp("stand-ins"), trixie.operations)
    try:
        yield made
    finally:
        made("down", "--forget")


def keys_of(extra: dict[str, Any]) -> list[str]:
    """The objects of which an event tells: the relay's own, or one made of a queue's messages."""
    if "objects" in extra:
        return [each["key"] for each in extra["objects"]]
    bodies = [json.loads(each["Body"]) for each in extra["payload"]["message_batch"]]
    records = [record for body in bodies for record in body["Records"]]
    return [unquote_plus(each["s3"]["object"]["key"]) for each in records]


def test_two_commands_lead_to_a_product(desk: Desk) -> None:
    page = (desk.pipeline.root / "README.md").read_text(encoding="utf-8")
    first, second = re.findall(r"(?m)^\$ (nox -s desk.*)$", page)
    said = desk.follow(first)
    assert f"Airflow: {desk.airflow.replace('127.0.0.1', 'localhost')}, user admin" in said
    (product,) = re.findall(r"(?m)^noise/[0-9a-f]{64}$", desk.follow(second))
    # The same content makes no other product, whatever its key.
    example = desk.pipeline.root / "steps/noise/example.csv"
    assert desk("put", example, "segments/a b ü+.csv") == f"{product}\n"
    password = (desk.pipeline.root / "secrets/admin_password").read_text(encoding="utf-8")
    running = Airflow(desk.airflow, "admin", password)
    runs = running.wait_for_runs("noise", 2)
    assert {each["state"] for each in runs} == {"success"}
    # The sweep may have seen the first one too: it begins when Airflow does.
    events = running("/api/v2/assets/events")["asset_events"]
    told = [each["extra"] for each in events if each["source_dag_id"] is None]
    assert [keys_of(each) for each in told] == [["segments/example.csv"], ["segments/a b ü+.csv"]]
    site = yaml.safe_load((desk.pipeline.root / "sites/local.yaml").read_text(encoding="utf-8"))
    assert ["payload" in each for each in told] == ["queue" in site["store"]] * 2
    # Steps stand in the pool that was made for them, and so does nothing else.
    pool = running(f"/api/v2/pools/{site['pool']['name']}")
    assert (pool["slots"], pool["include_deferred"]) == (site["pool"]["slots"], True)
    tasks = running("/api/v2/dags/noise/dagRuns/~/taskInstances")["task_instances"]
    stand = {each["task_id"] for each in tasks if each["pool"] == pool["name"]}
    assert stand == {"process.noise"}

    # What is closed.
    for guess in ("admin", "airflow", ""):
        with pytest.raises(urllib.error.HTTPError, match=r"40[013]"):
            Airflow(desk.airflow, "admin", guess)("/api/v2/dags")
    with pytest.raises(urllib.error.HTTPError, match=r"40[13]"):
        urllib.request.urlopen(f"{desk.airflow}/api/v2/dags", timeout=30)  # noqa: S310
    assert set(desk.inspect("{{.HostConfig.Privileged}} {{.HostConfig.CapDrop}}")) == {
        "false [ALL]"
    }
    addresses = desk.inspect("{{range .HostConfig.PortBindings}}{{(index . 0).HostIp}} {{end}}")
    assert {each for line in addresses for each in line.split()} == {"127.0.0.1"}
    sockets = desk.inspect("{{.Name}}{{range .Mounts}} {{.Destination}}{{end}}")
    assert [line.split()[0] for line in sockets if "docker.sock" in line] == [
        "/lisa-l1-pipeline-scheduler-1"
    ]

    desk("down", "--forget")
    assert desk.inspect("{{.Name}}") == []
    assert desk.docker("volume", "ls", "--quiet") == ""
