"""Template: its jobs, held to what its own files alone make of them.

What a project's files make of a job of the template is compared with what the template's do. Of the
job that judges, anything that is not known to be harmless is a finding; of the others, what keeps
them from running in merge requests, or from failing there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import gitlab_runs
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.gitlab import FILE, Job, Pipeline, flatten_script
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.muted import (
    find_assigned,
    find_muting,
    find_muting_settings,
    is_read_in,
    list_told,
    read_variables,
)
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, join_words, rule
from lisa_scaffold.rules.template import list_components

_JUDGE = "compliance"
_JOBS = ".gitlab/ci/"
_JUDGE_FILE = f"{_JOBS}{_JUDGE}.yml"
_NAME = "lisa-scaffold"
_REQUESTS = (gitlab_runs.MERGE_REQUEST, gitlab_runs.BRANCH_OF_REQUEST)
"""A pipeline of its own may be one of branches alone: what is merged is judged there."""


def _has_judge(facts: Facts) -> bool:
    """Whether the template brings a project the job that judges it."""
    pristine = facts.given.pristine
    component = facts.answers.get("ci_rules") == "component"
    return pristine is not None and (component or _JUDGE_FILE in pristine.locked)


@cached_in_facts
def _read_pristine(facts: Facts) -> Pipeline:
    """The pipeline of the template's jobs alone, as its files define them."""
    pristine = facts.given.pristine
    locked = pristine.locked if pristine else {}
    paths = sorted(path for path in locked if path.startswith(_JOBS) and path.endswith(".yml"))
    entries = [each.entry for each in facts.pipeline.includes if each.text]
    # What the project may list for the template's jobs, such as the Pythons of the tests, says
    # nothing of them here.
    own: dict[str, Any] = {name: {} for name in facts.pipeline.hidden}
    alone = json.dumps({"include": [{"local": path} for path in paths] + entries, **own})
    edited = {path: locked[path] for path in paths if facts.content(path) != locked[path]}
    return facts.changed({**edited, FILE: alone.encode()}).pipeline


def _is_of_project(facts: Facts, path: str) -> bool:
    """Whether a file is the project's own, and none of the template's: TPL002 tells of those."""
    pristine = facts.given.pristine
    return not (pristine and path in pristine.locked)


def _may_come(facts: Facts, path: str) -> bool:
    """Whether a file of the template's jobs may be in the pipeline, by what nobody can read here.

    Files of other projects cannot bring it. A component that only may be the template's has a
    finding of its own.
    """
    if facts.answers.get("ci_rules") == "component":
        return any(not each.text for each, *_ in list_components(facts))
    return any(each.may_bring(path) for each in facts.pipeline.includes)


def _is_given(facts: Facts, job: Job, *keys: str | int) -> bool:
    """Whether a job, or one that it inherits from, has a key; and not all jobs by default."""
    return any(facts.pipeline.list_sources(name, *keys) for name in (job.name, *job.parents))


def _place(facts: Facts, job: Job, *keys: str | int) -> Place:
    """The place of a key of a job, or of what gives it to all jobs."""
    if _is_given(facts, job, *keys):
        return facts.pipeline.place_of(job, *keys)
    return facts.pipeline.place("default", *keys)


# --- Whether a job runs, and fails ----------------------------------------------------------------


def _is_unasked(when: str) -> bool:
    return when in ("on_success", "always")


def _runs(pipeline: Pipeline, job: Job) -> gitlab_runs.Answer:
    """Whether a job runs by itself in merge requests."""
    return gitlab_runs.runs_in_any(pipeline, job, _REQUESTS, _is_unasked)


def _holds_up(pipeline: Pipeline, job: Job) -> gitlab_runs.Answer:
    """Whether a job runs by itself in merge requests, and what it finds fails them."""
    may_fail = job.get("allow_failure", False)
    if "rules" not in job.data:
        return False if may_fail else _runs(pipeline, job)
    rules = [
        {**each, "when": "never"} if each.get("allow_failure", may_fail) else each
        for each in job.rules
    ]
    return _runs(pipeline, Job(job.name, {**job.data, "rules": rules}, job.own, job.find))


def _find_idle(facts: Facts, job: Job, made: Job) -> Iterator[Hit]:
    """What keeps a job from running by itself in merge requests, or from failing them."""
    pipeline = facts.pipeline
    adopted = bool(facts.answers.get("adopted"))
    wanted = _holds_up(pipeline, made)
    holds = _runs(pipeline, job) if adopted else _holds_up(pipeline, job)
    if wanted is False or holds or holds is wanted:
        return
    if holds is not _runs(pipeline, job):
        yield Hit(
            *_place_allowance(facts, job),
            f"`{job.name}` passes whatever it finds: delete `allow_failure`",
        )
        return
    keys = (each for each in ("rules", "only", "except", "when") if job.get(each) != made.get(each))
    key = next(keys, "rules")
    message = f"`{job.name}` need not run in merge requests: delete its `{key}`"
    yield Hit(*_place(facts, job, key), message)


def _place_allowance(facts: Facts, job: Job) -> Place:
    """The place where a job is allowed to fail."""
    rules = (number for number, each in enumerate(job.rules) if each.get("allow_failure"))
    keys: list[tuple[str | int, ...]] = [("allow_failure",)] if job.get("allow_failure") else []
    keys += [("rules", number, "allow_failure") for number in rules]
    return _place(facts, job, *next(iter(keys), ("allow_failure",)))


def _find_waiting(facts: Facts, job: Job, made: Job) -> Iterator[Hit]:
    """Jobs that a job waits for, and that need not run."""
    listed = made.get("needs")
    for number, need in enumerate(needs if isinstance(needs := job.get("needs"), list) else []):
        name = need.get("job") if isinstance(need, dict) else need
        other = facts.pipeline.jobs.get(str(name))
        if other is None or need in (listed if isinstance(listed, list) else []):
            continue
        if _runs(facts.pipeline, other) is not True:
            message = (
                f"`{job.name}` waits for `{name}`, which need not run in merge requests: delete "
                "that from `needs`"
            )
            yield Hit(*_place(facts, job, "needs", number), message)


def _list_optional(facts: Facts) -> Iterator[tuple[str, Place]]:
    """The files of the template's jobs, or components, that are included on a condition."""
    for include in facts.pipeline.includes:
        path = include.address.lstrip("/")
        is_ours = bool(include.text) or not _is_of_project(facts, path)
        if is_ours and include.entry.get("rules"):
            yield path, include.place


# --- The job that judges --------------------------------------------------------------------------

# None of it changes what is judged and by what, or what follows from that.
_HARMLESS = frozenset(
    [
        *("after_script", "artifacts", "coverage", "id_tokens", "interruptible"),
        *("resource_group", "retry", "services", "stage", "tags", "timeout"),
    ]
)
_WEIGHED = frozenset(
    [
        *("allow_failure", "dependencies", "except", "image", "needs", "only", "rules"),
        *("variables", "when"),
    ]
)
"""Keys of which it depends on what they say."""


@rule("TPL006", MUST, when=_has_judge)
def pipeline_judges(facts: Facts) -> Iterator[Hit]:
    """The pipeline has the job `compliance`, which runs for merge requests and can fail.

    Why: Where nobody judges, locked files, licences and secrets go unseen from then on, and a fleet
    counts a project among those that follow the practice because nothing is ever found.

    How: Include the job in `.gitlab-ci.yml` as the template does, and change nothing of it there
    but where and for how long it runs (`image`, `tags`, `timeout`, `retry`). A variable by which
    programs find their settings or where packages come from, such as `PIP_INDEX_URL`, belongs to
    the jobs that need it or, for all of them, into GitLab's settings: whatever stands in a file, a
    merge request can change. What is installed is lisa-scaffold from its repository or a mirror,
    by the version or its commit: a name on a package index may be anybody's. What the project
    departs from for a reason is a waiver: `lisa-scaffold explain CODE` shows how. In an adopted
    project the job may carry `allow_failure` until it passes.

    Source: [GitLab: jobs that are included can be overridden](https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values)
    by any key of the same name in `.gitlab-ci.yml`.
    """
    pipeline = facts.pipeline
    if not pipeline:
        message = "there is no pipeline, so nothing judges what is merged: restore it from git"
        yield Hit(FILE, 1, message)
        return
    job, made = pipeline.jobs.get(_JUDGE), _read_pristine(facts).jobs.get(_JUDGE)
    # Without the template's own, a job of this name is anybody's.
    if job is None or made is None:
        if not _may_come(facts, _JUDGE_FILE):
            what = f"`local: /{_JUDGE_FILE}`"
            if facts.answers.get("ci_rules") == "component":
                what = "the component that the project records"
            message = f"no job `{_JUDGE}`, so nothing judges what is merged: include {what}"
            yield Hit(*pipeline.place("include"), message)
    elif job.is_fully_known:
        found = [*_find_blunted(facts, job, made), *_find_misled(facts, job, made)]
        yield from (each for each in found if _is_of_project(facts, each.path))


def _find_blunted(facts: Facts, job: Job, made: Job) -> Iterator[Hit]:
    """What keeps the job that judges from running, from failing, or from being the template's."""
    pipeline = facts.pipeline
    if _holds_up(pipeline, made) is not True:
        message = f"no pipeline need run in merge requests, and so no `{_JUDGE}`: let `workflow` do"
        yield Hit(*pipeline.place("workflow"), message)
    yield from _find_idle(facts, job, made)
    for path, place in _list_optional(facts):
        if path == _JUDGE_FILE or not path.startswith(_JOBS):
            message = f"`{_JUDGE}` is there only where these `rules` hold: delete them"
            yield Hit(*place, message)
    changed = [
        key
        for key in {**made.data, **job.data}
        if key not in _HARMLESS | _WEIGHED and job.get(key) != made.get(key)
    ]
    # Without artifacts of other jobs it judges what is in git.
    fewer: list[Any] = [made.get("needs"), []]
    changed += [key for key in ("needs", "dependencies") if job.get(key) not in (*fewer, None)]
    changed += ["image"] if _enters_otherwise(job, made) else []
    for key in changed:
        message = f"`{_JUDGE}` is the template's, and another one with this `{key}`: delete it"
        yield Hit(*_place(facts, job, key), message)
    yield from _find_preceding(facts, job)


def _enters_otherwise(job: Job, made: Job) -> bool:
    """Whether a job's image starts something else than the shell that runs the job."""
    first, other = (
        image.get("entrypoint") if isinstance(image := each.get("image"), dict) else None
        for each in (job, made)
    )
    return first not in (None, [""], other)


def _find_preceding(facts: Facts, job: Job) -> Iterator[Hit]:
    """Jobs before the one that judges: what they keep it finds, and it waits for all of them."""
    if job.get("needs") == []:
        return
    order = [".pre", *facts.pipeline.stages, ".post"]
    takes = job.get("dependencies") != []
    for other in facts.pipeline.jobs.values():
        if not {job.stage, other.stage} <= {*order}:
            continue
        is_before = order.index(other.stage) < order.index(job.stage)
        if is_before and ((takes and _hands_on(other)) or _is_gate(other)):
            message = (
                f"`{other.name}` comes before `{_JUDGE}`, and so decides what that finds, or "
                f"whether it runs: write `needs: []` below `{_JUDGE}`"
            )
            place = other.place
            yield Hit(*(place if _is_of_project(facts, place.path) else job.place), message)
            return


def _hands_on(job: Job) -> bool:
    """Whether later jobs get files or variables of a job."""
    artifacts = job.get("artifacts")
    keeps = isinstance(artifacts, dict) and (artifacts.get("paths") or artifacts.get("untracked"))
    return bool(keeps or "dotenv" in job.reports)


def _is_gate(job: Job) -> bool:
    """Whether later stages wait for somebody's click on a job."""
    when, may_fail = job.get("when"), job.get("allow_failure")
    if "rules" not in job.data:
        return when == "manual" and may_fail is False
    return any(
        each.get("when", when) == "manual" and not each.get("allow_failure", may_fail)
        for each in job.rules
    )


# --- What the job that judges is told -------------------------------------------------------------

# By these, programs find other programs, their settings, the checkout, or where packages come from.
_STEERS = compile_lazily(
    r"PATH|HOME|BASH_ENV|BASH_FUNC_.+|SHELLOPTS|BASHOPTS|LD_[A-Z_]+|XDG_CONFIG_\w+|SSL_CERT_\w+"
    r"|CI_PROJECT_DIR|LISA_SCAFFOLD_\w+"
    r"|GIT_(?:CLONE_PATH|CONFIG(?:_\w+)?|DIR|EXEC_PATH|INDEX_FILE|\w+_DIRECTOR(?:Y|IES)|SSH(?:_\w+)?"
    r"|SSL_\w+|TEMPLATE_DIR|WORK_TREE)"
    r"|PIP_(?!(?:(?:NO_)?CACHE_DIR|(?:NO_)?COMPILE|(?:DEFAULT_)?TIMEOUT|BREAK_SYSTEM_PACKAGES"
    r"|DISABLE_PIP_VERSION_CHECK|NO_COLOR|NO_INPUT|NO_WARN_\w+|ONLY_BINARY|PREFER_BINARY"
    r"|PROGRESS_BAR|QUIET|REQUIRE_VIRTUALENV|RETRIES|ROOT_USER_ACTION|VERBOSE|VERSION)$)\w+"
    r"|UV_(?!(?:CACHE_DIR|COMPILE_BYTECODE|CONCURRENT_\w+|FROZEN|HTTP_TIMEOUT|IMAGE\w*|LINK_MODE"
    r"|LOCKED|NO_CACHE|NO_DEV|NO_PROGRESS|NO_SYNC|PREVIEW|PROJECT\w*|PUBLISH_\w+|PYTHON"
    r"|PYTHON_(?:DOWNLOADS|PREFERENCE)|SYSTEM_PYTHON|TOOL_\w+|VENV_\w+|VERSION)$)\w+"
)
_NOTHING_FETCHED = {"GIT_STRATEGY": ("none", "empty"), "GIT_CHECKOUT": ("false",)}
# A place of the job's image, which no merge request changes.
_OF_IMAGE = compile_lazily(
    r"/(?:bin|dev|etc|lib|opt|sbin|usr)(?:/[\w+-][\w.+-]*+)*+|\$\{?(?:LD_LIBRARY_)?PATH\}?"
)
_PUBLIC_INDEX = "https://pypi.org/simple"
_JUDGED_BY = compile_lazily(r"@([^@/\s]{1,200})$")
_IN_CHECKOUT = ("$CI_PROJECT_DIR", "${CI_PROJECT_DIR")


def _find_misled(facts: Facts, job: Job, made: Job) -> Iterator[Hit]:
    """What the job that judges is told wrongly: what to fail for, and with which rules."""
    known = {*read_variables(made.data)}
    for name, value, find_place in list_told(facts, job):
        if (name, value) not in known and (message := _find_wrong(facts, job, name, value)):
            yield Hit(*find_place(), message)


def _find_wrong(facts: Facts, job: Job, name: str, value: str) -> str:
    """What is wrong with a variable of the job that judges; empty where nothing is."""
    said = facts.pipeline.expand(value, job)
    if name == "LISA_FAIL_ON" and said and "$" not in said:
        known = (MUST.value, SHOULD.value)
        return "" if said in known else f"`LISA_FAIL_ON` is `{said}`: write must or should"
    if name == "LISA_SCAFFOLD":
        return _find_other_judge(facts, said)
    places = [each for each in said.split(":") if each]
    is_harmless = said.rstrip("/") == _PUBLIC_INDEX or all(map(_OF_IMAGE.fullmatch, places))
    if (_STEERS.fullmatch(name[:100]) and not is_harmless) or said in _NOTHING_FETCHED.get(
        name, ()
    ):
        return (
            f"`{name}` changes how `{_JUDGE}` gets what it judges, or what judges: give it to the "
            "jobs that need it, or set it in GitLab's settings"
        )
    return ""


def _find_other_judge(facts: Facts, judge: str) -> str:
    """What is wrong with what is installed to judge; empty where nothing is."""
    recorded = str(facts.answers.get("_commit", ""))
    pristine = facts.given.pristine
    judged_by = _JUDGED_BY.search(judge)
    if facts.package.name != _NAME and _is_other_judge(facts, judge):
        return (
            "what is installed to judge the project is not the template's lisa-scaffold: restore "
            "the line, or name the mirror in `mirrors` below `[tool.lisa-scaffold]`"
        )
    if judged_by and "$" not in judged_by[1]:
        commit = pristine.commit if pristine else ""
        if judged_by[1] not in (recorded, commit):
            return (
                f"the rules are those of {judged_by[1]}, and the project is of {recorded}: "
                f"write @{recorded}"
            )
    return ""


def _is_other_judge(facts: Facts, requirement: str) -> bool:
    """Whether a requirement names something else than lisa-scaffold, from where it comes."""
    from lisa_scaffold.template.rendering import CANONICAL_URL

    name, at, address = (part.strip() for part in requirement.partition("@ "))
    where = address if at else requirement
    if not where or (where.startswith("$") and not where.startswith(_IN_CHECKOUT)):
        return False  # the site's, set where nobody but its owners may
    source = str(facts.answers.get("_src_path", ""))
    known = [CANONICAL_URL, source, *facts.settings.mirrors]
    wanted = {_name_place(each) for each in known} - {""}
    return name != _NAME or _name_place(_JUDGED_BY.sub("", address)) not in wanted


def _name_place(address: str) -> str:
    """Server and path of a repository: what is left of an address in whatever form."""
    place = re.sub(r"^(?:git\+)?[a-z]+://(?:[^@/]*@)?", "", address[:500])
    return place.removesuffix(".git").rstrip("/").lower()


# --- The other jobs -------------------------------------------------------------------------------


def _list_jobs(facts: Facts) -> Iterator[tuple[Job, Job]]:
    """The template's other jobs that run in merge requests: the project's, and as it was made."""
    for name, made in _read_pristine(facts).jobs.items():
        job = facts.pipeline.jobs.get(name)
        runs = _runs(facts.pipeline, made)
        if job and name != _JUDGE and job.is_fully_known and runs is not False:
            yield job, made


def _list_left_out(facts: Facts) -> list[str]:
    """The files of jobs that the template brings and the project has, and does not include."""
    pristine = facts.given.pristine
    if pristine is None:
        return []
    files = (path for path in pristine.locked if path.startswith(_JOBS) and path.endswith(".yml"))
    left = (path for path in files if path != _JUDGE_FILE and path not in facts.pipeline.files)
    return [path for path in left if not _may_come(facts, path)]


@rule("TPL008", MUST, when=lambda facts: _has_judge(facts) and facts.pipeline)
def template_jobs_are_kept(facts: Facts) -> Iterator[Hit]:
    """The jobs of the template run in merge requests and can fail, as the template has them do.

    Why: The files that define these jobs are locked, so that they are what was reviewed and tested.
    One that gets another script in `.gitlab-ci.yml`, need not run or may fail is green all the
    same, and whoever reads "tests: passed" believes it.

    How: Delete the key. What a job needs besides (a system package, a variable, a runner's tag) is
    set by the variables in `.gitlab-ci.yml` and by keys such as `tags`, `timeout` and
    `before_script`; what is not meant for the project is an answer: `lisa-scaffold update --data
    docs=no`. Neither is an option of a tool kept by which it finds nothing, such as
    `--collect-only` in `PYTEST_ADDOPTS` or in `addopts`. Jobs that only publish or run on a
    schedule are not meant. In an adopted project a job may carry `allow_failure` until it passes.

    Source: [GitLab: jobs that are included can be overridden](https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values)
    by any key of the same name in `.gitlab-ci.yml`.
    """
    pipeline = facts.pipeline
    for path in _list_left_out(facts):
        message = f"the jobs of `{path}` are not included, so they never run: include them"
        yield Hit(*pipeline.place("include"), message)
    for path, place in _list_optional(facts):
        if path.startswith(_JOBS) and path != _JUDGE_FILE:
            message = f"the jobs of `{path}` are there only where these `rules` hold: delete them"
            yield Hit(*place, message)
    for job, made in _list_jobs(facts):
        found = [
            *_find_idle(facts, job, made),
            *_find_waiting(facts, job, made),
            *_find_replaced(facts, job, made),
        ]
        yield from (each for each in found if _is_of_project(facts, each.path))
    yield from _find_muted(facts)


_PASSES = compile_lazily(
    r"(?m)(?:^|[;&|({'\"]|\b(?:then|do|else)\b)[ \t]*+(?:exit(?:[ \t]++0)?[ \t]*+(?:$|[;&|)}'\"])"
    r"|exec[ \t]++(?![<>&\d]))"
)
_DEFINES = compile_lazily(
    r"(?<![\w-])(?:alias[ \t]++(?P<alias>[\w-]++)=|(?P<function>[\w-]++)[ \t]*+\(\))"
)


def _find_replaced(facts: Facts, job: Job, made: Job) -> Iterator[Hit]:
    """What has a job do something else than the template has it do."""
    if job.get("script") != made.get("script"):
        message = f"`{job.name}` runs what this `script` says instead: delete it"
        yield Hit(*_place(facts, job, "script"), message)
    keys = ["before_script"] if _passes_at_once(job, made) else []
    is_hooked = job.get("hooks") != made.get("hooks") and _is_given(facts, job, "hooks")
    keys += ["hooks"] if is_hooked else []
    keys += ["image"] if _enters_otherwise(job, made) else []
    for key in keys:
        message = f"`{job.name}` passes, or runs something else, by this `{key}`: delete it"
        yield Hit(*_place(facts, job, key), message)


def _find_muted(facts: Facts) -> Iterator[Hit]:
    """Variables and settings with which a tool finds nothing; each once, for all jobs."""
    found: dict[Place, list[tuple[Job, str, str]]] = {}
    settings = find_muting_settings(facts)
    for job, made in _list_jobs(facts):
        known = {*read_variables(made.data)}
        for name, value, find_place in list_told(facts, job):
            told = {name: value} if (name, value) not in known else {}
            if (muting := find_muting(facts, job, told)) != ("", ""):
                found.setdefault(find_place(), []).append((job, *muting))
        wanted = flatten_script(made.get("before_script"))
        for command in flatten_script(job.get("before_script")):
            told = find_assigned(command) if command not in wanted else {}
            if (muting := find_muting(facts, job, told)) != ("", ""):
                place = _place(facts, job, "before_script")
                found.setdefault(place, []).append((job, *muting))
        if settings and is_read_in(facts, job.commands, "PYTEST_ADDOPTS"):
            found.setdefault(settings[0], []).append((job, "addopts", settings[1]))
    for place, jobs in found.items():
        names = join_words([f"`{job.name}`" for job, *_ in jobs])
        _, name, what = jobs[0]
        if _is_of_project(facts, place.path):
            passing = f"{names} {'pass' if jobs[1:] else 'passes'} whatever there is"
            yield Hit(*place, f"by this `{name}` {passing}: delete `{what}`")


def _passes_at_once(job: Job, made: Job) -> bool:
    """Whether what comes before a script ends the job, or takes the place of a command in it."""
    before, wanted = (flatten_script(each.get("before_script")) for each in (job, made))
    words = {*re.findall(r"[\w-]+", " ".join(flatten_script(made.get("script"))))}
    added = [each for each in before if each not in wanted]
    return any(
        _PASSES.search(each)
        or any((found["alias"] or found["function"]) in words for found in _DEFINES.finditer(each))
        for each in added
    )


@rule("TPL009", SHOULD, when=lambda facts: _has_judge(facts) and facts.answers.get("adopted"))
def excuses_end(facts: Facts) -> Iterator[Hit]:
    """In an adopted project, the jobs of the template no longer may fail.

    Why: An adoption lets jobs fail that are new to the project, so that its own go on. As long as
    they may, nothing of what they find keeps anything from being merged.

    How: Work off what a job finds, then delete its `allow_failure` in `.gitlab-ci.yml`.

    Source: [GitLab: allow_failure](https://docs.gitlab.com/ci/yaml/#allow_failure).
    """
    found = [
        job
        for name, job in facts.pipeline.jobs.items()
        if (made := _read_pristine(facts).jobs.get(name)) and _holds_up(facts.pipeline, made)
        if _runs(facts.pipeline, job) and not _holds_up(facts.pipeline, job)
    ]
    if found:
        names = join_words([f"`{each.name}`" for each in found])
        message = (
            f"whatever they find, {names} pass: delete `allow_failure` of each that finds nothing"
        )
        yield Hit(*_place_allowance(facts, found[0]), message)
