"""Airflow: dates, limits, work at import time, secrets, images, what was removed, Slurm, XComs."""

from __future__ import annotations

import itertools

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


# What is for any Airflow: only the third has `airflow.sdk`.
ANY = GOOD.replace("from airflow.sdk", "from airflow.decorators")


def dags(text: str, path: str = DAG) -> dict[str, str]:
    """A repository that never saw the template."""
    return {path: text}


def test_fresh_pipelines_and_good_dags_pass() -> None:
    assert found(clean(kind="pipeline"), "DAG") == []
    assert found(dags(GOOD), "DAG") == []
    assert found(changed(clean(), {DAG: GOOD}), "DAG") == []


NO_CATCHUP = GOOD.replace("catchup=False,", "").replace("airflow.sdk", "airflow.decorators")


@pytest.mark.parametrize(
    "path",
    [
        *("tests/dags/a.py", "examples/dags/a.py", "dags/{{ a }}.py", "tests/a.py", "test_a.py"),
        *("{{ a }}/a.py", "docs/a.py", "a.txt"),
    ],
)
def test_only_dags_are_looked_at(path: str) -> None:
    assert found(dags(NO_CATCHUP, path), "DAG") == []


@pytest.mark.parametrize("path", ["a.py", "src/a.py", "workflows/x/a.py", "x/dags/a.py"])
def test_dags_are_found_wherever_they_are(path: str) -> None:
    assert found(dags(NO_CATCHUP, path), "DAG") == [("DAG002", path, 4)]
    decorated = NO_CATCHUP.replace("with DAG(", "@dag(").replace("):\n    pass", ")\ndef f(): ...")
    assert found(dags(decorated, path), "DAG") == [("DAG002", path, 4)]


def test_a_package_has_dags_elsewhere_only_if_it_requires_airflow() -> None:
    build = '[build-system]\nrequires = []\n[project]\nname = "a"\n'
    files = {**dags(NO_CATCHUP, "src/a.py"), "pyproject.toml": build}
    assert found(files, "DAG") == []
    files["pyproject.toml"] += 'dependencies = ["apache-airflow"]\n'
    assert found(files, "DAG") == [("DAG002", "src/a.py", 4)]


def test_what_only_names_airflow_elsewhere_has_no_dags() -> None:
    text = "import airflow.contrib\n# DAG()\n"
    assert found(dags(text, "a.py"), "DAG") == []
    assert found(dags(text), "DAG") == [("DAG011", DAG, 1)]


@pytest.mark.parametrize(
    ("line", "is_read"),
    [
        *(("resting", False), ("was/", False), ("was/resting/a.py", False), (".*resting.*", False)),
        *(("^was/.*", False), ("**/resting/*.py", False), ("a.py", False)),
        *(("# resting", True), ("other", True), ("", True), ("*.txt", True)),
    ],
)
def test_what_airflow_passes_over_is_no_dag(line: str, is_read: bool) -> None:
    bad = GOOD.replace("    default_args=DEFAULTS,\n", "")
    for folder in ("dags", "here"):
        path = f"{folder}/was/resting/a.py"
        files = {path: bad, f"{folder}/.airflowignore": f"common/\n{line}  # why\n"}
        assert found(files, "DAG003") == ([("DAG003", path, 4)] if is_read else [])
        # What is named is below the folder of the file that names it.
        beside = {path: bad, "other/.airflowignore": f"{line}\n"}
        assert found(beside, "DAG003") == [("DAG003", path, 4)]


def test_few_files_are_read_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lisa_scaffold.rules.dags._MOST_READ", 2)
    files = dict.fromkeys(["a/b/c.py", "a/d.py", "e.py"], NO_CATCHUP)
    assert found(files, "DAG") == [("DAG002", "a/d.py", 4)]
    assert messages(files, "DAG") == [
        "whether past intervals run depends on the server: write `catchup=False`; also in e.py:4"
    ]


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
    text = HEAD + (
        "ARGS = dict(start_date=datetime.now())\ntask(start_date=datetime.now())\n"
        'DAG("a", schedule="@daily", default_args=ARGS)\n'
    )
    assert messages(dags(text), "DAG001") == [
        "a start date that moves with each parse: write a date; also in line 4"
    ]


@pytest.mark.parametrize(
    ("head", "date"),
    [
        ("from airflow.utils.dates import days_ago\n", "days_ago(1)"),
        ("from airflow.utils import timezone\n", "timezone.utcnow()"),
        ("from airflow.sdk import timezone\n", "timezone.utcnow() - timedelta(days=1)"),
        ("import datetime as dt\n", "dt.date.today()"),
        ("import pendulum\n", 'pendulum.now("UTC").start_of("day")'),
        ("from pendulum import DateTime\n", "DateTime.utcnow()"),
        ("import arrow\n", "arrow.utcnow().datetime"),
        ("import time\n", "datetime.fromtimestamp(time.time(), tz=UTC)"),
    ],
)
@pytest.mark.parametrize(
    "way",
    [
        "start_date={}",
        'default_args={{"start_date": {}}}',
        'default_args=dict([("retries", 1)], start_date={})',
        'default_args={{**COMMON, "start_date": {}}}',
    ],
)
def test_all_that_moves_wherever_it_stands(head: str, date: str, way: str) -> None:
    text = HEAD + head + f'DAG("a", schedule="@daily", {way.format(date)})\n'
    assert found(dags(text), "DAG001") == [("DAG001", DAG, 4)]


@pytest.mark.parametrize(
    ("lines", "given", "line"),
    [
        ("START = datetime.now(UTC)", "start_date=START", 3),
        ("NOW = datetime.now(UTC)\nSTART = NOW - timedelta(1)", "start_date=START", 3),
        ("START = datetime.now(UTC)", 'default_args={"start_date": START}', 3),
        ('A = {"start_date": datetime.now(UTC)}\nB = A', "default_args=B", 3),
        ('A = {"start_date": datetime.now(UTC)}', "default_args=A.copy()", 3),
        ('A = {"start_date": datetime.now(UTC)}', 'default_args=A | {"retries": 2}', 3),
        ('A = {}\nA["start_date"] = datetime.now(UTC)', "default_args=A", 4),
        ('A = {}\nA.update({"start_date": datetime.now(UTC)})', "default_args=A", 4),
        ("A = {}\nA.update(start_date=datetime.now(UTC))", "default_args=A", 4),
        ('A = {}\nA.setdefault("start_date", datetime.now(UTC))', "default_args=A", 4),
        ("def start():\n    return datetime.now(UTC)", "start_date=start()", 4),
    ],
)
def test_a_start_date_that_moves_behind_a_name(lines: str, given: str, line: int) -> None:
    text = HEAD + f'{lines}\nDAG("a", schedule="@daily", {given})\n'
    assert found(dags(text), "DAG001") == [("DAG001", DAG, line)]


@pytest.mark.parametrize(
    ("lines", "given"),
    [
        # Of another key, another mapping, another time: when a task runs.
        ('A = {"end_date": datetime.now(UTC)}', "default_args=A"),
        ('A = {"start_date": datetime.now(UTC)}', 'default_args={"retries": 2}'),
        ('A = {}\nB = {}\nB["start_date"] = datetime.now(UTC)', "default_args=A"),
        ("def run():\n    return datetime.now(UTC)", "start_date=datetime(2026, 1, 1)"),
        ("def f(start):\n    start = datetime.now(UTC)", "start_date=start"),
        # Names that stand for each other.
        ("A = B\nB = A", "default_args=A"),
        ("A = B\nB = A", "start_date=A"),
        ("def f():\n    return f()", "start_date=f()"),
    ],
)
def test_what_moves_elsewhere_is_no_start_date(lines: str, given: str) -> None:
    assert found(dags(HEAD + f'{lines}\nDAG("a", schedule="@daily", {given})\n'), "DAG001") == []


@pytest.mark.parametrize("date", [DATE, "START", 'pendulum.datetime(2026, 1, 1, tz="UTC")'])
def test_a_start_date_that_stays(date: str) -> None:
    assert found(replaced(DATE, date), "DAG001") == []


LEFT = ANY.replace("    catchup=False,\n", "")


def test_catchup_left_to_the_server() -> None:
    files = dags(LEFT)
    assert found(files, "DAG") == [("DAG002", DAG, 4)]
    assert messages(files, "DAG") == [
        "whether past intervals run depends on the server: write `catchup=False`"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("start_date=", "end_date=datetime(2026, 2, 1, tzinfo=UTC), start_date="),
        ('{"retries"', '{"end_date": datetime(2026, 2, 1, tzinfo=UTC), "retries"'),
    ],
)
def test_what_ends_catches_up(old: str, new: str) -> None:
    assert messages(dags(LEFT.replace(old, new)), "DAG002") == [
        "whether past intervals run depends on the server: write `catchup=True`"
    ]


@pytest.mark.parametrize("when", ["None", "[ASSET]", '"@once"', "timetable()"])
def test_without_intervals_there_is_nothing_to_catch_up(when: str) -> None:
    assert found(dags(LEFT.replace('"@daily"', when)), "DAG002") == []
    told = LEFT.replace('"@daily"', "timedelta(days=1)")
    assert found(dags(told), "DAG002") == [("DAG002", DAG, 4)]


@pytest.mark.parametrize(
    "line", ["dag.catchup = False", 'if hasattr(dag, "catchup"):\n    dag.catchup = True']
)
def test_a_dag_may_be_told_later_whether_it_catches_up(line: str) -> None:
    assert found(dags(f"{LEFT}{line}\n"), "DAG002") == []
    assert found(dags(f"{LEFT}print(dag.catchup)\n"), "DAG002") == [("DAG002", DAG, 4)]


def test_airflow_3_catches_nothing_up() -> None:
    assert found(replaced("    catchup=False,\n", ""), "DAG002") == []
    assert found({**dags(LEFT), **NEW}, "DAG002") == []
    assert found({**dags(LEFT), **OLD}, "DAG002") == [("DAG002", DAG, 4)]


MOVES = GOOD.replace("datetime(2026, 1, 1, tzinfo=UTC)", "datetime.now()")


@pytest.mark.parametrize(
    "when",
    [
        *("None", '"@once"', '"@continuous"', "[ASSET]", "ASSET & OTHER", "(ASSET,)"),
        *('Asset("s3://a/b")', "IMPORTED", "AssetOrTimeSchedule(assets=[A])", "WHEN"),
    ],
)
def test_without_a_clock_the_start_date_decides_nothing(when: str) -> None:
    text = f"WHEN = None\n{MOVES}".replace('"@daily"', when)
    assert found(dags(text), "DAG001") == []


@pytest.mark.parametrize(
    "when", ['"0 0 * * *"', "timedelta(days=1)", "WHEN", 'CronTriggerTimetable("@daily")']
)
def test_with_a_clock_it_does(when: str) -> None:
    text = f'WHEN = "@daily"\n{MOVES}'.replace('schedule="@daily"', f"schedule={when}")
    assert found(dags(text), "DAG001") == [("DAG001", DAG, 8)]


def test_no_schedule_is_a_day_in_airflow_2_and_none_in_3() -> None:
    text = MOVES.replace('    schedule="@daily",\n', "")
    assert found(dags(text), "DAG001") == []
    any_version = dags(text.replace("airflow.sdk", "airflow.decorators"))
    assert found(any_version, "DAG001") == []
    assert found({**any_version, **OLD}, "DAG001") == [("DAG001", DAG, 6)]


def test_only_the_dag_with_the_clock_is_named() -> None:
    other = 'DAG("b", schedule=None, start_date=datetime.now(), default_args=DEFAULTS)\n'
    assert found(dags(MOVES + other), "DAG001") == [("DAG001", DAG, 7)]
    assert messages(dags(MOVES + other), "DAG001") == [
        "a start date that moves with each parse: write a date"
    ]


def test_dags_without_an_end_are_one_finding() -> None:
    text = GOOD.replace(', "execution_timeout": timedelta(minutes=5)', "")
    files = {**dags(text), **dags(text, "dags/b.py"), **dags(GOOD, "dags/c.py")}
    assert found(files, "DAG003") == [("DAG003", DAG, 4)]
    assert messages(files, "DAG003") == [
        "tasks have no `execution_timeout`: add it to `default_args` of the DAG; also in "
        "dags/b.py:4"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    default_args=DEFAULTS,\n", "", "`retries` and `execution_timeout`"),
        ('"retries": 2, ', "", "`retries`"),
        (', "execution_timeout": timedelta(minutes=5)', "", "`execution_timeout`"),
        ("=DEFAULTS", "=dict(retries=1)", "`execution_timeout`"),
        ("=DEFAULTS", '=dict({"retries": 1})', "`execution_timeout`"),
        ("=DEFAULTS", '=dict([("retries", 1)], owner="a")', "`execution_timeout`"),
        ("=DEFAULTS", '={"retries": 1} | {"owner": "a"}', "`execution_timeout`"),
        ("=DEFAULTS", '=dict(dict(), **{"retries": 1})', "`execution_timeout`"),
        ("=DEFAULTS", "=None", "`retries` and `execution_timeout`"),
    ],
)
def test_tasks_without_a_second_try_or_an_end(old: str, new: str, said: str) -> None:
    files = replaced(old, new)
    assert found(files, "DAG") == [("DAG003", DAG, 4)]
    them = "them" if " and " in said else "it"
    assert messages(files, "DAG") == [
        f"tasks have no {said}: add {them} to `default_args` of the DAG"
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("=DEFAULTS", "=make()"),
        ("=DEFAULTS", "={**BASE}"),
        ("=DEFAULTS", '={KEY: 1, "owner": "a"}'),
        ("=DEFAULTS", "=dict(BASE, retries=1)"),
        ("=DEFAULTS", "=dict(pairs())"),
        ("=DEFAULTS", '=BASE | {"retries": 1}'),
        ("=DEFAULTS", "=IMPORTED"),
        ("    default_args=DEFAULTS,\n", "    **MORE,\n"),
    ],
)
def test_defaults_that_cannot_be_told_are_no_finding(old: str, new: str) -> None:
    assert found(replaced(old, new), "DAG003") == []


SPARE = GOOD.replace('{"retries": 2, "execution_timeout": timedelta(minutes=5)}', '{"owner": "a"}')


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('DEFAULTS["retries"] = 1\n', "`execution_timeout`"),
        ('DEFAULTS.update({"retries": 1})\n', "`execution_timeout`"),
        ("DEFAULTS.update(execution_timeout=LONG)\n", "`retries`"),
        ('DEFAULTS |= {"retries": 1}\n', "`execution_timeout`"),
        ('DEFAULTS.setdefault("retries", 1)\n', "`execution_timeout`"),
        ('KEY = "retries"\nDEFAULTS[KEY] = 1\n', "`execution_timeout`"),
        ('BASE = {"retries": 1}\nDEFAULTS.update(BASE)\n', "`execution_timeout`"),
        ("DEFAULTS.get(KEY)\n", "`retries` and `execution_timeout`"),
    ],
)
def test_what_defaults_get_later(more: str, said: str) -> None:
    files = dags(SPARE.replace("with DAG", f"{more}with DAG"))
    assert [message.split(":")[0] for message in messages(files, "DAG")] == [
        f"tasks have no {said}"
    ]


@pytest.mark.parametrize(
    "more",
    [
        'DEFAULTS["retries"] = 1\nDEFAULTS["execution_timeout"] = LONG\n',
        "DEFAULTS.update(MORE)\n",
        "DEFAULTS.update(**MORE)\n",
        "DEFAULTS[name()] = 1\n",
        "DEFAULTS |= MORE\n",
        'DEFAULTS = {"retries": 1}\n',
        'del DEFAULTS["owner"]\n',
    ],
)
def test_what_defaults_get_later_and_cannot_be_told(more: str) -> None:
    assert found(dags(SPARE.replace("with DAG", f"{more}with DAG")), "DAG") == []


def test_defaults_that_are_copied() -> None:
    for copied in ("DEFAULTS.copy()", "copy.deepcopy(DEFAULTS)", "{**DEFAULTS}", "dict(DEFAULTS)"):
        files = replaced("default_args=DEFAULTS", f"default_args={copied}")
        assert found(files, "DAG") == []


@pytest.mark.parametrize(
    ("path", "text", "is_found"),
    [
        ("config/airflow.cfg", "[scheduler]\ncatchup_by_default = False\n", False),
        ("airflow.cfg", "[scheduler]\n# catchup_by_default = True\n", True),
        ("compose.yaml", "x: {AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT: 'false'}\n", False),
        (".env", "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT=False\n", False),
        ("notes.md", "AIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT=False\n", True),
    ],
)
def test_a_server_that_says_whether_dags_catch_up(path: str, text: str, is_found: bool) -> None:
    files = {**dags(LEFT), path: text}
    assert found(files, "DAG002") == ([("DAG002", DAG, 4)] if is_found else [])


def test_what_many_files_do_at_import_is_one_finding() -> None:
    text = f"from airflow.models import Variable\n{GOOD}\nA = Variable.get('a')\n"
    files = {**dags(text), **dags(text, "dags/b.py")}
    line = len(text.splitlines())
    assert found(files, "DAG004") == [("DAG004", DAG, line)]
    assert messages(files, "DAG004") == [
        "Variable.get runs at every parse of the file: move it into a task, or write "
        f"`{{{{ var.value.NAME }}}}` in a template field; also in dags/b.py:{line}"
    ]


def test_a_run_that_ends_ends_its_tasks() -> None:
    bounded = "    dagrun_timeout=timedelta(hours=1),\n"
    text = GOOD.replace(', "execution_timeout": timedelta(minutes=5)', "")
    assert found(dags(text), "DAG003") == [("DAG003", DAG, 4)]
    line = "    default_args=DEFAULTS,\n"
    assert found(dags(text.replace(line, f"{line}{bounded}")), "DAG003") == []
    assert messages(dags(GOOD.replace(line, bounded)), "DAG003") == [
        "tasks have no `retries`: add it to `default_args` of the DAG"
    ]


def test_tasks_that_say_it_themselves() -> None:
    text = GOOD.replace("    default_args=DEFAULTS,\n", "").replace(
        "    pass", "    task(retries=1, execution_timeout=timedelta(minutes=1))"
    )
    assert found(dags(text), "DAG003") == []


BARE = GOOD.replace("    default_args=DEFAULTS,\n", "")
MADE = "from tools.made import make\n" + BARE.replace("    pass", "    make(task_id='a')")
MAKER = """\
from airflow.operators.python import PythonOperator
def make(task_id):
    log(retries=3)
    return PythonOperator(task_id=task_id, {})
"""


@pytest.mark.parametrize(
    ("maker", "missing"),
    [
        ("execution_timeout=1", "no `retries`: add it"),
        ("retries=2", "no `execution_timeout`: add it"),
        ("retries=2, execution_timeout=1", ""),
        ("**{'retries': 2, 'execution_timeout': 1}", ""),
        ("pool=1", "no `retries` and `execution_timeout`: add them"),
    ],
)
@pytest.mark.parametrize("path", ["dags/tools/made.py", "tools/made/__init__.py"])
def test_tasks_that_a_function_of_another_file_makes(maker: str, missing: str, path: str) -> None:
    files = {DAG: MADE, path: MAKER.format(maker)}
    wanted = [f"tasks have {missing} to `default_args` of the DAG"] if missing else []
    assert messages(files, "DAG003") == wanted


def test_tasks_that_a_class_of_the_project_makes() -> None:
    text = MADE.replace("import make", "import MyOperator").replace("make(", "MyOperator(")
    own = "class MyOperator(B):\n    def __init__(self, **all):\n        super().__init__({})\n"
    said = own.format("retries=1, execution_timeout=2, **all")
    assert found({DAG: text, "dags/tools/made.py": said}, "DAG003") == []
    assert len(found({DAG: text, "dags/tools/made.py": own.format("**all")}, "DAG003")) == 1


def test_tasks_that_something_unseen_makes_are_not_judged() -> None:
    assert found({DAG: MADE}, "DAG003") == []
    assert len(found({DAG: f"{MADE}\n    BashOperator(task_id='b')"}, "DAG003")) == 1
    own = BARE.replace("    pass", "    @task\n    def f(): ...\n    f.override(task_id='b')()")
    assert len(found({DAG: own}, "DAG003")) == 1
    assert found({DAG: MADE.replace("task_id='a'", "1")}, "DAG003") == [("DAG003", DAG, 5)]


TASK = "move it into a task"
VARIABLE = "move it into a task, or write `{{ var.value.NAME }}` in a template field"
CONNECTION = "move it into a task, or write `{{ conn.NAME }}` in a template field"


@pytest.mark.parametrize(
    ("line", "said", "remedy"),
    [
        ('from airflow.sdk import Variable\nVariable.get("a")', "Variable.get", VARIABLE),
        ('from airflow.models import Variable\nA = f(Variable.get("a"))', "Variable.get", VARIABLE),
        ('from airflow.sdk import Connection\nConnection.get("a")', "Connection.get", CONNECTION),
        ('import requests\nA = requests.get("https://example.org").json()', "requests.get", TASK),
        ("import psycopg2\nclass A:\n    db = psycopg2.connect()", "psycopg2.connect", TASK),
        ('import pandas as pd\nA = pd.read_csv("a.csv")', "pandas.read_csv", TASK),
        ("import time\nfor _ in range(3):\n    time.sleep(1)", "time.sleep", TASK),
        ("import boto3\nA = boto3.client('s3').list_buckets()", "client().list_buckets", TASK),
        ("import boto3\nS3 = boto3.client('s3')\nS3.get_object()", "client().get_object", TASK),
        ("import requests\nS = requests.Session()\nA = S.get('a')", "Session().get", TASK),
        (
            "from airflow.providers.postgres.hooks.postgres import PostgresHook\n"
            "A = PostgresHook('a').get_records('b')",
            "PostgresHook().get_records",
            TASK,
        ),
    ],
)
def test_work_at_import_time(line: str, said: str, remedy: str) -> None:
    files = dags(f"{GOOD}{line}\n")
    last = len(f"{GOOD}{line}".splitlines())
    assert found(files, "DAG") == [("DAG004", DAG, last)]
    assert messages(files, "DAG") == [f"{said} runs at every parse of the file: {remedy}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('schedule="@daily"', 'schedule=Variable.get("when")'),
        ('schedule="@daily"', 'schedule=CronTriggerTimetable(Variable.get("when"))'),
        ("    catchup=False,", '    params={"a": Param(Variable.get("a"))},'),
        ('"retries": 2', '"retries": Variable.get("retries")'),
    ],
)
def test_a_dag_takes_no_task_and_no_template(old: str, new: str) -> None:
    files = dags("from airflow.sdk import Variable\n" + GOOD.replace(old, new))
    assert messages(files, "DAG004") == [
        "Variable.get runs at every parse of the file: read an environment variable here "
        "(`os.environ`)"
    ]


STORED = "from airflow.sdk import Variable\nfrom tools import make\nimport requests\n" + GOOD
DECIDING = "keep what decides on tasks in a file of the repository, or map them (`expand`)"


@pytest.mark.parametrize(
    ("text", "is_deciding"),
    [
        ("V = Variable.get('v')\nfor a in V:\n    make(task_id=a)\n", True),
        ("V = Variable.get('v')\nfor a in V['b']:\n    for c in a:\n        XOperator(c)\n", True),
        ("V = json.loads(Variable.get('v'))\nW = [make(task_id=a) for a in V]\n", True),
        ("for a in Variable.get('v'):\n    @task\n    def f(): ...\n    f()\n", True),
        ("def f(a):\n    return make(task_id=a)\nV = Variable.get('v')\n[f(a) for a in V]\n", True),
        ("W = {a.strip() for a in Variable.get('v')}\n", False),
        ("W = [a.strip() for a in Variable.get('v')]\n", False),
        ("V = Variable.get('v')\nfor a in b:\n    make(task_id=a, c=V)\n", False),
        ("def g():\n    for a in V:\n        make(task_id=a)\nV = Variable.get('v')\n", False),
    ],
)
def test_what_decides_which_tasks_there_are(text: str, *, is_deciding: bool) -> None:
    (message,) = messages(dags(STORED + text), "DAG004")
    remedy = DECIDING if is_deciding else VARIABLE
    assert message == f"Variable.get runs at every parse of the file: {remedy}"


def test_what_a_server_says_cannot_decide_either() -> None:
    text = "for a in requests.get('b').json():\n    make(task_id=a)\n"
    (message,) = messages(dags(STORED + text), "DAG004")
    assert message == f"requests.get runs at every parse of the file: {DECIDING}"


def test_each_remedy_is_said_once() -> None:
    text = "from airflow.sdk import Variable\n" + GOOD.replace('"@daily"', 'Variable.get("when")')
    text += 'A = Variable.get("a")\nB = Variable.get("b")\n'
    assert messages(dags(text), "DAG004") == [
        "Variable.get runs at every parse of the file: read an environment variable here "
        "(`os.environ`)",
        f"Variable.get runs at every parse of the file: {VARIABLE}; also in line 14",
    ]


@pytest.mark.parametrize(
    "text",
    [
        'import requests\n@task\ndef f():\n    requests.get("https://example.org")\n',
        "import requests\nf = lambda: requests.get(1)\n",
        'import requests\nif __name__ == "__main__":\n    requests.get(1)\n',
        'import boto3\nA = boto3.client("s3")\n',
        'import boto3\nA = boto3.client("s3")\ndef f():\n    A.list_buckets()\n',
        'import boto3\nA = boto3.resource("s3").Bucket("a")\n',
        'import boto3\nA = boto3.client("s3")\nA = other()\nA.list_buckets()\n',
        "from airflow.providers.postgres.hooks.postgres import PostgresHook\nA = PostgresHook()\n",
        'import sqlalchemy as sa\nA = sa.create_engine("sqlite://")\n',
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


@pytest.mark.parametrize(
    "value",
    [
        *("", "{{ conn.a.password }}", "${TOKEN}", "<token>", "changeme", "NOT_SET", "your-token"),
        *("/run/secrets/token", "false", "a/{{ b }}"),
    ],
)
def test_a_place_for_a_secret_is_none(value: str) -> None:
    text = f"{GOOD}hook(password='{value}')\nhook(password=get())\nhook(token_url='https://a')\n"
    assert found(dags(text), "DAG") == []


OPERATORS = """\
from airflow.providers.docker.operators.docker import DockerOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
"""


@pytest.mark.parametrize("call", ["DockerOperator", "KubernetesPodOperator", "task.docker"])
def test_an_image_that_has_a_name_and_moves(call: str) -> None:
    named = f'{OPERATORS}{GOOD}IMAGE = "lisa/noise:latest"\n'
    one = f"{call}(task_id='a', image=IMAGE)\n"
    assert found(dags(named + one * 2), "DAG") == [("DAG006", DAG, 14)]
    assert found(dags(f"{named}IMAGE = 'lisa/noise:1.0'\n{one}"), "DAG006") == []
    made = one.replace(call, "tools.make")
    assert found(dags(f"import tools\n{named}{made}"), "DAG006") == [("DAG006", DAG, 15)]
    other = made.replace("task_id", "name")
    assert found(dags(f"import tools\n{named}{other}"), "DAG006") == []
    two = {**dags(named + one), **dags(named + one, "dags/b.py")}
    (message,) = messages(two, "DAG006")
    assert message.endswith("; also in dags/b.py:14")


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


def test_what_is_used_by_its_full_name() -> None:
    text = ANY.replace("from datetime", "import airflow\nfrom datetime").replace(
        DATE, "airflow.utils.dates.days_ago(1)"
    )
    assert messages(dags(text), "DAG011") == [
        "from version 3 on Airflow has no airflow.utils.dates.days_ago: replace it, as "
        "`ruff check --select AIR` says"
    ]


def test_arguments_that_were_renamed() -> None:
    files = replaced("schedule=", "schedule_interval=")
    assert found(files, "DAG") == [("DAG007", DAG, 6)]
    assert messages(files, "DAG") == [
        "Airflow 3 does not take `schedule_interval`: write `schedule`"
    ]
    files = replaced("schedule=", "schedule=None, schedule_interval=")
    assert messages(files, "DAG007") == [
        "Airflow 3 does not take `schedule_interval`: delete it, `schedule` is there"
    ]
    files = replaced("catchup=False", "catchup=False, concurrency=2")
    assert messages(files, "DAG007") == [
        "Airflow 3 does not take `concurrency`: write `max_active_tasks`"
    ]


REMOVED = ANY.replace("schedule=", "schedule_interval=") + "import airflow.contrib.hooks.ssh_hook\n"


def test_what_may_meet_airflow_3() -> None:
    assert found(dags(REMOVED), "DAG") == [("DAG011", DAG, 12)]
    assert messages(dags(REMOVED), "DAG") == [
        "from version 3 on Airflow has no airflow.contrib.hooks.ssh_hook: "
        "replace it, as `ruff check --select AIR` says; also in line 6"
    ]
    several = {**dags(REMOVED), **dags(REMOVED, "dags/b.py")}
    assert messages(several, "DAG011") == [
        "from version 3 on Airflow has no airflow.contrib.hooks.ssh_hook: "
        "replace it, as `ruff check --select AIR` says; also in line 6, dags/b.py:6, 12"
    ]


OLD = {"Dockerfile": "FROM apache/airflow:2.10.3-python3.11\nUSER 50000\n"}
NEW = {"requirements.txt": "apache-airflow[celery, redis]==3.0.1\n"}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        *((path, text) for path, text in OLD.items()),
        ("docker/Dockerfile", "ARG AIRFLOW=2.9.1\nFROM docker.io/apache/airflow:slim-${AIRFLOW}"),
        ("Dockerfile", "FROM python:3.12\nRUN pip install 'apache-airflow==2.10.3'"),
        ("Dockerfile", "FROM python:3.12\nARG AIRFLOW_VERSION=2.10.3\nRUN pip install $A"),
        ("Dockerfile", "FROM quay.io/astronomer/astro-runtime:12.1.0"),
        ("compose.yaml", "a:\n  image: ${AIRFLOW_IMAGE_NAME:-apache/airflow:2.8.3}"),
        (".env", "AIRFLOW_IMAGE_NAME=apache/airflow:2.8.3"),
        ("requirements.txt", "apache-airflow==2.10.3"),
        ("requirements/dev.txt", "apache-airflow[postgres] ~= 2.9"),
        ("requirements.txt", "apache-airflow>=2.5,<3"),
        ("requirements.txt", "apache_airflow==2.10.3\nApache.Airflow<3.0.0"),
        ("requirements.txt", "apache-airflow<=2.11"),
        ("constraints-dev.txt", "apache-airflow==1.10.15"),
        (
            "requirements.txt",
            "-c https://example.org/apache/airflow/constraints-2.10.3/constraints-3.11.txt",
        ),
        ("pyproject.toml", '[project]\ndependencies = ["apache-airflow==2.10.3"]'),
        ("pyproject.toml", '[tool.poetry.dependencies]\napache-airflow = "^2.10"'),
        ("pyproject.toml", 'apache-airflow = {extras = ["amazon"], version = "2.10.3"}'),
        ("airflow/Pipfile", '[packages]\napache-airflow = "==2.10.3"'),
        ("uv.lock", '[[package]]\nname = "apache-airflow"\nversion = "2.10.3"'),
        ("environment.yml", "dependencies:\n- apache-airflow=2.10"),
    ],
)
def test_a_project_for_airflow_2(path: str, line: str) -> None:
    files = {**dags(REMOVED), path: f"{line}\n"}
    assert found(files, "DAG007") + found(files, "DAG011") == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        *((path, text) for path, text in NEW.items()),
        ("Dockerfile", "FROM registry.example.org/base/apache/airflow:3.0.1-python3.11"),
        ("pyproject.toml", '[tool.poetry.dependencies]\napache-airflow = "3.3.0"'),
        ("requirements.txt", "apache-airflow>=3"),
        ("compose.yaml", "a:\n  # image: apache/airflow:2.8.3\n  image: apache/airflow:3.1.0"),
    ],
)
def test_a_project_for_airflow_3(path: str, line: str) -> None:
    files = {**dags(REMOVED), path: f"{line}\n"}
    both = [("DAG007", DAG, 6), ("DAG007", DAG, 12)]
    assert found(files, "DAG007") + found(files, "DAG011") == both


@pytest.mark.parametrize(
    "line",
    [
        "apache-airflow>=2.5",
        "apache-airflow>=2.5,<4",
        "apache-airflow==2.10.3; a\napache-airflow==3.0.1; b",
        "apache-airflow",
        "apache-airflow-providers-amazon==2.1.0",
        "# apache-airflow==2.10.3",
    ],
)
def test_a_project_for_any_airflow(line: str) -> None:
    files = {**dags(REMOVED), "requirements.txt": f"{line}\n"}
    assert found(files, "DAG") == [("DAG011", DAG, 12)]


def test_the_sdk_is_that_of_airflow_3_unless_something_else_will_do() -> None:
    text = REMOVED.replace("from airflow.decorators", "from airflow.sdk")
    assert [code for code, *_ in found({**dags(text), **OLD}, "DAG")] == ["DAG007", "DAG007"]
    tried = REMOVED + "try:\n    from airflow.sdk import A\nexcept ImportError:\n    A = None\n"
    assert [code for code, *_ in found(dags(tried), "DAG")] == ["DAG011"]


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
        ("deploy/docker-compose.yml", "- AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=true"),
        ("airflow.cfg", "simple_auth_manager_all_admins = True"),
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
    ("path", "line"),
    [
        ("docker-compose.dev.yml", "- AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=true"),
        (".ci/compose.yaml", "- AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS=true"),
    ],
)
def test_an_airflow_at_a_desk_asks_nobody(path: str, line: str) -> None:
    assert found({path: f"a:\n{line}\n"}, "DAG009") == []


@pytest.mark.parametrize(
    ("path", "line", "switch"),
    [
        (
            *("compose.yaml", "- AIRFLOW__API__AUTH_BACKENDS=airflow.api.auth.backend.default"),
            "- AIRFLOW__API__ENABLE_EXPERIMENTAL_API=True",
        ),
        (
            *("airflow.cfg", "auth_backends = airflow.api.auth.backend.default"),
            "enable_experimental_api = true",
        ),
    ],
)
def test_what_opens_the_experimental_interface_alone(path: str, line: str, switch: str) -> None:
    """Of Airflow 2; its documentation says that the stable one cannot be opened so."""
    both = {path: f"a:\n{line}\n{switch}\n"}
    assert found(both, "DAG009") == [("DAG009", path, 2)]
    assert messages(both, "DAG009") == [
        "anybody who reaches Airflow can start its DAGs: delete this"
    ]
    for other in ("", f"# {switch}", switch.lower().replace("true", "false")):
        assert found({path: f"a:\n{line}\n{other}\n"}, "DAG009") == []


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


def test_defaults_that_repeat_each_other_cost_little() -> None:
    names = [f"A{number}" for number in range(30)]
    chain = "".join(
        f"{name} = {{{', '.join([f'**{below}'] * 30)}}}\n"
        for name, below in itertools.pairwise(names)
    )
    text = f"{chain}A29 = {{**A0, 'retries': 1}}\n{GOOD.replace('=DEFAULTS', '=A0')}"
    assert [message.split(":")[0] for message in messages(dags(text), "DAG")] == [
        "tasks have no `execution_timeout`"
    ]


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        ("unused_dags/a.py", False),
        ("obsolete/a.py", False),
        ("a.py", True),
        ("dags/old/a.py", True),
        ("deprecated/one/dags/a.py", False),
        ("study_dags/a.py", False),
        ("dags/exercises/a.py", False),
        ("casestudy/dags/a.py", True),
    ],
)
def test_dags_that_are_set_aside(path: str, *, is_read: bool) -> None:
    text = "from datetime import datetime\nfrom airflow import DAG\n\nDAG('a', schedule='@daily')\n"
    assert bool(found({path: text}, "DAG003")) == is_read


def test_a_start_date_that_moves_in_many_files_is_one_finding() -> None:
    text = (
        "from airflow import DAG\nfrom airflow.utils.dates import days_ago\n\n"
        "DAG('a', schedule='@daily', start_date=days_ago(2))\n"
    )
    files = {"dags/a.py": text, "dags/b.py": text}
    assert found(files, "DAG001") == [("DAG001", "dags/a.py", 4)]
    assert messages(files, "DAG001") == [
        "a start date that moves with each parse: write a date; also in dags/b.py:4"
    ]


def test_a_name_of_which_another_takes_the_place() -> None:
    old, new = "airflow.operators.bash_operator", "airflow.providers.standard.operators.bash"
    for first, second in ((old, new), (new, old)):
        for caught in ("ImportError", "(AttributeError, ModuleNotFoundError)"):
            either = f"try:\n    from {first} import BashOperator\nexcept {caught}:\n"
            either += f"    from {second} import BashOperator\n"
            assert found(dags(f"{either}{ANY}"), "DAG011") == []
            assert found(dags(f"{either}{GOOD}"), "DAG007") == []
    other = f"try:\n    from {old} import BashOperator\nexcept KeyError:\n    pass\n"
    assert found(dags(f"{other}{ANY}"), "DAG011") == [("DAG011", DAG, 2)]


@pytest.mark.parametrize(
    ("defaults", "names"),
    [
        ('{"retries": 1}', "`execution_timeout`: add it"),
        ('{"retries": 1, "execution_timeout": SOME}', ""),
        ('{"owner": "a"}', "`retries` and `execution_timeout`: add them"),
        ("SOME", ""),
    ],
)
def test_groups_of_tasks_have_defaults_of_their_own(defaults: str, names: str) -> None:
    group = f"    DbtTaskGroup(group_id='a', default_args={defaults})\n"
    text = SPARE.replace("    pass\n", group)
    message = f"tasks have no {names} to `default_args` of the DAG"
    assert messages(dags(text), "DAG003") == ([message] if names else [])
