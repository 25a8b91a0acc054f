"""A GitLab pipeline: its jobs with all that they inherit, and where each of their keys stands."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

from lisa_scaffold.formats.document import Document, decoded
from lisa_scaffold.lines import join_names
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.package import Place

FILE = ".gitlab-ci.yml"
_STAGES = (".pre", "build", "test", "deploy", ".post")
_MOST_NESTED = 12
_MINUTES = {"w": 7 * 24 * 60, "d": 24 * 60, "h": 60, "m": 1}
_MOST_COMMANDS = 2_000
_JOBS = compile_lazily(r"\.gitlab/ci/[^/]+\.yml")
_SIMPLE = compile_lazily(r"[\w./ -]{1,60}")


def name_overrides(path: str, former: bytes, edited: bytes) -> str:
    """How ``.gitlab-ci.yml`` says what somebody has edited in a file of jobs that it includes.

    Parameters
    ----------
    path
        The file.
    former, edited
        Its content before and after.

    Returns
    -------
    str
        A phrase such as ``tests: {timeout: 1h}``, in backticks; empty where that cannot be said so.
    """
    from lisa_scaffold.formats import yaml
    from lisa_scaffold.formats.tree import NotSure

    if not _JOBS.fullmatch(path):
        return ""
    try:
        before, after = (yaml.load(decoded(content)) for content in (former, edited))
    except (NotSure, RecursionError):
        return ""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    named = []
    for (job,), keys in after.items():
        known = before.get((job,))
        if keys == known:
            continue
        if not isinstance(keys, dict) or not isinstance(known, dict) or known.keys() - keys.keys():
            return ""
        changed = [
            f"{key}: {value if isinstance(value, str) and _SIMPLE.fullmatch(value) else '…'}"
            for (key,), value in keys.items()
            if known.get((key,)) != value
        ]
        named.append(f"`{job}: {{{', '.join(changed)}}}`")
    return "" if before.keys() - after.keys() else join_names(named)


def digest(text: str) -> str:
    """What GitLab compares a remote file with, by ``integrity``."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


class Include(NamedTuple):
    """One entry of an ``include`` list.

    Attributes
    ----------
    form
        ``local``, ``remote``, ``template``, ``project``, ``component``, or what else it names.
    address
        What it names.
    entry
        The whole entry.
    find
        Finds its place.
    text
        What it brings, where that is of another project and at hand all the same.
    """

    form: str
    address: str
    entry: Mapping[str, Any]
    find: Callable[[], Place]
    text: str = ""

    @property
    def place(self) -> Place:
        """Its place."""
        return self.find()

    @property
    def is_known(self) -> bool:
        """Whether what it brings can be read here."""
        return (self.form == "local" and "$" not in self.address) or bool(self.text)

    def may_bring(self, path: str) -> bool:
        """Whether it may bring a file of this project, as a variable says what it names.

        What a file of another project includes by ``local`` is of that project.
        """
        if self.is_known or "$" not in self.address:
            return False
        files = flatten_script(self.entry.get("file"))
        named = any("$" in each or each.lstrip("/") == path for each in files)
        return self.form == "local" or (self.form == "project" and named)

    @property
    def named(self) -> str:
        """What it is, with its file where that is one of another project."""
        file = self.entry.get("file") if self.form == "project" else None
        files = ", ".join(flatten_script(file))
        return f"{self.form} {self.address}" + (f": {files}" if files else "")


class Job:
    """A job, or a hidden one that others extend.

    Attributes
    ----------
    name
        Its name.
    data
        Its keys, with all that it inherits.
    own
        Its own keys.
    find
        Finds its place.
    is_fully_known
        Whether all that it inherits from is known.
    parents
        Names of the jobs that it extends, the nearest first, all the way up.
    """

    def __init__(  # noqa: PLR0913 - the traits of a job, each by its name
        self,
        name: str,
        data: Mapping[str, Any],
        own: Mapping[str, Any],
        find: Callable[[], Place],
        *,
        is_fully_known: bool = True,
        parents: tuple[str, ...] = (),
    ) -> None:
        self.name = name
        self.data = data
        self.own = own
        self.find = find
        self.is_fully_known = is_fully_known
        self.parents = parents

    @property
    def place(self) -> Place:
        """Its place."""
        return self.find()

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.data.get(key, default)

    @property
    def is_hidden(self) -> bool:
        """Whether it never runs by itself."""
        return self.name.startswith(".")

    @property
    def stage(self) -> str:
        """Its stage."""
        stage = self.data.get("stage")
        return stage if isinstance(stage, str) else "test"

    @property
    def image(self) -> str:
        """The name of its image; empty where it names none."""
        match self.data.get("image"):
            case str(name) | {"name": str(name)}:
                return name
        return ""

    @cached_property
    def commands(self) -> list[str]:
        """Every command that it runs, in order."""
        scripts = (self.data.get(key) for key in ("before_script", "script", "after_script"))
        return [
            command for script in scripts for command in flatten_script(script)[:_MOST_COMMANDS]
        ]

    @property
    def rules(self) -> list[dict[str, Any]]:
        """Its rules."""
        return list_mappings(self.data.get("rules"))

    @property
    def needed_jobs(self) -> Iterator[tuple[str, str]]:
        """The jobs of its pipeline that must exist, each with the key that says so."""
        for name in flatten_script(self.data.get("dependencies")):
            yield "dependencies", name
        needs = self.data.get("needs")
        for need in needs if isinstance(needs, list) else []:
            match need:
                case str():
                    yield "needs", need
                case {"optional": True} | {"pipeline": _} | {"project": _}:
                    continue
                case {"job": str(name)}:
                    yield "needs", name

    @property
    def minutes(self) -> int:
        """Its timeout, such as ``1h 30m``, in minutes; 0 where it has none."""
        timeout = self.data.get("timeout")
        pattern = r"(\d{1,6})\s*(weeks?|w|days?|d|hours?|hrs?|h|minutes?|mins?|m)\b"
        parts = re.findall(pattern, timeout[:100]) if isinstance(timeout, str) else []
        return sum(int(number) * _MINUTES[unit[0]] for number, unit in parts)

    @property
    def reports(self) -> dict[str, Any]:
        """The reports among its artifacts."""
        artifacts = self.data.get("artifacts")
        reports = artifacts.get("reports") if isinstance(artifacts, dict) else None
        return reports if isinstance(reports, dict) else {}

    @property
    def services(self) -> list[str]:
        """The names of the images of its services."""
        services = self.data.get("services")
        names = (
            each.get("name") if isinstance(each, dict) else each
            for each in (services if isinstance(services, list) else [])
        )
        return [name for name in names if isinstance(name, str)]


class Trouble(NamedTuple):
    """Something in the pipeline that cannot be resolved."""

    place: Place
    message: str


class Pipeline:
    """A pipeline.

    Attributes
    ----------
    files
        Its files, in the order in which they are read; empty where there is no pipeline.
    includes
        Every entry of an ``include`` list.
    jobs
        The jobs that may run, by name.
    hidden
        The jobs that others extend.
    settings
        The global keys: ``stages``, ``workflow``, ``variables``, ``default``, …
    troubles
        What cannot be resolved: a missing file or parent, a cycle.
    """

    def __init__(  # noqa: PLR0913 - the parts of a pipeline, each by its name
        self,
        files: tuple[str, ...] = (),
        *,
        includes: tuple[Include, ...] = (),
        jobs: Mapping[str, Job] = MappingProxyType({}),
        hidden: Mapping[str, Job] = MappingProxyType({}),
        settings: Mapping[str, Any] = MappingProxyType({}),
        troubles: tuple[Trouble, ...] = (),
        documents: Mapping[str, Document] = MappingProxyType({}),
    ) -> None:
        self.files = files
        self.includes = includes
        self.jobs = jobs
        self.hidden = hidden
        self.settings = settings
        self.troubles = troubles
        self._documents = documents

    def __bool__(self) -> bool:
        """Whether there is a pipeline."""
        return bool(self.files)

    @property
    def is_local(self) -> bool:
        """Whether none of it is outside the project, or what is can be read all the same."""
        return all(include.is_known for include in self.includes)

    @property
    def elsewhere(self) -> list[Include]:
        """What it includes and cannot be read here, but for what GitLab itself brings."""
        return [each for each in self.includes if not each.is_known and each.form != "template"]

    @property
    def is_complete(self) -> bool:
        """Whether there are jobs, and nothing outside of the project adds to them."""
        return bool(self.jobs) and self.is_local

    @property
    def stages(self) -> list[str]:
        """Its stages in their order."""
        stages = self.settings.get("stages")
        return [str(each) for each in stages] if isinstance(stages, list) else list(_STAGES)

    @cached_property
    def variables(self) -> dict[str, str]:
        """The global variables as text."""
        variables = self.settings.get("variables")
        return {
            str(name): to_text(value)
            for name, value in (variables if isinstance(variables, dict) else {}).items()
        }

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules of its workflow."""
        workflow = self.settings.get("workflow")
        return list_mappings(workflow.get("rules")) if isinstance(workflow, dict) else []

    def place(self, *keys: str | int) -> Place:
        """The place of a global key, a job, or a key of a job, in the last file that has it."""
        for document in reversed([*self._documents.values()]):
            if document.get(keys[0]) is not None:
                return Place(document.path, document.line(*keys))
        return Place(self.files[0] if self.files else FILE, 1)

    def place_of(self, job: Job, *keys: str | int) -> Place:
        """The place of a key of a job: in the job, or in the nearest one that it inherits from."""
        for name in (job.name, *job.parents):
            for document in reversed([*self._documents.values()]):
                if document.get(name, *keys) is not None:
                    return Place(document.path, document.line(name, *keys))
        return job.place

    def list_sources(self, name: str, *keys: str | int) -> list[str]:
        """Where a job, or a key of it, is given: files, or addresses of what is included.

        The last one takes precedence. What the job inherits does not count.
        """
        given = self._documents.items()
        return [source for source, document in given if document.get(name, *keys) is not None]

    def expand(self, text: str, job: Job | None = None) -> str:
        """Expand the variables in a text whose values the pipeline itself sets."""
        from lisa_scaffold.formats.dockerfile import resolve

        variables = job.get("variables") if job else None
        own = (
            {str(k): to_text(v) for k, v in variables.items()}
            if isinstance(variables, dict)
            else {}
        )
        known = {**self.variables, **own}
        for _ in range(_MOST_NESTED):
            expanded = resolve(text, known)
            if expanded == text:
                break
            text = expanded
        return text


def flatten_script(script: Any) -> list[str]:
    """The commands of a script, which may be nested lists."""
    match script:
        case str():
            return [script]
        case list():
            return [command for part in script for command in flatten_script(part)]
    return []


def list_mappings(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The mappings of a list; GitLab takes lists in it, as anchors make them."""
    if not isinstance(value, list) or depth > _MOST_NESTED:
        return []
    return [
        inner
        for each in value
        for inner in ([each] if isinstance(each, dict) else list_mappings(each, depth + 1))
    ]


def to_text(value: Any) -> str:
    """The value of a variable as a job gets it."""
    match value:
        case {"value": inner}:
            return str(inner)
        case bool():
            return str(value).lower()
        case dict() | None:
            return ""
    return str(value)
