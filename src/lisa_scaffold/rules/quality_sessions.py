"""The sessions of nox that CI asks for: each exists, with the Python that it is asked for."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice, product
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.project.gitlab import Job, list_mappings
from lisa_scaffold.rules.rule import MUST, PACKAGE, Hit, rule

_OPTIONS = ("-s", "--session", "--sessions", "-e")
_ANY_PYTHON = re.compile(r"--(?:force|extra)-pythons?\b|\s-P\b")
_FORCED = compile_lazily(r"NOX_?(?:FORCE|EXTRA)_?PYTHONS?")
_PYTHON = compile_lazily(r"-((?:pypy-?)?\d+\.\d+t?)$")
_VARIABLE = compile_lazily(r"\$(?:\{(\w+)\}|(\w+))")
_OPERATORS = frozenset("();<>|&")
_INSTALLS = '"."'
"""The project itself, as an argument of what installs it."""
_LONGEST = 2000
_MOST_ENTRIES = 200


class _Session(NamedTuple):
    """A session: its Pythons and what it is parametrized by, each ``None`` where it is not known.

    Parameters are spelled as nox does; empty where there are none.
    """

    pythons: frozenset[str] | None
    parameters: frozenset[str] | None


@rule("QTY018", MUST, when=lambda facts: facts.pipeline.jobs and facts.has("noxfile.py"))
def sessions_exist(facts: Facts) -> Iterator[Hit]:
    """The nox sessions that CI runs exist.

    Why: Otherwise nox stops with an error, and the job fails however good the code is.

    How: Correct the name; `nox -l` lists the sessions. Where a job has a matrix, name the same
    versions there and in `noxfile.py`.

    Source: [nox: command line](https://nox.thea.codes/en/stable/usage.html#specifying-one-or-more-sessions).
    """
    known = find_sessions(facts)
    if known is None:
        return
    for job in facts.pipeline.jobs.values():
        for name in dict.fromkeys(_find_plain(job)):
            if _find_trouble(known, name):
                place = facts.pipeline.place_of(job, "script")
                message = f"noxfile.py has no session {name}, so this fails: see `nox -l`"
                yield Hit(*place, message)
        failing = [name for name in _find_filled(facts, job) if _find_trouble(known, name)]
        if failing := [*dict.fromkeys(failing)]:
            keys = ("parallel", "matrix") if _matrix(job) else ("script",)
            word = "sessions" if failing[1:] else "session"
            message = (
                f"noxfile.py has no {word} {join_names(failing)}, so the job {job.name} fails: "
                "name the same versions here and there"
            )
            yield Hit(*facts.pipeline.place_of(job, *keys), message)


@rule(
    "QTY021",
    MUST,
    kinds=PACKAGE,
    when=lambda facts: (
        facts.pipeline.jobs and facts.package.pythons and _INSTALLS in facts.text("noxfile.py")
    ),
    strict=True,
)
def sessions_can_install(facts: Facts) -> Iterator[Hit]:
    """The sessions that CI runs have a Python that the package supports.

    Why: `pip` installs a package into no Python that its `requires-python` excludes, so the session
    stops before its first test. Where that is so of every session, nothing of the project is
    tested.

    How: Take the upper limit out of `requires-python` where the code runs on newer Pythons. Where
    it does not, take those out of `PYTHONS` in `noxfile.py` and of `.pythons` in `.gitlab-ci.yml`.

    Source: [requires-python](https://packaging.python.org/en/latest/specifications/pyproject-toml/#requires-python):
    `pip` refuses any other Python.
    """
    known = find_sessions(facts) or {}
    excluded: dict[str, None] = {}
    for job in facts.pipeline.jobs.values():
        for name in (*_find_plain(job), *_find_filled(facts, job)):
            match = _PYTHON.search(name)
            if match and not _find_trouble(known, name) and not _allows(facts, match[1]):
                excluded[name] = None
    if excluded:
        stated = facts.package.text("requires-python")
        message = (
            f"`{stated}` excludes the Python of {join_names(excluded)}, where nox cannot install "
            "the package in CI then: change it, or remove that Python from noxfile.py"
        )
        yield Hit(*facts.package.place("requires-python"), message)


def find_sessions(facts: Facts) -> Mapping[str, _Session] | None:
    """The sessions by their names; ``None`` where nobody can tell without running the file."""
    return _find_sessions(facts.python("noxfile.py"))


def names_in_sessions(facts: Facts, commands: Sequence[str], program: str) -> bool:
    """Whether a session that commands ask nox for names a program as one of its texts."""
    asked = {name for command in commands for name in _find_asked(command)}
    # What a variable adds is a Python, or a parameter.
    plain = {_PYTHON.sub("", re.split(r"[$(]", name)[0].rstrip("-")) for name in asked}
    found = _find_programs(facts.python("noxfile.py")) if asked else {}
    return any(program in found.get(name, ()) for name in plain)


@lru_cache(maxsize=16)
def _find_programs(tree: ast.Module | Problem) -> dict[str, frozenset[str]]:
    """The texts in each session by its names, and in the functions of the file that it calls."""
    if isinstance(tree, Problem):
        return {}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    texts = {
        name: {
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for name, function in functions.items()
    }
    found: dict[str, frozenset[str]] = {}
    for name, function in functions.items():
        called = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        every = texts[name].union(*(texts[each] for each in called & texts.keys()))
        found |= dict.fromkeys(_name_session(function) or (), frozenset(every))
    return found


def _allows(facts: Facts, python: str) -> bool:
    """Whether the package may be installed with a Python; of another kind than CPython, it may."""
    return not python[0].isdecimal() or facts.package.allows_python(python.removesuffix("t"))


def _find_trouble(known: Mapping[str, _Session], asked: str) -> bool:
    """Whether a session that is asked for is certainly not there."""
    name, bracket, parameters = asked.partition("(")
    for spelled in (name, name.replace("_", "-")):
        if spelled in known:
            wanted = known[spelled].parameters
            return bool(bracket) and wanted is not None and f"({parameters}" not in wanted
    match = _PYTHON.search(name)
    plain = name[: match.start()] if match else name
    session = known.get(plain) or known.get(plain.replace("_", "-"))
    if session is None or match is None:
        return session is None
    return session.pythons is not None and match[1] not in session.pythons


def _find_plain(job: Job) -> Iterator[str]:
    """Names that a job's commands spell out."""
    return (name for command in job.commands for name in _find_asked(command) if "$" not in name)


def _find_filled(facts: Facts, job: Job) -> Iterator[str]:
    """Names that a job's commands make of variables, for each entry of its matrix."""
    names = {name for command in job.commands for name in _find_asked(command) if "$" in name}
    if not names or not job.is_fully_known:
        return
    settings = {**facts.pipeline.variables, **_texts(job.get("variables"))}
    commands = "\n".join(job.commands)
    for entry in _matrix(job) or [{}]:
        known = {**settings, **entry}
        if any(_FORCED.fullmatch(key) for key in known):
            return
        for name in sorted(names):
            used = [first or second for first, second in _VARIABLE.findall(name)]
            filled = _VARIABLE.sub(lambda match: known.get(match[1] or match[2], "$"), name)  # noqa: B023 - called at once
            is_set = any(re.search(rf"\b{each}=", commands) for each in used)
            if "$" not in filled and not is_set and all(known.get(each) for each in used):
                yield filled


def _matrix(job: Job) -> list[dict[str, str]]:
    """The variables of each job that a matrix makes."""
    parallel = job.get("parallel")
    entries = []
    for entry in list_mappings(parallel.get("matrix")) if isinstance(parallel, dict) else ():
        values = [value if isinstance(value, list) else [value] for value in entry.values()]
        for chosen in islice(product(*values), _MOST_ENTRIES):
            entries.append(_texts(dict(zip(entry, chosen, strict=True))))
    return entries[:_MOST_ENTRIES]


def _texts(variables: Any) -> dict[str, str]:
    """Variables whose values are plain."""
    pairs = variables.items() if isinstance(variables, dict) else ()
    return {str(key): str(value) for key, value in pairs if isinstance(value, str | int | float)}


def _find_asked(command: str) -> Iterator[str]:
    """The sessions that a command asks nox for."""
    if "nox" not in command or "-f" in command or "cd " in command or len(command) > _LONGEST:
        return
    for line in command.split("\n"):
        words = _split(line)
        at = next((at for at, word in enumerate(words) if word.split("/")[-1] == "nox"), -1)
        option, *rest = words[at + 1 :] or [""]
        if at < 0 or option not in _OPTIONS or _ANY_PYTHON.search(line):
            continue
        for word in rest:
            if word.startswith("-") or _OPERATORS.issuperset(word):
                break
            if not word.isdecimal():  # such as the 2 of 2>&1
                yield word


@lru_cache(maxsize=512)  # as well as their jobs
def _split(line: str) -> list[str]:
    """The words of a line of a shell; none of one that cannot be read by itself."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        return [*lexer]
    except ValueError:
        return []


@lru_cache(maxsize=16)  # projects of one template have the file in common
def _find_sessions(tree: ast.Module | Problem) -> dict[str, _Session] | None:
    """The sessions by their names; ``None`` where nobody can tell without running the file."""
    if isinstance(tree, Problem):
        return None
    found: dict[str, _Session] = {}
    lists = _find_lists(tree)
    for node in tree.body:
        match node:
            case ast.FunctionDef():
                names = _name_session(node)
                if names is None:
                    return None
                found |= dict.fromkeys(names, _read_session(node, lists))
            case ast.ImportFrom(module=module, names=imported, level=level) if (
                level
                or ("nox" in (module or "") and (module or "").partition(".")[0] != "nox")
                or any(each.name == "*" for each in imported)
            ):
                return None
            case ast.Import(names=imported) if any(
                "nox" in each.name and each.name != "nox" for each in imported
            ):
                return None
            case ast.If() | ast.For() | ast.With() | ast.Try() if "session" in ast.dump(node):
                return None
    return found or None


def _name_session(function: ast.FunctionDef) -> set[str] | None:
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


def _read_session(function: ast.FunctionDef, lists: Mapping[str, list[str]]) -> _Session:
    """The Pythons and the parameters of a session."""
    pythons: frozenset[str] | None = frozenset()
    parameters: list[frozenset[str] | None] = []
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call):
            continue
        if ast.unparse(decorator.func) == "nox.session":
            given = {each.arg: each.value for each in decorator.keywords}
            value = given.get("python", given.get("py"))
            has_none = value is None or ast.unparse(value) in ("None", "False")
            said = [] if has_none else _read_list(value or ast.Constant(None), lists)
            pythons = None if said is None or decorator.args else frozenset(said)
        else:
            parameters.append(_read_parameters(decorator, lists))
    if len(parameters) > 1 or None in parameters:
        # One of them may be the Python.
        return _Session(None, None)
    return _Session(pythons, parameters[0] if parameters else frozenset())


def _read_parameters(call: ast.Call, lists: Mapping[str, list[str]]) -> frozenset[str] | None:
    """What nox appends to a session's name for each value of its only parameter."""
    match call.args:
        case [ast.Constant(value=str(name)), values] if name.isidentifier() and name != "python":
            said = None if call.keywords else _read_list(values, lists)
            return None if said is None else frozenset(f"({name}={value!r})" for value in said)
    return None


def _find_lists(tree: ast.Module) -> dict[str, list[str]]:
    """The lists of texts that a module gives to names, once and for all."""
    text = ast.unparse(tree)
    found: dict[str, list[str]] = {}
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if len(re.findall(rf"\b{name}\b(?:\s*[-+*|:]?=|\.)", text)) <= 1:
                said = _read_list(value, found)
                if said is not None:
                    found[name] = said
    return found


def _read_list(value: ast.expr, lists: Mapping[str, list[str]]) -> list[str] | None:
    """The texts of a list, or of one text; ``None`` where only running the file tells."""
    match value:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name):
            return lists.get(name)
        case ast.Starred(value=inner):
            return _read_list(inner, lists)
        case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
            found = [_read_list(item, lists) for item in items]
            known = [each for each in found if each is not None]
            return [text for each in known for text in each] if known == found else None
        case ast.Subscript(value=ast.Name(id=name), slice=part) if name in lists:
            return _take(lists[name], ast.unparse(part))
    return None


def _take(texts: list[str], part: str) -> list[str] | None:
    """What an index or a slice takes of a list."""
    if re.fullmatch(r"-?\d{1,4}", part):
        at = int(part)
        return [texts[at]] if -len(texts) <= at < len(texts) else None
    if match := re.fullmatch(r"(-?\d{1,4})?:(-?\d{1,4})?", part):
        first, last = (int(each) if each else None for each in match.groups())
        return texts[first:last]
    return None
