"""Whatever the files say, in whatever type: no rule crashes, and none takes long."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge

from ..support.checking import clean, text
from ..support.sweeps import sampled

pytestmark = pytest.mark.uncounted

FAMILIES = (
    *("FIL", "LIC", "MET", "PKG", "QTY", "CI", "CON", "CMP", "HLM", "DJA", "SON", "DAG"),
    *("DOC", "CIT", "SEC"),
)

WORDS = st.sampled_from(
    ["", "a", "MIT", "1.0", ">=3.11", "<4", "README.md", "a.b:c", "https://a.org", "License :: X"]
)
SCALARS = WORDS | st.integers(-1, 3) | st.booleans() | st.floats(allow_nan=False)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=5,
)
PROJECT = [
    *("authors", "classifiers", "dependencies", "description", "dynamic", "license"),
    *("license-files", "maintainers", "name", "optional-dependencies", "readme"),
    *("requires-python", "scripts", "urls", "version"),
]
TABLES = [
    *("build-system.requires", "build-system.build-backend", "dependency-groups", "project"),
    *("tool.black.target-version", "tool.mypy.python_version", "tool.poetry.dependencies"),
    *("tool.poetry.packages", "tool.ruff.target-version", "tool.setuptools.package-dir"),
    *("tool.setuptools.packages", "tool.setuptools.package-data", "tool.setuptools_scm"),
    *("tool.setuptools.packages.find.where", "tool.hatch.build.targets.wheel.packages"),
    *("tool.uv", "tool.ruff", "tool.ruff.select", "tool.ruff.lint.ignore", "tool.mypy.files"),
    *("tool.pytest", "tool.pytest.ini_options", "tool.coverage.run", "tool.coverage.run.source"),
    *("tool.pytest.ini_options.addopts", "tool.pytest.ini_options.testpaths", "tool.flake8"),
    "tool.pytest.ini_options.filterwarnings",
]
OTHERS = [
    *("CITATION.cff", "codemeta.json", "a.ipynb", ".readthedocs.yaml", ".gitlab-ci.yml"),
    *("ruff.toml", ".pre-commit-config.yaml", ".zenodo.json"),
]
KEYS = [
    *("authors", "build", "cells", "cff-version", "date-released", "doi", "include", "license"),
    *("python", "repos", "sphinx", "target-version", "title", "type", "version"),
]


def crashes(files: dict[str, Any]) -> list[str]:
    facts = Facts.of(files)
    own = [rule for letters in FAMILIES for rule in rules.load_family(letters)]
    return [f.message for f in judge.list_findings(own, facts) if f.code == "INT001"]


def toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    match value:
        case dict():
            return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value) if not isinstance(value, float) else f"{value:f}"


@given(
    st.dictionaries(st.sampled_from(PROJECT), VALUES, max_size=6),
    st.dictionaries(st.sampled_from(TABLES), VALUES, max_size=4),
)
def test_any_pyproject(project: dict[str, Any], tables: dict[str, Any]) -> None:
    lines = [f"project.{key} = {toml(value)}" for key, value in project.items()]
    lines += [
        f"{key} = {toml(value)}" for key, value in tables.items() if not project or key != "project"
    ]
    modules = {"src/a/__init__.py": "", "LICENSE": clean()["LICENSE"], "MANIFEST.in": "graft a\n"}
    assert crashes({"pyproject.toml": "\n".join(lines), "setup.py": "", **modules}) == []


@given(st.sampled_from(OTHERS), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4))
def test_any_other_file(path: str, data: dict[str, Any]) -> None:
    content = "\n".join(f"{k} = {toml(v)}" for k, v in data.items())
    files = {**clean(), path: content if path.endswith(".toml") else json.dumps(data)}
    assert crashes(files) == []


TEXTS = ["MANIFEST.in", "README.md", "LICENSE", ".gitignore", "Dockerfile", "noxfile.py"]
TEXTS += ["sonar-project.properties", ".dockerignore"]


@given(st.sampled_from(TEXTS), st.text())
def test_any_text(path: str, content: str) -> None:
    assert crashes({**clean(), path: content}) == []


JOB_KEYS = [
    *("artifacts", "dependencies", "except", "extends", "image", "interruptible", "needs", "only"),
    *("release", "rules", "script", "services", "stage", "tags", "timeout", "type", "variables"),
    *("when", "trigger"),
]
HOOK_KEYS = ["id", "files", "exclude", "stages", "types", "always_run", "language"]
KEYED = st.dictionaries(st.sampled_from(JOB_KEYS), VALUES, max_size=5)


@given(
    st.dictionaries(st.sampled_from(["a", "pages", "default", ".b"]), KEYED | VALUES, max_size=3),
    st.dictionaries(
        st.sampled_from(["workflow", "stages", "types", "image", "variables", "include"]),
        VALUES | st.fixed_dictionaries({"rules": VALUES}),
        max_size=3,
    ),
)
def test_any_pipeline(jobs: dict[str, Any], settings: dict[str, Any]) -> None:
    files = {".gitlab-ci.yml": json.dumps({**jobs, **settings}), "noxfile.py": "import nox\n"}
    assert crashes({**files, "sonar-project.properties": "sonar.tests=a\n"}) == []


SERVICE_KEYS = [
    "image",
    "environment",
    "networks",
    "secrets",
    "configs",
    "ports",
    "restart",
    "deploy",
]
SERVICES = st.dictionaries(st.sampled_from(SERVICE_KEYS), VALUES, max_size=5)


@given(
    st.dictionaries(st.sampled_from(["a", "b"]), SERVICES | VALUES, max_size=2),
    st.dictionaries(st.sampled_from(["networks", "secrets", "include", "x-a", "c"]), VALUES),
)
def test_any_file_of_compose(services: dict[str, Any], more: dict[str, Any]) -> None:
    files = {"compose.yaml": json.dumps({"services": services, **more}), "Dockerfile": "FROM a:1\n"}
    assert crashes({**files, ".copier-answers.yml": "_src_path: x\nkind: service\n"}) == []


REPOSITORIES = st.sampled_from(
    ["https://github.com/pre-commit/pre-commit-hooks", "local", "git://"]
)


@given(
    st.lists(
        VALUES
        | st.fixed_dictionaries(
            {
                "repo": REPOSITORIES | VALUES,
                "rev": VALUES,
                "hooks": VALUES
                | st.lists(st.dictionaries(st.sampled_from(HOOK_KEYS), VALUES), max_size=3),
            }
        ),
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["files", "exclude", "default_stages"]), VALUES),
)
def test_any_hooks(repos: list[Any], settings: dict[str, Any]) -> None:
    content = json.dumps({"repos": repos, **settings})
    assert crashes({".pre-commit-config.yaml": content, "a.py": ""}) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["FROM", "ARG", "ENV", "USER", "RUN", "COPY", "ADD", "X"]),
            st.text(" ab=$\\{}:@/.<'\"\n", max_size=12),
        ),
        max_size=6,
    )
)
def test_any_dockerfile(lines: list[tuple[str, str]]) -> None:
    content = "\n".join(f"{verb} {rest}" for verb, rest in lines)
    assert crashes({**clean(), "Dockerfile": content}) == []


LONG = 900_000


@sampled(
    ("path", "piece"),
    [
        ("README.md", "["),
        ("README.md", "](a "),
        ("README.md", "`"),
        ("README.md", "license-"),
        ("README.md", "## License\n\nGNU General Public License "),
        ("LICENSE", "Permission is hereby granted, free of charge, "),
        ("LICENSE", "copyright "),
        ("a.txt", "glpat-"),
        ("a.txt", "zenodotoken"),
        ("a.txt", "-----BEGIN RSA PRIVATE KEY-----\n"),
        ("a.txt", "<<<<<<< a\n"),
        ("a.sh", "https://a:"),
        ("a.sh", "a."),
        ("MANIFEST.in", "include **/*\n"),
        (".netrc", "password "),
        ("Dockerfile", "FROM a\nRUN apt-get install pip install "),
        ("Dockerfile", "FROM a\nENV A="),
        ("Dockerfile", "RUN apt -a "),
        ("sonar-project.properties", "sonar.source=a\n"),
        ("sonar-project.properties", "sonar.tests=a,"),
        ("noxfile.py", "mypy nox -s "),
        ("setup.cfg", "mypy -W "),
        (".gitlab/ci/docs.yml", "b:\n  script: 'if case twine docker push nox -s a make '\n"),
        (".gitlab/ci/docs.yml", "#$CI_BUILD_REF docker buildx build "),
    ],
    3,
)
def test_long_texts_take_no_long_time(path: str, piece: str) -> None:
    files = {**clean(), path: (piece * (LONG // len(piece) + 1))[:LONG]}
    start = time.process_time()
    assert crashes(files) == []
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    "script",
    [
        "if [ " * 60_000,
        "docker buildx build " * 15_000,
        "/kaniko/executor " * 15_000,
        "nox -s a " * 30_000,
        "--junitxml=" * 30_000,
        "pip install " * 25_000,
        "ruff check --cov-report=xml:a " * 10_000,
    ],
)
def test_long_commands_take_no_long_time(script: str) -> None:
    files = {**clean(), ".gitlab/ci/docs.yml": json.dumps({"docs": {"script": [script] * 2}})}
    start = time.process_time()
    assert crashes(files) == []
    assert time.process_time() - start < 10


@pytest.mark.parametrize("pattern", ["(a+)+$", "a?" * 40 + "a" * 40, ".*.*.*.*.*.*b", "(a|a)*b"])
def test_patterns_of_hooks_take_no_long_time(pattern: str) -> None:
    hook = {"id": "a", "files": pattern}
    hooks = json.dumps({"repos": [{"repo": "local", "hooks": [hook]}], "exclude": pattern})
    files: dict[str, Any] = {f"{'a' * 200}{number}": "" for number in range(200)}
    start = time.process_time()
    assert crashes({**files, ".pre-commit-config.yaml": hooks}) == []
    assert time.process_time() - start < 10


def test_a_name_of_any_form_matches_nothing_outside() -> None:
    toml_text = text(clean(), "pyproject.toml").replace('"README.md"', '"../../../etc/passwd"')
    assert crashes({**clean(), "pyproject.toml": toml_text}) == []
