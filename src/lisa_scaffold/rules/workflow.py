"""Workflows of Airflow: what makes DAGs fail, hang, or do something else than they say."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.compose import is_thrown_away
from lisa_scaffold.rules.dags import (
    Module,
    find_argument,
    find_default_keys,
    find_modules,
    find_words_of_makers,
    is_timed,
    makes_task,
    resolve_name,
)
from lisa_scaffold.rules.invented import is_invented, is_said_of_secret, is_to_be_changed
from lisa_scaffold.rules.rule import (
    MUST,
    SHOULD,
    Hit,
    count_more,
    count_more_places,
    join_same,
    rule,
)
from lisa_scaffold.rules.start_dates import find_moving


@rule("DAG001", MUST, when=find_modules)
def start_stays(facts: Facts) -> Iterator[Hit]:
    """A DAG that runs by the clock begins on a date that does not move.

    Why: A start date that is computed anew at each parse is always just now, so the first interval
    never ends, and the DAG runs at other times than it says, or not at all.

    How: Write a date, such as `datetime(2026, 1, 1, tzinfo=UTC)`, in `default_args` too: what calls
    `now`, `today`, `utcnow` or `days_ago` moves, behind a name as well.

    Source: [Airflow's FAQ](https://airflow.apache.org/docs/apache-airflow/stable/faq.html):
    dynamic start dates are recommended against.
    """
    message = "a start date that moves with each parse: write a date"
    yield from join_same(
        (
            Hit(module.path, line, message)
            for module in find_modules(facts)
            for line in find_moving(module)
        ),
        across=True,
    )


@rule("DAG002", SHOULD, when=find_modules)
def catchup_is_said(facts: Facts) -> Iterator[Hit]:
    """A DAG with a timetable says whether it catches up.

    Why: Airflow 2 runs all intervals since the start date when a DAG is switched on, Airflow 3 none
    of them: what happens depends on the server. Where the project is for Airflow 3 it need not be
    said.

    How: Write `catchup=False`, or `catchup=True` where each interval has to be processed. Where the
    server is described in the repository, `catchup_by_default` says it for all.

    Source: [Airflow](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html#catchup),
    whose default changed from 2 to 3.
    """
    yield from join_same(_find_unsaid(facts), across=True)


_CATCHUP = compile_lazily(
    r"(?m)^\s*catchup_by_default\s*=|\bAIRFLOW__SCHEDULER__CATCHUP_BY_DEFAULT\b"
)
_OF_SERVER = ("**/airflow.cfg", "airflow.cfg", "**/*compose*.y*ml", "**/values*.y*ml", "**/.env")
_MOST_OF_SERVER = 100


def _find_unsaid(facts: Facts) -> Iterator[Hit]:
    """The DAGs of which neither they say it nor the server that is described beside them."""
    if any(
        _CATCHUP.search(facts.text(path)) for path in facts.paths(*_OF_SERVER)[:_MOST_OF_SERVER]
    ):
        return
    for module in find_modules(facts):
        if module.airflow >= _NEW or _sets_catchup(module):
            continue
        for call in module.dags:
            when = find_argument(call, "schedule", "schedule_interval", "timetable")
            if when and is_timed(module, call) and find_argument(call, "catchup") is None:
                # Of what ends on a day nothing would be left to run.
                ends = find_argument(call, "end_date") or "end_date" in (
                    find_default_keys(module, call) or ()
                )
                message = (
                    "whether past intervals run depends on the server: "
                    f"write `catchup={bool(ends)}`"
                )
                yield Hit(module.path, call.lineno, message)


def _sets_catchup(module: Module) -> bool:
    """Whether a file says it of a DAG that is already made."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "catchup"
        and isinstance(node.ctx, ast.Store)
        for node in module.nodes
    )


@rule("DAG003", SHOULD, when=find_modules)
def tasks_end(facts: Facts) -> Iterator[Hit]:
    """Tasks are tried again, and end.

    Why: A worker that restarts fails a task that did nothing wrong; a task that waits for ever
    holds its place for ever.

    How: Give `retries` and `execution_timeout` in the DAG's `default_args`; a task that needs
    others says so itself, or a function or class of the project that makes it. Instead of the
    latter a DAG may have a `dagrun_timeout`.

    Source: [Airflow's best practices](https://airflow.apache.org/docs/apache-airflow/stable/best-practices.html);
    [time limits](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/tasks.html#timeouts).
    """
    yield from join_same(_find_endless(facts), across=True)


def _find_endless(facts: Facts) -> Iterator[Hit]:
    """The DAGs whose tasks are not tried again, or do not end."""
    for module in find_modules(facts):
        for call in module.dags:
            if any(each.arg is None for each in call.keywords):
                continue
            given = find_default_keys(module, call)
            if given is None:
                continue
            # A file whose tasks say it themselves needs no default.
            inner = [each for _, each in module.calls if each is not call]
            said = {keyword.arg for each in inner for keyword in each.keywords}
            # Groups of tasks have defaults of their own.
            groups = [each for each in inner if each not in module.dags and _has_defaults(each)]
            defaults = [find_default_keys(module, each) for each in groups]
            said |= {name for each in defaults for name in each or _OF_TASKS}
            # What bounds the whole run bounds its tasks.
            is_bounded = find_argument(call, "dagrun_timeout") is not None
            wanted = ("retries", *(() if is_bounded else ("execution_timeout",)))
            missing = [name for name in wanted if name not in given and name not in said]
            elsewhere = find_words_of_makers(facts, module) if missing else None
            missing = [name for name in missing if elsewhere is not None and name not in elsewhere]
            if missing:
                names = " and ".join(f"`{name}`" for name in missing)
                them = "them" if missing[1:] else "it"
                message = f"tasks have no {names}: add {them} to `default_args` of the DAG"
                yield Hit(module.path, call.lineno, message)


_OF_TASKS = ("retries", "execution_timeout")


def _has_defaults(call: ast.Call) -> bool:
    return any(each.arg == "default_args" for each in call.keywords)


_WORK = compile_lazily(
    r"airflow\.(?:models|sdk)\.(?:variable\.)?Variable\.get"
    r"|airflow\.(?:models|sdk|hooks\.base)\.(?:\w+\.)?(?:Connection\.get\w*|BaseHook\.get_\w+)"
    r"|(?:requests|httpx)\.(?:get|post|put|patch|delete|head|request)|urllib\.request\.urlopen"
    r"|psycopg2?\.connect"
    r"|(?:pandas|numpy)\.(?:read_\w+|load\w*)|time\.sleep|subproc\w+\.(?:run|check_\w+|call|Popen)"
)


# What is made of nothing but a name asks somebody at its first use.
_ASKS = compile_lazily(
    r"boto3\.(?:client|resource)\(\)\.(?!close|get_paginator|get_waiter|generate_presigned_\w+)[a-z]\w*"
    r"|requests\.[Ss]ession\(\)\.(?:get|post|put|patch|delete|head|request)"
    r"|airflow\.(?:\w+\.)*\w+Hook\(\)\.(?:get_\w+|run|read_key|list_\w+|load_\w+|check_\w+)"
)


def _name_work(module: Module, call: ast.Call) -> str:
    """The name of what a call asks or reads; empty where it does nothing of the kind."""
    name = module.full(call.func)
    if _WORK.fullmatch(name):
        return name
    if isinstance(call.func, ast.Attribute):
        made = resolve_name(module, call.func.value)
        if isinstance(made, ast.Call):
            name = f"{module.full(made.func)}().{call.func.attr}"
            return name if _ASKS.fullmatch(name) else ""
    return ""


def _at_import(module: Module) -> Iterator[ast.AST]:
    """What is run while a module is imported: not what is inside of functions."""
    waiting: list[ast.AST] = [*module.tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            waiting += node.decorator_list
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        yield node
        waiting += ast.iter_child_nodes(node)


def _calls_at_import(module: Module) -> Iterator[ast.Call]:
    return (node for node in _at_import(module) if isinstance(node, ast.Call))


@rule("DAG004", SHOULD, when=find_modules)
def nothing_at_import(facts: Facts) -> Iterator[Hit]:
    """A DAG does nothing while it is parsed.

    Why: Airflow parses each file again and again. What asks a database or a server there does so
    all day, and where that is away every DAG of the file is gone.

    How: Move it into a task. For a variable write a template such as `{{ var.value.name }}`, which
    the template fields of tasks take. The arguments of a DAG take none: read an environment
    variable there (`os.environ`). Where it decides which tasks there are, keep it in a file of the
    repository, or let a first task return it and map the others over that (`expand`).

    Source: [Airflow's best practices](https://airflow.apache.org/docs/apache-airflow/stable/best-practices.html#top-level-python-code),
    [dynamic task mapping](https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html).
    """
    found: dict[str, list[tuple[str, int, str]]] = {}
    for module in find_modules(facts):
        of_dags = _find_arguments(module)
        deciding = _find_deciding(module)
        for call in _calls_at_import(module):
            if name := _name_work(module, call):
                remedy = _find_remedy(
                    name, is_argument=call in of_dags, is_deciding=call in deciding
                )
                found.setdefault(remedy, []).append((module.path, call.lineno, name))
    for remedy, places in found.items():
        path, line, name = min(places)
        short = ".".join(name.split(".")[-2:])
        more = count_more_places(sorted(place[:2] for place in places))
        yield Hit(path, line, f"{short} runs at every parse of the file: {remedy}{more}")


def _find_arguments(module: Module) -> set[ast.AST]:
    """All that the arguments of the DAGs are made of."""
    values = {name: [value] for name, value in module.values.items()}
    given = [each.value for call in module.dags for each in call.keywords]
    return _find_origins([*given, *(each for call in module.dags for each in call.args)], values)


def _find_deciding(module: Module) -> set[ast.AST]:
    """All that decides which tasks there are: what loops that make some go through."""
    values: defaultdict[str, list[ast.expr]] = defaultdict(list)
    decisions: list[ast.AST] = []
    for node in _at_import(module):
        match node:
            case ast.Assign(targets=targets, value=value):
                for name in (each.id for each in targets if isinstance(each, ast.Name)):
                    values[name].append(value)
            case ast.For(iter=decision, body=body) if _makes_tasks(module, body):
                decisions.append(decision)
            case (
                ast.ListComp(elt=made, generators=parts)
                | ast.DictComp(value=made, generators=parts)
            ) if _makes_tasks(module, [made]):
                decisions += [part.iter for part in parts]
    return _find_origins(decisions, values)


def _makes_tasks(module: Module, nodes: Sequence[ast.AST]) -> bool:
    inner = (each for node in nodes for each in ast.walk(node))
    return any(isinstance(each, ast.Call) and makes_task(module, each) for each in inner)


def _find_origins(
    nodes: Sequence[ast.AST], values: Mapping[str, Sequence[ast.expr]]
) -> set[ast.AST]:
    """All that nodes are made of, through the names of values."""
    waiting: list[ast.AST] = [*nodes]
    found: set[ast.AST] = set()
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Name):
            waiting += values.get(node.id, ())
    return found


def _find_remedy(name: str, *, is_argument: bool, is_deciding: bool) -> str:
    """What to do instead of some work at import time."""
    is_stored = name.startswith("airflow.") and "()" not in name
    if is_argument and is_stored:
        return "read an environment variable here (`os.environ`)"
    if is_deciding:
        return "keep what decides on tasks in a file of the repository, or map them (`expand`)"
    if not is_stored:
        return "move it into a task"
    if name.endswith(".Variable.get"):
        return "move it into a task, or write `{{ var.value.NAME }}` in a template field"
    return "move it into a task, or write `{{ conn.NAME }}` in a template field"


_SECRET = compile_lazily(
    r"(?:.*_)?(?:password|passwd|secret|token|api_key|secret_access_key|private_key)", re.IGNORECASE
)
_TEMPLATE = compile_lazily(r"\{\{|\$\{|<")


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
            for _, call in module.calls
            for keyword in call.keywords
            if keyword.arg and _SECRET.fullmatch(keyword.arg)
            if isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, str)
            if not _TEMPLATE.search(keyword.value.value)
            if not is_invented(keyword.value.value)
            if not is_to_be_changed(keyword.value.value)
            if not is_said_of_secret(keyword.arg, keyword.value.value)
        ]
        if lines:
            more = count_more(lines)
            message = f"a secret in a DAG: change it, and move it into a connection{more}"
            yield Hit(module.path, lines[0], message)


_CONTAINER = compile_lazily(
    r"(?:[^.]*+\.)*+(?>\w*?(?:Docker|Pod|Container|Ecs|Batch|CloudRun))\w*Operator|airflow\..*\.task\.(?:docker|kubernetes)"
)


@rule("DAG006", SHOULD, when=find_modules)
def images_stay(facts: Facts) -> Iterator[Hit]:
    """The image of a task does not change by itself.

    Why: The same DAG makes other products tomorrow, and nobody can tell with what a product was
    made.

    How: Name the image by a digest, or at least by a version that is never replaced.

    Source: [Kubernetes](https://kubernetes.io/docs/concepts/containers/images/#image-names).
    """
    yield from join_same(_find_moving_images(facts), across=True)


def _find_moving_images(facts: Facts) -> Iterator[Hit]:
    """Every place that tells the image of a task, where that may change."""
    for module in find_modules(facts):
        told = {
            resolve_name(module, value)
            for name, call in module.calls
            if _CONTAINER.fullmatch(name) or makes_task(module, call)
            if (value := find_argument(call, "image"))
        }
        texts = (each for each in told if isinstance(each, ast.Constant))
        for node in sorted(texts, key=lambda each: each.lineno):
            if why := images.explain_change(node.value) if isinstance(node.value, str) else "":
                yield Hit(module.path, node.lineno, why)


_REMOVED = compile_lazily(
    r"airflow\.(?:contrib|operators\.subdag|utils\.dates|hooks\.\w+_hook)(?:\..*)?"
    r"|airflow\.(?:operators\.\w+_operator|sensors\.\w+_sensor)(?:\..*)?"
)
_RENAMED = {
    "schedule_interval": "schedule",
    "timetable": "schedule",
    "concurrency": "max_active_tasks",
}
_NEW = 3


@rule("DAG007", MUST, when=find_modules)
def imports_exist(facts: Facts) -> Iterator[Hit]:
    """A DAG for Airflow 3 uses nothing that Airflow 3 has removed.

    Why: Airflow cannot import the file, so its DAGs are gone from the scheduler.

    How: ruff names what takes its place: `ruff check --select AIR --preview --fix`. The version
    that a project is for is that of its images and requirements; a file that imports `airflow.sdk`
    is for Airflow 3.

    Source: [Airflow's upgrade to 3](https://airflow.apache.org/docs/apache-airflow/stable/installation/upgrading_to_airflow3.html);
    [ruff's rules for Airflow](https://docs.astral.sh/ruff/rules/#airflow-air).
    """
    for module in find_modules(facts):
        if module.airflow >= _NEW:
            for line, what, remedy in _find_removed(module):
                yield Hit(module.path, line, f"Airflow 3 {what}: {remedy}")


@rule("DAG011", SHOULD, when=find_modules)
def imports_last(facts: Facts) -> Iterator[Hit]:
    """A DAG that may meet Airflow 3 uses nothing that it has removed.

    Why: On a server with Airflow 3 the file cannot be imported, so its DAGs are gone from the
    scheduler. Airflow 2 is no longer maintained.

    How: ruff names what takes its place: `ruff check --select AIR --preview --fix`. Where the DAGs
    are for Airflow 2, name its version in the requirements, or in the image that runs them.

    Source: [Airflow's upgrade to 3](https://airflow.apache.org/docs/apache-airflow/stable/installation/upgrading_to_airflow3.html);
    [versions that are maintained](https://airflow.apache.org/docs/apache-airflow/stable/installation/supported-versions.html).
    """
    found = [
        (module.path, *removed)
        for module in find_modules(facts)
        for removed in ([] if module.airflow else _find_removed(module))
    ]
    if found:
        # The first of its file as it is found: what is imported comes before what is called.
        path, line, what, remedy = found[0]
        places = [(path, line), *sorted(place[:2] for place in found)]
        message = f"from version 3 on Airflow {what}: {remedy}{count_more_places(places)}"
        yield Hit(path, line, message)


_NOT_THERE = ("ImportError", "ModuleNotFoundError", "Exception")


def _find_either(module: Module) -> set[ast.AST]:
    """What stands where one import takes the place of another that is not there."""
    tries = [each for each in module.nodes if isinstance(each, ast.Try)]
    return {
        node
        for each in tries
        if any(_catches(handler, _NOT_THERE) for handler in each.handlers)
        for node in ast.walk(each)
    }


def _catches(handler: ast.ExceptHandler, names: tuple[str, ...]) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(each is None or (isinstance(each, ast.Name) and each.id in names) for each in caught)


def _list_imports(module: Module) -> Iterator[tuple[ast.stmt, list[str]]]:
    """The imports that nothing else takes the place of, with the full names of what they bring."""
    either = _find_either(module)
    for node in module.nodes:
        if node in either:
            continue
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node, [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            yield node, [alias.name for alias in node.names]


def _find_removed(module: Module) -> Iterator[tuple[int, str, str]]:
    """Lines with what Airflow 3 has removed, what is so about it, and the remedy."""
    for node, named in _list_imports(module):
        if gone := next((name for name in named if _REMOVED.fullmatch(name)), ""):
            yield node.lineno, f"has no {gone}", "replace it, as `ruff check --select AIR` says"
    for name, call in module.calls:
        # As in `import airflow`, and then `airflow.utils.dates.days_ago(1)`.
        if ast.unparse(call.func) == name and _REMOVED.fullmatch(name):
            yield call.lineno, f"has no {name}", "replace it, as `ruff check --select AIR` says"
    for call in module.dags:
        for keyword in call.keywords:
            if new := _RENAMED.get(keyword.arg or ""):
                is_said = find_argument(call, new) is not None
                remedy = f"delete it, `{new}` is there" if is_said else f"write `{new}`"
                yield keyword.value.lineno, f"does not take `{keyword.arg}`", remedy


_JOBS = ("**/*.sbatch", "**/*.slurm", "**/*.sh", "*.sbatch", "*.slurm", "*.sh")
_LIMIT = compile_lazily(r"#SBATCH\s(?:.*\s)?(?:--time(?:=|\s)|-t\s*\d)")


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
    r"|^\s*simple_auth_manager_all_admins\s*[:=]\s*true\b",
    re.IGNORECASE,
)
# It opens the experimental interface of Airflow 2, where that is switched on, and no other.
_UNASKED = compile_lazily(r"\bairflow\.api\.auth\.backend\.default\b", re.IGNORECASE)
_EXPERIMENTAL = compile_lazily(
    r"^[^#\n]*(?:\b|__)enable_experimental_api[\"']?\s*[:=]\s*[\"']?(?:true|t|1)\b",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST = 1_000
_SETTINGS = (
    *("**/compose*.y*ml", "compose*.y*ml", "**/docker-compose*.y*ml", "docker-compose*.y*ml"),
    *("**/values*.y*ml", "values*.y*ml", "**/airflow.cfg", "airflow.cfg", "Dockerfile"),
)


@cached_in_facts
def _list_settings(facts: Facts) -> list[str]:
    """The files that may set Airflow up."""
    texts = ((path, f"{path}\n{facts.text(path)}".lower()) for path in facts.paths(*_SETTINGS))
    return [path for path, text in texts if "airflow" in text or "simple_auth_manager" in text]


@rule("DAG009", MUST, when=lambda facts: find_modules(facts) or _list_settings(facts))
def airflow_asks_who(facts: Facts) -> Iterator[Hit]:
    """Airflow asks who somebody is.

    Why: Whoever reaches the port can start DAGs, and reads all connections.

    How: Delete the setting. Programs that report events get a user of their own. A file that by its
    name is for tests or for a desk is not meant.

    Source: [simple auth manager](https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/auth-manager/simple/index.html):
    not for production;
    [the interfaces of Airflow 2](https://airflow.apache.org/docs/apache-airflow/2.7.1/security/api.html).
    """
    for path in _list_settings(facts):
        if is_thrown_away(facts, path):
            continue
        told = [(_OPEN, "anybody who reaches Airflow is its administrator: delete this")]
        if _EXPERIMENTAL.search(facts.text(path)):
            told.append((_UNASKED, "anybody who reaches Airflow can start its DAGs: delete this"))
        for number, line in enumerate(facts.lines(path), 1):
            said = line.partition("#")[0] if len(line) < _LONGEST else ""
            if message := next((text for each, text in told if each.search(said)), ""):
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
        for node in module.nodes:
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
