"""``.gitlab-ci.yml``: the project's jobs stay, the template's come in by include."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from lisa_scaffold.formats import yaml, yaml_edit
from lisa_scaffold.formats.tree import Branch, Entry, Leaf, NotSure, read_value, write
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Pipeline

PATH = ".gitlab-ci.yml"
FOLDER = ".gitlab/ci"
COMMON, WORKFLOW = f"{FOLDER}/common.yml", f"{FOLDER}/workflow.yml"

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


def unfit(facts: Facts, rendered: Facts) -> dict[str, str]:
    """The files of the template's pipeline that do not fit beside a project's own.

    Parameters
    ----------
    facts
        The project.
    rendered
        The template's files for it.

    Returns
    -------
    dict
        Each path with the reason.
    """
    parts = list(_parts(rendered))
    out: dict[str, str] = {}
    out.update(_beside_own_jobs(facts, parts))
    if facts.has("noxfile.py"):
        sessions = _sessions(facts)
        for part in parts:
            if missing := sorted(each for each in part.sessions if not _offers(sessions, each)):
                listed = ", ".join(missing)
                out.setdefault(part.path, f"the project's noxfile.py has no session {listed}")
    if not facts.has("CHANGELOG.md") and not rendered.has("CHANGELOG.md"):
        path = f"{FOLDER}/release.yml"
        out.setdefault(
            path, "a release takes its notes from CHANGELOG.md; the project's is another"
        )
    _close(parts, out)
    return {path: why for path, why in out.items() if rendered.has(path)}


def _beside_own_jobs(facts: Facts, parts: list[Part]) -> Iterator[tuple[str, str]]:
    """What cannot stand beside the project's own jobs."""
    own = facts.pipeline
    if not facts.has(PATH) or not (own.jobs or own.includes or own.settings):
        return
    yield WORKFLOW, "the project says itself when its pipelines run, and in which stages"
    names = own.jobs.keys() | own.hidden.keys()
    scripts = [key for key in _SCRIPTS if _for_all(own, key)]
    rules = own.settings.get("workflow")
    in_merge_requests = "merge_request" in str(rules) if rules else False
    for part in parts:
        if clash := sorted(part.jobs & names):
            yield part.path, f"the project has a job {clash[0]} of its own"
        elif part.bare and scripts:
            yield part.path, f"the project's {scripts[0]} would run in its jobs"
        elif part.for_merge_requests and not in_merge_requests:
            yield part.path, "it needs pipelines for merge requests, which the project has not"


def _for_all(own: Pipeline, key: str) -> bool:
    default = own.settings.get("default")
    return bool(own.settings.get(key) or (isinstance(default, dict) and default.get(key)))


def _parts(rendered: Facts) -> Iterator[Part]:
    pipeline = rendered.pipeline
    for path in rendered.paths(f"{FOLDER}/*.yml"):
        table = rendered.yaml(path).data
        named = table if isinstance(table, dict) else {}
        names = frozenset(
            name for name in named if name in pipeline.jobs or name in pipeline.hidden
        )
        jobs = [pipeline.jobs[name] for name in names if name in pipeline.jobs]
        needs = {
            need for job in jobs for need in _needed(job.get("needs"), job.get("dependencies"))
        }
        lines = [str(line) for job in jobs for line in job.commands]
        sessions = {
            line.partition("nox -s ")[2].split()[0].strip('"')
            for line in lines
            if "nox -s " in line
        }
        bare = any(not job.get("before_script") for job in jobs)
        alone = any(_only_in_merge_requests(job.rules) for job in jobs)
        yield Part(path, names, frozenset(needs), frozenset(sessions), bare, alone)


def _needed(*said: Any) -> Iterator[str]:
    for listed in said:
        for each in listed if isinstance(listed, list) else ():
            if name := each.get("job") if isinstance(each, dict) else each:
                yield str(name)


def _only_in_merge_requests(rules: Any) -> bool:
    listed = rules if isinstance(rules, list) else []
    conditions = [str(rule.get("if", "")) for rule in listed if isinstance(rule, dict)]
    return bool(conditions) and all("merge_request_event" in each for each in conditions)


def _sessions(facts: Facts) -> set[str]:
    """The names of the sessions of a project's ``noxfile.py``."""
    import ast

    module = facts.python("noxfile.py")
    body = module.body if isinstance(module, ast.Module) else []
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    return {node.name for node in functions if "session" in ast.unparse(node).split("def ")[0]}


def _offers(sessions: set[str], wanted: str) -> bool:
    """Whether a session is there; ``tests-3.11`` is one that runs on several Pythons."""
    return wanted.replace("-", "_") in sessions


def _close(parts: list[Part], out: dict[str, str]) -> None:
    """Leave out as well what needs jobs that are left out."""
    changed = True
    while changed:
        gone = {job for part in parts if part.path in out for job in part.jobs}
        needy = [part for part in parts if part.path not in out and part.needs & gone]
        for part in needy:
            out[part.path] = f"it needs the job {min(part.needs & gone)}, which is left out"
        changed = bool(needy)


def merge_pipeline(ours: str, theirs: str) -> str:
    """Bring the template's includes, variables and stages into a project's pipeline.

    What the project says wins: its includes come last, and its variables and stages stay.

    Raises
    ------
    NotSure
        If the pipeline is written in a way that cannot be added to.
    """
    mine, yours = yaml.parse(ours), yaml.parse(theirs)
    if mine.kind != "map":
        raise NotSure("no mapping")
    mine = _with_stages(mine)
    mine = _with_table(mine, yours, "variables")
    return write(_with_includes(mine, yours))


def _with_includes(mine: Branch, yours: Branch) -> Branch:
    offered = yaml_edit.find_list(yours, "include")
    if offered is None:
        raise NotSure("include: missing")
    entry = yaml_edit.find_entry(mine, "include")
    if entry is None:
        new = yaml_edit.find_entry(yours, "include")
        return mine if new is None else _at_top(mine, new)
    if isinstance(entry.node, Leaf):
        own = [Entry((), "", "- ", Leaf(entry.node.text, entry.node.value), "\n")]
        block = Branch("seq", False, "", (*offered.entries, *own), "", offered.column)
        whole = replace(entry, head="include:\n", node=block, tail="")
        return yaml_edit.change_entry(mine, "include", lambda _: whole)
    node = entry.node
    if node.kind == "map" or node.bracketed:
        raise NotSure("include: no list, one item a line")
    known = [read_value(each.node) for each in node.entries]
    new_ones = [each for each in offered.entries if read_value(each.node) not in known]
    joined = yaml_edit.insert_entries(node, 0, new_ones, offered.column)
    return yaml_edit.change_entry(mine, "include", lambda each: replace(each, node=joined))


def _with_table(mine: Branch, yours: Branch, name: str) -> Branch:
    offered = yaml_edit.find_mapping(yours, name)
    if offered is None:
        return mine
    own = yaml_edit.find_mapping(mine, name)
    if own is None:
        new = yaml_edit.find_entry(yours, name)
        return mine if new is None else _at_top(mine, new)
    known = {entry.key for entry in own.entries}
    new_ones = [entry for entry in offered.entries if entry.key not in known]
    joined = yaml_edit.append_entries(own, new_ones, offered.column)
    return yaml_edit.change_entry(mine, name, lambda each: replace(each, node=joined))


def _at_top(mine: Branch, new: Entry) -> Branch:
    """A new key above the others, a blank line between."""
    first = mine.entries[0] if mine.entries else None
    below = first and replace(
        first, lead=first.lead if first.lead[:1] == "\n" else f"\n{first.lead}"
    )
    rest = mine.entries[1:]
    entry = yaml_edit.end_line(replace(new, lead=new.lead.lstrip("\n")))
    return replace(mine, entries=(entry, below, *rest) if below else (entry,))


STAGES = ("quality", "test", "build", "publish", "release")


def _with_stages(mine: Branch) -> Branch:
    """The stages of both: the project's in their order, the template's set in."""
    entry = yaml_edit.find_entry(mine, "stages")
    said = read_value(entry.node) if entry else list(_GITLABS_STAGES)
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise NotSure("stages: no list of names")
    names = joined_stages([str(each) for each in said])
    if entry is None:
        text = "".join(f"  - {name}\n" for name in names)
        whole = yaml.parse(f"stages:\n{text}").entries[0]
        return _at_top(mine, whole)
    if names == said:
        return mine
    node = entry.node
    if not isinstance(node, Branch) or node.bracketed:
        text = "".join(f"  - {name}\n" for name in names)
        fresh = replace(yaml.parse(f"stages:\n{text}").entries[0], lead=entry.lead)
        return yaml_edit.change_entry(mine, "stages", lambda _: fresh)
    for index, name in enumerate(names):
        if name not in said:
            new = Entry((), "", "- ", Leaf(name, name), "\n")
            node = yaml_edit.insert_entries(node, index, [new], node.column)
    joined = node
    return yaml_edit.change_entry(mine, "stages", lambda each: replace(each, node=joined))


def joined_stages(own: list[str]) -> list[str]:
    """A project's stages with the template's: each new one behind those that precede it there."""
    names = list(own)
    for index, stage in enumerate(STAGES):
        if stage in names:
            continue
        before = [names.index(each) for each in STAGES[:index] if each in names]
        last = stage in ("publish", "release")
        names.insert(len(names) if last else max(before, default=-1) + 1, stage)
    return names
