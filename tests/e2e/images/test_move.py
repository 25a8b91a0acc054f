"""A generated service moves from Compose to the pods of its chart, with its data, and back.

`operations/kubernetes.md` of the project is followed line by line: what a test runs stands there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from ...support.tools import passes
from ..parts import helm
from ..parts.compose import NAME, Stack, get, wait_for
from ..parts.docker import Docker
from ..parts.pods import Namespace

pytestmark = pytest.mark.heavy

Object = dict[str, Any]
RELEASE = "lisa-data-challenge"
PASSWORD = "of-the-cluster"  # noqa: S105
OLD = "s3:http://store:9000/backups/desk"
NEW = "s3:http://second-store:9000/backups/kubernetes"
VALUES = f"""\
host: localhost
image: {{ repository: {NAME} }}
database: {{ host: postgres, name: service, user: service }}
store: {{ endpoint: "http://second-store:9000", bucket: data }}
settings: {{ READ_ONLY: "yes", EMAIL_VERIFICATION: none }}
backup:
  secretName: {RELEASE}-backup
  repository: {NEW}
  restoreFrom: {OLD}
"""
UPGRADE = f"helm upgrade {RELEASE} chart --values kubernetes.yaml --set image.tag=X.Y.Z"
CHECK = f"kubectl exec deploy/{RELEASE} -- python3 manage.py check_objects --read"
WHOLE = "1 objects, 29 bytes: all were read and have the right checksum\n"
COUNT = """\
from challenges.models import Dataset
for _ in range(7): Dataset.objects.get().count_download()
"""
WRITE = """python3 manage.py shell --command 'from challenges.models import Challenge
Challenge.objects.create(slug="written")' 2>&1 || true"""
# The names of the page for what differs from place to place.
WORDS = {"PLACE": "desk", "X.Y.Z": "1.0.0", "REPOSITORY-OF-THE-CLUSTER": NEW, "BUCKET": "data"}
SUM = re.compile(r"\d+ tables, \d+ rows, checksum [0-9a-f]{16}")


@dataclass
class Cluster:
    """What stands for a cluster: a namespace, a database, a store, and the chart's pods."""

    stack: Stack
    namespace: Namespace
    objects: list[Object]

    def find(self, kind: str, name: str) -> Object:
        (found,) = [
            each
            for each in self.objects
            if (each["kind"], each["metadata"]["name"]) == (kind, name)
        ]
        return found

    def renders(self, *more: str) -> None:
        """What `helm upgrade` would send to the cluster."""
        folder = self.stack.root
        words = ("template", RELEASE, "chart", "--values=kubernetes.yaml", "--set=image.tag=1.0.0")
        rendered = passes(helm.installed(), *words, *more, cwd=folder)
        self.objects = list(yaml.safe_load_all(rendered))

    def upgrades(self) -> None:
        """The migration, and then two pods of the service that get ready."""
        self.namespace.runs(self.find("Job", f"{RELEASE}-migrate")["spec"]["template"])
        template = self.find("Deployment", RELEASE)["spec"]["template"]
        for name in ("pod-1", "pod-2"):
            self.namespace.docker.tries("rm", "--force", name)
            self.namespace.starts(template, name)
        for name in ("pod-1", "pod-2"):
            wait_for(lambda name=name: self.is_ready(name, template), 60)  # type: ignore[misc]

    def is_ready(self, name: str, template: Object) -> bool:
        return self.namespace.probe(name, template, "readinessProbe")[0] == 200

    def job(self, name: str) -> str:
        """`kubectl create job --from=cronjob/NAME`, to its end; what its pod prints."""
        job = self.find("CronJob", name)["spec"]["jobTemplate"]
        return self.namespace.runs(job["spec"]["template"])

    def manage(self, *words: str) -> str:
        """`kubectl exec deploy/NAME -- python3 manage.py`; what it prints."""
        return self.namespace.docker("exec", "pod-1", "python3", "manage.py", *words)

    def page(self, path: str) -> tuple[int, str]:
        """An answer as an Ingress passes it on."""
        given = {"Host": "localhost", "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        return self.namespace.get("pod-2", path, headers=given)


@pytest.fixture
def cluster(stack: Stack, docker: Docker) -> Iterator[Cluster]:
    """An empty cluster: a database whose user is no superuser, and a store of its own."""
    password = {"DB_PASSWORD": PASSWORD}
    own, backup = (
        {key.upper(): (stack.root / f"secrets/{key}").read_text() for key in keys}
        for keys in (
            ("secret_key", "s3_access_key", "s3_secret_key"),
            ("backup_password", "backup_s3_access_key", "backup_s3_secret_key"),
        )
    )
    secrets = {RELEASE: {**own, **password}, f"{RELEASE}-backup": {**backup, **password}}
    (stack.root / "kubernetes.yaml").write_text(VALUES, encoding="utf-8")
    (stack.root / "secrets/cluster").write_text("of-its-administrator", encoding="utf-8")
    made = Cluster(stack, Namespace(docker, "cluster", secrets), [])
    docker("network", "create", "cluster")
    docker("network", "connect", "--alias=store", "cluster", stack.container("store"))
    run = ("run", "--detach", "--pull=never", "--network=cluster")
    administrator = (
        "--env=POSTGRES_USER=postgres",
        *("--env=POSTGRES_DB=service", "--env=POSTGRES_PASSWORD_FILE=/password"),
        f"--volume={stack.root}/secrets/cluster:/password:ro",
    )
    try:
        docker(*run, "--name=postgres", *administrator, "localhost/postgres:test", "postgres")
        docker(*run, "--name=second-store", "localhost/store:test")
        docker("network", "connect", f"{RELEASE}-desk_out", "second-store")
        ready = ("exec", "postgres", "pg_isready", "-h", "127.0.0.1", "-d", "service")
        wait_for(lambda: docker.tries(*ready)[0] == 0, 60)
        for statement in (
            f"CREATE ROLE service LOGIN CREATEDB PASSWORD '{PASSWORD}'",
            "ALTER DATABASE service OWNER TO service",
        ):
            docker("exec", "postgres", "psql", "-U", "postgres", "-c", statement)
        yield made
    finally:
        docker.tries("rm", "--force", "pod-1", "pod-2", "postgres", "second-store")
        docker.tries("network", "disconnect", "--force", "cluster", stack.container("store"))
        docker.tries("network", "rm", "cluster")
        # What is no part of the repository is drift.
        (stack.root / "kubernetes.yaml").unlink()


@pytest.fixture
def follow(stack: Stack, docker: Docker) -> Callable[[str], str]:
    """Runs a line of the page as it stands there, and nothing that does not."""
    lines = (stack.root / "operations/kubernetes.md").read_text(encoding="utf-8").splitlines()
    page = {line.strip() for line in lines}

    def run(line: str) -> str:
        assert line in page
        for word, value in WORDS.items():
            line = line.replace(word, value)
        if line.startswith(("helm", "kubectl")):
            return ""
        if line.startswith("rclone"):
            settings = (f"--env={key}={value}" for key, value in rclone(stack).items())
            network = ("--rm", "--pull=never", "--network=cluster")
            return docker("run", *network, *settings, "localhost/rclone:test", *line.split()[1:])
        return passes("bash", "-c", line, cwd=stack.root, env=stack.environment)

    return run


def rclone(stack: Stack) -> dict[str, str]:
    """What `rclone config` would write of the two stores."""
    access, secret = (
        (stack.root / f"secrets/s3_{name}_key").read_text() for name in ("access", "secret")
    )
    return {
        f"RCLONE_CONFIG_{name}_{key}": value
        for name, host in (("OLD", "store"), ("NEW", "second-store"))
        for key, value in {
            "TYPE": "s3",
            "PROVIDER": "Other",
            "ACCESS_KEY_ID": access,
            "SECRET_ACCESS_KEY": secret,
            "ENDPOINT": f"http://{host}:9000",
        }.items()
    }


def make_bucket(docker: Docker, stack: Stack, name: str) -> None:
    """A bucket in the second store."""
    settings = (f"--env={key}={value}" for key, value in rclone(stack).items())
    network = ("--rm", "--pull=never", "--network=cluster")
    docker("run", *network, *settings, "localhost/rclone:test", "mkdir", f"new:{name}")


def summed(said: str) -> str:
    """The line on tables, rows and checksum that a log has."""
    (found,) = SUM.findall(said)
    return str(found)


def test_the_service_moves_with_its_data_and_back(
    stack: Stack, docker: Docker, cluster: Cluster, follow: Callable[[str], str]
) -> None:
    stack.backup("make")
    for bucket in ("data", "backups"):
        make_bucket(docker, stack, bucket)
    rehearse(stack, cluster, follow)
    stack.sql("UPDATE challenges_challenge SET title = 'Since the rehearsal'")
    begin = time.monotonic()
    move(stack, cluster, follow)
    print(f"read-only for {time.monotonic() - begin:.0f} s")  # noqa: T201
    assert "Since the rehearsal" in cluster.page("/challenges/example/")[1]
    cluster.manage("shell", "--command", COUNT)
    go_back(cluster, follow)
    assert stack.sql("SELECT sum(count) FROM challenges_downloads") == "7"
    assert get("/challenges/example/")[0] == 200
    stack.sql("DELETE FROM challenges_downloads")


def rehearse(stack: Stack, cluster: Cluster, follow: Callable[[str], str]) -> None:
    """Prepare and rehearse: the cluster has what the newest backup has."""
    follow("deploy/compose PLACE cp proxy:/data/caddy/certificates secrets/certificates")
    kept = {path.suffix for path in (stack.root / "secrets/certificates").rglob("localhost.*")}
    assert kept >= {".crt", ".key"}
    follow("rclone sync --checksum old:BUCKET new:BUCKET")
    follow(f"{UPGRADE.replace('upgrade', 'upgrade --install')} --atomic")
    cluster.renders()
    cluster.upgrades()
    assert cluster.page("/challenges/example/")[0] == 404
    follow(f"kubectl create job --from=cronjob/{RELEASE}-restore rehearsal")
    assert "restored backup" in cluster.job(f"{RELEASE}-restore")
    wait_for(lambda: "noise.csv" in cluster.page("/challenges/example/")[1], 30)
    follow(CHECK)
    assert cluster.manage("check_objects", "--read") == WHOLE
    follow(f"kubectl create job --from=cronjob/{RELEASE}-backup first-backup")
    assert "was restored and is equal" in cluster.job(f"{RELEASE}-backup")


def move(stack: Stack, cluster: Cluster, follow: Callable[[str], str]) -> None:
    """Move: the old place is read-only, and the cluster takes over what it has."""
    follow("READ_ONLY=yes deploy/release PLACE X.Y.Z")
    assert "Since the rehearsal" in get("/challenges/example/")[1]
    assert get("/accounts/login/", b"login=admin")[0] == 503
    refused = stack.compose("exec", "-T", stack.active(), "sh", "-c", WRITE)
    assert "cannot execute INSERT in a read-only transaction" in refused
    follow("deploy/compose PLACE stop backup")
    made = summed(follow("deploy/compose PLACE run --rm backup python3 operations/backup.py make"))
    follow("rclone sync --checksum old:BUCKET new:BUCKET")
    follow("rclone check old:BUCKET new:BUCKET")
    follow(f"kubectl create job --from=cronjob/{RELEASE}-restore move")
    assert summed(cluster.job(f"{RELEASE}-restore")) == made
    follow(CHECK)
    assert cluster.manage("check_objects", "--read") == WHOLE
    described = "deploy/compose PLACE run --rm backup python3 operations/backup.py describe"
    assert summed(follow(described)) == made
    follow(f"{UPGRADE} --set settings.READ_ONLY=no --atomic")
    cluster.renders("--set=settings.READ_ONLY=no")
    cluster.upgrades()


def go_back(cluster: Cluster, follow: Callable[[str], str]) -> None:
    """Go back, with what was changed in the cluster."""
    follow(f"{UPGRADE} --set settings.READ_ONLY=yes --atomic")
    cluster.renders("--set=settings.READ_ONLY=yes")
    cluster.upgrades()
    follow(f"kubectl create job --from=cronjob/{RELEASE}-backup back")
    cluster.job(f"{RELEASE}-backup")
    back = "deploy/compose PLACE run --rm --env BACKUP_REPOSITORY=REPOSITORY-OF-THE-CLUSTER"
    follow(f"{back} backup python3 operations/backup.py restore")
    follow("deploy/release PLACE X.Y.Z")
