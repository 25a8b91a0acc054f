"""What runs where: the steps of ``steps.yaml``, as one of the sites in ``sites/`` runs them.

A step is an image, the *commandfile* that its program is called with, and what it needs. Nothing in
here knows Airflow: whatever else runs a step calls it in the same way.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from commandfile.io import write_cmdfile_yaml
from commandfile.model import Commandfile, Filelist, Parameter
from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.protocols import Validator

INSIDE = PurePosixPath("/work")
"""Where a step sees the working folder of its site."""

ARRIVED = "arrived"
"""What an input says that is the object which arrived, and no other step's output."""

OUTPUTS = "outputs"
COMMANDFILE = "commandfile.yaml"

FAILED = "failed"
"""The mark of a run whose step has failed itself, and not what runs it."""

REFUSED = "refused"
"""The mark of a run whose input the store did not give."""


class ConfigError(Exception):
    """``steps.yaml`` or a file in ``sites/`` is not what it should be."""


@dataclass(frozen=True)
class Step:
    """One container run.

    Attributes
    ----------
    name
        Its key in ``steps.yaml``.
    image
        The image without tag and digest.
    digest
        The digest that this image was published under; empty: it was not published yet.
    command
        The program and its first arguments.
    parameters
        Values that it is told by the commandfile.
    inputs
        What each list of files has, by its name: the object that ``ARRIVED``, or ``STEP.OUTPUT``, a
        file of the product that another step made of the same object.
    outputs
        Files that it writes, by the names of their lists.
    cpus, memory, minutes
        Processors, MiB, and the longest time that it may run.
    """

    name: str
    image: str
    digest: str
    command: tuple[str, ...]
    parameters: Mapping[str, str | float | bool]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    cpus: float
    memory: int
    minutes: int

    @property
    def reference(self) -> str:
        """The image as container engines take it."""
        return f"{self.image}@{self.digest}" if self.digest else self.image

    @property
    def before(self) -> list[str]:
        """The steps whose products it takes."""
        return _find_before(self.inputs)


@dataclass(frozen=True)
class Site:
    """Where steps run.

    Attributes
    ----------
    name
        The name of its file.
    engine
        ``docker``, ``kubernetes``, ``slurm``, or ``process``: no container, for tests.
    work
        The working folder, as Airflow's workers see it.
    store
        Where objects arrive and products go.
    settings
        What its engine needs to know besides.
    alerts
        Notifiers of Airflow that tell people of a run that failed, and what they are called with.
    at_once
        How many of a step run or wait at once.
    pool
        The pool of Airflow that its steps stand in; empty: the default one.
    slots
        How many of all that stand there run or wait at once; 0: somebody else made the pool.
    tries
        How many runs may fail on an object before it is given up.
    """

    name: str
    engine: str
    work: Path
    store: Mapping[str, Any]
    settings: Mapping[str, Any]
    alerts: tuple[Mapping[str, Any], ...] = ()
    at_once: int = 20
    pool: str = ""
    slots: int = 0
    tries: int = 5

    @property
    def arrivals(self) -> str:
        """The address that all of what arrives begins with: the asset of Airflow."""
        told = self.store["arrivals"]
        return f"s3://{told['bucket']}/{told.get('prefix', '')}".rstrip("/")

    @property
    def queue(self) -> str:
        """The address of the queue that tells of arrivals; empty: the relay does."""
        return str(self.store.get("queue", ""))

    def inside(self, folder: str) -> PurePosixPath:
        """Tell a folder below the working folder as a step sees it."""
        return PurePosixPath(self.work if self.engine == "process" else INSIDE) / folder


def find_home() -> Path:
    """Find the folder of ``steps.yaml``: ``PIPELINE_HOME``, or the current one."""
    return Path(os.environ.get("PIPELINE_HOME", ".")).absolute()


def load_site(name: str = "") -> Site:
    """Read a site.

    Parameters
    ----------
    name
        The name of its file in ``sites/``; empty: what ``PIPELINE_SITE`` says, or ``local``.

    Raises
    ------
    ConfigError
        If there is none, or it is not as its schema says.
    """
    name = name or os.environ.get("PIPELINE_SITE", "local")
    data = _read(f"sites/{name}.yaml", "site")
    work = Path(os.environ.get("PIPELINE_WORK", data["work"]))
    return Site(
        name=name,
        engine=data["engine"],
        work=work if work.is_absolute() else find_home() / work,
        store=data["store"],
        settings=data.get("settings", {}),
        alerts=tuple(data.get("alerts", [])),
        at_once=data.get("at_once", Site.at_once),
        pool=data.get("pool", {}).get("name", Site.pool),
        slots=data.get("pool", {}).get("slots", Site.slots),
        tries=data.get("tries", Site.tries),
    )


def list_steps() -> list[str]:
    """List the names of the steps.

    Raises
    ------
    ConfigError
        If ``steps.yaml`` is not as its schema says.
    """
    return [*_read_steps()]


def list_images() -> dict[str, list[str]]:
    """List the images of each step, with those that a site has of its own."""
    return {
        name: [each["image"] for each in (told, *told.get("sites", {}).values()) if "image" in each]
        for name, told in _read_steps().items()
    }


def list_last() -> list[str]:
    """List the names of the steps whose products no other takes: with each a chain ends."""
    steps = _read_steps()
    taken = {name for each in steps.values() for name in _find_before(each["inputs"])}
    return [name for name in steps if name not in taken]


def list_after(name: str) -> list[str]:
    """List the names of the steps that take a step's products, or those of such a step."""
    steps = _read_steps()
    found = {name}
    while more := {
        each
        for each, step in steps.items()
        if each not in found and found & {*_find_before(step["inputs"])}
    }:
        found |= more
    return [each for each in steps if each in found - {name}]


def load_step(name: str, site: Site) -> Step:
    """Read a step, as a site runs it.

    Raises
    ------
    ConfigError
        If there is no such step, or it is not as its schema says; if its image is not published,
        and the site is another machine, which could not have it.
    """
    steps = _read_steps()
    if name not in steps:
        message = f"{find_home() / 'steps.yaml'}: no step {name!r}, there are {', '.join(steps)}"
        raise ConfigError(message)
    told = {**steps[name], **steps[name].get("sites", {}).get(site.name, {})}
    if not told.get("digest") and site.engine in ("kubernetes", "slurm"):
        message = (
            f"{find_home() / 'steps.yaml'}: step {name!r} has no digest, and {site.name} runs"
            " published images alone: publish it, then write its digest with `pin`"
        )
        raise ConfigError(message)
    return Step(
        name=name,
        image=told["image"],
        digest=told.get("digest", ""),
        command=tuple(told["command"]),
        parameters=told.get("parameters", {}),
        inputs=told["inputs"],
        outputs=told["outputs"],
        cpus=told["cpus"],
        memory=told["memory"],
        minutes=told["minutes"],
    )


def check_files() -> list[str]:
    """Read all of the configuration; say what is there."""
    steps = _read_steps()
    # The one that was chosen is one of them, or told to be missing.
    chosen = {name for name in [os.environ.get("PIPELINE_SITE")] if name}
    found = {path.stem for path in (find_home() / "sites").glob("*.yaml")}
    sites = {name: load_site(name) for name in sorted(found | chosen)}
    for name, step in steps.items():
        if unknown := sorted(step.get("sites", {}).keys() - sites.keys()):
            message = f"{find_home() / 'steps.yaml'}: step {name!r} names no site: {unknown}"
            raise ConfigError(message)
    told = {"steps": steps, "sites": sites, "clusters": _check_clusters(sites)}
    return [f"{name}: {', '.join(each)}" for name, each in told.items() if each]


def _read_steps() -> dict[str, Any]:
    """Read the steps, with what each of their inputs has."""
    steps: dict[str, Any] = _read("steps.yaml", "steps")["steps"]
    for each in steps.values():
        if isinstance(each["inputs"], list):
            each["inputs"] = dict.fromkeys(each["inputs"], ARRIVED)
    if wrong := _find_wrong(steps):
        message = f"{find_home() / 'steps.yaml'}: {wrong}"
        raise ConfigError(message)
    return steps


def _find_wrong(steps: Mapping[str, Any]) -> str:
    """Say which input no step makes, or which steps wait for each other; empty: none."""
    for name, step in steps.items():
        for source in step["inputs"].values():
            other, _, output = source.partition(".")
            if source != ARRIVED and output not in steps.get(other, {"outputs": ()})["outputs"]:
                return f"step {name!r} takes {source}, and no step has that output"
    try:
        TopologicalSorter(
            {name: _find_before(step["inputs"]) for name, step in steps.items()}
        ).prepare()
    except CycleError as error:
        return f"steps take each other's products: {', '.join(error.args[1])}"
    return ""


def _find_before(inputs: Mapping[str, str]) -> list[str]:
    return sorted({each.partition(".")[0] for each in inputs.values() if each != ARRIVED})


def _check_clusters(sites: Mapping[str, Site]) -> list[str]:
    """Hold the values of each cluster to the schema of the chart, where that is there.

    What stands in a site too must be the same there.
    """
    chart = find_home() / "kubernetes"
    found = sorted(chart.glob("clusters/*.yaml"))
    for path in found:
        values = _merge(read_yaml(chart / "values.yaml"), read_yaml(path))
        schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
        _validate(path, values, Draft7Validator(schema))
        if (site := values["global"]["site"]) not in sites:
            message = f"{path}: global.site: no file sites/{site}.yaml"
            raise ConfigError(message)
        if wrong := _contradict(values, sites[site]):
            message = f"{path}: {wrong}"
            raise ConfigError(message)
    return [path.stem for path in found]


def _contradict(values: Mapping[str, Any], site: Site) -> str:
    """Say what the values of a cluster and its site tell differently; empty: nothing."""
    told, file = values["global"], f"sites/{site.name}.yaml"
    endpoint = site.store.get("endpoint", told["store"])
    if endpoint != told["store"]:
        return (
            f"global.store: {told['store']}, and store.endpoint in {file} says {endpoint}:"
            " take it out there"
        )
    queues = told.get("queues", "")
    if site.queue and queues and not site.queue.startswith(f"{queues}/"):
        return f"global.queues: {queues}, and store.queue in {file} says {site.queue}"
    workers = values["airflow"].get("workers", {}).get("kubernetes", {})
    claims = {
        each["name"]: each.get("persistentVolumeClaim", {}).get("claimName")
        for each in workers.get("extraVolumes", [])
    }
    mounts = {each["mountPath"]: each["name"] for each in workers.get("extraVolumeMounts", [])}
    if str(site.work) not in mounts:
        return f"airflow.workers: no volume is at {site.work}, and work in {file} says so"
    claim = claims.get(mounts[str(site.work)])
    if site.engine == "kubernetes" and claim != site.settings["claim"]:
        return (
            f"airflow.workers: the volume at {site.work} is the claim {claim}, and settings.claim"
            f" in {file} says {site.settings['claim']}"
        )
    return ""


def _merge(below: Any, above: Any) -> Any:
    """Merge values as Helm does."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: _merge(below.get(key), each) for key, each in above.items()}}


def prepare(step: Step, site: Site, folder: str, given: Mapping[str, list[str]]) -> Path:
    """Write the commandfile of one run, and make the folder that its outputs go to.

    Parameters
    ----------
    step, site
        What runs where.
    folder
        The folder of the run, below the working folder of the site.
    given
        The input files of the step by the names of their lists, each below the folder of the run.

    Returns
    -------
    Path
        The commandfile.
    """
    there, inside = site.work / folder, site.inside(folder)
    outputs = there / OUTPUTS
    outputs.mkdir(parents=True, exist_ok=True)
    clear_outputs(outputs)
    # The step runs as a user of its image, with a number that nobody here knows.
    outputs.chmod(0o777)
    told = Commandfile(
        header={"step": step.name, "image": step.reference},
        parameters=[Parameter(key=key, value=value) for key, value in step.parameters.items()],
        inputs=[
            Filelist(key=key, files=[str(inside / path) for path in given[key]])
            for key in step.inputs
        ],
        outputs=[
            Filelist(key=key, files=[str(inside / OUTPUTS / name)])
            for key, name in step.outputs.items()
        ],
    )
    write_cmdfile_yaml(told, there / COMMANDFILE)
    return there / COMMANDFILE


def clear_outputs(folder: Path) -> None:
    """Empty the folder of outputs: what a try before has left is nothing that this one wrote."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            # What a user of an image has made in there may stay: no product is taken from it.
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()


def blame(site: Site, folder: str, mark: str = FAILED) -> None:
    """Note what a run has failed of: a mark that its next try takes away."""
    # A working folder that is gone is no fault of the step's.
    with suppress(FileNotFoundError):
        (site.work / folder / mark).touch()


def take_blame(site: Site, folder: str, mark: str = FAILED) -> bool:
    """Whether that was noted; it is no longer then."""
    path = site.work / folder / mark
    is_there = path.exists()
    path.unlink(missing_ok=True)
    return is_there


def words(step: Step, site: Site, folder: str) -> list[str]:
    """Write the command of one run, as it stands inside of the image."""
    return [*step.command, "--commandfile", str(site.inside(folder) / COMMANDFILE)]


def pin(name: str, digest: str) -> None:
    """Write the digest of a published image into ``steps.yaml``, and leave all else as it is.

    Raises
    ------
    ConfigError
        If there is no such step, or this is no digest.
    """
    path = find_home() / "steps.yaml"
    _read("steps.yaml", "steps")
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    tree: Any = yaml.compose(text)
    ((_, found),) = tree.value
    steps = {key.value: value for key, value in found.value}
    if name not in steps:
        message = f"{path}: no step {name!r}"
        raise ConfigError(message)
    at = {key.value: (key.start_mark, value) for key, value in steps[name].value}
    start, value = at.get("digest", at["image"])
    end = value.end_mark.index
    if "digest" in at:
        text = text[: value.start_mark.index] + digest + text[end:]
    elif steps[name].flow_style:
        text = f"{text[:end]}, digest: {digest}{text[end:]}"
    else:
        end = text.find("\n", end) + 1 or len(text)
        text = f"{text[:end]}{' ' * start.column}digest: {digest}\n{text[end:]}"
    _validate(path, _parse(path, text), _validator("steps"))
    path.write_text(text, encoding="utf-8")


def _read(name: str, schema: str) -> Any:
    path = find_home() / name
    data = read_yaml(path)
    _validate(path, data, _validator(schema))
    return data


def read_yaml(path: Path) -> Any:
    """Read a file of the configuration.

    Raises
    ------
    ConfigError
        If there is none, or it is no YAML.
    """
    try:
        return _parse(path, path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path}: no such file; PIPELINE_HOME says where steps.yaml and sites/ are"
        raise ConfigError(message) from None


def _parse(path: Path, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        message = f"{path}: no YAML: {error}"
        raise ConfigError(message) from None


def _validate(path: Path, data: Any, validator: Validator) -> None:
    wrong = min(validator.iter_errors(data), key=lambda each: each.json_path, default=None)
    if wrong:
        told = wrong.schema.get("description") if isinstance(wrong.schema, Mapping) else ""
        why = f" ({told})" if told else ""
        message = f"{path}: {wrong.json_path.removeprefix('$.')}: {wrong.message}{why}"
        raise ConfigError(message)


@cache
def _validator(schema: str) -> Draft202012Validator:
    path = Path(__file__).parent / "schemas" / f"{schema}.json"
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
