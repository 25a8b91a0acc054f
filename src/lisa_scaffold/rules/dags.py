"""Files with DAGs of Airflow: what they import, what their DAGs are given, for which Airflow."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.formats.ignored import match_patterns
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.rule import SET_ASIDE

_DAGS = ("dags/**.py", "**/dags/**.py")
_NO_DAG = compile_lazily(
    r"(?:.*/)?(?:tests?|testdata|examples?|fixtures"
    r"|(?:[\w-]+[-_])?(?:study|exercises?|tutorials?|lessons?)(?:[-_][\w-]+)?)/.*|.*[{}].*"
)
# Below the folder of DAGs Airflow reads whatever is there.
_SET_ASIDE = compile_lazily(SET_ASIDE)


class Module:
    """A file with DAGs, gone through once.

    Attributes
    ----------
    path
        The file.
    tree
        Its tree.
    airflow
        The major version of Airflow that it is for; 0 where that cannot be told.
    """

    def __init__(self, path: str, tree: ast.Module, airflow: int) -> None:
        self.path = path
        self.tree = tree
        self.airflow = airflow

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def names(self) -> dict[str, str]:
        """The full names of what it imports."""
        return _read_imports(self.nodes)

    @cached_property
    def values(self) -> dict[str, ast.expr]:
        """What names stand for that are given a value once."""
        return _read_values(self.nodes)

    @cached_property
    def additions(self) -> dict[str, list[ast.expr | None]]:
        """What is added to the mappings of names: keys, or mappings; ``None`` for other changes."""
        return _read_additions(self.nodes)

    @cached_property
    def calls(self) -> tuple[tuple[str, ast.Call], ...]:
        """Every call, with the full name of what is called."""
        found = (node for node in self.nodes if isinstance(node, ast.Call))
        return tuple((self.full(node.func), node) for node in found)

    @cached_property
    def dags(self) -> tuple[ast.Call, ...]:
        """The calls that make a DAG, as a class or as a decorator."""
        return tuple(
            call
            for name, call in self.calls
            if name.startswith("airflow.") and name.rpartition(".")[2] in ("DAG", "dag")
        )

    @cached_property
    def makers(self) -> frozenset[str]:
        """The functions of the file that are tasks, or in which some are made."""
        return frozenset(
            node.name
            for node in self.nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            if _is_maker(self, node)
        )

    def full(self, node: ast.expr) -> str:
        """The full name of what an expression names; empty where it is no name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.names.get(node.id, node.id), *reversed(parts)])


def _is_maker(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    names = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
    if any(_OPERATOR.fullmatch(module.full(each)) for each in names):
        return True
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    return any(
        _OPERATOR.fullmatch(module.full(each.func)) or any(key.arg in _IDS for key in each.keywords)
        for each in calls
    )


@cached_in_facts
def find_modules(facts: Facts) -> list[Module]:
    """The files that import Airflow below a folder ``dags``, and those with DAGs elsewhere.

    What ``.airflowignore`` names Airflow does not read either.
    """
    found: list[Module] = []
    passes_over = [_read_ignored(facts, path) for path in facts.paths("**/.airflowignore")]
    for path in facts.paths(*_DAGS):
        above = path[: f"/{path}".index("/dags/")]
        if _NO_DAG.fullmatch(path) or _SET_ASIDE.fullmatch(above):
            continue
        if "airflow" in facts.text(path):
            found += [] if any(each(path) for each in passes_over) else _read_module(facts, path)
    for path in _find_elsewhere(facts):
        if _SET_ASIDE.fullmatch(path) or any(each(path) for each in passes_over):
            continue
        if may_have_dags(facts.text(path)):
            found += [each for each in _read_module(facts, path) if each.dags]
    return found


_ANYWHERE = compile_lazily(r"\^?(?:\.\*)?/?([\w./-]+?)/?(?:\.\*)?\$?")


_MOST_LINES = 200


def _read_ignored(facts: Facts, path: str) -> Callable[[str], bool]:
    """Whether one ``.airflowignore`` names a path, in either syntax.

    Airflow 3 reads patterns as in ``.gitignore``, Airflow 2 expressions that may match anywhere: of
    those the plain ones are known.
    """
    folder = path[: path.rfind("/") + 1]
    lines = [line.partition("#")[0].strip() for line in facts.lines(path)[:_MOST_LINES]]
    matches = match_patterns(lines)
    plain = [found[1] for line in lines if (found := _ANYWHERE.fullmatch(line))]

    def names(file: str) -> bool:
        inner = file.removeprefix(folder)
        is_below = file.startswith(folder)
        return is_below and (matches(inner) or any(each in inner for each in plain))

    return names


def _find_elsewhere(facts: Facts) -> list[str]:
    """Files outside of such folders that may have DAGs: few are read, and only where some may be.

    A package that does not require Airflow has none, and of other projects those files count that
    lie highest.
    """
    build = "".join(map(facts.text, ("pyproject.toml", "setup.cfg", "setup.py")))
    is_built = facts.has("setup.py", "setup.cfg") or "build-system" in facts.pyproject.data
    if is_built and "airflow" not in build:
        return []
    inside = set(facts.paths(*_DAGS))
    paths = [
        path
        for path in facts.paths("**.py")
        if path not in inside and not _NO_DAG.fullmatch(path) and not _NO_MODULE.fullmatch(path)
    ]
    paths.sort(key=lambda path: path.count("/"))
    return [path for path in paths[:_MOST_READ] if b"airflow" in (facts.content(path) or b"")]


_MOST_READ = 200
_NO_MODULE = compile_lazily(
    r"(?:.*/)?(?:test_[^/]*|[^/]*_test|conftest|setup|noxfile)\.py|docs?/.*|build/.*"
)
_DAG_CALL = compile_lazily(r"\bDAG\s*\(|(?m:^)\s*@(?:\w+\.)*dag\b")


def may_have_dags(text: str) -> bool:
    """Whether a Python file may make DAGs of Airflow: a cheap test on its text."""
    return "airflow" in text and _DAG_CALL.search(text) is not None


def _read_module(facts: Facts, path: str) -> Iterator[Module]:
    """A file that imports Airflow; nothing for any other."""
    tree = facts.python(path)
    if isinstance(tree, Problem):
        return
    airflow = 3 if _needs_sdk(tree) else find_version(facts)
    module = Module(path, tree, airflow)
    if any(name.partition(".")[0] == "airflow" for name in module.names.values()):
        yield module


def _read_imports(nodes: Iterable[ast.AST]) -> dict[str, str]:
    found = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _read_values(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """What names stand for that are given a value once."""
    times: Counter[str] = Counter()
    values: dict[str, ast.expr] = {}
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            values |= {each.id: node.value for each in targets if isinstance(each, ast.Name)}
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            times[node.target.id] -= 1
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            times[node.id] += 1
        elif isinstance(node, ast.arg):
            times[node.arg] += 1
    return {name: value for name, value in values.items() if times[name] == 1}


def _read_additions(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr | None]]:
    """What is added to the mappings of names: keys, or mappings; ``None`` for other changes."""
    found: defaultdict[str, list[ast.expr | None]] = defaultdict(list)
    for node in nodes:
        match node:
            case ast.AugAssign(target=ast.Name(id=name), op=operator, value=value):
                found[name].append(value if isinstance(operator, ast.BitOr) else None)
            case ast.Subscript(value=ast.Name(id=name), slice=key, ctx=ast.Store()):
                found[name].append(key)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Del()):
                found[name].append(None)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)):
                found[name] += _read_method(method, node)
    return found


def _read_method(name: str, call: ast.Call) -> list[ast.expr | None]:
    """What a method adds to a mapping."""
    if name == "update":
        return [*call.args, *_list_keywords(call)]
    if name == "setdefault":
        return [*call.args[:1]]
    return [None] if name in ("pop", "popitem", "clear") else []


def _list_keywords(call: ast.Call) -> list[ast.expr]:
    """The names of keyword arguments, and the mappings that are unpacked to some."""
    return [ast.Constant(each.arg) if each.arg else each.value for each in call.keywords]


def _needs_sdk(tree: ast.Module) -> bool:
    """Whether a file cannot be imported without the SDK, which came with Airflow 3."""
    return any(
        isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("airflow.sdk.")
        for node in tree.body
    )


def find_argument(call: ast.Call, *names: str) -> ast.expr | None:
    """The value of the first keyword argument of one of these names."""
    return next((each.value for each in call.keywords if each.arg in names), None)


# --- The version of Airflow -----------------------------------------------------------------------

_NAMING = (
    *("**/*requirements*.txt", "**/requirements/**.txt", "**/*constraints*.txt", "**/Pipfile"),
    *("**/pyproject.toml", "**/setup.cfg", "**/setup.py", "**/poetry.lock", "**/uv.lock"),
    *("**/environment*.y*ml", "**/*compose*.y*ml", "**/values*.y*ml", "**/.env"),
)
_MOST_NAMING = 100
_IMAGE = compile_lazily(r"\bairflow:(?:slim-)?v?(\d+)\.\d")
# Astronomer's numbers, under another name since Airflow 3.
_RUNTIME = compile_lazily(r"\bastro-runtime:\d+\.\d|\bastrocrpublic\.azurecr\.io/runtime:(3)\.\d")
_CONSTRAINTS = compile_lazily(
    r"\bairflow/constraints-(\d+)\.\d|\bAIRFLOW_VERSION\s*[:=]\s*[\"']?(\d+)\.\d"
)
_BOUND = r"(?:[~^=<>!]=?=?\s*)?\d+(?:\.[\d*]+)*"
_REQUIRED = compile_lazily(
    # The text of a requirement; a key of Poetry or pipenv; an entry of a lock.
    r"\bapache[-_.]airflow(?:-core)?(?:\s*\[[^\]]{0,200}\])?[\"']?"
    r"(?:\s*=\s*(?:\{[^}]{0,300}?\bversion\s*=\s*)?[\"']|\n\s*version\s*=\s*[\"']|\s*\(?(?=[~^=<>!]))"
    rf"(?P<bounds>{_BOUND}(?:\s*,\s*{_BOUND})*)",
    re.IGNORECASE,
)
_COMPARED = compile_lazily(r"([~^=<>!]{0,3})\s{0,20}(\d+)((?:\.[\d*]+)*)")
_COMMENT = compile_lazily(r"(?m)(?:^|\s)#.*$")
_KNOWN = frozenset([2, 3])


@cached_in_facts
def find_version(facts: Facts) -> int:
    """The major version of Airflow that images and requirements name; 0 where none or several."""
    found: set[int] = set()
    for image in images.find_dockerfiles(facts):
        named = [image.base(stage) for stage in image.stages]
        run = [each.value for each in image.instructions if each.verb in ("RUN", "ARG", "ENV")]
        found |= _read_majors("\n".join([*named, *run]))
    for path in facts.paths(*_NAMING)[:_MOST_NAMING]:
        text = facts.text(path)
        if "airflow" in text or "astro-runtime" in text:
            found |= _read_majors(_COMMENT.sub("", text))
    return found.pop() if len(found) == 1 else 0


def _read_majors(text: str) -> set[int]:
    """The major versions that a text names; a bound that lets all in says nothing."""
    found = {int(each) for each in _IMAGE.findall(text)}
    found |= {int(each or 2) for each in _RUNTIME.findall(text)}
    found |= {int(one or other) for one, other in _CONSTRAINTS.findall(text)}
    for match in _REQUIRED.finditer(text):
        let_in = _let_in(match["bounds"])
        found |= let_in if let_in != _KNOWN else set()
    # What Airflow 1 took, 2 takes as well.
    return {max(each, 2) for each in found}


def _let_in(bounds: str) -> frozenset[int]:
    """The major versions that some bounds let in."""
    found = _KNOWN
    for operator, major, rest in _COMPARED.findall(bounds):
        number = int(major)
        if operator in (">=", ">"):
            found = frozenset(each for each in found if each >= number)
        elif operator in ("<", "<="):
            is_whole = operator == "<" and not rest.strip(".0*")
            found = frozenset(each for each in found if each < number + (not is_whole))
        elif operator != "!=":
            found = frozenset([number])
    return found


# --- What DAGs are given --------------------------------------------------------------------------


def is_timed(module: Module, call: ast.Call) -> bool:
    """Whether a DAG certainly runs by the clock: not by hand, once, all the time, or for assets."""
    if any(each.arg is None for each in call.keywords):
        return False
    when = find_argument(call, "schedule", "schedule_interval", "timetable")
    if when is None:
        return module.airflow == 2  # noqa: PLR2004 - whose default is a day
    when = resolve_name(module, when)
    if isinstance(when, ast.Constant):
        return isinstance(when.value, str) and when.value not in ("@once", "@continuous")
    if isinstance(when, ast.Call):
        return bool(_CLOCK.fullmatch(module.full(when.func)))
    return False


_CLOCK = compile_lazily(r"(?:.*\.)?(?:timedelta|relativedelta|duration|(?:Cron|Delta)\w+Timetable)")


def resolve_name(module: Module, node: ast.expr) -> ast.expr:
    """What a name of the module stands for, where it is given a value once; else the node."""
    if not isinstance(node, ast.Name):
        return node
    return module.values.get(node.id, node)


def find_default_keys(module: Module, call: ast.Call) -> set[str] | None:
    """The keys of a DAG's default arguments; ``None`` where they cannot be told."""
    told = find_argument(call, "default_args")
    if isinstance(told, ast.Constant) and told.value is None:
        return set()
    return set() if told is None else _find_keys(module, told)


def _find_keys(module: Module, mapping: ast.expr) -> set[str] | None:
    """The keys of a mapping, however it is written; ``None`` where they cannot be told."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting: list[ast.expr | None] = [mapping]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Name) and node.id in seen:
            continue
        elif node is not None and (parts := _find_parts(module, node)) is not None:
            waiting += parts
            # Each name once, however often they repeat each other.
            seen |= {node.id} if isinstance(node, ast.Name) else set()
        else:
            return None
    return found


def _find_parts(module: Module, node: ast.expr) -> list[ast.expr | None] | None:
    """What the keys of a mapping are made of: keys and mappings; ``None`` for what is unknown."""
    parts: list[ast.expr | None] | None = None
    match node:
        case ast.Name(id=name) if name in module.values:
            parts = [module.values[name], *module.additions.get(name, [])]
        case ast.Dict(keys=keys, values=values):
            parts = [key or value for key, value in zip(keys, values, strict=True)]
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            parts = [left, right]
        case ast.List(elts=pairs) | ast.Tuple(elts=pairs):
            parts = [_find_first(each) for each in pairs]
        case ast.Call(func=ast.Attribute(value=copied, attr="copy"), args=[], keywords=[]):
            parts = [copied]
        case ast.Call() if module.full(node.func) in ("dict", "copy.copy", "copy.deepcopy"):
            parts = [*node.args, *_list_keywords(node)]
    return parts


def _find_first(pair: ast.expr) -> ast.expr | None:
    """The key of a pair, as dict() takes it."""
    match pair:
        case ast.Tuple(elts=[key, _]) | ast.List(elts=[key, _]):
            return key
    return None


# --- Who makes tasks ------------------------------------------------------------------------------

_OPERATOR = compile_lazily(
    r"(?:[^.]+\.)*(?:\w*(?:Operator|Sensor)(?:Async)?(?:\.partial)?|task(?:_group)?(?:\.\w+)?)"
)
_IDS = frozenset(["task_id", "group_id", "dag_id"])


def makes_task(module: Module, call: ast.Call) -> bool:
    """Whether a call makes a task, a group of tasks or a DAG, as far as that can be seen."""
    name = module.full(call.func)
    return (
        _OPERATOR.fullmatch(name) is not None
        or any(each.arg in _IDS for each in call.keywords)
        or name in module.makers
    )


def find_words_of_makers(facts: Facts, module: Module) -> set[str] | None:
    """The arguments that functions and classes of other files give to the tasks they make.

    ``None`` where the only tasks are made by something that no file of the project has.
    """
    found: set[str] = set()
    is_unseen = False
    for name, call in module.calls:
        if "." not in name or name.startswith("airflow.") or not _is_imported(module, call.func):
            continue
        words = _read_maker(facts, name)
        is_unseen |= words is None and any(each.arg in _IDS for each in call.keywords)
        found |= words or set()
    is_seen = module.makers or any(_OPERATOR.fullmatch(name) for name, _ in module.calls)
    return None if is_unseen and not is_seen else found


def _is_imported(module: Module, node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in module.names


def _read_maker(facts: Facts, name: str) -> set[str] | None:
    """What the definition of a name gives to tasks; ``None`` where no file of the project has it.

    A class is one whose name says so: what others are given is not for tasks.
    """
    inside, _, last = name.rpartition(".")
    stem = inside.replace(".", "/")
    paths = facts.paths(*(f"{above}{stem}{end}" for above in ("", "**/") for end in _ENDS))
    for tree in (facts.python(path) for path in paths[:_MOST_MAKERS]):
        for node in tree.body if isinstance(tree, ast.Module) else ():
            match node:
                case ast.ClassDef(name=found) if found == last:
                    return _words_in(node) if _OPERATOR.fullmatch(last) else set()
                case ast.FunctionDef(name=found) if found == last:
                    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
                    made = [each for each in calls if _OPERATOR.fullmatch(ast.unparse(each.func))]
                    return {word for each in made for word in _words_in(each)}
    return None


_ENDS = (".py", "/__init__.py")
_MOST_MAKERS = 10


def _words_in(node: ast.AST) -> set[str]:
    """The arguments and the words in a piece of code."""
    arguments = (each.arg for each in ast.walk(node) if isinstance(each, ast.keyword))
    said = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))
    return {each for each in (*arguments, *said) if isinstance(each, str)}
