"""What the project's own jobs set up before its tests, beside what pip installs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lisa_scaffold.adopt import commands
from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.shown import redacted

_INSTALLS = compile_lazily(
    r"\b(?:apt|apt-get|aptitude|dnf|yum|zypper)\b[^\n;&|]{0,200}?\s(?:install|build-dep)\b"
    r"|\bapk\b[^\n;&|]{0,200}?\sadd\b|\bpacman\s+-S"
)
_FETCHES = compile_lazily(
    r"(?:^|[;&|]\s*)(?:sudo\s+)?(?:wget|curl)\s"
    r"|\b(?:python[\d.]*|bash|sh)\s+(?:-\S+\s+){0,9}[\w./-]*(?:download|fetch)"
    r"|(?:^|\s)(?=\S*?(?:download|fetch))\S+?\.(?:py|sh)\b"
)
# Programs that make environments and send reports are no data of a test.
_OF_JOBS = compile_lazily(r"(?i)(?:mini|ana)conda|miniforge|mambaforge|micromamba|codecov|get-pip")
_LONGEST = 80
_MOST_NAMED = 4


def find_prepared(facts: Facts) -> Iterator[Custom]:
    """The lines by which jobs set up what their tests need, and the template's jobs do not."""
    found: dict[tuple[str, str], list[str]] = {}
    for path, scripts in commands.find_test_jobs(facts):
        for command in _list_before_tests(scripts):
            installs = _INSTALLS.search(command)
            what = "installs system packages" if installs else "downloads something"
            fetches = _FETCHES.search(command) and not _OF_JOBS.search(command)
            if installs or fetches:
                lines = found.setdefault((path, what), [])
                lines += [each for each in (_name(facts, path, command),) if each not in lines]
    for (path, what), lines in found.items():
        text = (
            f"{what} before the tests, and GitLab's jobs do not: {join_names(lines, _MOST_NAMED)}. "
            "Where a test or the build needs that, it fails until `tests` or `build` has in "
            ".gitlab-ci.yml a `before_script` with that and `!reference [.python, before_script]`"
        )
        yield Custom(path, text, to_decide=True)


def _list_before_tests(scripts: Iterable[str]) -> Iterator[str]:
    """The commands of a job up to the first that runs tests."""
    for line in (line.strip() for script in scripts for line in script.split("\n")):
        if commands.runs_tests(line):
            return
        if line and not line.startswith("#"):
            yield line


def _name(facts: Facts, path: str, command: str) -> str:
    """A command with its line, where it is told from others."""
    number = next((at for at, line in enumerate(facts.lines(path), 1) if command in line), 0)
    short = redacted(command)
    short = short if len(short) <= _LONGEST else f"{short[: _LONGEST - 1]}…"
    return f"line {number} `{short}`" if number else f"`{short}`"
