"""A generated service on Kubernetes, by the page that operators follow.

The cluster is of 1.20, which lacks names that the chart uses. They are put in place of it by
``OLDER``: the same objects, whose fields that the chart sets did not change between the two.
"""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from ...support.tools import passes
from .compose import NAME, wait_for
from .docker import Docker
from .kubernetes import BRIDGE, Cluster

Object = dict[str, Any]
RELEASE = "lisa-data-challenge"
ROLES = (
    "SECRETS=secrets psql --host=SERVER --username=postgres --dbname=service"
    " --file=deploy/roles.sql"
)
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
VALUES = f"""\
host: localhost
image: {{ repository: {NAME} }}
database: {{ host: %(database)s }}
store: {{ endpoint: "http://%(store)s:9000", bucket: data }}
settings: {{ EMAIL_VERIFICATION: none, MAIL_HOST: "" }}
resources: {{ requests: {{ cpu: 300m }} }}
backup:
  secretName: {RELEASE}-backup
  repository: s3:http://%(store)s:9000/backups/kubernetes
"""
"""Values of the chart; on a busy machine what asks for little of a processor gets nothing."""
UPGRADE = f"helm upgrade {RELEASE} chart --values kubernetes.yaml --set image.tag=X.Y.Z"
INSTALL = f"{UPGRADE.replace('upgrade', 'upgrade --install')} --atomic"


class Site:
    """The service in a namespace of the cluster, and the page that operators follow.

    Parameters
    ----------
    cluster
        The cluster.
    root
        The service, whose chart is one for 1.20.
    """

    def __init__(self, cluster: Cluster, root: Path) -> None:
        self.cluster, self.root = cluster, root
        self.text = (root / "operations/kubernetes.md").read_text(encoding="utf-8")
        self.page = {line.strip() for line in self.text.splitlines()}

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
        return line.replace("X.Y.Z", tag).replace("10m", "150s")

    def render(self) -> list[Object]:
        """What a release has, as the cluster takes it."""
        words = ("helm", "template", RELEASE, "chart", "--values=kubernetes.yaml")
        return list(yaml.safe_load_all(self.cluster(*words, cwd=self.root)))

    def image(self) -> str:
        """The image that the Deployment asks for."""
        template = self.cluster.get("deployment", RELEASE)["spec"]["template"]
        (container,) = template["spec"]["containers"]
        return str(container["image"])

    def addresses(self) -> list[str]:
        """Where a Service sends requests: the pods that are ready."""
        told = self.cluster.ask(f"/api/v1/namespaces/{RELEASE}/endpoints/{RELEASE}")
        subsets = told.get("subsets", [])
        return [each["ip"] for one in subsets for each in one.get("addresses", [])]


def ended(name: str) -> str:
    """The line of the page that waits for the end of a job."""
    seen = f"kubectl get job/{name} --output=jsonpath='{{.status.conditions[*].type}}'"
    return f"until {seen} | grep -E 'Complete|Failed'; do sleep 5; done"


def get(address: str, path: str) -> tuple[int, str]:
    """Status and body of an answer of a pod, asked as an Ingress does."""
    headers = {"Host": "localhost", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    connection = http.client.HTTPConnection(address, 8000, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@contextmanager
def prepared(cluster: Cluster, root: Path, values: str) -> Iterator[Site]:
    """Prepare a namespace as the page says, and drop it; the service has its secrets."""
    _make_older(root / "chart")
    (root / "kubernetes.yaml").write_text(values, encoding="utf-8")
    made = Site(cluster, root)
    try:
        made.follow(f"kubectl create namespace {RELEASE}")
        standard = "pod-security.kubernetes.io/enforce=restricted"
        made.follow(f"kubectl label namespace {RELEASE} {standard}")
        made.follow(f"kubectl config set-context --current --namespace={RELEASE}")
        assert "export HELM_DRIVER=configmap" in made.page
        for name in (RELEASE, f"{RELEASE}-owner", f"{RELEASE}-backup"):
            begin = f"kubectl create secret generic {name} "
            (line,) = (line for line in made.page if line.startswith(begin))
            made.follow(line)
        yield made
    finally:
        cluster("kubectl", "delete", "namespace", RELEASE, "--timeout=300s")


def _make_older(chart: Path) -> None:
    """Write the names of 1.20 into a chart; each stands there as often as it is known to."""
    for name, changes in OLDER.items():
        text = (chart / name).read_text(encoding="utf-8")
        for new, old in changes.items():
            assert new in text, f"{name} says {new!r} no more"
            text = text.replace(new, old)
        (chart / name).write_text(text, encoding="utf-8")


@contextmanager
def beside(docker: Docker, root: Path) -> Iterator[dict[str, str]]:
    """Run a database with the roles of a service, and a store, where pods reach them.

    The roles are made by the line of the page, as the administrator of a server that is there.

    Parameters
    ----------
    docker
        The engine.
    root
        The service, which has its secrets.

    Yields
    ------
    dict of str to str
        The addresses of `database` and `store`; the store's name is ``second-store``.
    """
    run = ("run", "--detach", "--pull=never", f"--network={BRIDGE}")
    administrator = (
        "--env=POSTGRES_USER=postgres",
        "--env=POSTGRES_DB=service",
        "--env=POSTGRES_PASSWORD_FILE=/run/secrets/db_admin_password",
        f"--volume={root}/secrets/db_admin_password:/run/secrets/db_admin_password:ro",
    )
    try:
        docker(*run, "--name=postgres", *administrator, "localhost/postgres:test", "postgres")
        docker(*run, "--name=second-store", "localhost/store:test")
        ready = ("exec", "postgres", "pg_isready", "-h", "127.0.0.1", "-d", "service")
        wait_for(lambda: docker.tries(*ready)[0] == 0, 120)
        make_roles(root, address(docker, "postgres"))
        store = address(docker, "second-store")
        for bucket in ("data", "backups"):
            bucket_of = f"http://{store}:9000/{bucket}"
            wait_for(lambda address=bucket_of: put(address), 120)  # type: ignore[misc]
        yield {"database": address(docker, "postgres"), "store": store}
    finally:
        docker.tries("rm", "--force", "--volumes", "postgres", "second-store")


def make_roles(root: Path, server: str) -> None:
    """Run the page's line that makes them."""
    assert ROLES in (root / "operations/kubernetes.md").read_text(encoding="utf-8")
    password = (root / "secrets/db_admin_password").read_text(encoding="utf-8")
    line = ROLES.replace("SERVER", server)
    passes("bash", "-c", line, cwd=root, env={"PGPASSWORD": password})


def address(docker: Docker, container: str) -> str:
    """Where pods reach a container."""
    form = f'{{{{(index .NetworkSettings.Networks "{BRIDGE}").IPAddress}}}}'
    return docker("inspect", f"--format={form}", container).strip()


def put(address: str, body: bytes = b"") -> bool:
    """Make a bucket, or an object; whether the store did so."""
    request = urllib.request.Request(address, body, method="PUT")  # noqa: S310
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except OSError:
        return False
    return True
