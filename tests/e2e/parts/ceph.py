"""Ceph's S3 gateway with real notifications: a monitor, a store in memory, the gateway."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ...support.tools import passes
from .machine import need, need_root

SETTINGS = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon},v1:127.0.0.1:{old}]
keyring = {folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 1
osd pool default pgp num = 1
mon allow pool size one = true
mon data = {folder}/mon
# A machine may be nearly full: what is kept here is small, and soon gone.
mon data avail crit = 1
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
pid file = {folder}/$name.pid
public network = 127.0.0.0/8
[client.admin]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw enable apis = s3, admin, notifications
"""


@dataclass(frozen=True)
class Gateway:
    """A store that answers on the loopback, and who may use it."""

    endpoint: str
    key: str = "lisa"
    secret: str = "of the tests"  # noqa: S105 - it opens nothing but this store

    @property
    def environment(self) -> dict[str, str]:
        """Variables by which boto3 finds it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "default",
        }


CLIENT = """
import json, sys, boto3
client = boto3.client("s3")
for line in sys.stdin:
    method, words = json.loads(line)
    if "Body" in words:
        words["Body"] = words["Body"].encode()
    told = getattr(client, method)(**words)
    if "Body" in told:
        told["Body"] = told["Body"].read().decode()
    print(json.dumps(told, default=str), flush=True)
"""


class Client:
    """A client of a store: boto3 in an environment that has it.

    Parameters
    ----------
    python
        The interpreter of that environment.
    env
        Its variables, which say where the store is.
    """

    def __init__(self, python: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [python, "-c", CLIENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=dict(env),
        )

    def __call__(self, method: str, **words: Any) -> Any:
        """Call a method of the client; what it gives, bodies as text."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps([method, words]) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=30)


# The kernel tells it when the test has died. Not every program then ends when it is asked to.
GUARD = """\
trap 'trap "" TERM; kill -TERM 0; { sleep 15; kill -KILL 0; } & wait $program' TERM
"$@" & program=$!
wait $program
"""


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def process(*command: str | Path, log: Path, env: dict[str, str] | None = None) -> Iterator[int]:
    """Run a program beside the test, and end it and its children, also when the test is killed."""
    with log.open("a") as written:
        started = subprocess.Popen(
            [need("setpriv"), "--pdeathsig=TERM", "sh", "-c", GUARD, "sh", *map(str, command)],
            stdout=written,
            stderr=written,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )
    try:
        yield started.pid
    finally:
        for signal in (15, 9):
            try:
                os.killpg(started.pid, signal)
                started.wait(timeout=20)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def processes(session: int) -> list[int]:
    """Tell the processes of a session that have not ended."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its = path.read_text().rpartition(")")[2].split()[:4]
        except OSError:  # it has ended
            continue
        if int(its) == session and state != "Z":
            found.append(int(path.parent.name))
    return found


def wait_for(what: str, url: str, log: Path, seconds: float = 120) -> None:
    """Wait until something answers, whatever it answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - on the loopback
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"{what} does not answer:\n{log.read_text()[-3000:]}", pytrace=False)


@contextmanager
def serving(folder: Path) -> Iterator[Gateway]:
    """Start a store, and end it."""
    need_root()
    ports = {name: free_port() for name in ("mon", "old", "gateway")}
    config, ring = folder / "ceph.conf", folder / "keyring"
    fsid = str(uuid.uuid4())
    config.write_text(SETTINGS.format(folder=folder, fsid=fsid, **ports))
    for name in ("mon", "osd"):
        (folder / name).mkdir()
    gateway = Gateway(f"http://127.0.0.1:{ports['gateway']}")
    ceph = (need("ceph"), "-c", config)

    def call(program: str, *words: str | Path) -> str:
        return passes(need(program), *words, cwd=folder)

    address = f"[v2:127.0.0.1:{ports['mon']},v1:127.0.0.1:{ports['old']}]"
    call("monmaptool", "--create", "--fsid", fsid, "--addv", "a", address, "monmap")
    key = ("--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    call("ceph-authtool", "--create-keyring", ring, *key)
    caps = [word for part in ("mon", "osd", "mgr") for word in ("--cap", part, "allow *")]
    call("ceph-authtool", ring, "--gen-key", "-n", "client.admin", *caps)
    made = ("--mkfs", "-i", "a", "--monmap", "monmap", "--keyring", ring, "-c", config)
    call("ceph-mon", *made)
    with ExitStack() as stack:
        log = folder / "log"

        def start(program: str, *words: str | Path) -> None:
            stack.enter_context(process(need(program), "-f", *words, "-c", config, log=log))

        start("ceph-mon", "-i", "a")
        number = str(uuid.uuid4())
        passes(*ceph, "osd", "new", number, cwd=folder, timeout=120)
        allowed = ("mon", "allow profile osd", "osd", "allow *")
        passes(*ceph, "auth", "get-or-create", "osd.0", *allowed, "-o", "osd.key", cwd=folder)
        call("ceph-authtool", ring, "--import-keyring", "osd.key")
        call("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", number, "-c", config)
        start("ceph-osd", "-i", "0")
        start("radosgw", "-n", "client.admin")
        wait_for("radosgw", gateway.endpoint, log)
        user = ("--uid=lisa", "--display-name=lisa", f"--access-key={gateway.key}")
        call("radosgw-admin", "-c", config, "user", "create", *user, f"--secret={gateway.secret}")
        yield gateway
