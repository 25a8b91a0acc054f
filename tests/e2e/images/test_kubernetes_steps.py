"""Steps of a generated pipeline as pods on an API server, with a kubelet.

What Airflow's account may do there is what Airflow's own chart lets it do with pods, and no more.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..parts import airflow, ceph, registry
from ..parts.airflow import Pipeline, wait_until
from ..parts.centre import Place
from ..parts.ceph import Client, Gateway
from ..parts.docker import Docker
from ..parts.kubernetes import Cluster
from ..test_centre import SEGMENT, begin, is_watched, kill_triggerer, waits
from ..test_chart import Object, find
from ..test_cluster import make_chart
from .conftest import Cde

pytestmark = pytest.mark.heavy

NAMESPACE = "lisa-l1-pipeline"
ACCOUNT = "airflow"
RIGHTS = [
    {
        "apiGroups": [""],
        "resources": ["pods"],
        "verbs": ["create", "delete", "get", "list", "patch", "watch"],
    },
    {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["list"]},
]
WAIT = 'until [ -e "${2%/*}/gate" ]; do sleep 0.2; done; exec noise "$@"'
GATED = ["sh", "-c", WAIT, "noise"]
"""The command of a step that waits until it may go on: beside its commandfile."""
GREEDY = ["python3", "-c", "print(len(b'x' * 2**30))"]
"""The command of a step that takes a gigabyte of memory."""
SHORT = "time,X\n0,1\n1,2\n"
"""A segment that the program refuses."""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return airflow.install(tmp_path_factory.mktemp("pipeline"))


@pytest.fixture(scope="module")
def step(
    pipeline: Pipeline, docker: Docker, trixie: Cde, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """The image of the step as it is published, and its digest."""
    context, base = pipeline.root / "steps/noise", trixie.operations
    folder = tmp_path_factory.mktemp("registry")
    with registry.publishing(docker, context, folder, CDE_IMAGE=base) as published:
        yield published


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with ceph.serving(tmp_path_factory.mktemp("ceph")) as serving:
        yield serving


@pytest.fixture
def place(
    pipeline: Pipeline,
    step: tuple[str, str],
    gateway: Gateway,
    kubernetes: Cluster,
    tmp_path: Path,
) -> Iterator[Place]:
    """The pipeline at the cluster, where Airflow has an account of its own."""
    name, digest = step
    kubernetes("kubectl", "create", "namespace", NAMESPACE)
    kubernetes.apply(*allowed(), folder=tmp_path)
    folder = tmp_path / "site"
    folder.mkdir()
    kubernetes.apply(*volume(folder), folder=tmp_path)
    account = kubernetes.acting(NAMESPACE, ACCOUNT, tmp_path)
    site = {"engine": "kubernetes", "settings": {"namespace": NAMESPACE, "claim": "work"}}
    env = {"KUBECONFIG": str(account.settings)}
    made = Place(pipeline, gateway, folder, site, env)
    made.work.mkdir()
    made.pin(digest, image=name)
    pipeline("buckets", env=made.env)
    yield made
    kubernetes("kubectl", "delete", "namespace", NAMESPACE, "--timeout=120s")
    kubernetes("kubectl", "delete", "persistentvolume", "work")


def allowed() -> list[Object]:
    """An account for Airflow, and what it may do."""
    group = "rbac.authorization.k8s.io"
    about = {"metadata": {"name": ACCOUNT, "namespace": NAMESPACE}}
    binding = {
        "roleRef": {"apiGroup": group, "kind": "Role", "name": ACCOUNT},
        "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
    }
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", **about},
        {"apiVersion": f"{group}/v1", "kind": "Role", **about, "rules": RIGHTS},
        {"apiVersion": f"{group}/v1", "kind": "RoleBinding", **about, **binding},
    ]


def volume(folder: Path) -> list[Object]:
    """The claim of the pipeline's own chart, and a folder of this machine's that fulfils it."""
    claim = find(make_chart(folder / "pipeline").objects("in2p3"), "PersistentVolumeClaim")
    claim["metadata"]["namespace"] = NAMESPACE
    spec = {
        "accessModes": claim["spec"]["accessModes"],
        "capacity": claim["spec"]["resources"]["requests"],
        "claimRef": {"name": claim["metadata"]["name"], "namespace": NAMESPACE},
        "hostPath": {"path": str(folder / "work")},
        "storageClassName": claim["spec"].get("storageClassName", ""),
    }
    about = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "work"}}
    return [{**about, "spec": spec}, claim]


@contextmanager
def watched(cluster: Cluster, log: Path) -> Iterator[list[Object]]:
    """Note what becomes of each pod; afterwards, the last that was seen of each as it had ended."""
    found = list[Object]()
    command = ("kubectl", "get", "pods", f"--namespace={NAMESPACE}", "--watch", "--output=json")
    with ceph.process(*command, log=log, env=cluster.environment):
        yield found
    text, decoder, ended = log.read_text(encoding="utf-8"), json.JSONDecoder(), dict[str, Object]()
    while text := text.lstrip():
        seen, at = decoder.raw_decode(text)
        text = text[at:]
        if seen["status"]["phase"] in ("Succeeded", "Failed"):
            ended[seen["metadata"]["name"]] = seen
    found += ended.values()


def ending(pod: Object) -> tuple[str, int]:
    """Why the container of a pod has ended, and its exit code."""
    (status,) = pod["status"]["containerStatuses"]
    ended = status["state"]["terminated"]
    return ended["reason"], ended["exitCode"]


def put(place: Place, key: str, body: str) -> dict[str, str]:
    """Let an object arrive; what the DAG is told of it."""
    client = Client(place.pipeline.python, {**os.environ, **place.env})
    client("put_object", Bucket="lisa-l0", Key=key, Body=body)
    etag = client("head_object", Bucket="lisa-l0", Key=key)["ETag"].strip('"')
    client.close()
    return {"bucket": "lisa-l0", "key": key, "etag": etag}


def products(place: Place) -> list[str]:
    """The products that there are."""
    client = Client(place.pipeline.python, {**os.environ, **place.env})
    listed = client("list_objects_v2", Bucket="products", Prefix="noise/").get("Contents", [])
    client.close()
    return [each["Key"] for each in listed if each["Key"].endswith("/noise.json")]


def test_a_step_is_a_pod_that_has_no_more_than_it_needs(
    place: Place, step: tuple[str, str], kubernetes: Cluster, tmp_path: Path
) -> None:
    arrival = put(place, "segments/a b.csv", SEGMENT)
    with watched(kubernetes, tmp_path / "pods") as pods:
        state, said = place.run(arrival)
    assert state == "success", said[-6000:]
    assert len(products(place)) == 1
    (pod,) = pods
    (container,), (status,) = pod["spec"]["containers"], pod["status"]["containerStatuses"]
    assert status["imageID"].endswith(f"@{step[1]}")
    assert ending(pod) == ("Completed", 0)
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "256Mi"}
    assert pod["status"]["qosClass"] == "Guaranteed"
    assert pod["spec"]["securityContext"]["runAsUser"] == 1000
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    # The folder of this run alone, and no token among what is mounted.
    own, scratch = container["volumeMounts"]
    assert re.fullmatch("noise/[0-9a-f]{64}", own["subPath"])
    assert (own["mountPath"], scratch["mountPath"]) == (f"/work/{own['subPath']}", "/tmp")  # noqa: S108
    # Neither the pod nor a file of the run stays.
    assert kubernetes.get("pods", f"--namespace={NAMESPACE}")["items"] == []
    assert [path for path in place.work.rglob("*") if path.is_file()] == []


def test_what_would_end_in_the_same_way_is_not_tried_again(
    place: Place, step: tuple[str, str], kubernetes: Cluster, tmp_path: Path
) -> None:
    with watched(kubernetes, tmp_path / "failing") as pods:
        state, said = place.run(put(place, "segments/short.csv", SHORT), retries=1)
    assert state == "failed"
    assert said.count("2 samples are too few to measure noise") == 2
    assert [ending(each) for each in pods] == [("Error", 1)] * 2
    place.pin(step[1], command=GREEDY, memory=64)
    with watched(kubernetes, tmp_path / "greedy") as pods:
        state, said = place.run(put(place, "segments/greedy.csv", SEGMENT + "25.0,9\n"), retries=1)
    assert state == "failed"
    assert "OOMKilled: it needs more memory than steps.yaml gives it" in said
    assert [ending(each) for each in pods] == [("OOMKilled", 137)]


def test_a_pod_outlives_the_triggerer_and_ends_with_its_task(
    place: Place, step: tuple[str, str], kubernetes: Cluster, tmp_path: Path
) -> None:
    place.pin(step[1], command=GATED)
    before = len(products(place))
    env = {name: each for name, each in place.env.items() if name != "AIRFLOW_HOME"}
    client = Client(place.pipeline.python, {**os.environ, **env})

    def pods() -> list[str]:
        listed = kubernetes.ask(f"/api/v1/namespaces/{NAMESPACE}/pods")["items"]
        return [each["status"]["phase"] for each in listed]

    with airflow.standalone(place.pipeline, tmp_path, env) as running:
        running.rest_sweep()
        run = begin(running, client, "segments/c.csv", SEGMENT + "25.0,3\n")
        wait_until("the triggerer watches the pod", lambda: is_watched(running, run))
        wait_until("it runs", lambda: pods() == ["Running"])
        kill_triggerer(running)
        (folder,) = place.work.glob("noise/*")
        (folder / "gate").touch()
        wait_until("the pod has ended", lambda: pods() == ["Succeeded"])
        assert waits(running, run)
        command = (place.pipeline.python, "-m", "airflow", "triggerer")
        log = tmp_path / "triggerer.log"
        with ceph.process(*command, log=log, env=dict(running.environment)):
            (ended,) = running.wait_for_runs("noise", 1, 480)
            assert (ended["state"], pods()) == ("success", [])

            # Somebody ends the task: the pod ends with it, and there is no second one.
            run = begin(running, client, "segments/d.csv", SEGMENT + "25.0,4\n")
            wait_until("the other one watches the next", lambda: is_watched(running, run))
            wait_until("it runs", lambda: pods() == ["Running"])
            where = f"/api/v2/dags/noise/dagRuns/{run}/taskInstances/process.noise/0"
            running(where, {"new_state": "failed"}, "PATCH")
            wait_until("it ends", lambda: pods() == [])
            states = {each["state"] for each in running.wait_for_runs("noise", 2, 480)}
    assert states == {"success", "failed"}
    client.close()
    # Of the first run, and none of the second.
    assert len(products(place)) == before + 1
