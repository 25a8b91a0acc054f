"""Template: what a project records about its origin, and the files that the template owns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.answer_limits import name_component
from lisa_scaffold.formats.edit import Change
from lisa_scaffold.formats.ignored import IGNORE_FILE, take_back
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import ANSWERS_FILE
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Include, Job, digest, flatten_script, name_overrides
from lisa_scaffold.rules.fix import Fix, Step
from lisa_scaffold.rules.rule import MUST, Hit, rule


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
            if kept := name_overrides(path, content, current):
                message += f"; to have the same without that, write in .gitlab-ci.yml: {kept}"
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


def list_components(facts: Facts) -> list[tuple[Include, str, str]]:
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
    named = next((rest for each, *rest in list_components(facts) if each is include), None)
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


@rule("TPL005", MUST, when=list_components, fixes=True)
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
    for include, name, version in list_components(facts):
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
