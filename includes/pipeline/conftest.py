"""A pipeline of its own for each test: its configuration, its store, its Airflow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
# Airflow reads this when it is first imported, which the tests do after this file.
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="airflow-"))
os.environ |= {
    "AIRFLOW_HOME": str(AIRFLOW_HOME),
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{AIRFLOW_HOME}/airflow.db",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",  # pragma: allowlist secret
    "AWS_DEFAULT_REGION": "us-east-1",
    "PIPELINE_HOME": str(ROOT),
    "PIPELINE_SITE": "local",
}
STORE = {
    "arrivals": {"bucket": "lisa-l0", "prefix": "segments/", "suffix": ".csv"},
    "products": {"bucket": "products", "prefix": "made/"},
    "late": 1,
}


def pytest_sessionfinish() -> None:
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def database() -> None:
    """The database of Airflow, which takes some seconds to make."""
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of this repository, with a site whose steps are processes."""
    steps = yaml.safe_load((ROOT / "steps.yaml").read_text(encoding="utf-8"))
    for name, step in steps["steps"].items():
        program = ROOT / "steps" / name / f"{name}.py"
        step["command"] = [sys.executable, str(program)]
    (tmp_path / "steps.yaml").write_text(yaml.safe_dump(steps), encoding="utf-8")
    for name in ("kubernetes", "sites"):
        shutil.copytree(ROOT / name, tmp_path / name)
    site = {"engine": "process", "work": "work", "store": STORE}
    (tmp_path / "sites/test.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")
    monkeypatch.setenv("PIPELINE_HOME", str(tmp_path))
    monkeypatch.setenv("PIPELINE_SITE", "test")
    return tmp_path


@pytest.fixture
def client() -> Iterator[Any]:
    """A store in the memory of this process, with the buckets of the site."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        made = boto3.client("s3")
        for bucket in ("lisa-l0", "products"):
            made.create_bucket(Bucket=bucket)
        yield made


@pytest.fixture
def segment() -> bytes:
    """A segment of data whose neighbours differ by one, at 4 Hz."""
    lines = [f"{at / 4},{at % 2}" for at in range(100)]
    return "\n".join(["time,X", *lines, ""]).encode()
