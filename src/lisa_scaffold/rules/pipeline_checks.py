"""GitLab pipeline: what it checks can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Job, flatten_script
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.muted import (
    find_assigned,
    find_muting,
    find_muting_settings,
    is_read_in,
    read_variables,
)
from lisa_scaffold.rules.rule import SHOULD, Hit, rule

_RUNNERS = ("nox", "tox")
_TOOLS = ("ruff", "flake8", "pylint", "mypy", "pyright", "pytest", "pre-commit", *_RUNNERS)
_RUNS = compile_lazily(
    rf"(?:^|[;&|(]\s*|\s)(?:\S{{0,200}}/)?({'|'.join(_TOOLS)})(?=\s|$)(?!\s*(?:--version|--list|-l\b|install|[=<>~]))"
)
_INSTALLS = compile_lazily(r"\b(?:install|add|sync|update|upgrade|download|cache|which|--with)\b")
_CANNOT_FAIL = compile_lazily(r"--exit-zero\b|\|\|\s*(?:true|:|echo|exit 0)(?![\w-])")
_COMMAND = compile_lazily(r"[^;&|<>]{1,80}")
_LONGEST = 2_000


def _is_of_template(facts: Facts, job: Job) -> bool:
    """Whether a job is the template's: TPL008 tells what mutes its tools."""
    pristine = facts.given.pristine
    brought = {*pristine.locked, *facts.given.components} if pristine else set()
    return bool(brought.intersection(facts.pipeline.list_sources(job.name)))


def _find_told(facts: Facts, job: Job) -> dict[str, str]:
    """The variables that all commands of a job get."""
    inherit = job.get("inherit")
    takes_all = not (isinstance(inherit, dict) and inherit.get("variables", True) is not True)
    told = {**(facts.pipeline.variables if takes_all else {}), **dict(read_variables(job.data))}
    for command in flatten_script(job.get("before_script")):
        told |= find_assigned(command)
    return told


def _find_runs(facts: Facts, job: Job) -> Iterator[tuple[str, str, Callable[[], Place]]]:
    """The checkers that a job runs, each with why it cannot fail, and the place of that.

    That is empty where it can fail. What nox and tox run is known by their arguments. Such a job
    that may fail for now shows in the pipeline under its own name.
    """
    find_place = partial(facts.pipeline.place_of, job)
    excused = "`allow_failure`" if job.get("allow_failure") is True else ""
    for command in flatten_script(job.get("script")):
        for line in command[:_LONGEST].split("\n"):
            match = _RUNS.search(line.split(" #")[0])
            if not match or _INSTALLS.search(line[: match.end()]):
                continue
            tool = match[1]
            if tool in _RUNNERS:
                asked = _COMMAND.match(line, match.start(1))
                tool = asked[0].strip() if asked else tool
            if swallows := _CANNOT_FAIL.search(line, match.start()):
                yield tool, f"`{swallows[0]}`", partial(find_place, "script")
            elif excused and match[1] not in _RUNNERS:
                yield tool, excused, partial(find_place, "allow_failure")
            elif muting := None if _is_of_template(facts, job) else _find_muting(facts, job, line):
                yield tool, *muting
            else:
                yield tool, "", find_place


def _find_muting(facts: Facts, job: Job, line: str) -> tuple[str, Callable[[], Place]] | None:
    """By what a line of a script finds nothing: an option of its tool; and the place of that."""
    name, what = find_muting(facts, job, _find_told(facts, job), [line])
    if name:
        if name in dict(read_variables(job.data)):
            place = partial(facts.pipeline.place_of, job, "variables", name)
        elif name in facts.pipeline.variables:
            place = partial(facts.pipeline.place, "variables", name)
        else:
            place = partial(facts.pipeline.place_of, job, "before_script")
        return f"`{what}` in `{name}`", place
    settings = find_muting_settings(facts)
    if settings and is_read_in(facts, [line], "PYTEST_ADDOPTS"):
        return f"`{settings[1]}` in `addopts`", lambda: settings[0]
    return None


def _shows_findings(job: Job) -> bool:
    """Whether GitLab shows what a job finds in the merge request, and the job need not fail."""
    artifacts = job.get("artifacts")
    reports = artifacts.get("reports") if isinstance(artifacts, dict) else None
    return isinstance(reports, dict) and "codequality" in reports


@rule("CI016", SHOULD, when=lambda facts: facts.pipeline.is_complete)
def checks_can_fail(facts: Facts) -> Iterator[Hit]:
    """A check that runs can fail.

    Why: A job that is green whatever the linter or the tests say looks as if all were well.

    How: Delete `--exit-zero`, `|| true`, `allow_failure` or an option by which a tool finds nothing
    (`--collect-only` in `PYTEST_ADDOPTS`), or let another job run the same tool without it. If
    something is not to be reported yet, say so in the settings of the tool. A job that hands what
    it finds to GitLab as a report on code quality is not meant.

    Source: [GitLab: allow_failure](https://docs.gitlab.com/ci/yaml/#allow_failure): the pipeline
    continues, and at most shows a warning.
    """
    runs: dict[str, list[tuple[str, str, Callable[[], Place]]]] = {}
    for job in facts.pipeline.jobs.values():
        if not job.is_fully_known or job.get("when") == "manual" or _shows_findings(job):
            continue
        for tool, why, find_place in _find_runs(facts, job):
            runs.setdefault(tool, []).append((job.name, why, find_place))
    for tool, found in runs.items():
        if all(why for _, why, _ in found):
            name, why, find_place = found[0]
            yield Hit(*find_place(), f"{name} passes whatever {tool} finds: delete {why}")
