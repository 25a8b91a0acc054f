#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox"]
# ///
"""The development tasks: ``nox`` runs the default ones, ``nox -l`` lists all.

CI runs the same sessions, so what passes here passes there.
"""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"

PACKAGE = "{{ import_name }}"
PYTHON = "{{ python_min }}"
AIRFLOWS = ["{{ airflow_versions[0] }}", "{{ airflow_versions[1] }}"]
# The versions that Airflow's own tests ran with. AIRFLOW_CONSTRAINTS names another file, or none.
CONSTRAINTS = (
    "https://raw.githubusercontent.com/apache/airflow"
    "/constraints-{airflow}/constraints-{python}.txt"
)
REPORTS = Path("reports")
STEPS = Path("steps")


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml."""
    pyproject = nox.project.load_toml("pyproject.toml")
    session.install(*nox.project.dependency_groups(pyproject, *groups))


@nox.session
def lint(session: nox.Session) -> None:
    """Check code style and likely bugs with ruff."""
    install(session, "lint")
    REPORTS.mkdir(exist_ok=True)
    for form, name in ("gitlab", "code-quality.json"), ("json", "ruff.json"):
        output = f"--output-file={REPORTS / name}"
        session.run("ruff", "check", "--exit-zero", f"--output-format={form}", output, silent=True)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check", "--diff")


@nox.session(default=False)
def fix(session: nox.Session) -> None:
    """Repair what ruff and the hooks can repair by themselves."""
    install(session, "hooks", "lint")
    session.run("ruff", "check", "--fix-only", "--exit-zero")
    session.run("ruff", "format")
    # A hook that has changed something says so by its exit code: that is what is asked of it here.
    session.run("pre-commit", "run", "--all-files", success_codes=[0, 1])


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    install(session, "types")
    session.install("--editable", ".")
    session.run("mypy", f"--junit-xml={REPORTS / 'mypy.xml'}", *session.posargs)


@nox.session(name="config")
def check_config(session: nox.Session) -> None:
    """Check steps.yaml and sites/ against their schemas."""
    session.install("--editable", ".")
    session.run("python", "-m", PACKAGE, "check")


@nox.session(python=PYTHON)
@nox.parametrize("airflow", AIRFLOWS)
def tests(session: nox.Session, airflow: str) -> None:
    """Run the tests with one release of Airflow; further arguments go to pytest."""
    told = os.environ.get("AIRFLOW_CONSTRAINTS", CONSTRAINTS)
    constraints = told.format(airflow=airflow, python=PYTHON)
    limits = ["--constraint", constraints] if constraints else []
    session.install("--editable", ".[airflow]", f"apache-airflow=={airflow}", *limits)
    install(session, "test")
    session.run(
        "pytest",
        "--cov",
        "--cov-report=term",
        f"--cov-report=xml:{REPORTS / 'coverage.xml'}",
        f"--junitxml={REPORTS / 'junit.xml'}",
        *session.posargs,
    )


@nox.session(default=False)
def desk(session: nox.Session) -> None:
    """Start all of it by Docker Compose; ``-- put FILE`` lets data arrive, ``-- down`` stops it."""
    session.install("--editable", ".")
    session.run("python", "-m", PACKAGE, "desk", *session.posargs)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Renew what the images of the steps install: all, or ``-- --upgrade-package NAME``."""
    install(session, "lock")
    for source in sorted(STEPS.glob("*/requirements.in")):
        session.run(
            *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
            *("--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
            *(f"--python-version={PYTHON}", "--custom-compile-command=nox -s lock"),
            *(session.posargs or ["--upgrade"]),
            *(f"--output-file={source.with_suffix('.txt')}", str(source)),
        )


@nox.session(default=False)
def hooks(session: nox.Session) -> None:
    """Run the pre-commit hooks on all files."""
    install(session, "hooks")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in what the project needs; what cannot be told fails."""
    install(session, "audit")
    REPORTS.mkdir(exist_ok=True)
    path = REPORTS / "requirements.txt"
    wanted = nox.project.load_toml("pyproject.toml")["project"]["dependencies"]
    path.write_text("".join(f"{each}\n" for each in wanted), encoding="utf-8")
    session.run("pip-audit", "--strict", f"--requirement={path}", *session.posargs)
    for locked in sorted(STEPS.glob("*/requirements.txt")):
        options = ("--require-hashes", "--disable-pip", f"--requirement={locked}")
        session.run("pip-audit", "--strict", *options, *session.posargs)


if __name__ == "__main__":
    nox.main()
