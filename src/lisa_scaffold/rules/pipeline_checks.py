"""GitLab pipeline: what it checks can fail."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Job, flatten_script
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


def _find_runs(job: Job) -> Iterator[tuple[str, str]]:
    """The checkers that a job runs, each with why it cannot fail; empty where it can.

    What nox and tox run is known by their arguments. Such a job that may fail for now shows in the
    pipeline under its own name.
    """
    excused = "`allow_failure`" if job.get("allow_failure") is True else ""
    for command in flatten_script(job.get("script")):
        for line in command[:_LONGEST].split("\n"):
            match = _RUNS.search(line.split(" #")[0])
            if match and not _INSTALLS.search(line[: match.end()]):
                swallows = _CANNOT_FAIL.search(line, match.start())
                why = f"`{swallows[0]}`" if swallows else ""
                if match[1] in _RUNNERS:
                    asked = _COMMAND.match(line, match.start(1))
                    yield asked[0].strip() if asked else match[1], why
                else:
                    yield match[1], why or excused


def _shows_findings(job: Job) -> bool:
    """Whether GitLab shows what a job finds in the merge request, and the job need not fail."""
    artifacts = job.get("artifacts")
    reports = artifacts.get("reports") if isinstance(artifacts, dict) else None
    return isinstance(reports, dict) and "codequality" in reports


@rule("CI016", SHOULD, when=lambda facts: facts.pipeline.is_complete)
def checks_can_fail(facts: Facts) -> Iterator[Hit]:
    """A check that runs can fail.

    Why: A job that is green whatever the linter or the tests say looks as if all were well.

    How: Delete `--exit-zero`, `|| true` or `allow_failure`, or let another job run the same tool
    without it. If something is not to be reported yet, say so in the settings of the tool. A job
    that hands what it finds to GitLab as a report on code quality is not meant.

    Source: [GitLab: allow_failure](https://docs.gitlab.com/ci/yaml/#allow_failure): the pipeline
    continues, and at most shows a warning.
    """
    runs: dict[str, list[tuple[Job, str]]] = {}
    for job in facts.pipeline.jobs.values():
        if not job.is_fully_known or job.get("when") == "manual" or _shows_findings(job):
            continue
        for tool, why in _find_runs(job):
            runs.setdefault(tool, []).append((job, why))
    for tool, found in runs.items():
        if all(why for _, why in found):
            job, why = found[0]
            key = "allow_failure" if "allow_failure" in why else "script"
            place = facts.pipeline.place_of(job, key)
            yield Hit(*place, f"{job.name} passes whatever {tool} finds: delete {why}")
