"""SonarQube's configuration: keys, paths, reports."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import changed, clean, edited, fixed, found, messages, text

FILE = "sonar-project.properties"
PLAIN = {
    "pyproject.toml": '[project]\nname = "a"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "src/a/__init__.py": "",
    "tests/test_a.py": "",
}


def sonar(*lines: str, **files: str) -> dict[str, Any]:
    """A project that never saw the template, with a configuration of SonarQube."""
    return {**PLAIN, FILE: "".join(f"{line}\n" for line in lines), **files}


KEY = "sonar.projectKey=a:b"


def test_a_fresh_project_passes_and_one_without_sonar_is_not_looked_at() -> None:
    assert found(clean(), "SON") == []
    assert found(clean(kind="image"), "SON") == []
    assert found(clean(sonar=False), "SON") == []
    assert found(PLAIN, "SON") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "sonar.sources=src",
            "no sonar.projectKey, so the scanner stops: write `sonar.projectKey=GROUP:NAME`",
        ),
        (
            "sonar.projectKey=a b",
            "SonarQube refuses the key `a b`: write it like `GROUP:NAME`, without `/`",
        ),
        (
            "sonar.projectKey=123",
            "SonarQube refuses the key `123`: write it like `GROUP:NAME`, without `/`",
        ),
        ("sonar.projectKey=group:na-me_1.2", None),
        ("sonar.projectKey=${env.KEY}", None),
    ],
)
def test_the_key(line: str, message: str | None) -> None:
    assert messages(sonar(line), "SON001") == ([message] if message else [])


def test_a_key_on_the_command_line_will_do() -> None:
    pipeline = "sonar:\n  script: sonar-scanner -Dsonar.projectKey=a\n"
    files = {**sonar("sonar.sources=src"), ".gitlab-ci.yml": pipeline}
    assert found(files, "SON001") == []


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("sonar.source", "sonar.sources"),
        ("sonar.python.coverage.reportPath", "sonar.python.coverage.reportPaths"),
        ("sonar.qualityGate.wait", "sonar.qualitygate.wait"),
    ],
)
def test_a_misspelt_key(wrong: str, right: str) -> None:
    files = sonar(KEY, "# why", f"{wrong}=src")
    assert found(files, "SON") == [("SON002", FILE, 3)]
    assert messages(files, "SON") == [
        f"SonarQube ignores the unknown key {wrong}: did you mean {right}?"
    ]
    if right == "sonar.sources":
        assert fixed(files, "SON002") == {FILE: f"{KEY}\n# why\n{right}=src\n"}


@pytest.mark.parametrize("key", ["sonar.cfamily.threads", "sonar.java.binaries", "my.own.key"])
def test_a_key_that_looks_like_none_is_somebody_elses(key: str) -> None:
    assert found(sonar(KEY, f"{key}=1"), "SON") == []


def test_paths_that_do_not_exist() -> None:
    files = sonar(KEY, "sonar.sources=src,lib", "sonar.tests = ./test/")
    assert found(files, "SON") == [("SON003", FILE, 2), ("SON003", FILE, 3)]
    assert messages(files, "SON") == [
        "lib does not exist, so the scanner stops: correct it",
        "./test/ does not exist, so the scanner stops: correct it",
    ]
    assert found(sonar(KEY, "sonar.sources=.", "sonar.exclusions=x/**"), "SON") == []


def test_a_moved_folder_of_a_fresh_project() -> None:
    files = edited(clean(), FILE, "sonar.tests=tests", "sonar.tests=test")
    line = text(files, FILE).splitlines().index("sonar.tests=test") + 1
    assert found(files, "SON") == [("SON003", FILE, line)]


@pytest.mark.parametrize(
    ("sources", "tests", "twice"),
    [
        (".", "tests", True),
        ("src,tests", "tests", True),
        ("src", "src/a", True),
        ("src", "tests", False),
    ],
)
def test_nothing_is_indexed_twice(sources: str, tests: str, twice: bool) -> None:
    files = sonar(KEY, f"sonar.sources={sources}", f"sonar.tests={tests}")
    assert found(files, "SON") == ([("SON004", FILE, 3)] if twice else [])
    narrowed = text(files, FILE) + "sonar.exclusions=tests/**\n"
    assert found({**files, FILE: narrowed}, "SON") == []


PIPELINE = """\
test:
  script: pytest --cov --cov-report=xml:out/coverage.xml
  artifacts:
    paths: [out/]
sonar:
  variables: {GIT_DEPTH: "0"}
  script: sonar-scanner
"""


@pytest.mark.parametrize(
    ("path", "kept"),
    [("out/coverage.xml", True), ("coverage.xml", False), ("other/coverage.xml", False)],
)
def test_reports_are_artifacts(path: str, kept: bool) -> None:
    line = f"sonar.python.coverage.reportPaths={path}"
    files = {**sonar(KEY, line), ".gitlab-ci.yml": PIPELINE}
    assert found(files, "SON") == ([] if kept else [("SON005", FILE, 2)])
    without = changed(files, {".gitlab-ci.yml": None})
    assert found(without, "SON") == []


def test_a_report_that_the_scanning_job_makes_itself() -> None:
    pipeline = PIPELINE.replace(
        "script: sonar-scanner", "script: [pytest --cov-report=xml:c.xml, sonar-scanner]"
    )
    files = {**sonar(KEY, "sonar.python.coverage.reportPaths=c.xml"), ".gitlab-ci.yml": pipeline}
    assert found(files, "SON") == []


def test_a_renamed_report_of_a_fresh_project() -> None:
    files = edited(clean(), FILE, "reports/coverage.xml", "coverage.xml")
    lines = text(files, FILE).splitlines()
    line = lines.index("sonar.python.coverage.reportPaths=coverage.xml") + 1
    assert found(files, "SON") == [("SON005", FILE, line)]
    assert messages(files, "SON") == [
        "SonarQube will not find coverage.xml: add it to the `artifacts` of the job that writes it"
    ]


def test_pythons() -> None:
    files = sonar(KEY, "sonar.python.version=3.9, 3.11, 3.12")
    assert found(files, "SON") == [("SON006", FILE, 2)]
    assert messages(files, "SON") == [
        "Python 3.9 causes false alarms, as the package needs >=3.11: delete it"
    ]


@pytest.mark.parametrize(("value", "told"), [("abc", True), ("${env.SONAR_TOKEN}", False)])
def test_tokens(value: str, told: bool) -> None:
    files = sonar(KEY, f"sonar.token={value}")
    assert found(files, "SON") == ([("SON007", FILE, 2)] if told else [])
    assert all(value not in message for message in messages(files, "SON"))


def test_the_history() -> None:
    pipeline = PIPELINE.replace('  variables: {GIT_DEPTH: "0"}\n', "")
    files = {**sonar(KEY), ".gitlab-ci.yml": pipeline}
    assert found(files, "SON") == [("SON008", ".gitlab-ci.yml", 5)]
    all_jobs = f'variables:\n  GIT_DEPTH: "0"\n{pipeline}'
    assert found({**files, ".gitlab-ci.yml": all_jobs}, "SON") == []
