"""What runs a tool by settings that come in is told, with the way to have it run as before."""

from __future__ import annotations

import pytest

from lisa_scaffold.adopt.affected import find_affected
from lisa_scaffold.project.facts import Facts

ALL = ("codespell", "coverage", "mypy", "pytest", "ruff", "rumdl")
WORKFLOW = ".github/workflows/ci.yml"


def told(path: str, text: str, *brought: str) -> list[tuple[str, str]]:
    found = list(find_affected(Facts.of({path: text}), brought or ALL))
    assert all(each.to_decide and each.path == path for each in found)
    return [(each.text.split("`")[1], each.text.split("`")[3]) for each in found]


def workflow(*lines: str) -> str:
    return "jobs:\n  a:\n    steps:\n      - run: |\n" + "".join(f"          {x}\n" for x in lines)


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("ruff check nautilus", "--isolated"),
        ("python3 -m ruff check .", "--isolated"),
        ("uv run mypy src", "--config-file=/dev/null"),
        ("poetry run --quiet ruff check", "--isolated"),
        ("A=1 B=2 /opt/bin/ruff check", "--isolated"),
        ("py.test tests", "-c /dev/null"),
        ("coverage report", "--rcfile=/dev/null"),
        ("codespell docs", "--toml=/dev/null"),
    ],
)
def test_a_job_that_runs_a_tool_is_named(command: str, option: str) -> None:
    assert told(WORKFLOW, workflow("cd x", command)) == [(command, option)]


@pytest.mark.parametrize(
    "command",
    [
        "pip install ruff mypy",
        "ruff check --isolated .",
        "ruff check --config other.toml",
        "mypy --config-file=x.ini src",
        "flake8 src",
        "echo run ruff",
        "nox -s lint",
    ],
)
def test_other_commands_are_nobodys_business(command: str) -> None:
    assert told(WORKFLOW, workflow(command)) == []


def test_what_counts_lines_reads_the_settings_of_another_tool() -> None:
    command = "pytest --cov=x tests"
    assert told(WORKFLOW, workflow(command)) == [
        (command, "-c /dev/null"),
        (command, "--cov-config=/dev/null"),
    ]
    assert told(WORKFLOW, workflow("coverage run -m pytest"), "coverage") == [
        ("coverage run -m pytest", "--rcfile=/dev/null")
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "lint:\n\t@ruff check .\n"),
        ("justfile", "lint:\n    ruff check .\n"),
        ("tox.ini", "[testenv]\ncommands =\n    pip install x\n    ruff check .\n"),
        ("tox.ini", "[testenv]\ncommands = ruff check .\n"),
        (".travis.yml", "script:\n  - pip install . && ruff check .\n"),
        (".gitlab-ci.yml", "a:\n  script:\n    - ruff check .\n"),
    ],
)
def test_tasks_and_other_services_are_looked_at(path: str, text: str) -> None:
    ((command, option),) = told(path, text)
    assert (command.lstrip("@"), option) == ("ruff check .", "--isolated")


def test_hooks_of_the_project_are_looked_at() -> None:
    hooks = "repos:\n- repo: x\n  hooks:\n  - id: ruff-check\n    args: [--fix]\n  - id: black\n"
    assert told(".pre-commit-config.yaml", hooks) == [("ruff --fix", "--isolated")]


def test_only_what_comes_in_is_told_and_once_a_file() -> None:
    text = workflow("ruff check a", "ruff check --select ALL a", "mypy a", "ruff check a")
    (custom,) = find_affected(Facts.of({WORKFLOW: text}), ["ruff"])
    assert custom.text == (
        "runs `ruff check a` and `ruff check --select ALL a`, which read [tool.ruff] in "
        "pyproject.toml from now on, and may find something else than before: `--isolated` has "
        "each run as it did"
    )


def test_commands_that_need_another_option_are_told_apart() -> None:
    text = workflow("coverage run -m a", "coverage report", "pytest --cov=x")
    found = [each.text for each in find_affected(Facts.of({WORKFLOW: text}), ["coverage"])]
    assert [each.partition(", which")[0] for each in found] == [
        "runs `coverage run -m a` and `coverage report`",
        "runs `pytest --cov=x`",
    ]
    assert [each.split("`")[-2] for each in found] == [
        "--rcfile=/dev/null",
        "--cov-config=/dev/null",
    ]
