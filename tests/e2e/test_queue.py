"""The queue form of a generated pipeline: a store, a queue and Airflow, and each object once.

The store and the queue are moto's, since no store that Debian has writes to a queue of SQS's kind.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from .parts import airflow, ceph
from .parts.airflow import Pipeline, wait_until
from .parts.ceph import Client

pytestmark = pytest.mark.heavy
SEGMENT = "\n".join(["time,X", *(f"{at / 4},{at % 2}" for at in range(100)), ""])
STORE = {
    "arrivals": {"bucket": "lisa-l0", "prefix": "segments/", "suffix": ".csv"},
    "products": {"bucket": "products"},
}


@dataclass(frozen=True)
class Chain:
    """A pipeline whose steps are processes, and the store that tells a queue of what arrives."""

    pipeline: Pipeline
    s3: Client
    env: dict[str, str]
    ran: Path

    def put(self, key: str, body: str) -> None:
        self.s3("put_object", Bucket="lisa-l0", Key=key, Body=body)

    def put_in_parts(self, key: str, body: str) -> None:
        told = {"Bucket": "lisa-l0", "Key": key}
        upload = {**told, "UploadId": self.s3("create_multipart_upload", **told)["UploadId"]}
        etag = self.s3("upload_part", **upload, PartNumber=1, Body=body)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        self.s3("complete_multipart_upload", **upload, MultipartUpload=parts)

    def keys(self, prefix: str) -> list[str]:
        listed = self.s3("list_objects_v2", Bucket="products", Prefix=prefix).get("Contents", [])
        return [each["Key"] for each in listed]

    def processed(self) -> list[str]:
        """The keys of the objects that have a receipt, as often as they have one."""
        found = []
        for key in self.keys("receipts/noise/"):
            if not key.endswith("watermark.json"):
                body = self.s3("get_object", Bucket="products", Key=key)["Body"]
                found.append(json.loads(body)["key"])
        return sorted(found)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    pipeline = airflow.install(tmp_path, "moto[s3,server,sqs]", events="queue")
    port = ceph.free_port()
    address = f"http://127.0.0.1:{port}"
    home = tmp_path / "home"
    (home / "sites").mkdir(parents=True)
    steps = yaml.safe_load((pipeline.root / "steps.yaml").read_text())
    program = pipeline.root / "steps/noise/noise.py"
    ran = tmp_path / "ran"
    # It notes that it runs, and on which commandfile.
    noting = f'echo "$2" >> {ran}; exec {pipeline.python} {program} "$@"'
    steps["steps"]["noise"] |= {"command": ["sh", "-c", noting, "noise"], "sites": {}}
    (home / "steps.yaml").write_text(yaml.safe_dump(steps))
    queue = f"{address}/123456789012/arrivals"
    site = {"engine": "process", "work": "work", "store": {**STORE, "queue": queue}}
    (home / "sites/here.yaml").write_text(yaml.safe_dump(site))
    env = {f"AWS_ENDPOINT_URL_{name}": address for name in ("S3", "SQS")}
    env |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    env |= {"AWS_DEFAULT_REGION": "us-east-1", "PIPELINE_HOME": str(home), "PIPELINE_SITE": "here"}
    server = (pipeline.python, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port))
    log = tmp_path / "moto.log"
    with ceph.process(*server, log=log):
        ceph.wait_for("moto", f"{address}/moto-api/", log)
        assert pipeline("subscribe", env=env) == f"lisa-l0 notifies {queue}\n"
        client = Client(pipeline.python, {**os.environ, **env})
        yield Chain(pipeline, client, env, ran)
        client.close()


def test_every_object_is_processed_exactly_once(chain: Chain, tmp_path: Path) -> None:
    # While Airflow is away the queue keeps what it is told.
    chain.put("segments/1 ü+.csv", SEGMENT + "25.0,0\n")
    chain.put("segments/gone.csv", SEGMENT + "25.0,1\n")
    chain.s3("delete_object", Bucket="lisa-l0", Key="segments/gone.csv")
    with airflow.standalone(chain.pipeline, tmp_path, chain.env) as running:
        running("/api/v2/dags/sweep", {"is_paused": True}, "PATCH")
        wait_until("the first is processed", lambda: chain.processed() == ["segments/1 ü+.csv"])
        # The same again, another with its content, one that nobody waits for, and a duplicate.
        chain.put("segments/1 ü+.csv", SEGMENT + "25.0,0\n")
        chain.put("segments/2.csv", SEGMENT + "25.0,0\n")
        chain.put_in_parts("segments/parts.csv", SEGMENT + "25.0,0\n")
        chain.put("segments/readme.txt", SEGMENT)
        wait_until("the second is processed", lambda: "segments/2.csv" in chain.processed())
        wait_until("and that in parts", lambda: "segments/parts.csv" in chain.processed())
        # The sweep finds beside it what the queue was never told of.
        chain.s3(
            "put_bucket_notification_configuration", Bucket="lisa-l0", NotificationConfiguration={}
        )
        chain.put("segments/lost.csv", SEGMENT + "25.0,2\n")
        running("/api/v2/dags/sweep", {"is_paused": False}, "PATCH")
        running("/api/v2/dags/sweep/dagRuns", {"logical_date": None})
        wait_until("what got lost is found", lambda: "segments/lost.csv" in chain.processed())
        runs = running.wait_for_runs("noise", 3)
    assert {each["state"] for each in runs} == {"success"}
    assert chain.processed() == [f"segments/{key}.csv" for key in ("1 ü+", "2", "lost", "parts")]
    # Each run of the step notes itself: a second one would end in the same receipt and product.
    notes = chain.ran.read_text().split()
    assert (len(notes), len(set(notes))) == (2, 2)
    # The content of three of them is the same, and so is their product.
    assert len([key for key in chain.keys("noise/") if key.endswith("/noise.json")]) == 2
