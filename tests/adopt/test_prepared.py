"""What a project's jobs set up before its tests is told with its lines."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.prepared import find_prepared
from lisa_scaffold.project.facts import Facts

PATH = ".github/workflows/ci.yml"


def told(*commands: str) -> list[str]:
    """What is told of a job that runs some commands, without the advice."""
    script = "".join(f"          {each}\n" for each in commands)
    job = f"jobs:\n  t:\n    steps:\n      - run: |\n{script}"
    found = [*find_prepared(Facts.of({PATH: job}))]
    assert all(each.path == PATH and each.to_decide for each in found)
    return [each.text.partition(". Where")[0] for each in found]


def test_each_kind_is_told_with_its_lines() -> None:
    assert told(
        "pip install pytest",
        "sudo apt-get -yq install libgsl-dev",
        "sudo apt-get -yq install gcc",
        "python test/download_models.py",
        "pytest",
        "sudo apt-get install latex",
    ) == [
        "installs system packages before the tests, and GitLab's jobs do not: "
        "line 6 `sudo apt-get -yq install libgsl-dev` and line 7 `sudo apt-get -yq install gcc`",
        "downloads something before the tests, and GitLab's jobs do not: "
        "line 8 `python test/download_models.py`",
    ]


@pytest.mark.parametrize(
    "command",
    [
        "apk add gsl",
        "dnf -y install gsl",
        "apt update && apt install -y gsl",
        "wget https://example.org/data.h5",
        "cd data; curl -O https://example.org/data.h5",
        "bash tools/fetch-data.sh",
        "./download.sh",
    ],
)
def test_a_command_that_prepares(command: str) -> None:
    (text,) = told(command, "python -m pytest")
    assert f": line 5 `{command}`" in text


@pytest.mark.parametrize(
    "commands",
    [
        ("apt-get install gsl", "make"),
        ("# apt-get install gsl", "pytest"),
        ("apt-get update", "pytest"),
        ("pip install --no-cache-dir downloader", "pytest"),
        ("git fetch --tags", "pytest"),
        ("wget https://repo.example.org/miniconda/Miniconda3-latest-x.sh -O m.sh", "pytest"),
        ("curl -Os https://uploader.example.org/codecov", "pytest"),
        ("pytest tests/test_download.py",),
        ("pytest", "curl https://example.org/upload.sh"),
    ],
)
def test_what_no_test_waits_for_is_not_told(commands: tuple[str, ...]) -> None:
    assert told(*commands) == []
