"""When GitLab runs a pipeline and its jobs: in the situations that every project meets.

A question has three answers: yes, no, and ``None`` where it depends on what nobody can know from
the repository, such as a variable of the project, or which files a push changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from lisa_scaffold.formats.gitlab_expression import (
    Comparison,
    Expression,
    NotAnExpressionError,
    Pattern,
    Unknown,
    Value,
    Variable,
    evaluate,
    parse,
)
from lisa_scaffold.project.gitlab import Job, Pipeline, flatten_script

Answer: TypeAlias = "bool | None"
Counts: TypeAlias = Callable[[str], bool]
"""Whether a job counts as run, by its ``when``."""

_MAIN = Unknown("default branch")
_FEATURE = Unknown("feature branch", differs=frozenset([_MAIN.name]), fresh=True)
_HOME, _FORK = Unknown("project"), Unknown("fork", differs=frozenset(["project"]), fresh=True)
# https://docs.gitlab.com/ci/variables/predefined_variables/#predefined-variables-for-merge-request-pipelines
_ONLY_IN_MERGE_REQUESTS = tuple(
    f"CI_MERGE_REQUEST_{name}"
    for name in (
        *("APPROVED", "ASSIGNEES", "DESCRIPTION", "DIFF_BASE_SHA", "DIFF_ID", "DRAFT"),
        *("EVENT_TYPE", "ID", "IID", "LABELS", "MILESTONE", "PROJECT_ID", "PROJECT_PATH"),
        *("PROJECT_URL", "REF_PATH", "SOURCE_BRANCH_NAME", "SOURCE_BRANCH_SHA"),
        *("SOURCE_PROJECT_ID", "SOURCE_PROJECT_PATH", "SOURCE_PROJECT_URL", "SQUASH_ON_MERGE"),
        *("TARGET_BRANCH_NAME", "TARGET_BRANCH_SHA", "TITLE"),
    )
)


class Situation(NamedTuple):
    """What may start a pipeline.

    Attributes
    ----------
    name
        What it is, in the words of a message.
    variables
        The variables that GitLab sets; ``None``: it does not.
    refs
        The words of ``only`` and ``except`` that mean it.
    """

    name: str
    variables: Mapping[str, Value]
    refs: frozenset[str]


def _situation(name: str, source: str, refs: Iterable[str], **variables: Value) -> Situation:
    unset: dict[str, Value] = dict.fromkeys(
        (*_ONLY_IN_MERGE_REQUESTS, "CI_COMMIT_BRANCH", "CI_COMMIT_TAG", "CI_OPEN_MERGE_REQUESTS")
    )
    always: dict[str, Value] = {"CI_PIPELINE_SOURCE": source, "CI_DEFAULT_BRANCH": _MAIN}
    always |= {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_ID": _HOME, "CI_PROJECT_PATH": _HOME}
    return Situation(name, MappingProxyType({**unset, **always, **variables}), frozenset(refs))


def push_to(branch: Value, name: str = "a push to a branch") -> Situation:
    """A push to a branch without a merge request."""
    variables: dict[str, Value] = {"CI_COMMIT_BRANCH": branch, "CI_COMMIT_REF_NAME": branch}
    if isinstance(branch, str):  # a name is compared with another name
        variables["CI_DEFAULT_BRANCH"] = "main"
    return _situation(name, "push", ("branches", "pushes"), **variables)


def _merge_request(name: str, source: Unknown) -> Situation:
    texts = ("ID", "IID", "PROJECT_URL", "REF_PATH", "SOURCE_PROJECT_URL", "TITLE", "DIFF_ID")
    variables: dict[str, Value] = {f"CI_MERGE_REQUEST_{each}": Unknown(each) for each in texts}
    for kind in ("ID", "PATH"):
        variables[f"CI_MERGE_REQUEST_SOURCE_PROJECT_{kind}"] = source
        variables[f"CI_MERGE_REQUEST_PROJECT_{kind}"] = _HOME
    variables["CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"] = _FEATURE
    variables["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = _MAIN
    variables["CI_COMMIT_REF_NAME"] = _FEATURE
    found = _situation(name, "merge_request_event", ["merge_requests"], **variables)
    # These may be set or not: by labels, by the settings of the project.
    maybe = ("APPROVED", "ASSIGNEES", "DESCRIPTION", "DRAFT", "EVENT_TYPE", "LABELS", "MILESTONE")
    unknown = {f"CI_MERGE_REQUEST_{each}" for each in (*maybe, "SQUASH_ON_MERGE")}
    unknown |= {name for name in found.variables if name.endswith("_SHA")}
    known = {key: value for key, value in found.variables.items() if key not in unknown}
    return found._replace(variables=MappingProxyType(known))


BRANCH = push_to(_FEATURE)
BRANCH_OF_REQUEST = BRANCH._replace(
    name="a push to the branch of a merge request",
    variables=MappingProxyType(
        {**BRANCH.variables, "CI_OPEN_MERGE_REQUESTS": Unknown("merge requests", fresh=True)}
    ),
)
MERGE_REQUEST = _merge_request("a merge request", _HOME)
FORK = _merge_request("a merge request from a fork", _FORK)
DEFAULT_BRANCH = push_to(_MAIN, "a push to the default branch")
TAG = _situation(
    *("a tag", "push", ("tags", "pushes")),
    CI_COMMIT_TAG=Unknown("tag"),
    CI_COMMIT_REF_NAME=Unknown("tag"),
)
SCHEDULE = _situation(
    *("a schedule", "schedule", ("branches", "schedules")),
    CI_COMMIT_BRANCH=_MAIN,
    CI_COMMIT_REF_NAME=_MAIN,
)
SITUATIONS = (BRANCH, BRANCH_OF_REQUEST, MERGE_REQUEST, FORK, DEFAULT_BRANCH, TAG, SCHEDULE)


def is_run(when: str) -> bool:
    """Whether a job with this ``when`` is run, by GitLab or by somebody's click."""
    return when != "never"


def is_run_unasked(when: str) -> bool:
    """Whether a job with this ``when`` is run without anybody's click."""
    return when not in ("never", "manual")


def starts(pipeline: Pipeline, situation: Situation) -> Answer:
    """Whether a pipeline starts: its workflow lets it, and there is a job to run."""
    jobs = (job_runs(pipeline, job, situation) for job in pipeline.jobs.values())
    return _all([workflow_allows(pipeline, situation), _any(jobs)])


def workflow_allows(pipeline: Pipeline, situation: Situation) -> Answer:
    """Whether ``workflow`` lets a pipeline start."""
    if not pipeline.rules:
        return True
    return _apply_rules(pipeline.rules, situation.variables, "always", is_run)


def job_runs(pipeline: Pipeline, job: Job, situation: Situation, counts: Counts = is_run) -> Answer:
    """Whether a job is part of a pipeline that starts.

    Parameters
    ----------
    counts
        Which values of ``when`` count as run.
    """
    when = job.get("when")
    when = when if isinstance(when, str) else "on_success"
    answer: Answer
    if "rules" in job.data:
        answer = _apply_rules(job.rules, situation.variables, when, counts)
    elif not counts(when):
        answer = False
    elif "only" not in job.data and "except" not in job.data and pipeline.rules:
        answer = True
    else:
        # Without `only` a job is for branches and tags; `except` alone leaves merge requests out.
        wanted = _holds(job.get("only", ["branches", "tags"]), situation)
        refused = _holds(job.get("except"), situation) if "except" in job.data else False
        answer = _all([wanted, None if refused is None else not refused])
    return answer if job.is_fully_known or answer is None else None


def runs_in_any(
    pipeline: Pipeline, job: Job, situations: Iterable[Situation], counts: Counts
) -> Answer:
    """Whether one of some situations starts a pipeline that has a job."""
    return _any(
        _all([workflow_allows(pipeline, each), job_runs(pipeline, job, each, counts)])
        for each in situations
    )


def _apply_rules(
    rules: Iterable[Mapping[str, Any]], variables: Mapping[str, Value], when: str, counts: Counts
) -> Answer:
    """What the first rule that holds says; ``None`` where that depends."""
    possible: set[bool] = set()
    for rule in rules:
        holds = condition_holds(rule.get("if"), variables)
        if holds and ("changes" in rule or "exists" in rule):
            holds = None
        if holds is False:
            continue
        said = rule.get("when", when)
        possible.add(counts(said if isinstance(said, str) else when))
        if holds:
            break
    else:
        possible.add(False)
    return possible.pop() if len(possible) == 1 else None


def condition_holds(condition: Any, variables: Mapping[str, Value]) -> Answer:
    """Whether a condition holds; none at all does, and what GitLab refuses may mean anything."""
    if condition is None:
        return True
    expression = _parse(condition) if isinstance(condition, str) else None
    return None if expression is None else evaluate(expression[0], variables)


@lru_cache(maxsize=1024)
def _parse(condition: str) -> tuple[Expression] | None:
    try:
        return (parse(condition),)
    except NotAnExpressionError:
        return None


def _holds(limits: Any, situation: Situation) -> Answer:
    """Whether a situation is among those that ``only`` or ``except`` name."""
    parts: list[Answer] = []
    if not isinstance(limits, dict):
        limits = {"refs": limits}
    if refs := flatten_script(limits.get("refs")):
        parts.append(_any(_ref_means(ref, situation) for ref in refs))
    if conditions := flatten_script(limits.get("variables")):
        parts.append(_any(condition_holds(each, situation.variables) for each in conditions))
    if "changes" in limits or "kubernetes" in limits:
        parts.append(None)
    return _all(parts)


def _ref_means(ref: str, situation: Situation) -> Answer:
    name = ref.partition("@")[0] if not ref.startswith("/") else ref
    words = ("branches", "tags", "pushes", "merge_requests", "schedules", "web", "api", "triggers")
    others = ("external", "pipelines", "external_pull_requests", "chat")
    if name in (*words, *others):
        return name in situation.refs
    if situation.refs == {"merge_requests"}:
        return False  # the names are those of branches and tags
    operand: Pattern | str = name
    if name.startswith("/") and "/" in name[1:]:
        body, _, flags = name[1:].rpartition("/")
        operand = Pattern(body, flags if set(flags) <= set("ims") else "")
    sign = "=~" if isinstance(operand, Pattern) else "=="
    wanted = Comparison(Variable("CI_COMMIT_REF_NAME"), sign, operand)
    return evaluate(wanted, situation.variables)


def _any(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return True if True in found else None if None in found else False


def _all(answers: Iterable[Answer]) -> Answer:
    found = set(answers)
    return False if False in found else None if None in found else True
