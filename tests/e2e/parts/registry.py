"""A container registry on the loopback: Debian's docker-registry."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from . import cache
from .docker import Docker
from .machine import need


@contextmanager
def serving(folder: Path, data: Path) -> Iterator[str]:
    """Start a registry, and stop it; its host and port.

    Parameters
    ----------
    folder
        Where it has its settings and its log.
    data
        Where it has its images.
    """
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = int(trial.getsockname()[1])
    # No name for 127.0.0.1 but this one is taken without a certificate by all programs.
    host = f"localhost:{port}"
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(data)}},
        "http": {"addr": f"127.0.0.1:{port}"},
    }
    (folder / "settings.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [need("setpriv"), "--pdeathsig=TERM"]
    command += [need("docker-registry"), "serve", f"{folder}/settings.yml"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(process, port, folder / "log")
        yield host
    finally:
        process.terminate()
        process.wait(timeout=60)


@contextmanager
def publishing(
    docker: Docker, context: Path, folder: Path, **arguments: str
) -> Iterator[tuple[str, str]]:
    """Build an image, and have it in a registry; its name there, and its digest.

    Parameters
    ----------
    docker
        The engine.
    context
        What the image is built from.
    folder
        A new folder, for the registry.
    arguments
        Of the build.
    """
    with (
        cache.borrowed("registry", folder / "data") as (data, _),
        serving(folder, data) as host,
    ):
        name = f"{host}/{context.name}"
        docker.build(context, name, **arguments)
        (digest,) = re.findall(r"digest: (sha256:[0-9a-f]{64})", docker("push", name))
        # Whoever needs it gets it from there.
        docker("image", "rm", name)
        yield name, digest


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"docker-registry does not start:\n{log.read_text()[-3000:]}", pytrace=False)
