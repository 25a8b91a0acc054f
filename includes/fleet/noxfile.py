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

REPORTS = Path("reports")
LOCK = Path(".gitlab/ci/fleet.txt")


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml."""
    pyproject = nox.project.load_toml("pyproject.toml")
    session.install(*nox.project.dependency_groups(pyproject, *groups))


def install_fleet(session: nox.Session) -> None:
    """Install lisa-scaffold as the jobs do, from LISA_SCAFFOLD or pyproject.toml."""
    session.install("--require-hashes", f"--requirement={LOCK}")
    pyproject = nox.project.load_toml("pyproject.toml")
    (usual,) = nox.project.dependency_groups(pyproject, "fleet")
    wanted = os.environ.get("LISA_SCAFFOLD", usual)
    session.install("--no-deps", "--no-build-isolation", wanted)


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
    session.run("mypy", f"--junit-xml={REPORTS / 'mypy.xml'}", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Try the settings, and what is done with them; further arguments go to pytest."""
    install_fleet(session)
    install(session, "test")
    session.run("pytest", f"--junitxml={REPORTS / 'junit.xml'}", *session.posargs)


@nox.session(default=False)
def fleet(session: nox.Session) -> None:
    """Run ``lisa-scaffold fleet`` at the desk: ``-- status``, ``-- update --dry-run``, ..."""
    install_fleet(session)
    session.run("lisa-scaffold", "fleet", *(session.posargs or ["status"]))


@nox.session(default=False)
def hooks(session: nox.Session) -> None:
    """Run the pre-commit hooks on all files."""
    install(session, "hooks")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in what the jobs of the fleet install."""
    install(session, "audit")
    # The lock has all that is needed, in one version: nothing is installed to find out.
    locked = ("--require-hashes", "--disable-pip", f"--requirement={LOCK}")
    session.run("pip-audit", "--strict", *locked, *session.posargs)


if __name__ == "__main__":
    nox.main()
