"""The machine of a service is gone: another one takes its place, by the page for operators.

Both machines are clones on one engine, one after the other, as of production: the first is removed
with all that it had but what the page says to keep elsewhere. The store is a machine of its own.
"""

from __future__ import annotations

import hashlib
import http.cookiejar
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ...support.tools import git, passes, run
from ..parts.compose import NAME, UNCHECKED, Stack, make_stack, wait_for
from ..parts.docker import Docker
from ..parts.site import put
from .test_move import summed

pytestmark = pytest.mark.heavy

PORT = 18445
SITE = f"https://localhost:{PORT}"
MAIL, PASSWORD = "ada@example.org", "tides-and-waves-in-the-dark"
NETWORK = "lisa-elsewhere"
# Images of stand-ins; the port of the tests alone; and the way out, on which the store is.
LOCAL = f"""\
services:
  proxy: {{ image: localhost/caddy:test, ports: !override ["127.0.0.1:{PORT}:{PORT}"] }}
  db: {{ image: localhost/postgres:test }}
  blue: {{ networks: [out] }}
  green: {{ networks: [out] }}
  migrate: {{ networks: [out] }}
networks:
  out: {{ external: true, name: {NETWORK} }}
"""
# What is of example.org in deploy/production.env, and of whom this machine's mails would come.
SETTINGS = f"""\
SITE_HOST=localhost:{PORT}
TLS=internal
S3_ENDPOINT=%(store)s
BACKUP_REPOSITORY=s3:%(store)s/backups/production
MAIL_HOST=127.0.0.1
MAIL_FROM=noreply@localhost
"""
GIVEN = ("s3_access_key", "s3_secret_key", "backup_s3_access_key", "backup_s3_secret_key")
CONTENT = b"0.001,1e-20\n" * 1000
PUBLISH = f"""
from challenges.models import Challenge
from django.conf import settings
from django.utils import timezone
from service import store
made = Challenge.objects.create(slug="tides", title="Tides")
for number in range(3):
    each = made.datasets.create(
        name=f"tides-{{number}}.csv", size={len(CONTENT)}, published=timezone.now(),
        sha256="{hashlib.sha256(CONTENT).hexdigest()}",
    )
    store.make_client("endpoint").put_object(
        Bucket=settings.STORE["bucket"], Key=each.key, Body={CONTENT[:12]!r} * 1000
    )
"""


@dataclass(frozen=True)
class Machine:
    """A machine of production, and the page that its operator follows."""

    stack: Stack
    page: str

    def section(self, name: str) -> str:
        return self.page.partition(f"## {name}\n")[2].partition("\n## ")[0]

    def follow(self, line: str, typed: str = "", **filled: str) -> str:
        """Run a line of the page, with what a person types and fills in; what it prints."""
        assert line in self.page, line
        for gap, word in {"PLACE": "production", "X_Y_Z": "1.0.0", **filled}.items():
            line = line.replace(gap.replace("_", "."), word)
        script = f"printf %s '{typed}' | {{ {line}; }}" if typed else line
        return passes("bash", "-euc", script, cwd=self.stack.root, env=self.stack.environment)

    def compose(self, *words: str) -> str:
        command = ("deploy/compose", "production", *words)
        return passes(*command, cwd=self.stack.root, env=self.stack.environment)


BACKUP = "deploy/compose PLACE exec backup python3 operations/backup.py"


@pytest.fixture
def store(docker: Docker) -> Iterator[str]:
    """An object store that no machine of ours burns with; its address."""
    docker("network", "create", NETWORK)
    start = ("run", "--detach", "--pull=never", f"--network={NETWORK}", "--name=elsewhere")
    try:
        docker(*start, "localhost/store:test")
        form = f'{{{{(index .NetworkSettings.Networks "{NETWORK}").IPAddress}}}}'
        address = f"http://{docker('inspect', f'--format={form}', 'elsewhere').strip()}:9000"
        for bucket in ("lisa-data-challenge", "backups"):
            wait_for(lambda name=bucket: put(f"{address}/{name}"), 120)  # type: ignore[misc]
        yield address
    finally:
        docker.tries("rm", "--force", "--volumes", "elsewhere")
        docker.tries("network", "rm", NETWORK)


def set_up(origin: Stack, folder: Path, kept: dict[str, str], settings: str) -> Machine:
    """Clone, make secrets, write what was kept and what others gave; nothing runs yet."""
    page = (origin.root / "operations/README.md").read_text(encoding="utf-8")
    assert "git clone https://" in page
    git("clone", "--quiet", origin.root, folder, cwd=Path("/"))
    made = Machine(Stack(folder, origin.environment), page)
    (folder / "compose.production.local.yaml").write_text(LOCAL, encoding="utf-8")
    (folder / "state").mkdir()
    (folder / "state/production.env").write_text(settings, encoding="utf-8")
    made.follow("deploy/secrets PLACE")
    for name, text in kept.items():
        (folder / "secrets" / name).write_text(text, encoding="utf-8")
    return made


def remove(machine: Machine) -> None:
    """The machine burns: nothing of it is left."""
    machine.compose("down", "--volumes", "--timeout=1", "--remove-orphans")
    shutil.rmtree(machine.stack.root)


@pytest.fixture
def origin(docker: Docker, tmp_path: Path) -> Stack:
    """The repository, and images of its version 1.0.0."""
    made = make_stack(docker, tmp_path)
    git("tag", "v1.0.0", cwd=made.root)
    assert made.environment["REPOSITORY"] == NAME
    return made


def log_in() -> urllib.request.OpenerDirector:
    """Who has the administrator's password."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    person = urllib.request.build_opener(urllib.request.HTTPSHandler(context=UNCHECKED), cookies)
    address = f"{SITE}/accounts/login/"
    (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', read(person, address)))
    form = {"login": MAIL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    sent = urllib.request.Request(  # noqa: S310 - it is ours
        address, urllib.parse.urlencode(form).encode(), {"Referer": address}
    )
    with person.open(sent, timeout=60) as answer:
        assert "Log out" in answer.read().decode()
    return person


def read(person: urllib.request.OpenerDirector, address: str) -> str:
    with person.open(address, timeout=60) as answer:
        return str(answer.read().decode())


def answers() -> bool:
    """Whether the proxy lets people in; it asks every second who is ready."""
    try:
        urllib.request.urlopen(f"{SITE}/", timeout=30, context=UNCHECKED).close()  # noqa: S310
    except OSError:
        return False
    return True


def test_another_machine_takes_the_place_of_one_that_is_gone(
    origin: Stack, store: str, tmp_path: Path
) -> None:
    settings = SETTINGS % {"store": store}
    first = set_up(origin, tmp_path / "first", dict.fromkeys(GIVEN, "given-by-others"), settings)
    try:
        first.follow("deploy/release PLACE X.Y.Z")
        admin = next(
            line for line in first.page.splitlines() if "manage.py make_admin MAIL" in line
        )
        first.follow(admin.strip(), typed=f"{PASSWORD}\n", MAIL=MAIL)
        active = re.search(
            r"(?m)^ACTIVE=(\w+)", (first.stack.root / "state/production").read_text()
        )
        assert active
        shell = ("exec", "-T", active[1], "python3", "manage.py", "shell", "--command", PUBLISH)
        first.compose(*shell)
        made = summed(first.follow(f"{BACKUP} make"))
        kept = {
            name: (first.stack.root / "secrets" / name).read_text()
            for name in ("backup_password", *GIVEN)
        }
    finally:
        remove(first)
    assert not answers()
    second = set_up(origin, tmp_path / "second", kept, settings)
    try:
        steps = re.findall(r"(?m)^\d\. .*?`(deploy/[^`]+)`", second.section("The machine is gone"))
        secrets, release, listed = (" ".join(step.split()) for step in steps)
        assert secrets == "deploy/secrets PLACE"
        second.follow(release)
        *_, newest = re.findall(r"\b\d{8}T\d{6}Z\b", second.follow(listed))
        log = second.compose("logs", "--no-log-prefix", "backup")
        assert "the repository has backups of the one before" in log
        second.follow(listed.replace("list", "restore NAME"), NAME=newest)
        assert summed(second.follow(f"{BACKUP} describe")) == made
        wait_for(answers, 60)
        person = log_in()
        page = read(person, f"{SITE}/challenges/tides/")
        found = re.findall(r'href="(/datasets/\d+/)"', page)
        assert len(found) == 3
        assert {read(person, SITE + each) for each in found} == {CONTENT.decode()}
        drift = run(
            "deploy/drift", "production", cwd=second.stack.root, env=second.stack.environment
        )
        assert (drift.returncode, drift.stdout.splitlines()[-1]) == (
            0,
            "production runs 1.0.0 as the repository says.",
        )
        # It is backed up like the one before.
        second.follow(f"{BACKUP} make")
        second.follow(f"{BACKUP} prove")
    finally:
        remove(second)
