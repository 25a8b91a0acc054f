"""A generated service moves from Compose to a cluster of Kubernetes, with its data, and back.

`operations/kubernetes.md` of the project is followed line by line: what a test runs stands there.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ...support.tools import passes
from ..parts import site as sites
from ..parts.compose import Stack, get, wait_for
from ..parts.docker import Docker
from ..parts.kubernetes import BRIDGE, Cluster
from ..parts.site import INSTALL, RELEASE, UPGRADE, VALUES, Site, ended

pytestmark = pytest.mark.heavy

NEW = "s3:http://second-store:9000/backups/kubernetes"
CHECK = f"kubectl exec deploy/{RELEASE} -- python3 manage.py check_objects --read"
WHOLE = "1 objects, 29 bytes: all were read and have the right checksum\n"
COUNT = """\
from challenges.models import Dataset
for _ in range(7): Dataset.objects.get().count_download()
"""
REPLACED = (
    "while kubectl get pods --selector=app.kubernetes.io/component=web"
    " --output=jsonpath='{.items[*].metadata.deletionTimestamp}' | grep .; do sleep 5; done"
)
WRITE = """python3 manage.py shell --command 'from challenges.models import Challenge
Challenge.objects.create(slug="written")' 2>&1 || true"""
# The names of the page for what differs from place to place.
WORDS = {"PLACE": "desk", "X.Y.Z": "1.0.0", "REPOSITORY-OF-THE-CLUSTER": NEW, "BUCKET": "data"}
SUM = re.compile(r"\d+ tables, \d+ rows, checksum [0-9a-f]{16}")


@pytest.fixture
def site(stack: Stack, docker: Docker, kubernetes: Cluster, tmp_path: Path) -> Iterator[Site]:
    """An empty namespace of the cluster; its pods reach the old store too."""
    # What is no part of the repository is drift: the chart for 1.20, and its values.
    root = shutil.copytree(stack.root, tmp_path / "service", symlinks=True)
    store, desk = stack.container("store"), f"{RELEASE}-desk_out"
    docker("network", "connect", "--alias=store", BRIDGE, store)
    old = f"s3:http://{sites.address(docker, store)}:9000/backups/desk"
    try:
        with sites.beside(docker, root) as addresses:
            docker("network", "connect", desk, "second-store")
            values = (VALUES % addresses).replace("{ EMAIL", '{ READ_ONLY: "yes", EMAIL')
            values += f"  restoreFrom: {old}\n"
            with sites.prepared(kubernetes, root, values) as made:
                yield made
    finally:
        docker.tries("network", "disconnect", "--force", BRIDGE, store)


@pytest.fixture
def follow(stack: Stack, docker: Docker, site: Site) -> Callable[[str], str]:
    """Runs a line of the page as it stands there, and nothing that does not."""

    def run(line: str) -> str:
        if line.startswith(("helm", "kubectl", "until", "while")):
            return site.follow(line)
        assert line in site.page
        for word, value in WORDS.items():
            line = line.replace(word, value)
        if line.startswith("rclone"):
            settings = (f"--env={key}={value}" for key, value in rclone(stack).items())
            network = ("--rm", "--pull=never", f"--network={BRIDGE}")
            return docker("run", *network, *settings, "localhost/rclone:test", *line.split()[1:])
        return passes("bash", "-c", line, cwd=stack.root, env=stack.environment)

    return run


def page(site: Site, path: str) -> tuple[int, str]:
    """An answer of a pod that gets requests."""
    wait_for(lambda: bool(site.addresses()), 60)
    return sites.get(site.addresses()[0], path)


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


def summed(said: str) -> str:
    """The line on tables, rows and checksum that a log has."""
    (found,) = SUM.findall(said)
    return str(found)


def test_the_service_moves_with_its_data_and_back(
    stack: Stack, site: Site, follow: Callable[[str], str]
) -> None:
    stack.backup("make")
    rehearse(stack, site, follow)
    stack.sql("UPDATE challenges_challenge SET title = 'Since the rehearsal'")
    begin = time.monotonic()
    move(stack, follow)
    print(f"read-only for {time.monotonic() - begin:.0f} s")  # noqa: T201
    follow(REPLACED)
    assert "Since the rehearsal" in page(site, "/challenges/example/")[1]
    shell = ("python3", "manage.py", "shell", "--command", COUNT)
    site.cluster("kubectl", "exec", f"deploy/{RELEASE}", "--", *shell)
    go_back(follow)
    assert stack.sql("SELECT sum(count) FROM challenges_downloads") == "7"
    assert get("/challenges/example/")[0] == 200
    stack.sql("DELETE FROM challenges_downloads")


def rehearse(stack: Stack, site: Site, follow: Callable[[str], str]) -> None:
    """Prepare and rehearse: the cluster has what the newest backup has."""
    follow("deploy/compose PLACE cp proxy:/data/caddy/certificates secrets/certificates")
    kept = {path.suffix for path in (stack.root / "secrets/certificates").rglob("localhost.*")}
    assert kept >= {".crt", ".key"}
    follow("rclone sync --checksum old:BUCKET new:BUCKET")
    follow(INSTALL)
    assert page(site, "/challenges/example/")[0] == 404
    follow(f"kubectl create job --from=cronjob/{RELEASE}-restore rehearsal")
    assert follow(ended("rehearsal")).split() == ["Complete"]
    assert "restored backup" in follow("kubectl logs job/rehearsal")
    wait_for(lambda: "noise.csv" in page(site, "/challenges/example/")[1], 30)
    assert follow(CHECK) == WHOLE
    follow(f"kubectl create job --from=cronjob/{RELEASE}-backup first-backup")
    wait = ("kubectl", "wait", "--for=condition=complete", "job/first-backup", "--timeout=300s")
    site.cluster(*wait)
    assert "was restored and is equal" in site.cluster("kubectl", "logs", "job/first-backup")


def move(stack: Stack, follow: Callable[[str], str]) -> None:
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
    assert follow(ended("move")).split() == ["Complete"]
    assert summed(follow("kubectl logs job/move")) == made
    assert follow(CHECK) == WHOLE
    described = "deploy/compose PLACE run --rm backup python3 operations/backup.py describe"
    assert summed(follow(described)) == made
    follow(f"{UPGRADE} --set settings.READ_ONLY=no --atomic")


def go_back(follow: Callable[[str], str]) -> None:
    """Go back, with what was changed in the cluster."""
    follow(f"{UPGRADE} --set settings.READ_ONLY=yes --atomic")
    follow(REPLACED)
    follow(f"kubectl create job --from=cronjob/{RELEASE}-backup back")
    assert follow(ended("back")).split() == ["Complete"]
    back = "deploy/compose PLACE run --rm --env BACKUP_REPOSITORY=REPOSITORY-OF-THE-CLUSTER"
    follow(f"{back} backup python3 operations/backup.py restore latest")
    follow("deploy/release PLACE X.Y.Z")
