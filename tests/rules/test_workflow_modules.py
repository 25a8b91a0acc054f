"""Airflow: modules of the repository that DAGs import."""

from __future__ import annotations

import pytest

from ..support.checking import changed, clean, found, messages, text
from .test_workflow import DAG, GOOD

PACKAGE = "src/lisa_l1_pipeline"
GENERATED = "dags/noise.py"
FIRST = "from lisa_l1_pipeline."


def test_a_module_of_the_package_that_is_gone() -> None:
    files = clean(kind="pipeline")
    assert found(files, "DAG013") == []
    for name in ("tasks", "operators"):
        gone = changed(files, {f"{PACKAGE}/{name}.py": None})
        (line,) = [
            number
            for number, said in enumerate(text(gone, GENERATED).splitlines(), 1)
            if said.startswith(f"{FIRST}{name} ")
        ]
        assert found(gone, "DAG013") == [("DAG013", GENERATED, line)]
        assert messages(gone, "DAG013") == [
            f"there is no module lisa_l1_pipeline.{name}, so no DAG of this file loads: correct it"
        ]


@pytest.mark.parametrize("statement", ["import common.fetch", "from common.fetch import get"])
def test_a_module_beside_the_dags_that_is_gone(statement: str) -> None:
    files = {DAG: f"{GOOD}{statement}\n", "dags/common/__init__.py": "", "dags/common/put.py": ""}
    line = GOOD.count("\n") + 1
    assert found(files, "DAG013") == [("DAG013", DAG, line)]
    for there in ("dags/common/fetch.py", "dags/common/fetch/__init__.py", "plugins/fetch.py"):
        assert found({**files, there: ""}, "DAG013") == []


@pytest.mark.parametrize(
    "statement",
    [
        "try:\n    import common.fetch\nexcept ImportError:\n    pass",
        "def f():\n    import common.fetch",
        "from .common.fetch import get",
        "import commons.fetch",
        "import common",
        "from common.put import get",
        "import common.fetch_pb2",
    ],
)
def test_what_need_not_be_there(statement: str) -> None:
    files = {DAG: f"{GOOD}{statement}\n", "dags/common/put.py": ""}
    assert found(files, "DAG013") == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("setup.py", "write('fetch')"),
        ("pyproject.toml", "[tool.x]\nfile = 'dags/common/fetch.py'\n"),
        ("dags/common/__init__.py", "import sys\nsys.modules['common.fetch'] = None\n"),
        (".gitignore", "/dags/common/fetch.py\n"),
    ],
)
def test_what_comes_to_be(path: str, said: str) -> None:
    files = {DAG: f"{GOOD}import common.fetch\n", "dags/common/put.py": "", path: said}
    assert found(files, "DAG013") == []
