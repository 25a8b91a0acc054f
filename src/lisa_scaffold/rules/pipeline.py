"""GitLab pipeline: GitLab accepts it, it runs once per merge request, checks and reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.formats.document import Key
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import gitlab_runs
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import FILE, Job, Pipeline
from lisa_scaffold.rules.rule import MUST, PACKAGE, SHOULD, Hit, rule


@rule("CI001", MUST, when=lambda facts: facts.pipeline)
def resolves(facts: Facts) -> Iterator[Hit]:
    """What the pipeline includes, extends and refers to exists.

    Why: GitLab refuses the whole pipeline, and nothing is tested.

    How: Correct the name of the file or of the job.

    Source: [GitLab: include](https://docs.gitlab.com/ci/yaml/#include),
    [extends](https://docs.gitlab.com/ci/yaml/#extends).
    """
    for trouble in facts.pipeline.troubles:
        yield Hit(*trouble.place, trouble.message)


_RUNS = ("script", "run", "trigger")
_STAGES = (".pre", ".post")
_REFUSED = "so GitLab refuses the pipeline"


@rule("CI002", MUST, when=lambda facts: facts.pipeline.jobs)
def jobs_are_taken(facts: Facts) -> Iterator[Hit]:
    """Each job has a script, and names only stages and jobs that exist.

    Why: GitLab refuses the whole pipeline, and nothing is tested.

    How: Give the job a `script`, and spell stages and other jobs as they are defined.

    Source: [GitLab: jobs](https://docs.gitlab.com/ci/jobs/),
    [needs](https://docs.gitlab.com/ci/yaml/#needs).
    """
    pipeline = facts.pipeline
    stages = (*pipeline.stages, *_STAGES)
    for job in pipeline.jobs.values():
        # External files may add jobs and stages, and keys of this job; but what the pipeline's own
        # file says takes precedence.
        if not (pipeline.is_local and job.is_fully_known):
            if job.stage not in stages and _has_last_word(pipeline, job):
                yield _refuse_stage(pipeline, job)
            continue
        if not any(job.get(key) is not None for key in _RUNS):
            yield Hit(*job.place, f"{job.name} has no `script`, {_REFUSED}: add one")
        if job.stage not in stages:
            yield _refuse_stage(pipeline, job)
        for key, name in job.needed_jobs:
            if not _is_job(pipeline, name):
                place = pipeline.place_of(job, key)
                message = f"there is no job {name}, {_REFUSED}: correct the name in `{key}`"
                yield Hit(*place, message)


def _refuse_stage(pipeline: Pipeline, job: Job) -> Hit:
    message = f"there is no stage {job.stage}, {_REFUSED}: add it to `stages`"
    return Hit(*pipeline.place_of(job, "stage"), message)


def _has_last_word(pipeline: Pipeline, job: Job) -> bool:
    """Whether the pipeline's own file names both the stages and that of a job."""
    return all(FILE in pipeline.list_sources(*keys) for keys in (("stages",), (job.name, "stage")))


_LONGEST_NAME = 255
"""Characters of a job's name in GitLab: https://docs.gitlab.com/ci/jobs/#job-names."""


def _is_job(pipeline: Pipeline, name: str) -> bool:
    """Whether there is a job of a name, which may be one of those that ``parallel`` makes."""
    if name in pipeline.jobs or "$" in name:
        return True
    one = re.fullmatch(r"(.+?)(?:: \[.*\]| \d+/\d+)", name[:_LONGEST_NAME])
    job = pipeline.jobs.get(one[1]) if one else None
    return job is not None and job.get("parallel") is not None


# --- When pipelines run ---------------------------------------------------------------------------


def _does_the_work(facts: Facts) -> bool:
    """Whether this is the pipeline that checks the project: all known, and no other forge's."""
    return facts.pipeline.is_complete and not facts.paths(".github/workflows/*.y*ml")


@rule("CI003", SHOULD, when=_does_the_work, strict=True)
def merge_requests_have_one(facts: Facts) -> Iterator[Hit]:
    """A pipeline runs for merge requests.

    Why: The pipeline of a branch does not know the target branch: it can test neither the result of
    the merge nor what it changes, and for a fork it does not use the runners of the project.

    How: Begin the `rules` of `workflow` with `if: $CI_PIPELINE_SOURCE == "merge_request_event"`.

    Source: [GitLab: merge request pipelines](https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/).
    """
    pipeline = facts.pipeline
    if gitlab_runs.starts(pipeline, gitlab_runs.MERGE_REQUEST) is False:
        place = pipeline.place("workflow" if pipeline.rules else "stages")
        rule_for_them = '`if: $CI_PIPELINE_SOURCE == "merge_request_event"`'
        message = f"merge requests are not tested: add the rule {rule_for_them}"
        if gitlab_runs.starts(pipeline, gitlab_runs.BRANCH_OF_REQUEST) is not False:
            message = (
                "pipelines run for branches alone, which do not know the target branch: "
                f"for merge requests add the rule {rule_for_them}"
            )
        yield Hit(*place, message)


@rule("CI004", SHOULD, when=lambda facts: facts.pipeline.is_complete)
def one_pipeline(facts: Facts) -> Iterator[Hit]:
    """A push to a merge request starts one pipeline.

    Why: Two pipelines for one commit use the runners twice, and one may fail while the other
    passes.

    How: Write `workflow:` with `rules` that skip the branch pipeline if `$CI_OPEN_MERGE_REQUESTS`
    is set.

    Source: [GitLab: avoid duplicate pipelines](https://docs.gitlab.com/ci/jobs/job_rules/#avoid-duplicate-pipelines).
    """
    pipeline = facts.pipeline
    both = (gitlab_runs.MERGE_REQUEST, gitlab_runs.BRANCH_OF_REQUEST)
    if not all(gitlab_runs.starts(pipeline, situation) for situation in both):
        return
    if pipeline.rules:
        message = "each push to a merge request starts two pipelines: add a rule with "
        message += "`if: $CI_OPEN_MERGE_REQUESTS` and `when: never`"
        yield Hit(*pipeline.place("workflow"), message)
        return
    in_request, in_branch = (
        [job for job in pipeline.jobs.values() if gitlab_runs.job_runs(pipeline, job, situation)]
        for situation in both
    )
    job = in_request[0]
    run = f"{job.name} twice" if job in in_branch else f"{job.name}, then {in_branch[0].name}"
    message = f"each push to a merge request runs two pipelines ({run}): add `workflow: rules`"
    yield Hit(*pipeline.place_of(job, "rules" if job.rules else "only"), message)


# --- What it does ---------------------------------------------------------------------------------

_WORK = {
    "runs the tests, so nobody sees what breaks: add one with `pytest`": (
        r"tests?\b|pytest|\btox\b|unittest|\bctest\b|coverage run"
    ),
    "runs a linter, so mistakes go unnoticed: add one with `ruff check`": (
        r"lint|ruff|flake8|pre-commit|\bprek\b|black|style|quality|hatch fmt|\btox\b"
    ),
    "builds the package, so releases may fail: add one with `python -m build`": (
        r"build|\bdist\b|sdist|bdist|\bwheel|package|maturin|\btox\b|publish|pip install \."
    ),
}
_HIDES = compile_lazily(
    r"\b(?:(?:make|just|task|invoke|inv|duty|doit|poe|hatch run|pixi run|pdm run|tox|nox)\b"
    r"(?!.*-\w*s )|(?:bash|sh)\s+\S)|\.sh\b|(?:^|\s)(?:source\s|\.\s|\./)(?!\S*activate)"
)


def _is_ever_run(facts: Facts, job: Job) -> bool:
    """Whether a job may run at all: not where `when: never` is all that its rules come to."""
    pipeline = facts.pipeline
    return any(
        gitlab_runs.job_runs(pipeline, job, each) is not False for each in gitlab_runs.SITUATIONS
    )


@rule("CI005", SHOULD, kinds=PACKAGE, when=_does_the_work)
def works(facts: Facts) -> Iterator[Hit]:
    """The pipeline tests, lints and builds.

    Why: What no pipeline does is only done now and then, by one person, in one environment; and
    nobody builds the package before its release.

    How: Add a job that runs the tests, one that runs the linter, and one that runs
    `python -m build`.

    Source: [packaging guide](https://packaging.python.org/en/latest/tutorials/packaging-projects/#generating-distribution-archives),
    [GitLab: unit test reports](https://docs.gitlab.com/ci/testing/unit_test_reports/).
    """
    jobs = [job for job in facts.pipeline.jobs.values() if _is_ever_run(facts, job)]
    commands = [command for job in jobs for command in job.commands]
    if not all(job.is_fully_known for job in jobs) or any(job.get("trigger") for job in jobs):
        return
    if any(_HIDES.search(command[:2000]) for command in commands):
        return
    text = "\n".join([*(job.name for job in jobs), *commands])
    for what, pattern in _WORK.items():
        if not re.search(pattern, text):
            yield Hit(*facts.pipeline.place("stages"), f"no job {what}")


_REPORTS = {
    "junit": (compile_lazily(r"\bpytest\b"), "failed tests"),
    "coverage_report": (
        compile_lazily(r"--cov\b|coverage run|coverage xml"),
        "untested lines",
    ),
    "codequality": (
        compile_lazily(r"\bruff check|\bpylint\b|\bflake8\b"),
        "what the linter finds",
    ),
}


def _is_for_requests(facts: Facts, job: Job) -> bool:
    """Whether a merge request may show what a job finds: not where it runs on a schedule alone."""
    return any(
        gitlab_runs.job_runs(facts.pipeline, job, situation) is not False
        for situation in (gitlab_runs.MERGE_REQUEST, gitlab_runs.BRANCH_OF_REQUEST)
    )


@rule("CI006", SHOULD, when=_does_the_work, strict=True)
def reports(facts: Facts) -> Iterator[Hit]:
    """Merge requests show the results of tests, coverage and linter.

    Why: Nobody reads through the log of a job for the one line that matters.

    How: Run `pytest` with `--junitxml=…` and `--cov-report=xml:…`, and the linter with GitLab's
    output format; list the files under `artifacts: reports:` as `junit`, `coverage_report` and
    `codequality`.

    Source: [GitLab: reports](https://docs.gitlab.com/ci/yaml/artifacts_reports/).
    """
    jobs = [job for job in facts.pipeline.jobs.values() if _is_for_requests(facts, job)]
    # Commands that install what others run do not count.
    texts = [(job, "\n".join(c for c in job.commands if "install" not in c)) for job in jobs]
    for name, (pattern, what) in _REPORTS.items():
        running = [job for job, text in texts if pattern.search(text)]
        # Type checkers write JUnit reports too, so the job itself must have it.
        declaring = running if name == "junit" else jobs
        declared = {key for job in declaring for key in job.reports}
        if name in declared or "cobertura" in declared or not running:
            continue
        if all(job.is_fully_known for job in running):
            place = facts.pipeline.place_of(running[0], "script")
            message = f"merge requests do not show {what}: add `{name}` below `artifacts: reports:`"
            yield Hit(*place, message)


_CHANGES_FOLDER = compile_lazily(r"(?:^|[\s;&(])cd\s")
_WRITES = {
    "junit": compile_lazily(r"--junit-?xml[= ]+[\"']?([\w./-]+)"),
    "coverage_report": compile_lazily(r"--cov-report[= ]+[\"']?xml:([\w./-]+)"),
}


@rule("CI007", SHOULD, when=lambda facts: facts.pipeline.jobs)
def reports_are_written(facts: Facts) -> Iterator[Hit]:
    """Jobs write the reports that they declare.

    Why: If the file is missing, GitLab only says so in the log: the job passes, and the merge
    request shows nothing.

    How: Write the same path in the command and under `artifacts: reports:`.

    Source: [GitLab: reports](https://docs.gitlab.com/ci/yaml/artifacts_reports/).
    """
    for job in facts.pipeline.jobs.values():
        text = "\n".join(job.commands)
        if _CHANGES_FOLDER.search(text):
            continue
        for name, pattern in _WRITES.items():
            written = [path.removeprefix("./") for path in pattern.findall(text)]
            for keys, path in _report_paths(job.reports.get(name), name):
                plain = path.removeprefix("./").removeprefix("$CI_PROJECT_DIR/")
                if written and plain not in written and not re.search(r"[*?$]", plain):
                    place = facts.pipeline.place_of(job, "artifacts", "reports", *keys)
                    message = f"{job.name} never writes {path}, so nothing is shown: "
                    yield Hit(*place, f"{message}write {written[0]}")


def _report_paths(value: Any, name: str) -> Iterator[tuple[tuple[Key, ...], str]]:
    match value:
        case str():
            yield (name,), value
        case [*paths]:
            yield from (((name, i), path) for i, path in enumerate(paths) if isinstance(path, str))
        case {"path": str(path)}:
            yield (name, "path"), path
