"""A generated service on an API server, with a kubelet: applied, released, undone, refused.

The cluster is of 1.20, which lacks names that the chart uses. They are put in place of it by
``OLDER``: the same objects, whose fields that the chart sets did not change between the two.
"""

from __future__ import annotations

import base64
import copy
import http.client
import itertools
import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from ...support.tools import passes
from ..parts.compose import NAME, make_stack, wait_for
from ..parts.docker import Docker
from ..parts.kubernetes import Cluster
from ..test_chart import find, validate

pytestmark = pytest.mark.heavy

Object = dict[str, Any]
RELEASE = "lisa-data-challenge"
PASSWORD = "of-the-cluster"  # noqa: S105
OLDER = {
    "Chart.yaml": {'kubeVersion: ">=1.28.0-0"': 'kubeVersion: ">=1.20.0-0"'},
    "templates/service.yaml": {
        "apiVersion: policy/v1\n": "apiVersion: policy/v1beta1\n",
        "apiVersion: autoscaling/v2\n": "apiVersion: autoscaling/v2beta2\n",
    },
    "templates/backup.yaml": {
        "apiVersion: batch/v1\nkind: CronJob": "apiVersion: batch/v1beta1\nkind: CronJob"
    },
}
"""What is otherwise in 1.20, by the file of the chart."""
VALUES = """\
host: localhost
image: {{ repository: {name} }}
database: {{ host: {database}, name: service, user: service }}
store: {{ endpoint: "http://{store}:9000", bucket: data }}
settings: {{ EMAIL_VERIFICATION: none }}
resources: {{ requests: {{ cpu: 300m }} }}
backup:
  secretName: {release}-backup
  repository: s3:http://{store}:9000/backups/kubernetes
"""
UPGRADE = f"helm upgrade {RELEASE} chart --values kubernetes.yaml --set image.tag=X.Y.Z"


class Site:
    """The service in a namespace of the cluster, and the page that operators follow."""

    def __init__(self, cluster: Cluster, root: Path) -> None:
        self.cluster, self.root = cluster, root
        lines = (root / "operations/kubernetes.md").read_text(encoding="utf-8").splitlines()
        self.page = {line.strip() for line in lines}

    def follow(self, line: str, *, tag: str = "1.0.0", by: Cluster | None = None) -> str:
        """Run a line of the page as it stands there; what it prints."""
        return (by or self.cluster)("bash", "-c", self._given(line, tag), cwd=self.root)

    def fails(self, line: str, *, tag: str) -> str:
        """Run a line of the page that must fail; what it prints."""
        code, said = self.cluster.tries("bash", "-c", self._given(line, tag), cwd=self.root)
        assert code != 0, said
        return said

    def _given(self, line: str, tag: str) -> str:
        assert line in self.page, line
        return line.replace("X.Y.Z", tag).replace("=...", f"={PASSWORD}").replace("10m", "150s")

    def render(self) -> list[Object]:
        """What a release has, as the cluster takes it."""
        words = ("helm", "template", RELEASE, "chart", "--values=kubernetes.yaml")
        return list(yaml.safe_load_all(self.cluster(*words, cwd=self.root)))

    def image(self) -> str:
        """The image that the Deployment asks for."""
        (container,) = self.cluster.get("deployment", RELEASE)["spec"]["template"]["spec"][
            "containers"
        ]
        return str(container["image"])

    def addresses(self) -> list[str]:
        """Where a Service sends requests: the pods that are ready."""
        told = self.cluster.ask(f"/api/v1/namespaces/{RELEASE}/endpoints/{RELEASE}")
        subsets = told.get("subsets", [])
        return [each["ip"] for one in subsets for each in one.get("addresses", [])]

    def page_of(self, address: str, path: str) -> tuple[int, str]:
        """Status of an answer of a pod, asked as an Ingress does, and the version that it names."""
        headers = {"Host": "localhost", "X-Forwarded-Proto": "https"}
        connection = http.client.HTTPConnection(address, 8000, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            named = re.search(r"Version ([\w.]+)", answer.read().decode())
            return answer.status, named[1] if named else ""
        finally:
            connection.close()


def make_older(chart: Path) -> None:
    """Write the names of 1.20 into a chart; each stands there as often as it is known to."""
    for name, changes in OLDER.items():
        text = (chart / name).read_text(encoding="utf-8")
        for new, old in changes.items():
            assert new in text, f"{name} says {new!r} no more"
            text = text.replace(new, old)
        (chart / name).write_text(text, encoding="utf-8")


def standing(name: str, image: str, **more: Any) -> Object:
    """A pod of what a service needs and does not bring."""
    # What asks for no processor gets none where others are busy.
    needs = {"requests": {"cpu": "300m", "memory": "256Mi"}}
    container = {"name": name, "image": image, "imagePullPolicy": "Never", "resources": needs}
    container |= more
    volume = {"name": "password", "secret": {"secretName": "postgres"}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [container], "volumes": [volume]},
    }


@pytest.fixture(scope="module")
def site(docker: Docker, kubernetes: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A namespace as the page prepares it, with a database and a store beside it."""
    root = make_stack(docker, tmp_path_factory.mktemp("service")).root
    make_older(root / "chart")
    passes("deploy/secrets", "desk", cwd=root)
    database, store = stand_by(kubernetes, root)
    values = VALUES.format(name=NAME, release=RELEASE, database=database, store=store)
    (root / "kubernetes.yaml").write_text(values, encoding="utf-8")
    made = Site(kubernetes, root)
    made.follow(f"kubectl create namespace {RELEASE}")
    made.follow(f"kubectl label namespace {RELEASE} pod-security.kubernetes.io/enforce=restricted")
    made.follow(f"kubectl config set-context --current --namespace={RELEASE}")
    assert "export HELM_DRIVER=configmap" in made.page
    for name in (RELEASE, f"{RELEASE}-backup"):
        (line,) = (
            line for line in made.page if line.startswith(f"kubectl create secret generic {name} ")
        )
        made.follow(line)
    return made


def stand_by(cluster: Cluster, root: Path) -> tuple[str, str]:
    """Start a database, whose user is no superuser, and a store; their addresses."""
    secret = base64.b64encode(b"of-its-administrator").decode()
    about = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "postgres"}}
    given = {"POSTGRES_USER": "postgres", "POSTGRES_DB": "service"}
    given["POSTGRES_PASSWORD_FILE"] = "/run/password/it"  # noqa: S105 - a path
    env = [{"name": name, "value": value} for name, value in given.items()]
    mounts = [{"name": "password", "mountPath": "/run/password"}]
    cluster.apply({**about, "data": {"it": secret}}, folder=root.parent)
    cluster.apply(
        standing("postgres", "localhost/postgres:test", env=env, volumeMounts=mounts),
        standing("store", "localhost/store:test"),
        folder=root.parent,
    )
    there = ("--for=condition=Ready", "--timeout=120s", "--namespace=default")
    cluster("kubectl", "wait", "pod/postgres", "pod/store", *there)
    inside = ("kubectl", "exec", "--namespace=default", "postgres", "--")
    ready = (*inside, "pg_isready", "-h", "127.0.0.1", "-d", "service")
    wait_for(lambda: cluster.tries(*ready)[0] == 0, 120)
    for statement in (
        f"CREATE ROLE service LOGIN CREATEDB PASSWORD '{PASSWORD}'",
        "ALTER DATABASE service OWNER TO service",
    ):
        cluster(*inside, "psql", "-U", "postgres", "-c", statement)
    database, store = (
        cluster.get("pod", name, "--namespace=default")["status"]["podIP"]
        for name in ("postgres", "store")
    )
    wait_for(lambda: put_bucket(store), 120)
    return database, store


def put_bucket(store: str) -> bool:
    """Make the bucket of the data, if the store answers."""
    request = urllib.request.Request(f"http://{store}:9000/data", method="PUT")
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except OSError:
        return False
    return True


# --- What schemas take, and a server does not -----------------------------------------------------


def relabel(objects: list[Object]) -> Object:
    web = find(objects, "Deployment")
    web["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] = "other"
    return web


def mount_nothing(objects: list[Object]) -> Object:
    web = find(objects, "Deployment")
    web["spec"]["template"]["spec"]["volumes"][0]["name"] = "other"
    return web


def start_again(objects: list[Object]) -> Object:
    job = find(objects, "Job")
    job["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    return job


def shrink(objects: list[Object]) -> Object:
    scaler = find(objects, "HorizontalPodAutoscaler")
    scaler["spec"]["maxReplicas"] = 1
    return scaler


def ask_for_more(objects: list[Object]) -> Object:
    """More memory asked for than there may be."""
    web = find(objects, "Deployment")
    (container,) = web["spec"]["template"]["spec"]["containers"]
    container["resources"]["requests"]["memory"] = "1Gi"
    return web


def never_tell(objects: list[Object]) -> Object:
    backup = find(objects, "CronJob", f"{RELEASE}-backup")
    backup["spec"]["schedule"] = "17 25 * * *"
    return backup


WRONG: dict[Callable[[list[Object]], Object], str] = {
    relabel: "`selector` does not match template `labels`",
    mount_nothing: "spec.template.spec.containers[0].volumeMounts[0].name: Not found",
    start_again: 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure"',
    shrink: "spec.maxReplicas: Invalid value: 1: must be greater than or equal to `minReplicas`",
    ask_for_more: "must be less than or equal to memory limit",
    never_tell: "spec.schedule: Invalid value",
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change.__name__)
def test_what_schemas_take_and_no_cluster_does_is_refused(
    site: Site, change: Callable[[list[Object]], Object], tmp_path: Path
) -> None:
    made = site.render()
    wrong = copy.deepcopy(change(made))
    assert WRONG[change] in site.cluster.refuses(wrong, folder=tmp_path)
    newer = {
        "policy/v1beta1": "policy/v1",
        "autoscaling/v2beta2": "autoscaling/v2",
        "batch/v1beta1": "batch/v1",
    }
    wrong["apiVersion"] = newer.get(wrong["apiVersion"], wrong["apiVersion"])
    code, said = validate([wrong], "1.28", tmp_path)
    assert code == 0, said


# --- Releases -------------------------------------------------------------------------------------


@contextmanager
def asked(site: Site) -> Iterator[list[tuple[int, str]]]:
    """Ask for a page without a pause, of the pods that a Service would send it to."""
    answers: list[tuple[int, str]] = []
    ended = threading.Event()

    def ask() -> None:
        for turn in itertools.count():
            if ended.is_set():
                return
            there = site.addresses()
            try:
                answers.append(site.page_of(there[turn % len(there)], "/"))
            except (OSError, ZeroDivisionError, http.client.HTTPException) as error:
                answers.append((0, repr(error)))
            time.sleep(0.1)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()


def test_a_release_is_made_replaced_taken_back_and_undone(site: Site) -> None:
    cluster = site.cluster
    site.follow(f"{UPGRADE.replace('upgrade', 'upgrade --install')} --atomic")
    # The autoscaler has two at least, and both get requests.
    wait_for(lambda: len(site.addresses()) == 2, 180)
    assert [site.page_of(each, "/readyz") for each in site.addresses()] == [(200, "")] * 2
    assert [site.page_of(each, "/") for each in site.addresses()] == [(200, "1.0.0")] * 2
    with asked(site) as answers:
        site.follow(f"{UPGRADE} --atomic --timeout 10m", tag="2.0.0")
        assert site.image() == f"{NAME}:2.0.0"
        said = site.fails(f"{UPGRADE} --atomic --timeout 10m", tag="3.0.0")
        assert "rolled back" in said
        assert site.image() == f"{NAME}:2.0.0"
        cluster("helm", "rollback", RELEASE, "1", "--wait", "--timeout=150s")
        assert site.image() == f"{NAME}:1.0.0"
    told = json.loads(cluster("helm", "history", RELEASE, "--output=json"))
    assert [(each["revision"], each["status"]) for each in told] == [
        *((1, "superseded"), (2, "superseded"), (3, "failed")),
        *((4, "superseded"), (5, "deployed")),
    ]
    assert set(answers) == {(200, "1.0.0"), (200, "2.0.0")}
    print(f"{len(answers)} requests, none failed")  # noqa: T201
    # Nothing keeps what Helm knows but the ConfigMaps that the page says.
    kept = cluster.get("secrets")["items"]
    assert not [each for each in kept if each["type"].startswith("helm")]


def test_pods_run_as_the_chart_says(site: Site) -> None:
    """What holds a container, as the kubelet told Docker."""
    (name, *_) = (
        each["metadata"]["name"]
        for each in site.cluster.get("pods", "--selector=app.kubernetes.io/component=web")["items"]
    )
    script = "id -u; id -g; touch /here; touch /tmp/x && echo written; grep CapEff /proc/1/status"
    code, said = site.cluster.tries("kubectl", "exec", name, "--", "sh", "-c", script)
    assert code == 0, said
    lines = said.splitlines()
    assert lines[:2] == ["10001", "10001"]
    assert "touch: cannot touch '/here': Read-only file system" in lines
    assert lines[-2:] == ["written", "CapEff:\t0000000000000000"]


# --- The pipeline's account -----------------------------------------------------------------------

MAY_NOT = [
    ("get", "secrets"),
    ("create", "secrets"),
    ("create", "pods"),
    ("create", "pods", "--subresource=exec"),
    ("patch", "roles"),
    ("create", "rolebindings"),
    ("create", "serviceaccounts", "--subresource=token"),
    ("get", "nodes"),
    ("list", "namespaces"),
    ("get", "pods", "--namespace=default"),
    ("get", "secrets", "--namespace=kube-system"),
    ("patch", "deployments", "--namespace=default"),
]


@pytest.fixture
def deployer(site: Site, tmp_path: Path) -> Cluster:
    """The cluster for who has the token of the pipeline's account."""
    site.follow("kubectl apply --filename operations/deployer.yaml")
    return site.cluster.acting(RELEASE, f"{RELEASE}-deployer", tmp_path)


def test_the_pipeline_releases_with_its_account_and_may_do_no_more(
    site: Site, deployer: Cluster
) -> None:
    site.follow(f"{UPGRADE} --atomic --timeout 10m", tag="2.0.0", by=deployer)
    assert site.image() == f"{NAME}:2.0.0"
    for words in MAY_NOT:
        code, said = deployer.tries("kubectl", "auth", "can-i", *words)
        assert (code, said.splitlines()[-1]) == (1, "no"), words
    code, said = deployer.tries("kubectl", "get", "secrets")
    assert code != 0
    assert "(Forbidden)" in said
    more = '{"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}'
    code, said = deployer.tries(
        "kubectl", "patch", "role", f"{RELEASE}-deployer", f"--patch={more}"
    )
    assert code != 0
    assert "(Forbidden)" in said
