"""What the bench of services starts, and what the processes of a server use of the machine."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300
"""Seconds in which a server must answer, also on a machine that others keep busy."""
TICKS = os.sysconf("SC_CLK_TCK")
Words = Sequence[str | Path]


def need(name: str, package: str) -> str:
    """The path of a program of Debian's."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, folders)]))
    if found is None:
        raise SystemExit(f"{name} is missing: apt-get install {package}")
    return found


def call(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command that must pass; what it prints."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"$ {' '.join(map(str, command))}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass(frozen=True)
class Server:
    """A process that was started here, and those that come from it."""

    process: subprocess.Popen[bytes]
    log: Path

    def processes(self) -> list[Path]:
        """The folders in ``/proc`` of the process and of all that come from it."""
        parents = {stat.parent: _fields(stat) for stat in Path("/proc").glob("[0-9]*/stat")}
        found = [Path("/proc", str(self.process.pid))]
        for each in found:
            mine = (path for path, fields in parents.items() if fields[1:2] == [each.name])
            found.extend(mine)
        return found

    def cpu(self) -> float:
        """Processor seconds so far: of all that live, and of the children that they waited for."""
        lives = [_fields(each / "stat") for each in self.processes()]
        return sum(int(ticks) for fields in lives for ticks in fields[11:15]) / TICKS

    def memory(self) -> float:
        """MiB: what is shared between processes counts for each with its share (PSS)."""
        kib = 0
        for each in self.processes():
            try:
                lines = (each / "smaps_rollup").read_text().splitlines()
            except OSError:  # it has ended meanwhile
                continue
            kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return kib / 1024

    def wait_for(self, port: int, path: str, headers: Mapping[str, str]) -> bytes:
        """The body of the first answer that is no error."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
                client.request("GET", path, headers=dict(headers))
                answer = client.getresponse()
                body = answer.read()
                client.close()
                if answer.status < http.HTTPStatus.BAD_REQUEST:
                    return body
            except OSError:
                pass
            time.sleep(0.02)
        raise SystemExit(f"{path} is not answered:\n{self.log.read_text()[-3000:]}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(PATIENCE)


def start(command: Words, folder: Path, env: Mapping[str, str], log: Path) -> Server:
    """Start a server; what it prints goes to a file, as an engine for containers has it."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return Server(process, log)


@contextmanager
def postgres(databases: Sequence[str], password: str) -> Iterator[tuple[Server, int]]:
    """Debian's PostgreSQL as it is without settings, with some databases, each with its owner."""
    with tempfile.TemporaryDirectory(prefix="lisa-bench-db-", dir="/tmp") as name:
        folder, port = Path(name), free_port()
        # It refuses to run as root.
        user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        as_user = user if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        initdb = need("initdb", "postgresql")
        call(*as_user, initdb, "-E", "UTF8", "-A", "trust", "-U", "postgres", data, cwd=folder)
        words = ["-D", str(data), "-k", name, "-p", str(port), "-c", "listen_addresses=127.0.0.1"]
        command = [*as_user, need("postgres", "postgresql"), *words]
        server = start(command, folder, {"LANG": "C.UTF-8"}, folder.with_suffix(".log"))
        try:
            _wait_for_port(server, port)
            psql = [need("psql", "postgresql-client"), "-h", "127.0.0.1", "-p", str(port)]
            for each in databases:
                for sql in (
                    f"CREATE ROLE {each} LOGIN PASSWORD '{password}'",
                    f"CREATE DATABASE {each} OWNER {each}",
                ):
                    call(*psql, "-U", "postgres", "-c", sql, cwd=folder)
            yield server, port
        finally:
            server.stop(signal.SIGINT)  # whoever is connected, or not
            server.log.unlink()


@contextmanager
def redis(folder: Path) -> Iterator[tuple[Server, int]]:
    """Debian's Redis, which keeps nothing."""
    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    command = [need("redis-server", "redis-server"), *words]
    server = start(command, folder, {"LANG": "C.UTF-8"}, folder / "redis.log")
    try:
        _wait_for_port(server, port)
        yield server, port
    finally:
        server.stop()


def _wait_for_port(server: Server, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port}:\n{server.log.read_text()[-3000:]}")


def _fields(stat: Path) -> list[str]:
    """What ``proc(5)`` tells of a process after its name: its state, its parent, …"""
    try:
        return stat.read_text().rpartition(") ")[2].split()
    except OSError:  # it has ended meanwhile
        return []
