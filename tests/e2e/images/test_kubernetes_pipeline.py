"""The chart of a generated pipeline on an API server, and what its pages say to do there.

Airflow's own chart comes from no package index. A small one of the same name stands in for it: two
of its Deployments by the names that it gives them, each with a real part of Airflow in the image of
the pipeline. The relay is the chart's own.
"""

from __future__ import annotations

import json
import re
import shlex
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ..parts import site as sites
from ..parts.airflow import make_pipeline
from ..parts.compose import build_stand_ins, wait_for
from ..parts.desk import build_images
from ..parts.docker import Docker
from ..parts.kubernetes import BRIDGE, Cluster
from ..test_chart import Object
from ..test_cluster import add_stand_in

pytestmark = pytest.mark.heavy

NAME = "lisa-l1-pipeline"
# Not more of Airflow than that its parts run: each has a database of its own.
DEPLOYMENTS = """\
{{- range $part := list "scheduler" "triggerer" }}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: "{{ $.Release.Name }}-{{ $part }}" }
spec:
  selector: { matchLabels: { component: {{ $part }} } }
  template:
    metadata: { labels: { component: {{ $part }} } }
    spec:
      securityContext: {{- toYaml $.Values.securityContexts.pod | nindent 8 }}
      containers:
        - name: log-groomer
          image: "{{ $.Values.images.airflow.repository }}:{{ $.Values.images.airflow.tag }}"
          command: [sleep, infinity]
        - name: {{ $part }}
          image: "{{ $.Values.images.airflow.repository }}:{{ $.Values.images.airflow.tag }}"
          command: [sh, -c, "airflow db migrate && exec airflow {{ $part }}"]
          env: {{- tpl $.Values.extraEnv $ | nindent 12 }}
{{- end }}
"""
VOLUMES = [("work", "work", "cephfs"), ("spool", f"spool-{NAME}-relay-0", "")]
"""Name, claim and storage class of each volume that the cluster gives."""
KEYS = ("connection", "fernet-key", "api-secret-key", "jwt-secret", "admin-password")
SECRETS = {
    **dict.fromkeys((*KEYS, "relay-password"), "of-the-tests"),
    "relay-token": "a-token-of-the-tests",
    "store-access-key": "lisa",
    "store-secret-key": "of-the-store",
}


@dataclass(frozen=True)
class Release:
    """The pipeline in a namespace of the cluster, its pages, and its store."""

    cluster: Cluster
    root: Path
    store: str

    def follow(self, page: str, line: str, **words: str) -> str:
        """Run a command of a page as it stands there, but for some words; what it prints."""
        text = (self.root / "docs" / page).read_text(encoding="utf-8").replace("\\\n", " ")
        commands = {
            " ".join(each.removeprefix("$ ").split())
            for each in text.splitlines()
            if each.startswith("$ ")
        }
        (command,) = (each for each in commands if line in each)
        for word, value in words.items():
            command = re.sub(rf"\b{re.escape(word)}\b", shlex.quote(value), command)
        return self.cluster("bash", "-c", command, cwd=self.root)

    def notify(self, key: str) -> None:
        """Tell the relay of an object, as the store does."""
        pod = self.cluster.get(f"--namespace={NAME}", "pod", f"{NAME}-relay-0")
        told = {"bucket": {"name": "lisa-l0"}, "object": {"key": key, "eTag": "1"}}
        record = {"eventName": "ObjectCreated:Put", "eventSource": "ceph:s3", "s3": told}
        address = f"http://{pod['status']['podIP']}:8090/notify/{SECRETS['relay-token']}"
        body = json.dumps({"Records": [record]}).encode()
        with urllib.request.urlopen(address, body, timeout=30) as answer:
            assert json.load(answer) == {"found": 1, "new": 1}


@contextmanager
def storing(docker: Docker, folder: Path) -> Iterator[str]:
    """A store that pods reach, with the buckets of the pipeline; its address."""
    folder.mkdir()
    build_stand_ins(docker, folder, "store")
    run = ("run", "--detach", "--pull=never", f"--network={BRIDGE}", "--name=l0")
    docker(*run, "localhost/store:test")
    try:
        address = f"http://{sites.address(docker, 'l0')}:9000"
        for bucket in ("lisa-l0", "products"):
            wait_for(lambda bucket=bucket: sites.put(f"{address}/{bucket}"), 120)  # type: ignore[misc]
        yield address
    finally:
        docker.tries("rm", "--force", "--volumes", "l0")


@pytest.fixture(scope="module")
def release(
    docker: Docker, kubernetes: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """The pipeline in an empty namespace, released as its page says."""
    folder = tmp_path_factory.mktemp("pipeline")
    root = make_pipeline(folder / "pipeline")
    (folder / "images").mkdir()
    image = build_images(root, docker, folder / "images")
    docker("tag", image, f"{image_of(root)}:1.2.3")
    with storing(docker, folder / "store") as store:
        adapt(root, store)
        made = Release(kubernetes, root, store)
        kubernetes("kubectl", "create", "namespace", NAME)
        told = [f"--from-literal={key}={value}" for key, value in SECRETS.items()]
        kubernetes("kubectl", f"--namespace={NAME}", "create", "secret", "generic", NAME, *told)
        kubernetes.apply(*(volume(folder, *each) for each in VOLUMES), folder=folder)
        try:
            made.follow("deploy.md", "helm upgrade --install", **{"X.Y.Z": "1.2.3", "20m": "8m"})
            yield made
        finally:
            kubernetes("kubectl", "delete", "namespace", NAME, "--timeout=300s")
            kubernetes("kubectl", "delete", "persistentvolume", *(each[0] for each in VOLUMES))


def image_of(root: Path) -> str:
    """The image that the chart asks for, without its tag."""
    values = yaml.safe_load((root / "kubernetes/values.yaml").read_text(encoding="utf-8"))
    return str(values["airflow"]["images"]["airflow"]["repository"])


def adapt(root: Path, store: str) -> None:
    """Let the chart pass on a cluster of 1.20 with that store, and bring parts of Airflow."""
    templates = add_stand_in(root) / "templates"
    templates.mkdir()
    (templates / "deployments.yaml").write_text(DEPLOYMENTS, encoding="utf-8")
    for name, (old, new) in {
        "Chart.yaml": ('kubeVersion: ">=1.30.0-0"', 'kubeVersion: ">=1.20.0-0"'),
        "clusters/in2p3.yaml": ("https://s3.in2p3.example.org", store),
    }.items():
        path = root / "kubernetes" / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} says {old!r} no more"
        path.write_text(text.replace(old, new), encoding="utf-8")


def volume(folder: Path, name: str, claim: str, kind: str) -> Object:
    """A folder of this machine's that fulfils a claim."""
    path = folder / name
    path.mkdir()
    path.chmod(0o777)
    spec = {
        "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
        "capacity": {"storage": "500Gi"},
        "claimRef": {"name": claim, "namespace": NAME},
        "hostPath": {"path": str(path)},
        "storageClassName": kind,
    }
    about = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}}
    return {**about, "spec": spec}


def test_the_lines_of_the_handbook_tell_what_they_promise(release: Release) -> None:
    def follow(line: str, **words: str) -> str:
        return release.follow("handbook.md", line, **words)

    assert sites.put(f"{release.store}/lisa-l0/segments/a%20b.csv", b"time,X\n")
    said = follow(f"kubectl --namespace {NAME} exec deployment", KEY="segments/a b.csv")
    lines = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    (told,) = json.loads(lines.pop("conf"))["objects"]
    assert (told["bucket"], told["key"]) == ("lisa-l0", "segments/a b.csv")
    assert lines == {
        "object": "s3://lisa-l0/segments/a b.csv",
        "step": "noise",
        "receipt": "none yet",
        "product": "none yet",
    }

    follow("kubectl config set-context")
    rows = [line.split() for line in follow("kubectl get pods").splitlines()[1:]]
    names = [re.sub("-[0-9a-f]+-[0-9a-z]{5}$", "", row[0]) for row in rows]
    assert names == [f"{NAME}-relay-0", f"{NAME}-scheduler", f"{NAME}-triggerer"]
    assert {row[2] for row in rows} == {"Running"}
    for part in ("scheduler", "triggerer"):
        line = f"kubectl logs deployment/{NAME}-{part}"
        wait_for(lambda line=line, part=part: f"Starting the {part}" in follow(line), 240)  # type: ignore[misc]
        assert len(follow(line).splitlines()) <= 50

    # There is no API server of Airflow: the relay keeps what it hears, and says why.
    assert json.loads(follow("kubectl exec statefulset"))["waiting"] == 0
    release.notify("segments/a b.csv")
    wait_for(lambda: "Airflow does not take all" in follow("kubectl logs statefulset"), 60)
    assert json.loads(follow("kubectl exec statefulset"))["waiting"] == 1
