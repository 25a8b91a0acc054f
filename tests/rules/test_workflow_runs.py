"""Workflows of the template: images of steps, ids of DAGs."""

from __future__ import annotations

import pytest

from ..support.checking import Found, clean, found, messages, text

ANSWERS = {".copier-answers.yml": "_src_path: x\nkind: pipeline\n"}
STEPS = "steps:\n  a:\n    command: [a]\n    image: {}\n"
ONE = "from airflow.sdk import DAG, dag\n"


@pytest.mark.parametrize(
    ("image", "is_found"),
    [
        ("python:latest", True),
        ("registry.example.org/lisa/noise:latest", True),
        ("registry.example.org/lisa/noise", False),
        ("python:3.13", False),
        (f"python@sha256:{'0' * 64}", False),
        ("5", False),
        ("${IMAGE}:latest", False),
    ],
)
def test_images_of_steps(image: str, *, is_found: bool) -> None:
    files = {"steps.yaml": STEPS.format(image)}
    wanted: list[Found] = [("DAG015", "steps.yaml", 4)] if is_found else []
    assert found({**files, **ANSWERS}, "DAG015") == wanted
    assert found(files, "DAG015") == []


def test_what_is_no_list_of_steps() -> None:
    for said in ("steps: [a]\n", "steps: {a: b}\n", "[1]\n", "steps: {a: {}}\n"):
        assert found({"steps.yaml": said, **ANSWERS}, "DAG015") == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('with DAG("noise"):\n    pass\n', 2),
        ('with DAG(dag_id="noise"):\n    pass\n', 2),
        ('NAME = "noise"\nwith DAG(NAME):\n    pass\n', 3),
        ('@dag("noise")\ndef f():\n    pass\n', 2),
        ('@dag(dag_id="noise")\ndef f():\n    pass\n', 2),
        ("@dag\ndef noise():\n    pass\n", 2),
        ("@dag()\ndef noise():\n    pass\n", 2),
        ('with DAG("other"):\n    pass\n', 0),
        ('with DAG(f"noise{1}"):\n    pass\n', 0),
        ('@dag("other")\ndef noise():\n    pass\n', 0),
        ("@task\ndef noise():\n    pass\n", 0),
    ],
)
def test_ids_of_dags(text: str, line: int) -> None:
    first = f'{ONE}with DAG("noise"):\n    pass\n'
    files = {"dags/a.py": first, "dags/b.py": f"{ONE}{text}"}
    wanted: list[Found] = [("DAG016", "dags/b.py", line)] if line else []
    assert found({**files, **ANSWERS}, "DAG016") == wanted
    assert found(files, "DAG016") == []


def test_one_file_may_say_it_twice() -> None:
    twice = f'{ONE}if x:\n    DAG("noise")\nelse:\n    DAG("noise")\n'
    assert found({"dags/a.py": twice, **ANSWERS}, "DAG016") == []


def test_a_dag_that_was_copied() -> None:
    files = clean(kind="pipeline")
    copied = {**files, "dags/other.py": files["dags/noise.py"]}
    told = found(copied, "DAG016")
    assert {each[:2] for each in told} == {("DAG016", "dags/other.py")}
    assert len(told) == text(files, "dags/noise.py").count("\n@dag(")
    assert messages(copied, "DAG016")[0].startswith("dags/noise.py has a DAG `")
