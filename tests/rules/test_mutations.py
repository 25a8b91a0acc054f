"""Break any one thing of a generated project that a rule guards: that rule alone tells of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest

from lisa_scaffold import rules

from ..support.answers import KINDS, pairwise
from ..support.checking import changed, clean, edited, findings, found, text
from ..support.sweeps import sampled

# Each rule has tests of its own: lines that only these would reach are not tested.
pytestmark = pytest.mark.uncounted

Files = dict[str, Any]
TOML = "pyproject.toml"
FAMILIES = (
    *("FIL", "LIC", "MET", "PKG", "QTY", "CI", "CON", "CMP", "HLM", "DJA", "SON", "DAG"),
    *("DOC", "CIT", "SEC"),
)


def put(path: str, content: str | bytes | None, **answers: Any) -> Callable[[], Files]:
    """A project with one file added, replaced or removed."""
    return lambda: changed(clean(**answers), {path: content})


def edit(path: str, old: str, new: str, **answers: Any) -> Callable[[], Files]:
    """A project with one text in a file replaced."""
    return lambda: edited(clean(**answers), path, old, new)


SMALL_DAG = """\
from datetime import datetime, timedelta
from airflow.sdk import DAG, task
ARGS = {"retries": 1, "execution_timeout": timedelta(minutes=1)}
DAG("a", schedule="@daily", start_date=datetime(2026, 1, 1), catchup=False, default_args=ARGS)
# Here
"""
ANY_DAG = SMALL_DAG.replace("airflow.sdk", "airflow.decorators")


def dag(old: str, new: str) -> Callable[[], Files]:
    """A pipeline of Airflow with one more DAG, in which one text is replaced."""
    assert SMALL_DAG.count(old) == 1
    return put("dags/small.py", SMALL_DAG.replace(old, new), kind="pipeline")


def silent() -> Files:
    """A service whose application tells nobody whether it works."""
    files = clean(kind="service")
    for path, start, end in (
        (COMPOSE, "  healthcheck:\n    test: [CMD, python3, -c", "  deploy:\n"),
        ("Dockerfile", "HEALTHCHECK --start-period", 'CMD ["bin/serve"]'),
    ):
        said = text(files, path)
        at = said.index(start)
        files = edited(files, path, said[at : said.index(end, at)], "")
    return files


def static() -> Files:
    """A project whose version stands in its metadata, and in its changelog."""
    files = edited(clean(), TOML, 'dynamic = [ "version" ]', 'version = "1.0.0"')
    return edited(files, "CHANGELOG.md", "### Added", "## [1.0.0] - 2026-01-01\n\n### Added")


DOCKER = "Dockerfile"
COMPOSE = "compose.yaml"
CDE = "gitlab-registry.in2p3.fr/lisa/lisa-cde:0.4.0"
MORE = "chart/templates/more.yaml"
SETTINGS = "service/settings.py"
MIGRATION = "challenges/migrations/0002_more.py"
WAITS = """\
services:
  web:
    image: nginx:1.29
    cap_drop: [ALL]
    depends_on: {cache: {condition: service_healthy}}
  cache:
    image: redis:8.2
    cap_drop: [ALL]
"""
SONAR = "sonar-project.properties"
HOOKS = ".pre-commit-config.yaml"


def without(*words: str) -> Files:
    """A project whose settings, hooks and tasks do not name a tool."""
    files: Files = dict(clean(sonar=False))
    for path in (each for each in files if each.endswith((".toml", ".yaml", ".yml", ".py"))):
        content = text(files, path)
        for word in words:
            content = re.sub(rf"(?m)^\[tool\.{word}[\s\S]*?(?=^\[|\Z)", "", content)
            content = re.sub(rf"(?m)^  - repo: .*{word}[\s\S]*?(?=^  - repo|\Z)", "", content)
            content = content.replace(word, "x")
        files[path] = content
    return files


MERGE = '$CI_PIPELINE_SOURCE == "merge_request_event"'
PUBLISH = """\
publish-docs:
  extends: .python
  interruptible: false
  script: [git push origin pages]

# The project's own"""
NEVER = """\
    - if: $CI_COMMIT_BRANCH && $CI_OPEN_MERGE_REQUESTS && $CI_PIPELINE_SOURCE == "push"
      when: never
"""

LICENSE = 'license = "BSD-3-Clause"'
CLASSIFIERS = "classifiers = [\n"
SYSTEM = text(clean(), TOML).partition("[project]")[0]
SECRET = "glpat-" + "aB3dE6gH9jK2mN5pQ8sT"
KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "aB3d" * 16 + "\n"

MUTATIONS: dict[str, Callable[[], Files]] = {
    "FIL001": lambda: changed(
        edited(clean(backend="hatchling"), TOML, 'readme = "README.md"\n', ""),
        {"README.md": None},
    ),
    "FIL002": put(".gitignore", None),
    "FIL004": put("lisa_example/__init__.py", ""),
    "FIL005": put("notes.txt", "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"),
    "FIL006": put("src/lisa_example/__pycache__/noise.cpython-311.pyc", b"\0"),
    "FIL007": put("noxfile.py.rej", "x\n"),
    "FIL008": put("data/orbits.h5", b"\0" * 2_600_000),
    "FIL009": put(
        "a.ipynb",
        '{"cells": [{"cell_type": "code", "outputs": [{}], "source": []}], "metadata": {}, '
        '"nbformat": 4, "nbformat_minor": 5}\n',
    ),
    "FIL010": put("readme.md", "x\n"),
    "LIC001": lambda: changed(
        edited(clean(), TOML, 'license-files = [ "LICENSE*" ]\n', ""),
        {"LICENSE": None, "README.md": "# A\n\npip install it.\n", "MANIFEST.in": "graft src\n"},
    ),
    "LIC002": edit(TOML, LICENSE, 'license = "BSD 3-Clause"'),
    "LIC003": edit(TOML, LICENSE, 'license = { text = "BSD-3-Clause" }'),
    "LIC004": lambda: changed(
        edited(clean(), "CITATION.cff", "license: BSD-3-Clause\n", ""),
        {"LICENSE": clean(license="MIT")["LICENSE"], "README.md": "# A\n\npip install it.\n"},
    ),
    "LIC005": edit(
        TOML,
        CLASSIFIERS,
        f'{CLASSIFIERS}  "License :: OSI Approved :: MIT License",\n',
        backend="hatchling",
    ),
    "LIC006": edit(
        TOML, CLASSIFIERS, f'{CLASSIFIERS}  "License :: OSI Approved :: MIT License",\n'
    ),
    "LIC007": edit("README.md", "BSD-3-Clause, see", "GPL-3.0, see"),
    "LIC008": edit("CITATION.cff", "license: BSD-3-Clause", "license: MIT"),
    "LIC009": edit(TOML, '[ "LICENSE*" ]', '[ "LICENSE*", "NOTICE" ]'),
    "LIC011": edit(TOML, '[ "LICENSE*" ]', "[ ]"),
    "LIC010": edit("LICENSE", "Copyright (c) 2026", "Copyright (c) [year]"),
    "MET001": edit(TOML, 'name = "lisa-example"\n', 'name = "lisa-example"\nlicence = "x"\n'),
    "MET002": edit(TOML, 'name = "lisa-example"', 'name = "lisa example"'),
    "MET003": edit(TOML, 'description = "A Python package for the LISA mission."\n', ""),
    "MET004": edit(TOML, '"README.md"', '"README.rst"'),
    "MET005": edit(TOML, 'Center" } ]', 'Center", email = "a@example.org>" } ]'),
    "MET006": edit(TOML, 'Homepage = "https://', 'Homepage = "'),
    "MET007": lambda: edited(
        clean(), TOML, text(clean(), TOML).partition("[project.urls]")[2].partition("\n\n")[0], ""
    ),
    "MET008": edit(
        TOML,
        "Topic :: Scientific/Engineering :: Physics",
        "Topic :: Scientific/Engineering :: Phisics",
    ),
    "MET009": edit(
        TOML, "[project.urls]", '[project.scripts]\na = "lisa_example.no:main"\n\n[project.urls]'
    ),
    "MET010": lambda: edited(
        static(), "src/lisa_example/__init__.py", 'version("lisa-example")', '"1.0.0"'
    ),
    "MET011": edit(TOML, 'requires-python = ">=3.11"\n', ""),
    "MET012": edit(TOML, 'requires-python = ">=3.11"', 'requires-python = "3.11+"'),
    "MET013": edit(TOML, '">=3.11"', '">=3.11,<4"'),
    "MET014": edit(TOML, CLASSIFIERS, f'{CLASSIFIERS}  "Programming Language :: Python :: 3.9",\n'),
    "MET015": edit(TOML, "[tool.mypy]", '[tool.mypy]\npython_version = "3.9"'),
    "MET016": put(".python-version", "3.9\n"),
    "MET017": edit(TOML, '"numpy>=2.1.2"', '"numpy=2.1.2"'),
    "MET018": edit(TOML, '{ include-group = "lint" }', '{ include-group = "style" }'),
    "MET019": edit(TOML, '"numpy>=2.1.2"', '"numpy @ git+https://example.org/numpy"'),
    "MET020": edit(TOML, '"numpy>=2.1.2"', '"numpy==2.1.2"', container=False),
    "MET021": put("src/yaml/__init__.py", ""),
    "MET022": edit(
        "src/lisa_example/noise.py", "import numpy as np", "import astropy\nimport numpy as np"
    ),
    "MET026": lambda: changed(
        clean(),
        {"pyproject.toml": f"[tool.{text(clean(), 'pyproject.toml').partition('[tool.')[2]}"},
    ),
    "MET027": edit(TOML, '"numpy>=2.1.2"', '"numpy>=99"'),
    "MET023": edit(
        "src/lisa_example/noise.py",
        "import numpy as np",
        "import numpy as np\nfrom lisa_example.tides import height",
    ),
    "MET024": lambda: {
        **clean(),
        "src/lisa_example/__init__.py": b"import tides\n",
        "src/lisa_example/tides.py": b"",
    },
    "PKG001": lambda: edited(clean(), TOML, SYSTEM, ""),
    "PKG002": edit(TOML, '"setuptools>=77.0.3", "setuptools-scm>=8.1"', '"wheel"', container=False),
    "PKG003": edit(TOML, "setuptools>=77.0.3", "setuptools>=64"),
    "PKG004": edit(
        TOML, "[tool.ruff]", '[tool.poetry]\nname = "a"\ndependencies.a = "1"\n\n[tool.ruff]'
    ),
    "PKG005": edit("MANIFEST.in", "graft docs\n", "graft docs\ninclude THIRD.txt\n"),
    "PKG006": lambda: changed(
        edited(clean(), TOML, ', "setuptools-scm>=8.1"', ""),
        {
            "setup.py": 'import setuptools\n\nsetuptools.setup(x=open("x.txt").read())\n',
            "x.txt": "",
        },
    ),
    "PKG007": edit(TOML, 'where = [ "src" ]', 'where = [ "lib" ]'),
    "PKG011": edit(TOML, '"setuptools>=77.0.3"', '"setuptools>=77.0.3", "wheel"', container=False),
    "PKG012": put("setup.cfg", "[metadata]\nauthor-email = a@b.org\n"),
    "PKG009": edit(
        TOML,
        'where = [ "src" ]',
        'where = [ "src" ]\n\n[tool.setuptools.package-data]\nlisa_example = [ "x.csv" ]',
    ),
    "PKG008": put("src/lisa_example/py.typed", None),
    "QTY001": lambda: without("ruff"),
    "QTY002": lambda: without("mypy"),
    "QTY003": lambda: without("coverage", "--cov", "pytest-cov", "cov"),
    "QTY004": put(HOOKS, None, backend="hatchling"),
    "QTY005": edit(TOML, "xfail_strict = true\n", ""),
    "QTY006": edit(TOML, 'filterwarnings = [ "error" ]', "filterwarnings = []"),
    "QTY007": put("mypy.ini", "[mypy]\nstrict = true\n"),
    "QTY008": edit(TOML, 'testpaths = [ "src", "tests" ]', 'testpaths = [ "src", "test" ]'),
    "QTY009": edit(TOML, "show-fixes = true", 'show-fixes = true\ntask-tags = [ "XXX" ]'),
    "QTY010": edit(TOML, '  "PLR09", ', '  "UP038",\n  "PLR09", '),
    "QTY011": edit(TOML, "strict = true\nenable", "enable"),
    "QTY012": edit(HOOKS, "    rev: v6.0.0\n", ""),
    "QTY013": edit(HOOKS, "id: check-toml", "id: check-tomls"),
    "QTY014": edit(HOOKS, "id: check-toml\n", "id: check-toml\n        files: ^lib/\n"),
    "QTY015": edit(HOOKS, "rev: v6.0.0", "rev: main"),
    "QTY016": edit(HOOKS, "exclude: ^LICENSE", "default_stages: [commit]\nexclude: ^LICENSE"),
    "QTY017": edit(HOOKS, "rev: v0.17.6", "rev: v0.17.5"),
    "QTY018": edit(".gitlab/ci/quality.yml", "nox -s lint", "nox -s style"),
    "QTY019": edit(HOOKS, "id: ruff-check", "id: ruff"),
    "QTY020": edit(TOML, "strict = true\nenable", "show_error_codes = true\nstrict = true\nenable"),
    "QTY021": edit(
        TOML, 'requires-python = ">=3.11"', 'requires-python = ">=3.11,!=3.12.*"', sonar=False
    ),
    "CI001": edit(".gitlab-ci.yml", "/.gitlab/ci/security.yml", "/.gitlab/ci/secrets.yml"),
    "CI002": edit(".gitlab/ci/docs.yml", "    - docs\n", "    - documents\n"),
    "CI003": edit(".gitlab/ci/workflow.yml", f"    - if: {MERGE}\n", ""),
    "CI004": edit(".gitlab/ci/workflow.yml", NEVER, ""),
    "CI005": edit(
        ".gitlab-ci.yml",
        "  - local: /.gitlab/ci/quality.yml\n",
        "",
        container=False,
        sonar=False,
    ),
    "CI006": lambda: edited(
        edited(clean(), ".gitlab/ci/tests.yml", "      junit: reports/junit.xml\n", ""),
        ".gitlab/ci/tests.yml",
        'nox -s "tests-$PYTHON_VERSION"',
        "pytest",
    ),
    "CI007": edit(
        ".gitlab/ci/tests.yml",
        'nox -s "tests-$PYTHON_VERSION"',
        "pytest --junitxml=junit.xml",
    ),
    "CI008": edit(".gitlab-ci.yml", "cli:v1.114.0", "cli:latest"),
    "CI009": edit(
        ".gitlab-ci.yml", "ghcr.io/osscontainertools/kaniko", "gcr.io/kaniko-project/executor"
    ),
    "CI010": edit(".gitlab/ci/release.yml", "Releasing $CI_COMMIT", "Releasing $CI_BUILD"),
    "CI011": edit(".gitlab-ci.yml", "variables:\n", "cache: {}\n\nvariables:\n"),
    "CI012": edit(".gitlab-ci.yml", "# The project's own", PUBLISH),
    "CI013": edit(".gitlab/ci/container.yml", "interruptible: false", "interruptible: true"),
    "CI014": edit(".gitlab/ci/workflow.yml", "timeout: 1 hour", "timeout: 2 hours"),
    "CI016": edit(
        ".gitlab/ci/tests.yml",
        'nox -s "tests-$PYTHON_VERSION"',
        "pytest --junitxml=reports/junit.xml || true",
    ),
    "CI015": edit(".gitlab/ci/common.yml", '    GIT_DEPTH: "0"\n', ""),
    "CON001": edit(DOCKER, "\nFROM ${CDE_IMAGE}\n", "\nFROM debian:13\n"),
    "CON002": edit(DOCKER, "lisa-cde:0.4.0", "lisa-cde"),
    "CON003": edit(DOCKER, "\nFROM ${CDE_IMAGE}\n", f"\nFROM {CDE}\n"),
    "CON004": edit(DOCKER, "USER lisauser", "USER root"),
    "CON005": edit(DOCKER, "ARG PYTHON=", "ENV API_TOKEN=swordfish\nARG PYTHON="),
    "CON006": edit(DOCKER, "ARG PYTHON=", "ARG API_TOKEN\nARG PYTHON="),
    "CON007": edit(DOCKER, "USER lisauser", "RUN pip install nox\nUSER lisauser"),
    "CON008": put("docker/Dockerfile", "FROM x.org/a:1\nCOPY . .\nUSER a\n", container=False),
    "CON009": put("docker/Dockerfile", "FROM gcr.io/kaniko-project/executor:v1\n", container=False),
    "CON010": edit(DOCKER, "COPY constraints.txt .", "COPY constraint.txt ."),
    "CMP001": edit(COMPOSE, "    shm_size: 128m\n", "    shmsize: 128m\n", kind="service"),
    "CMP002": edit(COMPOSE, '  secret_key: { file: "secrets/secret_key" }\n', "", kind="service"),
    "CMP003": edit(
        COMPOSE, "${PROXY_IMAGE:-docker.io/library/caddy:2.10.2}", "caddy", kind="service"
    ),
    "CMP004": edit(
        COMPOSE,
        "POSTGRES_PASSWORD_FILE: /run/secrets/db_admin_password",
        "POSTGRES_PASSWORD: a1",
        kind="service",
    ),
    "CMP005": edit(COMPOSE, "    shm_size: 128m\n", "    ports: ['5432:5432']\n", kind="service"),
    "CMP006": edit(
        COMPOSE,
        "    networks: [front]\n    restart: unless-stopped\n",
        "    networks: [front]\n",
        kind="service",
    ),
    "CMP007": put("desk/compose.yaml", WAITS, kind="service"),
    "CMP008": put("desk/compose.yaml", WAITS.replace("healthy", "started"), kind="service"),
    "CMP009": edit(COMPOSE, 'memory: "${PROXY_MEMORY:-256m}" }', "}", kind="service"),
    "CMP010": edit(
        COMPOSE,
        "networks:\n  front: {}",
        "version: '3'\nnetworks:\n  front: {}",
        kind="service",
    ),
    "CMP011": edit(
        COMPOSE,
        "[blue]",
        "[blue]\n    container_name: a\n    scale: 2",
        kind="service",
    ),
    "CMP012": put(COMPOSE, "services:\n  backup:\n    image: a/b:1\n"),
    "CMP013": edit(COMPOSE, "    shm_size: 128m\n", "    privileged: true\n", kind="service"),
    "CMP014": edit(
        COMPOSE,
        "POSTGRES_PASSWORD_FILE: /run/secrets/db_admin_password",
        "POSTGRES_HOST_AUTH_METHOD: trust",
        kind="service",
    ),
    "CMP015": put(
        "more/compose.yaml",
        "services: {a: {image: 'b:1', restart: 'no', cap_drop: [ALL],"
        " ports: ['443:443', '8000:8000']}}\n",
        kind="service",
    ),
    "CMP016": edit(
        "monitoring/compose.yaml",
        "127.0.0.1:${PROMETHEUS_PORT:-9090}",
        "${PROMETHEUS_PORT:-9090}",
        kind="service",
    ),
    "CMP017": edit(COMPOSE, "  cap_drop: [ALL]\n", "", kind="service"),
    "CMP018": edit(COMPOSE, "127.0.0.1:${AIRFLOW_PORT:?}", "${AIRFLOW_PORT:?}", kind="pipeline"),
    "CMP019": silent,
    "CMP020": edit(
        "deploy/Caddyfile", "\n{$SITE_HOST} {\n", "\nhttp://{$SITE_HOST} {\n", kind="service"
    ),
    "HLM001": put("chart/values.schema.json", None, kind="service"),
    "HLM002": put(MORE, "kind: Job\nresources: {}\n", kind="service"),
    "HLM003": put(MORE, "kind: Ingress\nspec: {}\n", kind="service"),
    "HLM004": put(
        MORE,
        "kind: Deployment\ncontainerPort: 1\nsecurityContext: {}\nresources: {}\n",
        kind="service",
    ),
    "HLM005": put(MORE, "kind: Job\nsecurityContext: {}\n", kind="service"),
    "HLM006": edit("chart/values.yaml", 'tag: ""', "tag: latest", kind="service"),
    "HLM007": put(
        MORE,
        "kind: Job\nsecurityContext: {}\nresources: {}\nhostNetwork: true\n",
        kind="service",
    ),
    "HLM008": edit("chart/values.yaml", 'tag: ""', 'tag: ""\n  password: a1', kind="service"),
    "DJA001": edit(SETTINGS, "DEBUG = False", "DEBUG = True", kind="service"),
    "DJA002": edit(SETTINGS, "ALLOWED_HOSTS = [", 'ALLOWED_HOSTS = ["*", ', kind="service"),
    "DJA003": edit(
        SETTINGS,
        'SECRET_KEY = read("SECRET_KEY")',
        'SECRET_KEY = "a1"',
        kind="service",
    ),
    "DJA004": edit(
        SETTINGS,
        "SESSION_COOKIE_SECURE = True",
        "SESSION_COOKIE_SECURE = False",
        kind="service",
    ),
    "DJA005": put(MIGRATION, "o = migrations.AddIndex('dataset', a)\n", kind="service"),
    "DJA006": put(MIGRATION, "o = migrations.RenameField('dataset', 'a', 'b')\n", kind="service"),
    "DJA007": edit(
        SETTINGS,
        "SECURE_HSTS_SECONDS = 365 * 24 * 3600",
        "SECURE_HSTS_SECONDS = 0",
        kind="service",
    ),
    "SON001": edit(SONAR, "sonar.projectKey=LISA:", "sonar.projectKey=LISA/"),
    "SON002": edit(SONAR, "sonar.sourceEncoding", "sonar.sourceencoding"),
    "SON003": edit(SONAR, "sonar.tests=tests", "sonar.tests=test"),
    "SON004": edit(SONAR, "sonar.sources=src", "sonar.sources=."),
    "SON005": edit(SONAR, "reports/coverage.xml", "coverage.xml"),
    "SON006": edit(SONAR, "sonar.python.version=", "sonar.python.version=3.9, "),
    "SON007": edit(SONAR, "sonar.tests=tests", "sonar.tests=tests\nsonar.login=admin"),
    "SON008": edit(".gitlab/ci/sonar.yml", '    GIT_DEPTH: "0"\n', ""),
    "DAG001": dag("start_date=datetime(2026, 1, 1)", "start_date=datetime.now()"),
    "DAG002": put("dags/small.py", ANY_DAG.replace("catchup=False, ", "")),
    "DAG003": dag('"retries": 1, ', ""),
    "DAG004": dag("# Here", "import requests; requests.get('https://example.org')"),
    "DAG005": dag("# Here", "run(password='sw0rdfish')"),
    "DAG006": dag("# Here", "DockerOperator(image='noise:latest')"),
    "DAG007": dag("# Here", "from airflow.utils.dates import days_ago"),
    "DAG008": put("job.sbatch", "#!/bin/sh\n#SBATCH --mem=1G\n"),
    "DAG009": put("airflow.cfg", "simple_auth_manager_all_admins = True\n"),
    "DAG010": dag("# Here", "@task\ndef load() -> bytes: ..."),
    "DAG012": dag("# Here", "DB_PASSWORD = 'sw0rdFish7'"),
    "DAG013": dag("# Here", "from lisa_l1_pipeline.operatorz import run_step"),
    "DAG014": put(
        "relay.py",
        "import requests\nfrom flask import Flask\napp = Flask('a')\n"
        "@app.post('/')\ndef take():\n    requests.post('http://airflow/api/v2/dags/a/dagRuns')\n",
        kind="pipeline",
    ),
    "DAG015": edit("steps.yaml", "/noise\n", "/noise:latest\n", kind="pipeline"),
    "DAG016": lambda: changed(
        clean(kind="pipeline"), {"dags/other.py": clean(kind="pipeline")["dags/noise.py"]}
    ),
    "DAG011": put("dags/small.py", ANY_DAG + "import airflow.contrib.a\n"),
    "DOC001": edit("README.md", "(CONTRIBUTING.md)", "(CONTRIBUTE.md)"),
    "DOC002": put("README.md", "# A\n\nBSD-3-Clause.\n"),
    "DOC003": edit(
        "README.md", "## Use", "Already a pro? Just edit this README.md and make it your own"
    ),
    "DOC004": edit("README.md", "lisa-example/badges/main/pipeline", "other/badges/main/pipeline"),
    "DOC005": edit("docs/conf.py", '_metadata["Version"]', '"0.1"'),
    "DOC006": put(".readthedocs.yaml", "version: 2\n"),
    "DOC007": edit("README.md", "## Use", "![a](https://travis-ci.org/a/b.svg)\n\n## Use"),
    "CIT001": lambda: changed(
        edited(clean(), "MANIFEST.in", "include CITATION.cff\n", ""),
        {"CITATION.cff": None, "README.md": "# A\n\npip install it.\n"},
    ),
    "CIT002": edit("CITATION.cff", "message:", "#"),
    "CIT003": edit("CITATION.cff", "type: software", "type: code"),
    "CIT004": lambda: edited(static(), "CITATION.cff", "type:", "version: 0.9.0\ntype:"),
    "SEC001": put("deploy.key", KEY),
    "SEC002": put("deploy.txt", f"{SECRET}\n"),
    "SEC003": put("deploy.sh", "git push https://robot:" + "sw0rdfish@gitlab.in2p3.fr/a.git\n"),
    "SEC005": edit(DOCKER, "USER lisauser", "RUN curl -O http://example.org/a\nUSER lisauser"),
    "SEC006": edit(
        DOCKER, "USER lisauser", "RUN curl -fsS https://example.org/a.sh | sh\nUSER lisauser"
    ),
    "SEC007": put("production.env", "MAIL_PASSWORD=sw0rdFish7\n", kind="service"),
    "SEC004": edit(
        ".gitlab-ci.yml",
        "include:\n",
        "include:\n  - project: group/ci\n    file: /a.yml\n",
    ),
}


REMEDY = re.compile(
    r"(?:^|[:,] |and )(?:add|change|choose|clear|correct|delete|did you mean|download|end|fill"
    r"|limit|list|make|merge|move|put|read|remove|rename|replace|revoke|run|see|set|shorten|split"
    r"|start|use|write)\b|must be "
)
"""What to do about a finding, in the imperative."""
LONGEST = 160


@sampled("code", list(MUTATIONS), 2)
def test_one_thing_broken_is_one_rule(code: str) -> None:
    reported = findings(MUTATIONS[code]())
    assert {each.code for each in reported} == {code}
    for each in reported:
        assert REMEDY.search(each.message), "a message says what to write instead"
        assert len(each.message) <= LONGEST
        assert not each.message.endswith(".")


def test_every_rule_is_broken_once() -> None:
    own = [rule.code for letters in FAMILIES for rule in rules.load_family(letters)]
    # Projects without tests, and with the package at the top, are others in more than one thing.
    assert sorted(set(own) - set(MUTATIONS)) == ["FIL003", "MET025", "PKG010", "PKG013", "PKG014"]


@sampled("answers", [*chain(*map(pairwise, KINDS))], 10, ids=str)
def test_no_generated_project_has_a_finding(answers: dict[str, Any]) -> None:
    for letters in FAMILIES:
        assert found(clean(**answers), letters) == []
