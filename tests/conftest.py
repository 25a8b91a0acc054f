"""What all tests share: a home of their own, and small trees of files."""

from __future__ import annotations

import gc
import itertools
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from lisa_scaffold import process
from lisa_scaffold.template import Template

from .support import sweeps

ROOT = Path(__file__).parents[1]
Tree = Callable[[Path, dict[str, str]], Path]

# Where compiled modules are not kept, each of a thousand processes would compile all of them anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A run on a busy machine is slow, not wrong; and the same examples run everywhere.
settings.register_profile("lisa", deadline=None, derandomize=True, max_examples=sweeps.FEW)
settings.register_profile("sweep", settings.get_profile("lisa"), max_examples=sweeps.ALL)
settings.load_profile("lisa")


# A forked process ends by ``os._exit``: the lines that it runs would be counted for nobody.
os.register_at_fork(after_in_child=lambda: sys.settrace(None))

_numbers = itertools.count()


def pytest_collection_finish() -> None:
    """Let the garbage collector, in forked processes too, pass by what stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, and count no lines where that is not worth the wait.

    While lines are counted, Python takes thrice as long. Examples at random find faults, and tell
    nothing about what is tested for sure. What is in ``tests/template`` tests the template, none of
    whose lines is counted, and what is in ``tests/docs`` runs the commands of the pages. Who asks
    which tests run a line means them all.
    """
    items.sort(key=lambda item: item.path.name != "test_update_sweep.py")
    if config.getoption("cov_context", None):
        return
    for item in items:
        marked = item.get_closest_marker("uncounted") or item.get_closest_marker("hypothesis")
        if marked or item.path.relative_to(ROOT).parts[1] in ("docs", "template"):
            item.add_marker("no_cover")


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that knows one git identity and nothing else of the machine's user.

    What is cached outlives a test, as it does on a user's machine. No test is about what git does
    for the case that the power fails, which it would wait for the disk for.
    """
    # The factory would look through the names of all folders that there are for a free number.
    folder = tmp_path_factory.getbasetemp() / "homes" / str(next(_numbers))
    folder.mkdir(parents=True)
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Ada Example\n\temail = ada@example.org\n"
        "[init]\n\tdefaultBranch = main\n[core]\n\tfsync = none\n"
    )
    for name in list(os.environ):
        if name.startswith(("GIT_", "LISA_", "COPIER_")) or name == "EMAIL":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.with_name("cache")))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return folder


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder for the test alone, as pytest has it, which would look for a free number too."""
    name = re.sub(r"\W", "_", request.node.name)[:30]
    folder = tmp_path_factory.getbasetemp() / f"{name}-{next(_numbers)}"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache that no other test has written to."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own-cache"))


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes are started without coverage, which each of them would take a while to begin.

    A file whose tests see all of something in processes overrides this.
    """
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def uncounted_renders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines that our own template's renders run are not counted.

    They are most of what an adoption runs, and are counted where rendering is tested.
    """
    run = Template._run

    def run_uncounted(self: Template, *words: Any, **options: Any) -> Any:
        counting = sys.gettrace()
        sys.settrace(None)
        try:
            return run(self, *words, **options)
        finally:
            sys.settrace(counting)

    monkeypatch.setattr(Template, "_run", run_uncounted)


@pytest.fixture(autouse=True)
def quiet_processes() -> None:
    process.echo_commands(None)


@pytest.fixture
def no_hook_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A PATH with git and nothing that installs hooks."""
    only_git = tmp_path / "only-git"
    only_git.mkdir()
    for program in ("git", "sh"):
        found = next(
            Path(folder, program)
            for folder in os.environ["PATH"].split(os.pathsep)
            if Path(folder, program).is_file()
        )
        (only_git / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(only_git))


@pytest.fixture
def tree() -> Tree:
    """Write files, given by path and content, into a folder."""

    def write(folder: Path, files: dict[str, str]) -> Path:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def small_template(tmp_path: Path, tree: Tree) -> Path:
    """A repository that holds a template of two versions, v0.1.0 and v0.2.0."""
    folder = tmp_path / "small-template"
    files = {
        "copier.yml": (
            "_subdirectory: template\n"
            "name:\n  type: str\n  help: Name\n  default: one\n"
            "size:\n  type: int\n  help: Size\n  default: 3\n"
        ),
        "pyproject.toml": '[project]\nversion = "0.1.0"\n',
        "template/name.txt.jinja": "{{ name }} {{ size }}\n",
        "template/.copier-answers.yml.jinja": "{{ _copier_answers|to_nice_yaml -}}\n",
    }
    run = process.run
    tree(folder, files)
    run(["git", "init", "-q"], cwd=folder)
    for version in ("0.1.0", "0.2.0"):
        text = f'[project]\nversion = "{version}"\n'
        tree(folder, {"pyproject.toml": text, "template/version.txt": version})
        run(["git", "add", "--all"], cwd=folder)
        run(["git", "commit", "-q", "-m", version], cwd=folder)
        run(["git", "tag", f"v{version}"], cwd=folder)
    return folder
