"""The sessions of nox that CI asks for, and the Pythons that they have."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, found, messages, text

CI_FILE = ".gitlab-ci.yml"
NOX = 'import nox\n\n\n@nox.session(name="unit", tags=["all"])\ndef _unit(s):\n    s.run("a")\n'
CI = "a:\n  script: [nox -s %s]\n"


def ci(session: str, noxfile: str = NOX) -> dict[str, Any]:
    return {".gitlab-ci.yml": CI % session, "noxfile.py": noxfile}


def test_sessions_that_ci_asks_for() -> None:
    assert found(ci("lint"), "QTY") == [("QTY018", ".gitlab-ci.yml", 2)]
    assert messages(ci("lint"), "QTY") == [
        "noxfile.py has no session lint, so this fails: see `nox -l`"
    ]
    with_errors = f"from nox.command import CommandFailed\n{NOX}"
    assert found(ci("lint", with_errors), "QTY") == [("QTY018", ".gitlab-ci.yml", 2)]
    for known in ("unit", "$SESSION", "unit -- --verbose", "unit 2>&1", "unit && nox -s"):
        assert found(ci(known), "QTY") == []


@pytest.mark.parametrize(
    "noxfile",
    [
        f"from tools import *\n{NOX}",
        f"from nox_poetry import session\n{NOX}",
        "from nox import session\n\n\n@session\ndef a(s):\n    pass\n",
        "import nox\n\n\n@nox.session(name=NAME)\ndef a(s):\n    pass\n",
        "import nox\n\n\n@other\ndef a(s):\n    pass\n",
        "def (",
        "",
    ],
)
def test_sessions_that_nobody_can_tell(noxfile: str) -> None:
    assert found(ci("lint", noxfile), "QTY") == []


def test_a_function_is_a_session_by_its_name() -> None:
    noxfile = "import nox\n\n\n@nox.session\ndef type_check(s):\n    pass\n"
    assert found(ci("type-check", noxfile), "QTY") == []
    assert found(changed(clean(), {"noxfile.py": None}), "QTY018") == []


def test_a_matrix_that_nox_does_not_know() -> None:
    """The case of a project that keeps its PYTHONS while the template's matrix grows."""
    whole = clean()
    kept = edited(whole, "noxfile.py", 'PYTHONS = ["3.11", "3.12", "3.13", "3.14"]', PYTHONS)
    (code, path, line) = found(kept, "QTY018")[0]
    assert (code, path) == ("QTY018", CI_FILE)
    assert text(whole, CI_FILE).splitlines()[line - 1].strip() == "matrix:"
    assert messages(kept, "QTY018") == [
        "noxfile.py has no sessions tests-3.13 and tests-3.14, so the job tests fails: "
        "name the same versions here and there"
    ]
    assert found(whole, "QTY018") == []


PYTHONS = 'PYTHONS = ["3.11", "3.12"]'
TESTS = f"import nox\n\n{PYTHONS}\n\n\n@nox.session(python=PYTHONS)\ndef tests(s):\n    pass\n"
MATRIX = """.pythons:
  parallel:
    matrix:
      - VERSION: ["3.12", "3.13"]
        SYSTEM: [a, b]
"""


def matrix(job: str, noxfile: str = TESTS) -> dict[str, Any]:
    return {CI_FILE: f"{MATRIX}a:\n{job}", "noxfile.py": noxfile}


ASKS = "  script: ['nox -s \"tests-${VERSION}\"']\n"


@pytest.mark.parametrize(
    "job",
    [
        f"  extends: .pythons\n{ASKS}",
        f"  parallel: !reference [.pythons, parallel]\n{ASKS}",
        f"  parallel:\n    matrix: [!reference [.pythons, parallel, matrix]]\n{ASKS}",
        f"  variables: {{VERSION: '3.13'}}\n{ASKS}",
        "  script: [nox -s tests-3.13]\n",
    ],
)
def test_ways_to_ask_for_a_version(job: str) -> None:
    assert [code for code, _, _ in found(matrix(job), "QTY018")] == ["QTY018"]
    assert found(matrix(job, TESTS.replace('"3.12"', '"3.12", "3.13"')), "QTY018") == []


@pytest.mark.parametrize(
    "job",
    [
        "  extends: .pythons\n  script: [VERSION=3.12, 'nox -s \"tests-$VERSION\"']\n",
        "  extends: .pythons\n  script: ['nox -s \"tests-$OTHER\"']\n",
        "  extends: .pythons\n  script: ['nox -s \"tests-$VERSION\" --force-python 3.13']\n",
        f"  extends: .pythons\n  variables: {{NOXFORCEPYTHON: '3.13'}}\n{ASKS}",
        f"  extends: [.elsewhere, .pythons]\n{ASKS}",
    ],
)
def test_versions_that_nobody_can_tell(job: str) -> None:
    assert found(matrix(job), "QTY018") == []


@pytest.mark.parametrize(
    "noxfile",
    [
        TESTS.replace(PYTHONS, f"{PYTHONS}\nPYTHONS.append(NEWEST)"),
        TESTS.replace(PYTHONS, "PYTHONS = read()"),
        TESTS.replace(PYTHONS, "PYTHONS = nox.project.python_versions({})"),
        TESTS.replace(
            "@nox.session(python=PYTHONS)", '@nox.session\n@nox.parametrize("python", A)'
        ),
    ],
)
def test_pythons_that_nobody_can_tell(noxfile: str) -> None:
    assert found(matrix(f"  extends: .pythons\n{ASKS}", noxfile), "QTY018") == []


@pytest.mark.parametrize(
    ("python", "names"),
    [
        ("PYTHONS[-1]", ["tests-3.13"]),
        ("PYTHONS[1:]", ["tests-3.13"]),
        ("'3.13'", ["tests-3.12"]),
        ("[*PYTHONS, '3.13']", []),
        ("None", ["tests-3.12", "tests-3.13"]),
    ],
)
def test_pythons_as_they_may_be_written(python: str, names: list[str]) -> None:
    noxfile = TESTS.replace("python=PYTHONS", f"python={python}")
    said = messages(matrix(f"  extends: .pythons\n{ASKS}", noxfile), "QTY018")
    assert [message.partition(", so")[0] for message in said] == [
        f"noxfile.py has no session{'s' if names[1:] else ''} {' and '.join(names)}"
    ] * bool(names)


def test_a_parameter_that_nox_does_not_know() -> None:
    pipeline = clean(kind="pipeline")
    fewer = edited(pipeline, CI_FILE, "- AIRFLOW_VERSION:", "- AIRFLOW_VERSION:\n          - '1.0'")
    assert messages(fewer, "QTY018") == [
        "noxfile.py has no session tests(airflow='1.0'), so the job tests fails: "
        "name the same versions here and there"
    ]
    assert found(pipeline, "QTY018") == []


def limited(pythons: str) -> dict[str, Any]:
    """A fresh project that states other Pythons."""
    return edited(
        clean(), "pyproject.toml", 'requires-python = ">=3.11"', f'requires-python = "{pythons}"'
    )


@pytest.mark.parametrize(
    ("pythons", "sessions"),
    [
        (">=3.7,<3.10", "tests-3.11, tests-3.12, tests-3.13 and tests-3.14"),
        (">=3.11,<3.14", "tests-3.14"),
        (">=3.9,!=3.12.*", "tests-3.12"),
    ],
)
def test_sessions_that_cannot_install(pythons: str, sessions: str) -> None:
    files = limited(pythons)
    line = text(files, "pyproject.toml").split("\nrequires-python")[0].count("\n") + 2
    assert found(files, "QTY021") == [("QTY021", "pyproject.toml", line)]
    assert messages(files, "QTY021") == [
        f"`{pythons}` excludes the Python of {sessions}, where nox cannot install the package in "
        "CI then: change it, or remove that Python from noxfile.py"
    ]


def test_sessions_that_can_install_or_do_not() -> None:
    for pythons in (">=3.11,<4", ">=3.9", ">=3.11,<3.15"):
        assert found(limited(pythons), "QTY021") == []
    files = limited(">=3.7,<3.10")
    noxfile = text(files, "noxfile.py").replace('"."', '"a"')
    assert found({**files, "noxfile.py": noxfile}, "QTY021") == []
