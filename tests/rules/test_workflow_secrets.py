"""Airflow: secrets that stand in variables and mappings of DAGs."""

from __future__ import annotations

import pytest

from ..support.checking import found, messages
from .test_workflow import DAG, GOOD, dags

WORD = "hunter" + "2Hunter2"
LINE = GOOD.count("\n") + 1


@pytest.mark.parametrize(
    "line",
    [
        f"DB_PASSWORD = '{WORD}'",
        f"API_TOKEN: str = '{WORD}'",
        f"run(environment={{'A': 'b', 'PASSWORD': '{WORD}'}})",
        f"@task\ndef f():\n    db_password = '{WORD}'",
        f"ENV = {{}}\nENV['AWS_SECRET_ACCESS_KEY'] = '{WORD}'",
    ],
)
def test_a_secret_that_is_written_out(line: str) -> None:
    files = dags(f"{GOOD}{line}\n")
    last = LINE + line.count("\n")
    assert found(files, "DAG") == [("DAG012", DAG, last)]
    (message,) = messages(files, "DAG")
    assert message == "a secret in a DAG: change it, and move it into a connection"
    again = dags(f"{GOOD}{line}\nB_PASSWORD = '{WORD}'\n")
    assert messages(again, "DAG012") == [f"{message}; also in line {last + 1}"]


@pytest.mark.parametrize(
    "value",
    [
        *("", "{{ conn.a.password }}", "${TOKEN}", "<token>", "changeme", "NOT_SET", "your-token1"),
        *("/run/secrets/token1", "postgres-credentials-2", "DB_PASSWORD_V2", "slack_default"),
        *("arn:aws:secretsmanager:eu-1:123:a", "https://a.example.org/1", "airflow", "prod.db1.pw"),
        *("projects/1/secrets/a", "test123", "my-app-v2", "x" * 201 + "1", "a1b2", "mySecret1"),
    ],
)
def test_what_only_says_where_a_secret_is(value: str) -> None:
    text = f"A_PASSWORD = {value!r}\nrun(env_vars={{'A_TOKEN': {value!r}}})\n"
    assert found(dags(GOOD + text), "DAG") == []


@pytest.mark.parametrize(
    "text",
    [
        f"PASSWORD_FIELD = '{WORD}'",
        f"TOKEN_URL = '{WORD}'",
        f"PASSWORD = read('{WORD}')",
        f"KEYS = {{**OTHERS, 1: '{WORD}', NAME: '{WORD}'}}",
        "PASSWORD = 123456789",
        "PASSWORD: str",
    ],
)
def test_other_names_and_values(text: str) -> None:
    assert found(dags(f"{GOOD}{text}\n"), "DAG") == []
