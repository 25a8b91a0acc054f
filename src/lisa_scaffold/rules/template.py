"""Template: what a project records about its origin, and the files that the template owns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.answer_limits import name_component
from lisa_scaffold.formats.edit import Change
from lisa_scaffold.formats.ignored import IGNORE_FILE, take_back
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import ANSWERS_FILE, gitlab_runs
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Include, Job, Pipeline, digest, flatten_script
from lisa_scaffold.project.package import Place
from lisa_scaffold.rules.fix import Fix, Step
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule


@rule("TPL001", MUST, when=lambda facts: facts.has(ANSWERS_FILE))
def records_origin(facts: Facts) -> Iterator[Hit]:
    """The answers file names the template and its version, and has answers that fit them.

    Why: Without them `lisa-scaffold update` and `copier update` cannot tell what people changed. An
    answer that the recorded version does not accept cannot be the one that was given.

    How: Restore the file from git; it is not meant to be edited by hand.

    Source: [Copier](https://copier.readthedocs.io/en/stable/updating/): "never change the answers
    file manually".
    """
    document = facts.yaml(ANSWERS_FILE)
    if document.problem:
        return
    if not isinstance(document.data, dict) or not document.data:
        yield Hit(
            ANSWERS_FILE, 1, "no answers in this file, so no update can work: restore it from git"
        )
        return
    for key, what in (("_src_path", "the template's address"), ("_commit", "its version")):
        value = document.raw(key)
        if not value:
            message = (
                f"{key} ({what}) is missing, so no update can work: restore this file from git"
            )
            yield Hit(ANSWERS_FILE, document.line(key), message)
    version = document.raw("_commit") or ""
    if version and not re.fullmatch(r"\S+", version):
        message = f"`{version}` is not a version of the template: restore this file from git"
        yield Hit(ANSWERS_FILE, document.line("_commit"), message)
    for key, why in facts.given.wrong_answers:
        yield Hit(ANSWERS_FILE, document.line(key), f"{key}: {why}")


# What an answer brings; the first of it is what the pipeline includes.
_PARTS = {
    "sonar": (".gitlab/ci/sonar.yml", ".gitlab/ci/pysonar.txt"),
    "container": (".gitlab/ci/container.yml",),
    "docs": (".gitlab/ci/docs.yml",),
}


@rule("TPL002", MUST, when=lambda facts: facts.given.pristine, fixes=True)
def locked_files(facts: Facts) -> Iterator[Hit]:
    """Locked files are as the template made them.

    Why: The template owns these files: where an update changes the same lines, yours are not kept.
    The jobs that they define are the ones that were reviewed and tested.

    How: `lisa-scaffold check --fix` restores them, unless a job would then need what the project
    has not: the finding says what. To change what they do, set the variables in `.gitlab-ci.yml`,
    give a job other keys there, or add jobs of your own; if that is not enough, open an issue for
    lisa-scaffold.

    Source: The ownership table of the template, `_lisa_ownership` in `copier.yml`.
    """
    pristine = facts.given.pristine
    for path, content in pristine.locked.items() if pristine else ():
        current = facts.content(path)
        if current is None:
            fix = Fix((Step(path, None, content), *_let_git_see(facts, path)))
            message = "this file of the template is missing"
            if stranded := _find_stranded(facts, path, content):
                yield Hit(path, 1, f"{message}. {stranded} restores it")
                continue
            message += ": `lisa-scaffold check --fix` restores it"
            part = next((each for each in _PARTS if path in _PARTS[each]), "")
            if part and _PARTS[part][0] not in facts.text(".gitlab-ci.yml"):
                message += f"; to go without it: `lisa-scaffold update --data {part}=no`"
            yield Hit(path, 1, message, fix=fix)
            continue
        if current == content:
            continue
        # Line ends do not count: git may convert them.
        lines, wanted = (side.replace(b"\r\n", b"\n").split(b"\n") for side in (current, content))
        if lines != wanted:
            pairs = enumerate(zip(lines, wanted, strict=False), 1)
            line = next((number for number, (one, other) in pairs if one != other), len(lines))
            message = "edited, but the template owns this file"
            version = pristine.version if pristine else ""
            if stranded := _find_stranded(facts, path, content):
                yield Hit(path, line, f"{message}. {stranded} restores {version}")
                continue
            message += f": `lisa-scaffold check --fix` restores {version}"
            yield Hit(path, line, message, fix=Fix.write(path, content))


def _find_stranded(facts: Facts, path: str, content: bytes) -> str:
    """What a job would need and not find if a locked file were restored, as half a sentence."""
    known = {job.name for job, *_ in _find_unmet(facts)}
    for job, _, needed in _find_unmet(facts.changed({path: content})):
        if job.name not in known:
            return (
                f"Restored, its job {job.name} would need `{needed}`, which is not there: bring "
                "that back, or tell the job otherwise in `.gitlab-ci.yml`; then "
                "`lisa-scaffold check --fix`"
            )
    return ""


def _let_git_see(facts: Facts, path: str) -> Iterator[Step]:
    """Take a file back from a ``.gitignore`` that names it; git would not take it otherwise."""
    if facts.has(IGNORE_FILE) and facts.ignores(path):
        yield Step(IGNORE_FILE, lambda text: take_back(text, [path]))


@rule("TPL003", MUST, when=lambda facts: facts.given.not_rendered)
def recorded_version_is_known(facts: Facts) -> Iterator[Hit]:
    """The recorded version of the template can be rendered with the recorded answers.

    Why: Without that render nobody can tell what the project changed, so neither
    `lisa-scaffold update` nor the comparison of locked files can work.

    How: Write the version that the project was last updated to, or restore the file from git.

    Source: At each update, [Copier](https://copier.readthedocs.io/en/stable/updating/) compares the
    project with a render of the recorded version.
    """
    line = facts.yaml(ANSWERS_FILE).line("_commit")
    yield Hit(ANSWERS_FILE, line, facts.given.not_rendered)


class _Need(NamedTuple):
    """What jobs of the template need of the project: a file, or (``/`` at the end) a folder.

    Attributes
    ----------
    path
        The file or folder.
    jobs
        The jobs that an answer brings.
    named
        How their commands, and the paths that they keep, tell of it.
    """

    path: str
    jobs: tuple[str, ...]
    named: re.Pattern[str]


# What an answer asks of the project, beside the files of the pipeline itself.
_SONAR = "sonar-project.properties"
_NEEDS = {
    "container": _Need("Dockerfile", ("hadolint",), compile_lazily(r"(?<![\w./-])Dockerfile\b")),
    "docs": _Need("docs/", ("docs", "pages"), compile_lazily(r"(?<![\w./-])docs/")),
    "sonar": _Need(_SONAR, ("sonar",), compile_lazily(r"^pysonar$")),
}


@rule("TPL007", MUST, when=lambda facts: facts.answers and facts.pipeline.jobs)
def jobs_have_what_they_need(facts: Facts) -> Iterator[Hit]:
    """What the template's jobs read and keep is there.

    Why: A job fails at a file that is not there, and keeps nothing of a folder that has another
    name. Whoever deletes a part of the template by hand leaves its jobs in the pipeline.

    How: Bring it back from git, or answer that the project goes without: an update then takes the
    jobs away, too. Where a folder has another name here, write that in `.gitlab-ci.yml`, where a
    job of the template takes other keys: `artifacts` of `docs`, `script` of `pages`.

    Source: [GitLab: override included configuration](https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values).
    """
    for job, part, needed in _find_unmet(facts):
        message = (
            f"the job {job.name} needs `{needed}`, which is not there: bring it back, or go "
            f"without: `lisa-scaffold update --data {part}=no`"
        )
        key = "artifacts" if needed in str(job.get("artifacts")) else "script"
        yield Hit(*facts.pipeline.place_of(job, key), message)


def _find_unmet(facts: Facts) -> Iterator[tuple[Job, str, str]]:
    """Jobs of the template without what they need, each with the answer that brings it, and that.

    What somebody else's template, or the project itself, calls so is not judged.
    """
    for part, (needed, jobs, named) in _NEEDS.items():
        if facts.answers.get(part) is not True or _has(facts, needed):
            continue
        for job in (facts.pipeline.jobs[name] for name in jobs if name in facts.pipeline.jobs):
            artifacts = job.get("artifacts")
            kept = artifacts.get("paths") if isinstance(artifacts, dict) else None
            told = [*job.commands, *flatten_script(kept)]
            if job.is_fully_known and any(map(named.search, told)):
                yield job, part, needed


def _has(facts: Facts, needed: str) -> bool:
    """Whether a project has a file, or something in a folder."""
    if needed == _SONAR and facts.pyproject.table("tool", "sonar"):
        return True
    found = needed.rstrip("/")
    return facts.has(found) or any(path.startswith(f"{found}/") for path in facts.files)


_JUDGE = "compliance"
_JUDGE_FILE = ".gitlab/ci/compliance.yml"
_JOBS = ".gitlab/ci/"
_JUDGED_BY = compile_lazily(r"@([^@/\s]{1,200})$")
_SAYS_WHAT_RUNS = ("before_script", "script", "inherit", "extends", "hooks", "trigger")
_NAME = "lisa-scaffold"
_IN_CHECKOUT = ("$CI_PROJECT_DIR", "${CI_PROJECT_DIR")
_IS_OURS = compile_lazily(r"lisa[-_.]scaffold\s*(?:\[[\w, -]{0,99}\]\s*)?(?:[<>=!~;].{0,200})?$")


def _has_judge(facts: Facts) -> bool:
    """Whether the template brings a project the job that judges it."""
    pristine = facts.given.pristine
    component = facts.answers.get("ci_rules") == "component"
    return pristine is not None and (component or _JUDGE_FILE in pristine.locked)


@rule("TPL006", MUST, when=_has_judge)
def pipeline_judges(facts: Facts) -> Iterator[Hit]:
    """The pipeline has the job `compliance`, which runs for merge requests and can fail.

    Why: Where nobody judges, locked files, licences and secrets go unseen from then on, and a fleet
    counts a project among those that follow the practice because nothing is ever found.

    How: Include the job in `.gitlab-ci.yml` as the template does, and change nothing of it there.
    What the project departs from for a reason is a waiver: `lisa-scaffold explain CODE` shows how.
    In an adopted project the job may carry `allow_failure` until it passes.

    Source: [GitLab: jobs that are included can be overridden](https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values)
    by any key of the same name in `.gitlab-ci.yml`.
    """
    pipeline = facts.pipeline
    if not pipeline:
        message = "there is no pipeline, so nothing judges what is merged: restore it from git"
        yield Hit(".gitlab-ci.yml", 1, message)
        return
    job = pipeline.jobs.get(_JUDGE)
    if job is None:
        if pipeline.is_local:
            what = f"`local: /{_JUDGE_FILE}`"
            if facts.answers.get("ci_rules") == "component":
                what = "the component that the project records"
            message = f"no job `{_JUDGE}`, so nothing judges what is merged: include {what}"
            yield Hit(*pipeline.place("include"), message)
    elif job.is_fully_known:
        yield from _find_blunted(facts, job)


def _runs_unasked(pipeline: Pipeline, job: Job, situation: gitlab_runs.Situation) -> bool:
    """Whether a job runs whatever else, as far as the workflow lets it.

    Of the template's own job that is known: who makes it depend on a variable, on files or on other
    jobs has it run when that happens to be so.
    """
    runs = gitlab_runs.job_runs(pipeline, job, situation, _is_run_always)
    return runs is True and gitlab_runs.workflow_allows(pipeline, situation) is not False


def _is_run_always(when: str) -> bool:
    return when in ("on_success", "always", "delayed")


def _is_of_project(facts: Facts, source: str) -> bool:
    """Whether a part of the pipeline is a file of the project's own, and none of the template's."""
    pristine = facts.given.pristine
    return facts.has(source) and not (pristine and source in pristine.locked)


def _changes(facts: Facts, job: Job, key: str) -> bool:
    """Whether the project gives a key of a job that the template brings."""
    sources = facts.pipeline.list_sources(job.name, key)
    return bool(sources) and _is_of_project(facts, sources[-1])


def _find_blunted(facts: Facts, job: Job) -> Iterator[Hit]:
    """What keeps the job that judges from running, from failing, or from asking the right rules."""
    pipeline = facts.pipeline
    if not facts.answers.get("adopted"):
        keys: list[tuple[str | int, ...]] = [("allow_failure",)] if job.get("allow_failure") else []
        rules = (number for number, each in enumerate(job.rules) if each.get("allow_failure"))
        keys += [("rules", number, "allow_failure") for number in rules]
        for where in keys[:1]:
            message = f"`{_JUDGE}` passes whatever it finds: delete `allow_failure`"
            yield Hit(*pipeline.place_of(job, *where), message)
    # A pipeline of its own may be one of branches alone: what is merged is judged there.
    requests = (gitlab_runs.MERGE_REQUEST, gitlab_runs.BRANCH_OF_REQUEST)
    if not any(_runs_unasked(pipeline, job, each) for each in requests):
        key = next((each for each in ("rules", "only", "when") if each in job.data), "")
        message = f"no pipeline runs in merge requests, and so no `{_JUDGE}`: let `workflow` do"
        place = pipeline.place("workflow")
        if key:
            message = f"`{_JUDGE}` need not run in merge requests: delete its `{key}`"
            place = pipeline.place_of(job, key)
        yield Hit(*place, message)
    for include in pipeline.includes:
        if include.address.lstrip("/") == _JUDGE_FILE and include.entry.get("rules"):
            message = f"`{_JUDGE}` is there only where these `rules` hold: delete them"
            yield Hit(*include.place, message)
    for key in _SAYS_WHAT_RUNS:
        if _changes(facts, job, key):
            message = f"what judges is no more than what this `{key}` says: delete it"
            yield Hit(*pipeline.place_of(job, key), message)
    yield from _find_misled(facts, job)


def _find_misled(facts: Facts, job: Job) -> Iterator[Hit]:
    """What the job that judges is told wrongly: what to fail for, and with which rules."""
    pipeline, own = facts.pipeline, job.get("variables")
    told = {**pipeline.variables, **(own if isinstance(own, dict) else {})}

    def place_variable(name: str) -> Place:
        if isinstance(own, dict) and name in own:
            return pipeline.place_of(job, "variables", name)
        return pipeline.place("variables", name)

    level = str(told.get("LISA_FAIL_ON") or MUST.value)
    if "$" not in level and level not in (MUST.value, SHOULD.value):
        message = f"`LISA_FAIL_ON` is `{level}`: write must or should"
        yield Hit(*place_variable("LISA_FAIL_ON"), message)
    judge = str(told.get("LISA_SCAFFOLD", ""))
    recorded = str(facts.answers.get("_commit", ""))
    judged_by = _JUDGED_BY.search(judge)
    if facts.package.name != _NAME and _is_other_judge(facts, judge):
        message = (
            "what is installed to judge the project is not the template's lisa-scaffold: restore "
            "the line, or name the mirror in `mirrors` below `[tool.lisa-scaffold]`"
        )
        yield Hit(*place_variable("LISA_SCAFFOLD"), message)
    elif judged_by and "$" not in judged_by[1] and judged_by[1] != recorded:
        message = (
            f"the rules are those of {judged_by[1]}, and the project is of {recorded}: "
            f"write @{recorded}"
        )
        yield Hit(*place_variable("LISA_SCAFFOLD"), message)


def _list_locked_jobs(facts: Facts) -> list[Job]:
    """The jobs that the template brings, the one that judges left out: it has a rule of its own."""
    pipeline = facts.pipeline
    found = []
    for job in pipeline.jobs.values():
        sources = pipeline.list_sources(job.name)
        if job.name != _JUDGE and not all(_is_of_project(facts, source) for source in sources):
            found.append(job)
    return found


def _list_left_out(facts: Facts) -> list[str]:
    """The files of jobs that the template brings and the project has, and does not include."""
    pristine = facts.given.pristine
    if pristine is None or not facts.pipeline.is_local:
        return []
    files = (path for path in pristine.locked if path.startswith(_JOBS) and path.endswith(".yml"))
    return [path for path in files if path != _JUDGE_FILE and path not in facts.pipeline.files]


@rule("TPL008", SHOULD, when=_has_judge)
def template_jobs_are_kept(facts: Facts) -> Iterator[Hit]:
    """The jobs of the template do what the template has them do.

    Why: The files that define these jobs are locked, so that they are what was reviewed and tested.
    One that gets another script in `.gitlab-ci.yml`, never runs or may fail is green all the same,
    and whoever reads "tests: passed" believes it.

    How: Delete the key. What a job needs besides (a system package, a variable, a runner's tag) is
    set by the variables in `.gitlab-ci.yml` and by keys such as `tags`, `timeout` and
    `before_script`; what is not meant for the project is an answer: `lisa-scaffold update --data
    docs=no`. In an adopted project a job may carry `allow_failure` until it passes.

    Source: [GitLab: jobs that are included can be overridden](https://docs.gitlab.com/ci/yaml/includes/#override-included-configuration-values)
    by any key of the same name in `.gitlab-ci.yml`.
    """
    pipeline = facts.pipeline
    for path in _list_left_out(facts):
        message = f"the jobs of `{path}` are not included, so they never run: include them"
        yield Hit(*pipeline.place("include"), message)
    for job in _list_locked_jobs(facts):
        if not job.is_fully_known:
            continue
        if _changes(facts, job, "script"):
            message = f"`{job.name}` runs what this `script` says instead: delete it"
            yield Hit(*pipeline.place_of(job, "script"), message)
        if _changes(facts, job, "rules") and all(each.get("when") == "never" for each in job.rules):
            message = f"`{job.name}` never runs: delete its `rules`"
            yield Hit(*pipeline.place_of(job, "rules"), message)
        if _changes(facts, job, "when") and job.get("when") == "never":
            message = f"`{job.name}` never runs: delete its `when`"
            yield Hit(*pipeline.place_of(job, "when"), message)
        may_fail = job.get("allow_failure") is True and not facts.answers.get("adopted")
        if may_fail and _changes(facts, job, "allow_failure"):
            message = f"`{job.name}` passes whatever it finds: delete `allow_failure`"
            yield Hit(*pipeline.place_of(job, "allow_failure"), message)


def _is_other_judge(facts: Facts, requirement: str) -> bool:
    """Whether a requirement names something else than lisa-scaffold, from where it comes."""
    from lisa_scaffold.template.rendering import CANONICAL_URL

    name, at, address = (part.strip() for part in requirement.partition("@ "))
    if not at:
        unknown = requirement.startswith("$") and not requirement.startswith(_IN_CHECKOUT)
        return bool(requirement) and not (unknown or _IS_OURS.match(requirement))
    if address.startswith("$") and not address.startswith(_IN_CHECKOUT):
        return False  # an address of the site's, set where nobody but its owners may
    source = str(facts.answers.get("_src_path", ""))
    known = [CANONICAL_URL, source, *facts.settings.mirrors]
    wanted = {_name_place(each) for each in known} - {""}
    return name != _NAME or _name_place(_JUDGED_BY.sub("", address)) not in wanted


def _name_place(address: str) -> str:
    """Server and path of a repository: what is left of an address in whatever form."""
    place = re.sub(r"^(?:git\+)?[a-z]+://(?:[^@/]*@)?", "", address[:500])
    return place.removesuffix(".git").rstrip("/").lower()


# The server does not count: there may be mirrors.
_OUR_COMPONENT = compile_lazily(r"/lisa-scaffold/-/raw/([^/]{1,200})/templates/([\w-]{1,50})\.yml$")
_OUR_NAME = compile_lazily(r"/lisa-scaffold/(?P<name>[\w-]{1,50})@(?P<version>\S{1,200})$")
_VERSION = compile_lazily(r"v\d+\.\d+\.\d+")


def is_remote_component(include: Include) -> bool:
    """Whether a pipeline includes a component of lisa-scaffold by its address."""
    return include.form == "remote" and bool(_OUR_COMPONENT.search(include.address))


def _list_remote_components(facts: Facts) -> list[Include]:
    return [each for each in facts.pipeline.includes if is_remote_component(each)]


@rule("TPL004", MUST, when=_list_remote_components, fixes=True)
def remote_jobs_are_locked(facts: Facts) -> Iterator[Hit]:
    """Jobs of lisa-scaffold that come from another server are held to their digest.

    Why: They run with the variables of your project. Without `integrity` they are whatever the
    address has on the day: a branch moves, a tag can be moved, and nobody sees it in your
    repository. With one that belongs to something else GitLab refuses the whole pipeline.

    How: Give the `remote` an address with a version, and the `integrity` of that version: `check
    --fix` writes the one of the version that the project records. After an update it is right by
    itself.

    Source: [GitLab: include:integrity](https://docs.gitlab.com/ci/yaml/#includeintegrity).
    """
    for include in _list_remote_components(facts):
        if find_stray(facts, include):  # TPL005 tells more, and what it writes has a digest
            continue
        said = include.entry.get("integrity")
        found = _OUR_COMPONENT.search(include.address)
        text = include.text or _find_text(facts, found[0] if found else "")
        wanted = digest(text) if text else ""
        moves = not _VERSION.fullmatch(found[1]) if found else False
        if said is None:
            what = "that may change at any time" if moves else "whatever this address has is run"
            message = f"the jobs have no `integrity`, so {what}"
        elif wanted and said != wanted:
            message = "`integrity` is not that of this version, so GitLab refuses the pipeline"
        else:
            continue
        remedy = f"write {wanted}" if wanted else "name a version, and write its `integrity`"
        fix = Fix.edit(include.place.path, _write_digest(include.address, wanted))
        yield Hit(*include.place, f"{message}: {remedy}", fix=fix if wanted else None)


def _find_text(facts: Facts, end: str) -> str:
    """The component of the recorded version whose address ends so; empty where it is another's."""
    known = facts.given.components.items()
    return next((text for address, text in known if end and address.endswith(end)), "")


def _list_components(facts: Facts) -> list[tuple[Include, str, str]]:
    """Each include of a component of lisa-scaffold, with the component's name and version."""
    found = []
    for include in facts.pipeline.includes:
        if include.form == "component" and (match := _OUR_NAME.search(include.address)):
            found.append((include, match["name"], match["version"]))
        elif include.form == "remote" and (match := _OUR_COMPONENT.search(include.address)):
            found.append((include, match[2], match[1]))
    return found


def find_stray(facts: Facts, include: Include) -> str:
    """What an include of ours has that the project does not record; empty where nothing."""
    recorded = facts.answers.get("_commit")
    named = next((rest for each, *rest in _list_components(facts) if each is include), None)
    # Another template's project records versions of its own.
    if not (named and isinstance(recorded, str) and "ci_rules" in facts.answers):
        return ""
    name, version = named
    wanted = name_component({**facts.answers, "kind": facts.kind})
    inputs = include.entry.get("inputs")
    told = inputs.get("version", recorded) if isinstance(inputs, dict) else recorded
    if name != wanted:
        return f"the jobs of `{name}` are not those of this project, that has `{wanted}`"
    if version != recorded:
        return f"the jobs are those of {version}, and the project is of {recorded}"
    if told != recorded:
        return f"the input `version` is {told}, and the project is of {recorded}"
    return ""


@rule("TPL005", MUST, when=_list_components, fixes=True)
def component_is_the_recorded_one(facts: Facts) -> Iterator[Hit]:
    """The component of lisa-scaffold is that of the recorded version and of the project's kind.

    Why: `lisa-scaffold check` reads the jobs of the recorded version. What another version or
    component runs is judged by nobody; an older one has fewer rules, and a branch moves. The same
    name in another group or on another server may be a copy, or something else.

    How: `lisa-scaffold check --fix` writes the component that the project records. For a newer
    version: `lisa-scaffold update`. Where a copy of lisa-scaffold is, whose components are to be
    taken for its own, the project says below `[tool.lisa-scaffold]`:
    `mirrors = ["gitlab.example.org/mirrors/lisa-scaffold"]`. A `remote` with the right `integrity`
    may come from anywhere.

    Source: The answers file, in which `_commit` is the version that the project follows.
    """
    for include, name, version in _list_components(facts):
        if not (message := find_stray(facts, include)):
            if include.form == "component" and facts.given.components and not include.text:
                yield Hit(*include.place, _say_unknown(include, name, version))
            continue
        recorded = str(facts.answers["_commit"])
        wanted = name_component({**facts.answers, "kind": facts.kind})
        old, new = f"{name}@{version}", f"{wanted}@{recorded}"
        if include.form == "remote":
            old, new = f"{version}/templates/{name}.yml", f"{recorded}/templates/{wanted}.yml"
        address = include.address.removesuffix(old) + new
        changes = [_write_component(include, address, recorded)]
        if include.form == "remote":
            text = _find_text(facts, f"/{new}")
            changes = [*changes, _write_digest(address, digest(text))] if text else []
        fix = Fix.edit(include.place.path, *changes) if changes else None
        remedy = f"include {address} with the input `version: {recorded}`"
        yield Hit(*include.place, f"{message}: {remedy}", fix=fix)


def _say_unknown(include: Include, name: str, version: str) -> str:
    """What is said of a component that has the name of ours and comes from elsewhere."""
    place = include.address.removesuffix(f"/{name}@{version}")
    return (
        f"{place} is not known to be lisa-scaffold, so nobody judges the jobs: if it is a copy "
        "that you trust, name it in `mirrors` below `[tool.lisa-scaffold]`"
    )


def _write_component(include: Include, address: str, version: str) -> Change:
    """Write another address of a component, and its version among the inputs of that entry."""
    said = re.compile(r"""((?<![\w-])version: *)("[^"]*"|'[^']*'|[^\s,}#]+)""")

    def change(text: str) -> str:
        lines = text.split("\n")
        found = _find_entry(lines, include.form, include.address)
        if found is None:
            return text
        begin, end, _ = found
        lines[begin] = lines[begin].replace(include.address, address)
        for at in range(begin + 1, end):
            lines[at] = said.sub(rf'\1"{version}"', lines[at])
        return "\n".join(lines)

    return change


def _find_entry(lines: list[str], form: str, address: str) -> tuple[int, int, str] | None:
    """The first line of an include in block style, the line after it, and how deep its keys are."""
    named = re.compile(rf"( *(?:- +)?){form}: *[\"']?{re.escape(address)}[\"']? *(?:#.*)?\r?")
    for at, line in enumerate(lines):
        if key := named.fullmatch(line):
            indent = " " * len(key[1])
            below = range(at + 1, len(lines))
            end = next((n for n in below if not lines[n].startswith(indent)), len(lines))
            return at, end, indent
    return None


def _write_digest(address: str, digest: str) -> Change:
    """Write the digest below an address, in the place of another one that stands in its entry."""

    def change(text: str) -> str:
        lines = text.split("\n")
        found = _find_entry(lines, "remote", address)
        if found is None:
            return text
        begin, end, indent = found
        new = f"{indent}integrity: {digest}" + ("\r" if lines[begin].endswith("\r") else "")
        rest = lines[begin + 1 : end]
        kept = [each for each in rest if not each.startswith(f"{indent}integrity:")]
        return "\n".join([*lines[: begin + 1], new, *kept, *lines[end:]])

    return change
