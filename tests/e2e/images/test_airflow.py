"""Data arrive in Ceph, and Airflow runs a container: every object is processed exactly once."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...support.tools import passes
from ..parts import airflow, apptainer, ceph, registry, slurm
from ..parts.airflow import Pipeline, wait_until
from ..parts.apptainer import Apptainer
from ..parts.centre import Centre
from ..parts.ceph import Client, Gateway
from ..parts.docker import Docker
from ..parts.slurm import Cluster
from .conftest import Cde

STEP = "gitlab-registry.in2p3.fr/lisa/lisa-l1-pipeline/noise"
TOKEN = "a-token-of-the-tests"  # noqa: S105 - it opens nothing but this relay
SEGMENT = "\n".join(["time,X", *(f"{at / 4},{at % 2}" for at in range(100)), ""])


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return airflow.install(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture(scope="module")
def step(pipeline: Pipeline, docker: Docker, trixie: Cde) -> str:
    """The image of the step, built as it is on a CDE image."""
    docker.build(pipeline.root / "steps/noise", STEP, CDE_IMAGE=trixie.operations)
    return STEP


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ceph.serving(tmp_path_factory.mktemp("ceph")) as serving:
        yield serving


@pytest.fixture
def chain(pipeline: Pipeline, gateway: Gateway) -> Iterator[Chain]:
    client = Client(pipeline.python, {**os.environ, **gateway.environment})
    yield Chain(client, pipeline, gateway)
    client.close()


class Chain:
    """The store, as a client of it sees it."""

    def __init__(self, s3: Client, pipeline: Pipeline, gateway: Gateway) -> None:
        self.s3, self.pipeline, self.gateway = s3, pipeline, gateway

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

    def products(self) -> list[str]:
        return [key for key in self.keys("noise/") if key.endswith("/noise.json")]

    def processed(self) -> list[str]:
        """The keys of the objects that have a receipt, as often as they have one."""
        found = []
        for key in self.keys("receipts/noise/"):
            if not key.endswith("watermark.json"):
                body = self.s3("get_object", Bucket="products", Key=key)["Body"]
                found.append(json.loads(body)["key"])
        return sorted(found)


def health(relay: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{relay}/health", timeout=10) as answer:  # noqa: S310
        found: dict[str, int] = json.load(answer)
        return found


def test_every_object_is_processed_exactly_once(
    chain: Chain, step: str, docker: Docker, tmp_path: Path
) -> None:
    assert step == STEP
    pipeline, gateway = chain.pipeline, chain.gateway
    begun = str(int(time.time()))
    work = tmp_path / "work"
    work.mkdir(mode=0o777)
    env = {**gateway.environment, **docker.environment, "PIPELINE_HOME": str(pipeline.root)}
    env |= {"PIPELINE_WORK": str(work), "PIPELINE_SITE": "local", "RELAY_TOKEN": TOKEN}
    port = ceph.free_port()
    relay = f"http://127.0.0.1:{port}"
    for bucket in ("lisa-l0", "products"):
        chain.s3("create_bucket", Bucket=bucket)

    # Without Airflow, by the same contract.
    chain.put("segments/alone.csv", SEGMENT + "25.0,5\n")
    path = {"PATH": f"{Path(docker.client).parent}:{os.environ['PATH']}"}
    alone = pipeline("run-step", "noise", "segments/alone.csv", env={**env, **path}).strip()
    (product,) = chain.products()
    assert product == f"{alone}/noise.json"

    with airflow.standalone(pipeline, tmp_path, env) as running:
        for name, each in json.loads(pipeline("pools", env=env)).items():
            running("/api/v2/pools", {"name": name, **each})
        told = {
            **env,
            "RELAY_SPOOL": str(tmp_path / "spool"),
            "RELAY_ASSETS": "s3://lisa-l0/segments",
            "AIRFLOW_API": running.url,
            "AIRFLOW_USER": running.user,
            "AIRFLOW_PASSWORD": running.password,
        }
        command = (pipeline.python, "-m", "lisa_l1_pipeline", "relay", "--port", str(port))
        log = tmp_path / "relay.log"
        with ceph.process(*command, log=log, env=told):
            ceph.wait_for("the relay", f"{relay}/health", log)
            assert pipeline("subscribe", relay, env=env) == f"lisa-l0 notifies {relay}\n"
            # What follows comes by events alone: the sweep has found the first object, and rests.
            running.rest_sweep()
            chain.put("segments/1 ü+.csv", SEGMENT + "25.0,0\n")
            chain.put("segments/readme.txt", SEGMENT)
            wait_until("the first has a product", lambda: len(chain.products()) == 2)
            # Again, and the same content by another way and name.
            chain.put("segments/1 ü+.csv", SEGMENT + "25.0,0\n")
            chain.put_in_parts("segments/parts.csv", SEGMENT + "25.0,0\n")
            wait_until("its copy has a receipt", lambda: "segments/parts.csv" in chain.processed())
        # The relay is away.
        chain.put("segments/lost.csv", SEGMENT + "25.0,0\n25.25,1\n")
        with ceph.process(*command, log=log, env=told):
            ceph.wait_for("the relay", f"{relay}/health", log)
            running("/api/v2/dags/sweep", {"is_paused": False}, "PATCH")
            running("/api/v2/dags/sweep/dagRuns", {"logical_date": None})
            wait_until("what got lost is found", lambda: "segments/lost.csv" in chain.processed())
            wait_until("the relay has told all", lambda: health(relay)["waiting"] == 0)
            runs = running.wait_for_runs("noise", 3)
    assert {each["state"] for each in runs} == {"success"}
    keys = ["1 ü+.csv", "alone.csv", "lost.csv", "parts.csv"]
    assert chain.processed() == [f"segments/{key}" for key in keys]
    # The content of two of them is the same, and so is their product. Once each, the engine says:
    # a second run of the step would end in the same receipt and the same product.
    assert len(chain.products()) == 3
    starts = ("--filter=event=start", f"--filter=image={step}", "--format={{.ID}}")
    assert len(docker("events", f"--since={begun}", "--until=0s", *starts).split()) == 3
    assert chain.keys("drafts/") == []
    assert list(work.rglob("*.csv")) == []


# --- A computing centre ---------------------------------------------------------------------------

WORDS = """
import shlex, sys
from lisa_l1_pipeline.runs import container
from lisa_l1_pipeline.steps import load_site, load_step
site = load_site()
print(shlex.join(container(load_step("noise", site), site, sys.argv[1], "apptainer")))
"""


@pytest.fixture
def published(
    pipeline: Pipeline,
    step: str,
    docker: Docker,
    trixie: Cde,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, str]]:
    """The image of the step in a registry, and its digest."""
    assert step
    context, base = pipeline.root / "steps/noise", trixie.operations
    folder = tmp_path_factory.mktemp("registry")
    with registry.publishing(docker, context, folder, CDE_IMAGE=base) as made:
        yield made


@pytest.fixture
def user(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Apptainer:
    """Apptainer for somebody who sees the folder of the test, as every node of a cluster does."""
    tmp_path.chmod(0o755)
    return apptainer.installed(tmp_path_factory.mktemp("user"), tmp_path)


@pytest.fixture
def cluster(user: Apptainer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    path = f"{user.program.parent}:/usr/bin:/bin"
    with slurm.running(tmp_path_factory.mktemp("cluster"), {"PATH": path}) as running:
        yield running


def build_image(pipeline: Pipeline, user: Apptainer, folder: Path, name: str, digest: str) -> None:
    """Make the image that a cluster wants, by the line of the pipeline's page."""
    page = (pipeline.root / "docs/sites.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"(?m)^\$ (apptainer build .+)$", page)
    command = line.replace("IMAGE", name).replace("DIGEST", digest.removeprefix("sha256:"))
    folder.mkdir()
    os.chown(folder, apptainer.NUMBER, apptainer.NUMBER)
    path = {"PATH": f"{user.program.parent}:/usr/bin:/bin"}
    passes("sh", "-c", command, cwd=folder, env=path, timeout=900)
    assert [path.name for path in folder.iterdir()] == [f"{digest.replace(':', '-')}.sif"]


def test_a_step_runs_at_a_computing_centre(
    chain: Chain,
    published: tuple[str, str],
    user: Apptainer,
    cluster: Cluster,
    tmp_path: Path,
) -> None:
    name, digest = published
    centre = Centre(chain.pipeline, chain.gateway, cluster, tmp_path)
    centre.pin(digest, image=name)
    build_image(chain.pipeline, user, tmp_path / "images", name, digest)
    for bucket in ("lisa-l0", "products"):
        chain.s3("create_bucket", Bucket=bucket)

    def put(key: str, body: str) -> dict[str, str]:
        chain.put(key, body)
        etag = chain.s3("head_object", Bucket="lisa-l0", Key=key)["ETag"].strip('"')
        return {"bucket": "lisa-l0", "key": key, "etag": etag}

    before = chain.products()
    state, said = centre.run(put("segments/hpc a.csv", SEGMENT + "25.0,7\n"))
    assert state == "success", said[-4000:]
    (product,) = {*chain.products()} - {*before}
    # By the commandfile it knew the channel, its input and where its output goes.
    told = json.loads(chain.s3("get_object", Bucket="products", Key=product)["Body"])
    assert (told["channel"], told["samples"]) == ("X", 101)
    crate = product.replace("noise.json", "ro-crate-metadata.json")
    assert digest in chain.s3("get_object", Bucket="products", Key=crate)["Body"]
    # What ran is what the operator's words say, and nothing stands in for a word of them.
    (job,) = re.findall(r"job (\d+) started as noise-[0-9a-f]{16}", said)
    shown = cluster("scontrol", "--oneliner", "show", "job", job)
    (folder,) = re.findall(rf"WorkDir={tmp_path}/scratch/(\S+)", shown)
    words = passes(centre.pipeline.python, "-c", WORDS, folder, cwd=tmp_path, env=centre.env)
    assert words in cluster("scontrol", "write", "batch_script", job, "-")
    # Nothing stays at the centre, and nothing here.
    assert [path for path in (tmp_path / "scratch").rglob("*") if path.is_file()] == []
    assert list((tmp_path / "work").rglob("*.csv")) == []

    # A step that fails: its code and its log come back, and there is no product.
    state, said = centre.run(put("segments/hpc b.csv", "time,X\n0,1\n1,2\n"))
    assert state == "failed"
    assert re.search(r"Slurm job \d+: FAILED, exit code 1", said)
    assert "2 samples are too few to measure noise" in said
    assert len(chain.products()) == len(before) + 1
