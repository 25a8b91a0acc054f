"""A Docker Engine of our own: its socket, its folders, its process, and nobody else's."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ...support.tools import passes, run
from .cache import borrowed
from .machine import need, need_root

KEPT = "6GB"
"""How much of what was built is kept for the next session: one set of images, and stages."""


@dataclass(frozen=True)
class Docker:
    """A running engine.

    Attributes
    ----------
    client
        Path of its client.
    environment
        Variables that lead any client to it.
    """

    client: str
    environment: dict[str, str]

    def __call__(self, *arguments: str | Path, cwd: Path = Path("/"), timeout: float = 600) -> str:
        """Run a command of the client that must succeed; what it prints."""
        return passes(self.client, *arguments, cwd=cwd, env=self.environment, timeout=timeout)

    def tries(self, *arguments: str | Path, cwd: Path = Path("/")) -> tuple[int, str]:
        """Run a command of the client that may fail; its exit code and what it prints."""
        done = run(self.client, *arguments, cwd=cwd, env=self.environment)
        return done.returncode, done.stdout

    def build(self, context: Path, tag: str, **arguments: str) -> str:
        """Build an image from a folder; what the build prints."""
        return self("build", *_build(tag, arguments), context, timeout=1200)

    def cannot_build(self, context: Path, tag: str, **arguments: str) -> str:
        """Build an image that must not come to be; what the build prints."""
        code, said = self.tries("build", *_build(tag, arguments), context)
        assert code != 0, said
        return said

    def run(self, image: str, *command: str, options: tuple[str, ...] = ()) -> str:
        """Run a command in a new container; what it prints."""
        host = ("run", "--rm", "--pull=never", "--network=host")
        return self(*host, *options, image, *command)


def _build(tag: str, arguments: dict[str, str]) -> list[str]:
    words = ["--progress=plain", "--network=host", f"--tag={tag}"]
    return [*words, *(f"--build-arg={name}={value}" for name, value in arguments.items())]


@contextmanager
def started() -> Iterator[Docker]:
    """Start an engine, and stop it by its process.

    What it builds is kept for the next session, unless another session is at it.
    """
    need_root()
    client, daemon = need("docker"), need("dockerd")
    with (
        tempfile.TemporaryDirectory(prefix="lisa-docker-", ignore_cleanup_errors=True) as short,
        borrowed("docker", Path(short) / "data") as (data, lock),
        _in_memory(data / "volumes"),
    ):
        state = Path(short)
        environment = {
            "DOCKER_HOST": f"unix://{state}/socket",
            "DOCKER_CONFIG": str(state / "config"),
            "DOCKER_BUILDKIT": "1",
        }
        docker = Docker(client, environment)
        # The kernel ends it when this process ends without saying so.
        command = [need("setpriv"), "--pdeathsig=TERM", daemon]
        command += ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"]
        command += [f"--data-root={data}", f"--exec-root={state}/exec"]
        command += [f"--pidfile={state}/pid", f"--host={environment['DOCKER_HOST']}"]
        with (state / "log").open("w") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, pass_fds=[lock.fileno()]
            )
        try:
            _wait(docker, process, state / "log")
            _forget_runs(docker)
            yield docker
            _forget_runs(docker)
            _forget_registries(docker)
            docker("image", "prune", "--force")
            docker("builder", "prune", "--force", f"--keep-storage={KEPT}")
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def _in_memory(folder: Path) -> Iterator[None]:
    """Keep a folder of short-lived files in memory: there are thousands of them in a checkout."""
    folder.mkdir(parents=True, exist_ok=True)
    passes(need("mount"), "-t", "tmpfs", "-o", "mode=0711", "tmpfs", folder, cwd=Path("/"))
    try:
        yield
    finally:
        passes(need("umount"), "--lazy", folder, cwd=Path("/"))


def _forget_runs(docker: Docker) -> None:
    """Drop containers and volumes, also those of a session that was killed.

    Of such a one, what restarts by itself runs again.
    """
    if containers := docker("container", "ls", "--all", "--quiet").split():
        docker("container", "rm", "--force", *containers)
    docker("network", "prune", "--force")
    # Not by prune, which newer clients restrict to volumes without a name.
    if volumes := docker("volume", "ls", "--quiet").split():
        docker("volume", "rm", "--force", *volumes)


def _forget_registries(docker: Docker) -> None:
    """Drop the names that lead to a session's registry, whose port is another one each time.

    They would keep every image that was ever pushed there.
    """
    names = docker("image", "ls", "--format={{.Repository}}:{{.Tag}}").split()
    if pushed := [name for name in names if re.match(r"localhost:\d+/[^<]+$", name)]:
        docker("image", "rm", *pushed)


def _wait(docker: Docker, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        if docker.tries("version")[0] == 0:
            return
        time.sleep(0.2)
    pytest.fail(f"dockerd does not start:\n{log.read_text()[-3000:]}", pytrace=False)
