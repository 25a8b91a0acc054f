"""``.gitlab-ci.yml``: the project's jobs stay, the template's come in by include."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lisa_scaffold.formats import yaml, yaml_edit
from lisa_scaffold.formats.tree import Branch, Entry, Leaf, NotSure, read_value, write
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import changelog

PATH = ".gitlab-ci.yml"
FOLDER = ".gitlab/ci"
COMMON, WORKFLOW = f"{FOLDER}/common.yml", f"{FOLDER}/workflow.yml"
STAGES = ("quality", "test", "build", "publish", "release")

# Jobs of these run for every commit, and what they look at is older than they are.
_CHECKING_STAGES = STAGES[:3]
# Stands between a tag and what is published, and runs for nothing else: of a tag that is not
# protected nothing is published, so the project's own jobs may go on.
GATE = "release-notes"
_UNPROTECTED = "{allow_failure: {exit_codes: 3}}"

_GITLABS_STAGES = ("build", "test", "deploy")
_SCRIPTS = ("before_script", "after_script")


@dataclass(frozen=True)
class Part:
    """A file of the template's pipeline: its jobs, and what they need to run."""

    path: str
    jobs: frozenset[str]
    needs: frozenset[str]
    sessions: frozenset[str]
    bare: bool
    for_merge_requests: bool


def find_unfit(facts: Facts, rendered: Facts) -> dict[str, str]:
    """The files of the template's pipeline that do not fit a project, each with the reason.

    Parameters
    ----------
    facts
        The project.
    rendered
        The template's files for it.
    """
    parts = list(_read_parts(rendered))
    out = dict(_find_clashes(facts, parts))
    if facts.has("noxfile.py"):
        module = facts.python("noxfile.py")
        sessions = {
            node.name
            for node in (module.body if isinstance(module, ast.Module) else ())
            if isinstance(node, ast.FunctionDef)
            and any("session" in ast.unparse(each) for each in node.decorator_list)
        }
        for part in parts:
            # `tests-3.11` is one session on several Pythons.
            missing = sorted(
                each for each in part.sessions if each.replace("-", "_") not in sessions
            )
            if missing:
                names = ", ".join(missing)
                out.setdefault(part.path, f"the project's noxfile.py has no session {names}")
    if not facts.has("CHANGELOG.md") and not rendered.has("CHANGELOG.md"):
        why = "a release takes its notes from CHANGELOG.md; the project's is another"
        out.setdefault(f"{FOLDER}/release.yml", why)
    elif facts.has("CHANGELOG.md") and not changelog.has_sections(facts, "CHANGELOG.md"):
        why = "a release takes its notes from a section of CHANGELOG.md, and it has none by version"
        out.setdefault(f"{FOLDER}/release.yml", why)
    if not facts.has("Dockerfile") and not rendered.has("Dockerfile"):
        out.setdefault(f"{FOLDER}/container.yml", "it builds a Dockerfile, and none comes in")
    # What needs a job that is left out is left out as well, and so on.
    changed = True
    while changed:
        removed = {job for part in parts if part.path in out for job in part.jobs}
        needy = [part for part in parts if part.path not in out and part.needs & removed]
        for part in needy:
            out[part.path] = f"it needs the job {min(part.needs & removed)}, which is left out"
        changed = bool(needy)
    return {path: why for path, why in out.items() if rendered.has(path)}


def _find_clashes(facts: Facts, parts: list[Part]) -> Iterator[tuple[str, str]]:
    """The files that cannot stand beside the project's own jobs, each with the reason."""
    own = facts.pipeline
    if not facts.has(PATH) or not (own.jobs or own.includes or own.settings):
        return
    yield WORKFLOW, "the project says itself when its pipelines run, and in which stages"
    names = own.jobs.keys() | own.hidden.keys()
    default = own.settings.get("default")
    defaults = default if isinstance(default, dict) else {}
    scripts = [key for key in _SCRIPTS if own.settings.get(key) or defaults.get(key)]
    workflow = own.settings.get("workflow")
    in_merge_requests = "merge_request" in str(workflow) if workflow else False
    for part in parts:
        if clashing := sorted(part.jobs & names):
            yield part.path, f"the project has a job {clashing[0]} of its own"
        elif part.bare and scripts:
            yield part.path, f"the project's {scripts[0]} would run in its jobs"
        elif part.for_merge_requests and not in_merge_requests:
            yield part.path, "it needs pipelines for merge requests, which the project has not"


def _read_parts(rendered: Facts) -> Iterator[Part]:
    pipeline = rendered.pipeline
    for path in rendered.paths(f"{FOLDER}/*.yml"):
        table = rendered.yaml(path).data
        names = frozenset(
            name
            for name in (table if isinstance(table, dict) else ())
            if name in pipeline.jobs or name in pipeline.hidden
        )
        needs, sessions = set(), set()
        is_bare = is_for_merge_requests = False
        for job in [pipeline.jobs[name] for name in names if name in pipeline.jobs]:
            lists = [job.get("needs"), job.get("dependencies")]
            for need in [need for each in lists if isinstance(each, list) for need in each]:
                if needed := need.get("job") if isinstance(need, dict) else need:
                    needs.add(str(needed))
            for line in map(str, job.commands):
                if "nox -s " in line:
                    sessions.add(line.partition("nox -s ")[2].split()[0].strip('"'))
            conditions = [str(rule.get("if", "")) for rule in job.rules]
            is_bare |= not job.get("before_script")
            is_for_merge_requests |= bool(conditions) and all(
                "merge_request_event" in each for each in conditions
            )
        yield Part(
            *(path, names, frozenset(needs), frozenset(sessions), is_bare, is_for_merge_requests)
        )


def find_excused(facts: Facts, rendered: Facts) -> list[str]:
    """The template's jobs that may fail at first, and must not keep the project's own from running.

    GitLab skips the later stages where a job fails: nothing would be deployed or released.

    Parameters
    ----------
    facts
        The project.
    rendered
        The template's files for it, without those that do not fit.
    """
    if not (facts.pipeline.jobs or facts.pipeline.includes):
        return []
    return [
        name
        for name, job in rendered.pipeline.jobs.items()
        if job.get("stage") in _CHECKING_STAGES and not job.get("allow_failure")
    ]


EXCUSE = "{allow_failure: true}"
_EXCUSES = """\
# New here, so that they may fail at first: the project's own jobs run all the same. Delete the line
# of each that passes.
"""


def merge_pipeline(ours: str, theirs: str, excused: Sequence[str] = ()) -> str:
    """Bring the template's includes, variables and stages into a project's pipeline.

    What the project says wins: its includes come last, and its variables and stages stay. Jobs
    that are excused may fail.

    Raises
    ------
    NotSure
        If the pipeline is written in a way that cannot be added to.
    """
    tree, template = yaml.parse(ours), yaml.parse(theirs)
    if tree.kind != "map":
        raise NotSure("no mapping")
    if names := [name for name in excused if yaml_edit.find_entry(tree, name) is None]:
        told = {name: _UNPROTECTED if name == GATE else EXCUSE for name in names}
        lines = "".join(f"{name}: {how}\n" for name, how in told.items())
        tree = _put_at_top(tree, yaml.parse(f"{_EXCUSES}{lines}").entries)
    tree = _add_stages(tree)
    # What the template's jobs are made of and projects change, such as the Pythons of the tests.
    for entry in template.entries:
        name = str(entry.key[-1])
        if name.startswith(".") and yaml_edit.find_entry(tree, name) is None:
            tree = _add_at_top(tree, template, name)
    offered = yaml_edit.find_mapping(template, "variables")
    own = yaml_edit.find_mapping(tree, "variables") if offered else None
    if offered and own:
        known = {entry.key for entry in own.entries}
        new = [entry for entry in offered.entries if entry.key not in known]
        merged = yaml_edit.append_entries(own, new, offered.column)
        tree = yaml_edit.change_entry(tree, "variables", lambda entry: entry._replace(node=merged))
    elif offered:
        tree = _add_at_top(tree, template, "variables")
    return write(_add_includes(tree, template))


def _add_includes(tree: Branch, template: Branch) -> Branch:
    """The pipeline with the template's includes in front of its own."""
    offered = yaml_edit.find_list(template, "include")
    if offered is None:
        raise NotSure("include: missing")
    entry = yaml_edit.find_entry(tree, "include")
    if entry is None:
        return _add_at_top(tree, template, "include")
    node = entry.node
    if isinstance(node, Leaf):
        own = Entry((), "", "- ", Leaf(node.text, node.value), "\n")
        block = Branch("seq", False, "", (*offered.entries, own), "", offered.column)
        merged = entry._replace(head="include:\n", node=block, tail="")
    elif node.kind == "map" or node.bracketed:
        raise NotSure("include: no list, one item a line")
    else:
        known = [read_value(each.node) for each in node.entries]
        new = [each for each in offered.entries if read_value(each.node) not in known]
        merged = entry._replace(node=yaml_edit.insert_entries(node, 0, new, offered.column))
    return yaml_edit.change_entry(tree, "include", lambda _: merged)


def _add_at_top(tree: Branch, source: Branch, name: str) -> Branch:
    """The mapping with a key of another above its own, and a blank line between."""
    new = yaml_edit.find_entry(source, name)
    if new is None:
        return tree
    return _put_at_top(tree, [yaml_edit.end_line(new._replace(lead=new.lead.lstrip("\n")))])


def _put_at_top(tree: Branch, new: Sequence[Entry]) -> Branch:
    """The mapping with some entries above its own, and a blank line between."""
    entries = list(tree.entries)
    if entries and not entries[0].lead.startswith("\n"):
        entries[0] = entries[0]._replace(lead=f"\n{entries[0].lead}")
    return tree._replace(entries=(*new, *entries))


def _add_stages(tree: Branch) -> Branch:
    """The pipeline with both stages: the project's keep their order, the template's fill in."""
    entry = yaml_edit.find_entry(tree, "stages")
    stages = read_value(entry.node) if entry else list(_GITLABS_STAGES)
    if not isinstance(stages, list) or not all(isinstance(each, str) for each in stages):
        raise NotSure("stages: no list of names")
    names = join_stages([str(each) for each in stages])
    if entry and names == stages:
        return tree
    node = entry.node if entry else None
    if isinstance(node, Branch) and not node.bracketed:
        for index, name in enumerate(names):
            if name not in stages:
                new = Entry((), "", "- ", Leaf(name, name), "\n")
                node = yaml_edit.insert_entries(node, index, [new], node.column)
        block = node
        return yaml_edit.change_entry(tree, "stages", lambda each: each._replace(node=block))
    fresh = yaml.parse("stages:\n" + "".join(f"  - {name}\n" for name in names))
    if entry is None:
        return _add_at_top(tree, fresh, "stages")
    written = fresh.entries[0]._replace(lead=entry.lead)
    return yaml_edit.change_entry(tree, "stages", lambda _: written)


def join_stages(own: list[str]) -> list[str]:
    """A project's stages with the template's: each new one behind those that precede it there."""
    names = list(own)
    for index, stage in enumerate(STAGES):
        if stage in names:
            continue
        before = [names.index(each) for each in STAGES[:index] if each in names]
        is_last = stage in ("publish", "release")
        names.insert(len(names) if is_last else max(before, default=-1) + 1, stage)
    return names
