"""Airflow: dates, limits, work at import time, secrets, images, what was removed, Slurm, XComs."""

from __future__ import annotations

import pytest

from ..support.checking import changed, clean, found, messages

DAG = "dags/a.py"
HEAD = """\
from datetime import UTC, datetime, timedelta
from airflow.sdk import DAG, dag, task
"""
GOOD = (
    HEAD
    + """\
DEFAULTS = {"retries": 2, "execution_timeout": timedelta(minutes=5)}
with DAG(
    "a",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args=DEFAULTS,
):
    pass
"""
)


def dags(text: str, path: str = DAG) -> dict[str, str]:
    """A repository that never saw the template."""
    return {path: text}


def test_fresh_pipelines_and_good_dags_pass() -> None:
    assert found(clean(kind="pipeline"), "DAG") == []
    assert found(dags(GOOD), "DAG") == []
    assert found(changed(clean(), {DAG: GOOD}), "DAG") == []


@pytest.mark.parametrize(
    "path", ["src/a.py", "tests/dags/a.py", "examples/dags/a.py", "dags/{{ a }}.py"]
)
def test_only_dags_are_looked_at(path: str) -> None:
    assert found(dags(GOOD.replace("catchup=False,", ""), path), "DAG") == []


def test_what_is_no_airflow_or_no_python_is_left_alone() -> None:
    assert found(dags("airflow = DAG(start_date=now())\n"), "DAG") == []
    assert found(dags("import airflow (\n"), "DAG") == []


def replaced(old: str, new: str) -> dict[str, str]:
    assert old in GOOD
    return dags(GOOD.replace(old, new))


DATE = "datetime(2026, 1, 1, tzinfo=UTC)"


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("", "datetime.now()"),
        ("", "datetime.now(tz=UTC) - timedelta(days=1)"),
        ("import datetime as dt\n", "dt.datetime.utcnow()"),
        ("import pendulum\n", 'pendulum.today("UTC").add(days=-1)'),
        ("import pendulum as p\n", "p.yesterday()"),
    ],
)
def test_a_start_date_that_moves(head: str, date: str) -> None:
    files = dags(head + GOOD.replace(DATE, date))
    line = 7 + head.count("\n")
    assert found(files, "DAG001") == [("DAG001", DAG, line)]
    assert messages(files, "DAG001") == ["a start date that moves with each parse: write a date"]


def test_a_start_date_in_default_arguments_and_in_tasks_counts_once() -> None:
    text = HEAD + "ARGS = dict(start_date=datetime.now())\ntask(start_date=datetime.now())\n"
    assert messages(dags(text), "DAG001") == [
        "a start date that moves with each parse: write a date; also in line 4"
    ]


@pytest.mark.parametrize("date", [DATE, "START", 'pendulum.datetime(2026, 1, 1, tz="UTC")'])
def test_a_start_date_that_stays(date: str) -> None:
    assert found(replaced(DATE, date), "DAG001") == []


def test_catchup_left_to_the_server() -> None:
    files = replaced("    catchup=False,\n", "")
    assert found(files, "DAG") == [("DAG002", DAG, 4)]
    assert messages(files, "DAG") == [
        "whether past intervals run depends on the server: write `catchup=False`"
    ]


@pytest.mark.parametrize("when", ["None", "[ASSET]", '"@once"', "timetable()"])
def test_without_intervals_there_is_nothing_to_catch_up(when: str) -> None:
    text = GOOD.replace("    catchup=False,\n", "").replace('"@daily"', when)
    assert found(dags(text), "DAG002") == []
    told = GOOD.replace("    catchup=False,\n", "").replace('"@daily"', "timedelta(days=1)")
    assert found(dags(told), "DAG002") == [("DAG002", DAG, 4)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    default_args=DEFAULTS,\n", "", "`retries` and `execution_timeout`"),
        ('"retries": 2, ', "", "`retries`"),
        (', "execution_timeout": timedelta(minutes=5)', "", "`execution_timeout`"),
        ("=DEFAULTS", "=dict(retries=1)", "`execution_timeout`"),
    ],
)
def test_tasks_without_a_second_try_or_an_end(old: str, new: str, said: str) -> None:
    files = replaced(old, new)
    assert found(files, "DAG") == [("DAG003", DAG, 4)]
    assert messages(files, "DAG") == [
        f"tasks have no {said}: add them to `default_args` of the DAG"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("=DEFAULTS", "=make()"),
        ("=DEFAULTS", "={**BASE}"),
        ("=DEFAULTS", "=IMPORTED"),
        ("    default_args=DEFAULTS,\n", "    **MORE,\n"),
    ],
)
def test_defaults_that_cannot_be_told_are_no_finding(old: str, new: str) -> None:
    assert found(replaced(old, new), "DAG003") == []


def test_tasks_that_say_it_themselves() -> None:
    text = GOOD.replace("    default_args=DEFAULTS,\n", "").replace(
        "    pass", "    task(retries=1, execution_timeout=timedelta(minutes=1))"
    )
    assert found(dags(text), "DAG003") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('from airflow.sdk import Variable\nVariable.get("a")', "Variable.get"),
        ('from airflow.models import Variable\nA = f(Variable.get("a"))', "Variable.get"),
        ('import requests\nA = requests.get("https://example.org").json()', "requests.get"),
        ('import boto3\nclass A:\n    client = boto3.client("s3")', "boto3.client"),
        ('import pandas as pd\nA = pd.read_csv("a.csv")', "pandas.read_csv"),
        ("import time\nfor _ in range(3):\n    time.sleep(1)", "time.sleep"),
    ],
)
def test_work_at_import_time(line: str, said: str) -> None:
    files = dags(f"{GOOD}{line}\n")
    last = len(f"{GOOD}{line}".splitlines())
    assert found(files, "DAG") == [("DAG004", DAG, last)]
    assert messages(files, "DAG") == [
        f"{said} runs at every parse of the file: move it into a task"
    ]


@pytest.mark.parametrize(
    "text",
    [
        'import requests\n@task\ndef f():\n    requests.get("https://example.org")\n',
        "import requests\nf = lambda: requests.get(1)\n",
        'import boto3\nif __name__ == "__main__":\n    boto3.client("s3")\n',
        'requests.get("of another")\n',
    ],
)
def test_work_in_a_task_is_fine(text: str) -> None:
    head = GOOD if "import" in text else GOOD + "from mine import requests\n"
    assert found(dags(head + text), "DAG004") == []


WORD = "hunter" + "2hunter2"


@pytest.mark.parametrize("name", ["password", "api_key", "aws_secret_access_key", "AUTH_TOKEN"])
def test_a_secret_in_a_dag(name: str) -> None:
    files = dags(f"{GOOD}hook({name}='{WORD}')\nhook({name}='{WORD}')\n")
    assert found(files, "DAG") == [("DAG005", DAG, 12)]
    (message,) = messages(files, "DAG")
    assert message == (
        "a secret in a DAG: change it, and move it into a connection; also in line 13"
    )
    assert WORD not in message


@pytest.mark.parametrize("value", ["", "{{ conn.a.password }}", "${TOKEN}", "<token>", "changeme"])
def test_a_place_for_a_secret_is_none(value: str) -> None:
    text = f"{GOOD}hook(password='{value}')\nhook(password=get())\nhook(token_url='https://a')\n"
    assert found(dags(text), "DAG") == []


OPERATORS = """\
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
"""


@pytest.mark.parametrize("call", ["DockerOperator", "KubernetesPodOperator", "task.docker"])
def test_an_image_that_moves(call: str) -> None:
    files = dags(f'{OPERATORS}{GOOD}{call}(image="lisa/noise:latest")\n')
    assert found(files, "DAG") == [("DAG006", DAG, 14)]
    assert "may change any day" in messages(files, "DAG")[0]


@pytest.mark.parametrize(
    "call",
    [
        'DockerOperator(image="lisa/noise:1.2.0")',
        f'DockerOperator(image="lisa/noise@sha256:{"0" * 64}")',
        "DockerOperator(image=IMAGE)",
        'DockerOperator(image="{{ params.image }}")',
        'Plot(image="lisa/noise:latest")',
    ],
)
def test_an_image_that_stays(call: str) -> None:
    assert found(dags(f"{OPERATORS}{GOOD}{call}\n"), "DAG") == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from airflow.operators.python_operator import A", "airflow.operators.python_operator.A"),
        ("from airflow.utils.dates import days_ago", "airflow.utils.dates.days_ago"),
        ("import airflow.contrib.hooks.ssh_hook", "airflow.contrib.hooks.ssh_hook"),
        ("from airflow.sensors.s3_key_sensor import S", "airflow.sensors.s3_key_sensor.S"),
        ("from airflow.operators.subdag import S", "airflow.operators.subdag.S"),
    ],
)
def test_what_airflow_has_removed(line: str, name: str) -> None:
    files = dags(f"{GOOD}{line}\n")
    assert found(files, "DAG") == [("DAG007", DAG, 12)]
    assert messages(files, "DAG") == [
        f"Airflow 3 has no {name}: replace it, as `ruff check --select AIR` says"
    ]


def test_arguments_that_were_renamed() -> None:
    files = replaced("schedule=", "schedule_interval=")
    assert found(files, "DAG") == [("DAG007", DAG, 6)]
    assert messages(files, "DAG") == [
        "Airflow 3 does not take `schedule_interval`: write `schedule`"
    ]


@pytest.mark.parametrize(
    "line", ["from airflow.sdk import task", "from airflow.hooks.base import BaseHook"]
)
def test_what_is_still_there(line: str) -> None:
    assert found(dags(f"{GOOD}{line}\n"), "DAG") == []


JOB = "#!/bin/sh\n#SBATCH --job-name=a\n#SBATCH --mem=1G\nsrun noise\n"


def test_a_job_without_a_limit() -> None:
    for path in ("job.sbatch", "jobs/a.slurm", "run.sh"):
        assert found({path: JOB}, "DAG") == [("DAG008", path, 2)]
    assert messages({"run.sh": JOB}, "DAG") == [
        "a job without a time limit: add `#SBATCH --time=HH:MM:SS`"
    ]


@pytest.mark.parametrize("line", ["--time=1:00", "--time 60", "-t 60", "--mem=1G --time=1"])
def test_a_job_with_a_limit(line: str) -> None:
    assert found({"run.sh": f"{JOB}#SBATCH {line}\n"}, "DAG") == []
    assert found({"run.sh": "echo '#SBATCH'\n"}, "DAG") == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("compose.yaml", '  AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: "True"'),
        ("deploy/docker-compose.dev.yml", "- AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=true"),
        ("airflow.cfg", "simple_auth_manager_all_admins = True"),
        ("deploy/values-x.yaml", "  auth_backends: airflow.api.auth.backend.default"),
    ],
)
def test_an_airflow_that_asks_nobody(path: str, line: str) -> None:
    files = {path: f"a:\n{line}\n"}
    assert ("DAG009", path, 2) in found(files, "DAG009")
    assert messages(files, "DAG009") == [
        "anybody who reaches Airflow is its administrator: delete this"
    ]
    assert found({path: f"a:\n#{line}\n"}, "DAG009") == []
    assert found({path: f"a:\n{line.lower().replace('true', 'false')}_x\n"}, "DAG009") == []


@pytest.mark.parametrize(
    ("head", "returned", "short"),
    [
        ("import pandas as pd\n", "pd.DataFrame", "DataFrame"),
        ("import numpy as np\n", "np.ndarray", "ndarray"),
        ("from numpy.typing import NDArray\n", "NDArray[float]", "NDArray"),
        ("from astropy.table import Table\n", "Table", "Table"),
        ("", "bytes", "bytes"),
    ],
)
def test_data_in_an_xcom(head: str, returned: str, short: str) -> None:
    for mark in ("task", "task()", "task.virtualenv(requirements=[])"):
        files = dags(f"{head}{GOOD}@{mark}\ndef f() -> {returned}: ...\n")
        assert found(files, "DAG") == [("DAG010", DAG, 13 + head.count(chr(10)))]
        assert messages(files, "DAG") == [
            f"{short} goes into Airflow's database: write it to the store instead"
        ]


def test_names_of_data_in_an_xcom() -> None:
    text = "@task\ndef f() -> list[str]: ...\ndef g() -> bytes: ...\n@task\ndef h(): ...\n"
    assert found(dags(GOOD + text), "DAG") == []
