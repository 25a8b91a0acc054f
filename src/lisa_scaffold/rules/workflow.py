"""Workflows of Airflow: what makes DAGs fail, hang, or do something else than they say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from lisa_scaffold.formats.document import Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.rule import MUST, SHOULD, Hit, count_more, rule

_DAGS = ("dags/**.py", "**/dags/**.py")
_NO_DAG = compile_lazily(r"(?:.*/)?(?:tests?|testdata|examples?|fixtures)/.*|.*[{}].*")


class Module(NamedTuple):
    """A file with DAGs: its path, its tree, and the full names of what it imports."""

    path: str
    tree: ast.Module
    names: dict[str, str]

    def full(self, node: ast.expr) -> str:
        """The full name of what an expression names; empty where it is no name."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.names.get(node.id, node.id), *reversed(parts)])

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call, with the full name of what is called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield self.full(node.func), node

    def dags(self) -> Iterator[ast.Call]:
        """The calls that make a DAG, as a class or as a decorator."""
        for name, call in self.calls():
            if name.startswith("airflow.") and name.rpartition(".")[2] in ("DAG", "dag"):
                yield call


@cached_in_facts
def find_modules(facts: Facts) -> list[Module]:
    """The files below a folder ``dags`` that import Airflow."""
    found = []
    for path in facts.paths(*_DAGS):
        if _NO_DAG.fullmatch(path) or "airflow" not in facts.text(path):
            continue
        tree = facts.python(path)
        if isinstance(tree, Problem):
            continue
        names = _read_imports(tree)
        if any(name.partition(".")[0] == "airflow" for name in names.values()):
            found.append(Module(path, tree, names))
    return found


def _read_imports(tree: ast.Module) -> dict[str, str]:
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                found[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _argument(call: ast.Call, *names: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg in names), None)


_MOVING = compile_lazily(
    r"(?:datetime\.)*(?:now|utcnow|today)|pendulum\.(?:now|today|yesterday|tomorrow)"
    r"|airflow\.utils\.(?:dates\.days_ago|timezone\.utcnow)"
)


@rule("DAG001", MUST, when=find_modules)
def start_stays(facts: Facts) -> Iterator[Hit]:
    """A DAG begins on a date that does not move.

    Why: A start date that is computed anew at each parse is always just now, so the first interval
    never ends, and the DAG runs at other times than it says, or not at all.

    How: Write a date, such as `datetime(2026, 1, 1, tzinfo=UTC)`.

    Source: [Airflow's FAQ](https://airflow.apache.org/docs/apache-airflow/stable/faq.html):
    dynamic start dates are recommended against.
    """
    for module in find_modules(facts):
        lines = [
            inner.lineno
            for _, call in module.calls()
            for keyword in call.keywords
            if keyword.arg == "start_date"
            for inner in ast.walk(keyword.value)
            if isinstance(inner, ast.Call) and _MOVING.fullmatch(module.full(inner.func))
        ]
        if lines:
            message = f"a start date that moves with each parse: write a date{count_more(lines)}"
            yield Hit(module.path, lines[0], message)


@rule("DAG002", SHOULD, when=find_modules)
def catchup_is_said(facts: Facts) -> Iterator[Hit]:
    """A DAG with a timetable says whether it catches up.

    Why: Airflow 2 runs all intervals since the start date when a DAG is switched on, Airflow 3 none
    of them, and a setting of the server changes either.

    How: Write `catchup=False`, or `catchup=True` where each interval has to be processed.

    Source: [Airflow](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#catchup),
    whose default changed from 2 to 3.
    """
    for module in find_modules(facts):
        for call in module.dags():
            when = _argument(call, "schedule", "schedule_interval")
            text = when.value if isinstance(when, ast.Constant) else None
            is_timed = isinstance(text, str) and text != "@once"
            is_timed |= isinstance(when, ast.Call) and module.full(when.func).endswith("timedelta")
            spread = any(each.arg is None for each in call.keywords)
            if is_timed and not spread and _argument(call, "catchup") is None:
                message = "whether past intervals run depends on the server: write `catchup=False`"
                yield Hit(module.path, call.lineno, message)


def _find_defaults(module: Module, call: ast.Call) -> set[str] | None:
    """The keys of a DAG's default arguments; ``None`` where they cannot be told."""
    told = _argument(call, "default_args")
    if isinstance(told, ast.Name):
        values = [
            node.value
            for node in module.tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name) and target.id == told.id
        ]
        told = values[0] if len(values) == 1 else told
    if told is None:
        return set()
    if isinstance(told, ast.Call) and module.full(told.func) == "dict":
        keys = {each.arg for each in told.keywords}
        return None if None in keys else {each for each in keys if each}
    if not isinstance(told, ast.Dict):
        return None
    found = {key.value for key in told.keys if isinstance(key, ast.Constant)}
    return None if len(found) < len(told.keys) else {str(each) for each in found}


@rule("DAG003", SHOULD, when=find_modules)
def tasks_end(facts: Facts) -> Iterator[Hit]:
    """Tasks are tried again, and end.

    Why: A worker that restarts fails a task that did nothing wrong; a task that waits for ever
    holds its place for ever.

    How: Give `retries` and `execution_timeout` in the DAG's `default_args`; a task that needs
    others says so itself.

    Source: [Airflow's best practices](https://airflow.apache.org/docs/apache-airflow/stable/best-practices.html);
    [time limits](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/tasks.html#timeouts).
    """
    for module in find_modules(facts):
        for call in module.dags():
            if any(each.arg is None for each in call.keywords):
                continue
            given = _find_defaults(module, call)
            if given is None:
                continue
            # A file whose tasks say it themselves needs no default.
            inner = (each for _, each in module.calls() if each is not call)
            said = {keyword.arg for each in inner for keyword in each.keywords}
            wanted = ("retries", "execution_timeout")
            if missing := [name for name in wanted if name not in given and name not in said]:
                names = " and ".join(f"`{name}`" for name in missing)
                message = f"tasks have no {names}: add them to `default_args` of the DAG"
                yield Hit(module.path, call.lineno, message)


_WORK = compile_lazily(
    r"airflow\.(?:models|sdk)\.(?:variable\.)?Variable\.get"
    r"|airflow\.(?:models|sdk|hooks\.base)\.(?:\w+\.)?(?:Connection\.get\w*|BaseHook\.get_\w+)"
    r"|(?:requests|httpx)\.(?:get|post|put|patch|delete|head|request)|urllib\.request\.urlopen"
    r"|boto3\.(?:client|resource)|psycopg2?\.connect|sqlalchemy\.create_engine"
    r"|(?:pandas|numpy)\.(?:read_\w+|load\w*)|time\.sleep|subproc\w+\.(?:run|check_\w+|call|Popen)"
)


def _at_import(body: list[ast.stmt]) -> Iterator[ast.Call]:
    """The calls that are made while a module is imported: not those inside of functions."""
    waiting: list[ast.AST] = [*body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += node.decorator_list
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Call):
            yield node
        waiting += ast.iter_child_nodes(node)


@rule("DAG004", MUST, when=find_modules)
def nothing_at_import(facts: Facts) -> Iterator[Hit]:
    """A DAG does nothing while it is parsed.

    Why: Airflow parses each file again and again. What asks a database or a server there does so
    all day, and where that is away every DAG of the file is gone.

    How: Move it into a task, or use a template such as `{{ var.value.name }}`.

    Source: [Airflow's best practices](https://airflow.apache.org/docs/apache-airflow/stable/best-practices.html#top-level-python-code).
    """
    for module in find_modules(facts):
        calls = sorted(_at_import(module.tree.body), key=lambda call: call.lineno)
        named = [(module.full(call.func), call.lineno) for call in calls]
        found = [(name, line) for name, line in named if _WORK.fullmatch(name)]
        if found:
            short = ".".join(found[0][0].split(".")[-2:])
            more = count_more([line for _, line in found])
            message = f"{short} runs at every parse of the file: move it into a task{more}"
            yield Hit(module.path, found[0][1], message)


_SECRET = compile_lazily(
    r"(?:.*_)?(?:password|passwd|secret|token|api_key|secret_access_key|private_key)", re.IGNORECASE
)
_PLACEHOLDER = compile_lazily(r"\s*|.*(?:\{\{|\$\{|<).*|(?:changeme|example|test|dummy|x+|\*+)")


@rule("DAG005", MUST, when=find_modules)
def secrets_elsewhere(facts: Facts) -> Iterator[Hit]:
    """No DAG has a password in it.

    Why: Everybody who can see the DAG in Airflow's pages, or the repository, has it.

    How: Change the password, then keep it in a connection of Airflow or in a secrets backend.

    Source: [Airflow](https://airflow.apache.org/docs/apache-airflow/stable/security/secrets/index.html).
    """
    for module in find_modules(facts):
        lines = [
            keyword.value.lineno
            for _, call in module.calls()
            for keyword in call.keywords
            if keyword.arg and _SECRET.fullmatch(keyword.arg)
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
            if not _PLACEHOLDER.fullmatch(keyword.value.value)
        ]
        if lines:
            more = count_more(lines)
            message = f"a secret in a DAG: change it, and move it into a connection{more}"
            yield Hit(module.path, lines[0], message)


_CONTAINER = compile_lazily(
    r".*(?:Docker|Pod|Container|Ecs|Batch|CloudRun)\w*Operator|airflow\..*\.task\.(?:docker|kubernetes)"
)


@rule("DAG006", SHOULD, when=find_modules)
def images_stay(facts: Facts) -> Iterator[Hit]:
    """The image of a task does not change by itself.

    Why: The same DAG makes other products tomorrow, and nobody can tell with what a product was
    made.

    How: Name the image by a digest, or at least by a version that is never replaced.

    Source: [Kubernetes](https://kubernetes.io/docs/concepts/containers/images/#image-names).
    """
    for module in find_modules(facts):
        for name, call in module.calls():
            told = _argument(call, "image")
            if (
                _CONTAINER.fullmatch(name)
                and isinstance(told, ast.Constant)
                and isinstance(told.value, str)
                and (why := images.explain_change(told.value))
            ):
                yield Hit(module.path, told.lineno, why)


_REMOVED = compile_lazily(
    r"airflow\.(?:contrib|operators\.subdag|utils\.dates|hooks\.\w+_hook)(?:\..*)?"
    r"|airflow\.(?:operators\.\w+_operator|sensors\.\w+_sensor)(?:\..*)?"
)
_RENAMED = {"schedule_interval": "schedule", "concurrency": "max_active_tasks"}


@rule("DAG007", MUST, when=find_modules)
def imports_exist(facts: Facts) -> Iterator[Hit]:
    """A DAG uses nothing that Airflow has removed.

    Why: Airflow cannot import the file, so its DAGs are gone from the scheduler.

    How: ruff names what takes its place: `ruff check --select AIR --preview --fix`.

    Source: [Airflow's upgrade to 3](https://airflow.apache.org/docs/apache-airflow/stable/installation/upgrading_to_airflow3.html);
    [ruff's rules for Airflow](https://docs.astral.sh/ruff/rules/#airflow-air).
    """
    for module in find_modules(facts):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                named = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                named = [alias.name for alias in node.names]
            else:
                continue
            if gone := next((name for name in named if _REMOVED.fullmatch(name)), ""):
                message = f"Airflow 3 has no {gone}: replace it, as `ruff check --select AIR` says"
                yield Hit(module.path, node.lineno, message)
        for call in module.dags():
            for keyword in call.keywords:
                if keyword.arg in _RENAMED:
                    new = _RENAMED[keyword.arg]
                    message = f"Airflow 3 does not take `{keyword.arg}`: write `{new}`"
                    yield Hit(module.path, keyword.value.lineno, message)


_JOBS = ("**/*.sbatch", "**/*.slurm", "**/*.sh", "*.sbatch", "*.slurm", "*.sh")
_LIMIT = compile_lazily(r"#SBATCH\s+(?:.*\s)?(?:--time(?:=|\s)|-t\s*\d)")


def _find_jobs(facts: Facts) -> list[str]:
    return [path for path in facts.paths(*_JOBS) if "\n#SBATCH" in facts.text(path)]


@rule("DAG008", SHOULD, when=_find_jobs)
def jobs_have_limits(facts: Facts) -> Iterator[Hit]:
    """A Slurm job says how long it may run.

    Why: Without a limit it gets the longest one of its partition: it waits longer for its place,
    and a job that hangs keeps it for days.

    How: Write `#SBATCH --time=HH:MM:SS`.

    Source: [sbatch](https://slurm.schedmd.com/sbatch.html#OPT_time).
    """
    for path in _find_jobs(facts):
        if not any(_LIMIT.match(line) for line in facts.lines(path)):
            line = next(
                number
                for number, line in enumerate(facts.lines(path), 1)
                if line.startswith("#SBATCH")
            )
            yield Hit(path, line, "a job without a time limit: add `#SBATCH --time=HH:MM:SS`")


_OPEN = compile_lazily(
    r"\bAIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS[\"']?\s*[:=]\s*[\"']?(?:true|t|1)\b"
    r"|^\s*simple_auth_manager_all_admins\s*[:=]\s*true\b"
    r"|\bairflow\.api\.auth\.backend\.default\b",
    re.IGNORECASE,
)
_LONGEST = 1_000
_SETTINGS = (
    *("**/compose*.y*ml", "compose*.y*ml", "**/docker-compose*.y*ml", "docker-compose*.y*ml"),
    *("**/values*.y*ml", "values*.y*ml", "**/airflow.cfg", "airflow.cfg", "Dockerfile"),
)


@rule("DAG009", MUST)
def airflow_asks_who(facts: Facts) -> Iterator[Hit]:
    """Airflow asks who somebody is.

    Why: Whoever reaches the port can start DAGs, and reads all connections.

    How: Delete the setting. Programs that report events get a user of their own.

    Source: [simple auth manager](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/auth-manager/simple/index.html):
    not for production.
    """
    for path in facts.paths(*_SETTINGS):
        for number, line in enumerate(facts.lines(path), 1):
            if len(line) < _LONGEST and _OPEN.search(line.partition("#")[0]):
                message = "anybody who reaches Airflow is its administrator: delete this"
                yield Hit(path, number, message)
                break


_TASK = compile_lazily(r"airflow\.(?:sdk|decorators)\.task(?:\..+)?")
_LARGE = compile_lazily(
    r"(?:pandas|polars)\.DataFrame|numpy\.(?:ndarray|typing\.NDArray)|astropy\.table\.Q?Table|bytes"
)


@rule("DAG010", SHOULD, when=find_modules)
def xcoms_are_small(facts: Facts) -> Iterator[Hit]:
    """Tasks hand on names of data, not data.

    Why: What a task returns goes into Airflow's database, which is made for a few kilobytes.

    How: Write the data to the store, and return the key.

    Source: [Airflow on XComs](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/xcoms.html).
    """
    for module in find_modules(facts):
        for node in ast.walk(module.tree):
            if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) or not node.returns:
                continue
            marks = (
                each.func if isinstance(each, ast.Call) else each for each in node.decorator_list
            )
            told = node.returns.value if isinstance(node.returns, ast.Subscript) else node.returns
            returned = module.full(told)
            is_task = any(_TASK.fullmatch(module.full(each)) for each in marks)
            if is_task and _LARGE.fullmatch(returned):
                short = returned.rpartition(".")[2]
                message = f"{short} goes into Airflow's database: write it to the store instead"
                yield Hit(module.path, node.lineno, message)
