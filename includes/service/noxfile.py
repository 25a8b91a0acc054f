#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox"]
# ///
"""The development tasks: ``nox`` runs the default ones, ``nox -l`` lists all.

CI runs the same sessions, so what passes here passes there.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"

{% if not adopted %}
PYTHON = "{{ pythons[debian] }}"
{% endif %}
REPORTS = Path("reports")
{% if adopted %}


def install(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml."""
    pyproject = nox.project.load_toml("pyproject.toml")
{% else %}
LOCK = Path("requirements.txt")


def install(session: nox.Session, *groups: str, service: bool = False) -> None:
    """Install dependency groups of pyproject.toml, and what the images have where asked."""
    pyproject = nox.project.load_toml("pyproject.toml")
    if service:
        session.install("--require-hashes", f"--requirement={LOCK}")
{% endif %}
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
    install(session, "types"{{ ', service=True' if not adopted }})
    session.run("mypy", f"--junit-xml={REPORTS / 'mypy.xml'}", *session.posargs)


{% if not adopted %}
@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests with coverage; further arguments go to pytest.

    They use a file as database, or PostgreSQL where DB_HOST, DB_USER and DB_PASSWORD name one.
    """
    install(session, "test", service=True)
    session.run(
        "pytest",
        "--cov",
        "--cov-report=term",
        f"--cov-report=xml:{REPORTS / 'coverage.xml'}",
        f"--junitxml={REPORTS / 'junit.xml'}",
        *session.posargs,
    )


@nox.session(default=False)
def browser(session: nox.Session) -> None:
    """Try the whole site in Chromium, which Debian's package of that name has."""
    install(session, "e2e", service=True)
    session.run("pytest", f"--junitxml={REPORTS / 'browser.xml'}", "e2e", *session.posargs)


@nox.session
def security(session: nox.Session) -> None:
    """Look for what is unsafe in the code, and in the settings of Django."""
    install(session, "security", service=True)
    session.run("bandit", "--quiet", "--recursive", "--configfile=pyproject.toml", ".")
    env = {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    session.run("python", "manage.py", "check", "--deploy", "--fail-level=ERROR", env=env)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Renew what the images install: all, or ``-- --upgrade-package NAME``."""
    install(session, "lock")
    compile_lock(session, *(session.posargs or ["--upgrade"]))


@nox.session
def locked(session: nox.Session) -> None:
    """Check that the lock has what pyproject.toml asks for; what is missing is added."""
    install(session, "lock")
    before = LOCK.read_bytes() if LOCK.exists() else b""
    compile_lock(session)
    if before != LOCK.read_bytes():
        session.error(f"{LOCK} was out of date and is renewed: look at it, and commit it")


def compile_lock(session: nox.Session, *options: str) -> None:
    """Pin all that the service needs, with the hash of every file."""
    session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *("--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        *(f"--python-version={PYTHON}", "--custom-compile-command=nox -s lock"),
        *(f"--output-file={LOCK}", *options, "--group=service"),
    )


{% endif %}
@nox.session(default=False)
def hooks(session: nox.Session) -> None:
    """Run the pre-commit hooks on all files."""
    install(session, "hooks")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


{% if not adopted %}
@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in what the images install."""
    install(session, "audit")
    # The lock has all that is needed, in one version: nothing is installed to find out.
    locked = ("--require-hashes", "--disable-pip", f"--requirement={LOCK}")
    session.run("pip-audit", "--strict", *locked, *session.posargs)


{% endif %}
if __name__ == "__main__":
    nox.main()
