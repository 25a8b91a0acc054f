"""A pipeline of the template with its own Airflow, installed from the package index."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from ...support.answers import answers, template
from ...support.tools import commit_all, git, passes, program
from .ceph import free_port, process, wait_for

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
NEWEST = "3.3.2"
"""The release of Airflow that is tried with real parts."""


@dataclass(frozen=True)
class Pipeline:
    """A generated repository, and an environment in which it is installed."""

    root: Path
    python: Path

    def __call__(self, *words: str | Path, env: Mapping[str, str], timeout: float = 300) -> str:
        """Run one of its own commands; what that prints."""
        command = (self.python, "-m", "lisa_l1_pipeline", *words)
        return passes(*command, cwd=self.root, env=dict(env), timeout=timeout)


def make_pipeline(root: Path, **given: Any) -> Path:
    """Render, commit and tag a pipeline."""
    template().render(answers(kind="pipeline", python_min=PYTHON, **given), root)
    commit_all(root)
    git("tag", "--annotate", "v1.2.3", "--message=1.2.3", cwd=root)
    return root


def install(folder: Path, *more: str, **given: Any) -> Pipeline:
    """Make a pipeline, and install it with Airflow, and more packages where they are named."""
    return _install(folder, ".[airflow]", f"apache-airflow=={NEWEST}", *more, **given)


def install_alone(folder: Path, *more: str, **given: Any) -> Pipeline:
    """Make a pipeline, and install it without Airflow: what runs a step needs none."""
    return _install(folder, ".", *more, **given)


def _install(folder: Path, *wanted: str, **given: Any) -> Pipeline:
    root = make_pipeline(folder / "pipeline", **given)
    uv = program("uv")
    passes(uv, "venv", "--quiet", f"--python={PYTHON}", folder / "venv", cwd=folder)
    python = folder / "venv/bin/python"
    install = (uv, "pip", "install", "--quiet", f"--python={python}", "--editable")
    passes(*install, *wanted, cwd=root, timeout=600)
    return Pipeline(root, python)


@dataclass(frozen=True)
class Airflow:
    """A running Airflow.

    Attributes
    ----------
    url, user, password
        Its address, and a user of it.
    session, environment
        Of its processes.
    """

    url: str
    user: str
    password: str
    session: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, path: str, data: Mapping[str, Any] | None = None, method: str = "") -> Any:
        """Ask its API."""
        headers = {"Content-Type": "application/json"}
        if path != "/auth/token":
            who = {"username": self.user, "password": self.password}
            headers["Authorization"] = f"Bearer {self('/auth/token', who)['access_token']}"
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(  # noqa: S310 - on the loopback
            f"{self.url}{path}", body, headers, method=method or ("POST" if body else "GET")
        )
        for again in (True, True, False):
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                # SQLite waits five seconds for whoever writes. On a busy machine that is too short,
                # and Airflow, which first notes who asks, has done nothing yet.
                if error.code != HTTPStatus.INTERNAL_SERVER_ERROR or not again:
                    raise
            time.sleep(2)
        return None

    def wait_for_runs(self, dag: str, count: int, seconds: float = 300) -> list[dict[str, Any]]:
        """Wait until so many runs of a DAG have ended, and none goes on."""
        end = time.monotonic() + seconds
        found: list[dict[str, Any]] = []
        while time.monotonic() < end:
            found = self(f"/api/v2/dags/{dag}/dagRuns")["dag_runs"]
            ended = [each for each in found if each["state"] in ("success", "failed")]
            if len(ended) >= count and len(ended) == len(found):
                return found
            time.sleep(2)
        pytest.fail(f"{dag}: {[each['state'] for each in found]}", pytrace=False)

    def rest_sweep(self) -> None:
        """Let the sweep rest, once the run has ended that it begins with: pausing ends none."""
        assert {each["state"] for each in self.wait_for_runs("sweep", 1)} == {"success"}
        self("/api/v2/dags/sweep", {"is_paused": True}, "PATCH")


def wait_until(what: str, is_so: Any, seconds: float = 480) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(1)
    pytest.fail(f"not so after {seconds:.0f} s: {what}", pytrace=False)


@contextmanager
def standalone(
    pipeline: Pipeline,
    folder: Path,
    env: Mapping[str, str],
    dags: Collection[str] = ("noise", "sweep"),
) -> Iterator[Airflow]:
    """Start Airflow with the DAGs of a pipeline, or others, and end it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    home = folder / "airflow"
    home.mkdir()
    told = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        # On a busy machine a parse takes longer than at a site.
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "180",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(pipeline.root / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "relay:op",
        "AIRFLOW__DAG_PROCESSOR__DAG_FILE_PROCESSOR_TIMEOUT": "200",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "2",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
        "PATH": f"{pipeline.python.parent}:/usr/bin:/bin",
        **env,
    }
    log = folder / "airflow.log"
    command = (pipeline.python, "-m", "airflow", "standalone")
    with process(*command, log=log, env=told) as session:
        wait_for("Airflow", f"{url}/api/v2/version", log, 900)
        words = home / "simple_auth_manager_passwords.json.generated"
        airflow = Airflow(url, "relay", json.loads(words.read_text())["relay"], session, told)
        try:
            wait_until(
                "the DAG is known",
                lambda: set(dags) <= {each["dag_id"] for each in airflow("/api/v2/dags")["dags"]},
            )
            yield airflow
        except BaseException:
            sys.stderr.write(log.read_text()[-6000:])
            raise
