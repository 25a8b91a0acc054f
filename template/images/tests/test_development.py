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
from pathlib import Path

import pytest
from test_operations import HOME, ROOT, installed, locked, run

TOOLS = [
    *("codespell", "hadolint", "mypy", "ruff", "detect-secrets", "pre-commit", "pip-audit"),
    *("coverage", "pytest", "nox", "pyproject-build", "uv", "twine", "sphinx-build", "pysonar"),
    *("cmake", "curl", "gdb", "gfortran", "less", "nano", "jupyter-lab", "nbstripout"),
]
PACKAGES = ["ipympl", "ipywidgets", "jupyterlab", "matplotlib", "nbmake", "pandas", "xdist"]
SERVICE = "http://127.0.0.1:8888"
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


def status(path: str, token: str = "") -> int:
    """The status with which the service answers."""
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(SERVICE + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def service(folder: Path, **variables: str) -> Iterator[Path]:
    """The web service as the image starts it; what it prints is in the file."""
    log = folder / "log"
    environment = {"PATH": f"{ROOT}/venv/bin:/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    with log.open("w") as output:
        process = subprocess.Popen(
            ["jupyter-service"],
            cwd=folder,
            env={**environment, **variables},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_the_port(process, log)
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def wait_for_the_port(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", 8888)) == 0:
                return
        time.sleep(0.2)
    pytest.fail(f"Jupyter does not answer:\n{log.read_text()}")


def test_jupyter_wants_the_token(tmp_path: Path) -> None:
    with service(tmp_path, JUPYTER_TOKEN=TOKEN):
        assert status("/api/contents") == 403
        assert status("/api/contents", "another-token") == 403
        assert status("/api/contents", TOKEN) == 200
        assert status("/lab", TOKEN) == 200
        assert status("/api/kernelspecs", TOKEN) == 200


def test_jupyter_makes_a_token_of_its_own(tmp_path: Path) -> None:
    with service(tmp_path) as log:
        made = re.search(r"[?]token=([0-9a-f]{48})", log.read_text())
        assert made
        assert status("/api/contents") == 403
        assert status("/api/contents", made[1]) == 200


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
