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

DEBIAN = "{{ debian }}"
PYTHON = "{{ pythons[debian] }}"
REPORTS = Path("reports")


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
    session.run("mypy", f"--junit-xml={REPORTS / 'mypy.xml'}", *session.posargs)


@nox.session(default=False, python=False)
def images(session: nox.Session) -> None:
    """Build both images and test them inside; needs Docker, or what LISA_BUILDER names."""
    for image in "operations", "development":
        session.run("images/build", image)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Renew the locked Python packages: all, or ``-- --upgrade-package NAME``."""
    install(session, "lock")
    operations, development, tests = (
        Path("images", image) for image in ("operations", "development", "tests")
    )
    locked = f"requirements-{DEBIAN}.txt"
    compile_lock(session, operations, locked)
    compile_lock(session, development, locked, f"--constraint={operations / locked}")
    compile_lock(session, tests, "requirements.txt")


def compile_lock(session: nox.Session, folder: Path, name: str, *options: str) -> None:
    """Pin all that requirements.in asks for, and the hash of every file it may come as."""
    session.run(
        *("uv", "pip", "compile", "--quiet", "--generate-hashes", "--only-binary=:all:"),
        *(f"--python-version={PYTHON}", "--python-platform=x86_64-manylinux_2_28"),
        *("--no-emit-index-url", "--no-emit-find-links", "--custom-compile-command=nox -s lock"),
        *(session.posargs or ["--upgrade"]),
        *options,
        f"--output-file={folder / name}",
        str(folder / "requirements.in"),
    )


@nox.session(default=False)
def contents(session: nox.Session) -> None:
    """Write the bill of materials of an image: ``-- docker:NAME:TAG reports/NAME``."""
    install(session, "contents")
    session.run("python", "images/contents.py", *session.posargs)


@nox.session(default=False)
def hooks(session: nox.Session) -> None:
    """Run the pre-commit hooks on all files."""
    install(session, "hooks")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


if __name__ == "__main__":
    nox.main()
