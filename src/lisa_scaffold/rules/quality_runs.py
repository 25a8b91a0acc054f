"""Tools run the same way locally and in CI: their versions, and the sessions of nox."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, rule
from lisa_scaffold.rules.tools import HOOKS, find_pins, hook_versions, trim_release


@rule("QTY017", SHOULD, when=lambda facts: facts.hooks)
def one_version(facts: Facts) -> Iterator[Hit]:
    """A tool has the same version as a hook and as a requirement.

    Why: Two versions may format or judge the same line differently: what the hook accepts, CI
    refuses.

    How: Write the version of the requirement as `rev` of the hook, or the other way round.

    Source: [ruff-pre-commit](https://github.com/astral-sh/ruff-pre-commit#using-ruff-with-pre-commit):
    the tag is the version of the tool.
    """
    pins = list(find_pins(facts))
    for tool, (version, hook) in hook_versions(facts).items():
        # Several, where each has a marker for the Python that it is for.
        pinned = [each for name, each in pins if name == tool]
        if pinned and trim_release(version) not in map(trim_release, pinned):
            line = facts.hooks.line(*hook.repo_keys, "rev")
            others = " and ".join(dict.fromkeys(".".join(map(str, each)) for each in pinned))
            message = (
                f"{tool} {hook.revision} may disagree with {others} in pyproject.toml: "
                "use one version"
            )
            yield Hit(HOOKS, line, message)


_ASKED = compile_lazily(r"(?<![\w./-])nox\s+(?:-\w*s|--sessions?|-e)\s+((?:[\w.'\"$-]+(?:\s+|$))+)")

_LONGEST = 2000


@rule("QTY018", MUST, when=lambda facts: facts.pipeline.jobs and facts.has("noxfile.py"))
def sessions_exist(facts: Facts) -> Iterator[Hit]:
    """The nox sessions that CI runs exist.

    Why: Otherwise nox stops with an error, and the job fails however good the code is.

    How: Correct the name; `nox -l` lists the sessions.

    Source: [nox: command line](https://nox.thea.codes/en/stable/usage.html#specifying-one-or-more-sessions).
    """
    known = _find_sessions(facts)
    if known is None:
        return
    for job in facts.pipeline.jobs.values():
        for command in job.commands:
            for name in _find_asked(command):
                plain = re.sub(r"(-\d+\.\d+|\(.*)$", "", name)
                if plain not in known and plain.replace("_", "-") not in known:
                    place = facts.pipeline.place_of(job, "script")
                    message = f"noxfile.py has no session {name}, so this fails: see `nox -l`"
                    yield Hit(*place, message)


def _find_asked(command: str) -> Iterator[str]:
    if "nox" not in command or "-f" in command or "cd " in command or len(command) > _LONGEST:
        return
    for line in command.split("\n"):
        if match := _ASKED.search(line.split("#")[0]):
            for word in match[1].split():
                name = word.strip("\"'")
                if name.startswith("-"):
                    break
                if "$" not in name:
                    yield name


def _find_sessions(facts: Facts) -> frozenset[str] | None:
    """The names of the sessions; ``None`` where nobody can tell without running the file."""
    tree = facts.python("noxfile.py")
    if isinstance(tree, Problem):
        return None
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.FunctionDef():
                found = _session_names(node)
                if found is None:
                    return None
                names |= found
            case ast.ImportFrom(module=module, names=imported, level=level) if (
                level or "nox" in (module or "") or any(each.name == "*" for each in imported)
            ):
                return None
            case ast.Import(names=imported) if any(
                "nox" in each.name and each.name != "nox" for each in imported
            ):
                return None
            case ast.If() | ast.For() | ast.With() | ast.Try() if "session" in ast.dump(node):
                return None
    return frozenset(names) or None


def _session_names(function: ast.FunctionDef) -> set[str] | None:
    """The names of the session that a function is; none for any other function."""
    names: set[str] = set()
    for decorator in function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        called = ast.unparse(call.func if call else decorator)
        if called == "nox.session":
            given = {each.arg: each.value for each in call.keywords} if call else {}
            if None in given or (call and call.args and len(call.args) > 1):
                return None
            match given.get("name"):
                case None:
                    names |= {function.name, function.name.replace("_", "-")}
                case ast.Constant(value=str(name)):
                    names.add(name)
                case _:
                    return None
            tags = given.get("tags")
            if tags is not None:
                names |= set(re.findall(r"[\w.-]+", ast.unparse(tags)))
        elif not called.startswith("nox."):
            return None
    return names
