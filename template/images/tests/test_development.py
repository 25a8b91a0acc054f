"""What the development image adds: run inside of it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from test_operations import HOME, ROOT, installed, locked, run

TOOLS = [
    *("codespell", "hadolint", "mypy", "ruff", "detect-secrets", "pre-commit", "pip-audit"),
    *("coverage", "pytest", "nox", "pyproject-build", "uv", "twine", "sphinx-build", "pysonar"),
    *("cmake", "curl", "gdb", "gfortran", "less", "nano", "jupyter-lab", "nbstripout"),
]
PACKAGES = ["ipympl", "ipywidgets", "jupyterlab", "matplotlib", "nbmake", "pandas", "xdist"]
TOKEN = "a-token-of-this-test"  # noqa: S105 - it opens nothing


@pytest.mark.parametrize("tool", TOOLS)
def test_a_tool_is_there(tool: str) -> None:
    assert re.search(r"\d", run(tool, "--version"))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_imported(package: str) -> None:
    place = run("python3", "-c", f"import {package}; print({package}.__file__)")
    assert place.startswith(f"{ROOT}/venv/")


def test_the_packages_of_operations_keep_their_versions() -> None:
    pins = locked("operations")
    assert pins
    assert pins - installed() == set()


HALF = """\
def half(x: float) -> float:
    return x / 2
"""
TEST_OF_HALF = """\
from half import half


def test_half() -> None:
    assert half(1.0) == 0.5
"""


def test_a_project_s_checks_run(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text(HALF)
    (tmp_path / "test_half.py").write_text(TEST_OF_HALF)
    run("ruff", "check", "--no-cache", tmp_path)
    run("mypy", "--strict", "--cache-dir", tmp_path / "cache", tmp_path / "half.py")
    shown = run("pytest", "-p", "no:cacheprovider", "--cov=half", cwd=tmp_path)
    assert "1 passed" in shown


# --- Jupyter Lab ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Service:
    """The web service as the image starts it, with what it prints."""

    port: int
    log: Path


def free_port() -> int:
    """A port that nobody listens on: a builder may share the network of its machine."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
    except OSError:
        return False
    return True


def status(service: Service, path: str, token: str = "") -> int:
    """The status with which the service answers."""
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{service.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Service]:
    """Start the service, and stop it."""
    found = Service(free_port(), folder / "log")
    environment = {
        "PATH": f"{ROOT}/venv/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "JUPYTER_PORT": str(found.port),
    }
    with found.log.open("w") as output:
        process = subprocess.Popen(
            ["jupyter-service"],
            cwd=folder,
            env={**environment, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(found, process)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def wait_for(service: Service, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        # Jupyter prints its address before it listens there.
        if f":{service.port}/lab?token=" in service.log.read_text() and listens(service.port):
            return
        time.sleep(0.2)
    pytest.fail(f"Jupyter does not answer:\n{service.log.read_text()}")


def test_jupyter_wants_the_token(tmp_path: Path) -> None:
    with running(tmp_path, JUPYTER_TOKEN=TOKEN) as service:
        assert status(service, "/api/contents") == 403
        assert status(service, "/api/contents", "another-token") == 403
        assert status(service, "/api/contents", TOKEN) == 200
        assert status(service, "/lab", TOKEN) == 200
        assert status(service, "/api/kernelspecs", TOKEN) == 200


def test_jupyter_makes_a_token_of_its_own(tmp_path: Path) -> None:
    with running(tmp_path) as service:
        made = re.search(r"[?]token=([0-9a-f]{48})", service.log.read_text())
        assert made
        assert status(service, "/api/contents") == 403
        assert status(service, "/api/contents", made[1]) == 200


NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "one",
            "metadata": {},
            "outputs": [],
            "source": "import numpy\nassert numpy.pi > 3",
        }
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_a_notebook_runs(tmp_path: Path) -> None:
    (tmp_path / "test.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    shown = run("pytest", "-p", "no:cacheprovider", "--nbmake", tmp_path / "test.ipynb")
    assert "1 passed" in shown


def test_bash_is_the_other_end_point() -> None:
    assert run("bash", "-lc", "cd && pwd").strip() == str(HOME)
