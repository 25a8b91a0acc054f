"""One run of a step, from an object that arrived to a product: the same with and without Airflow.

What differs is who calls: a DAG has a task for each of the three, ``run-step`` calls one by one.
"""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from .receipts import Receipts
from .steps import (
    ARRIVED,
    FAILED,
    INSIDE,
    OUTPUTS,
    REFUSED,
    ConfigError,
    Site,
    Step,
    blame,
    load_step,
    prepare,
    take_blame,
    words,
)
from .store import FAILURES, Arrival, Store, describe, digest_of, product_name, version_of

_NOTE = "run.json"

log = logging.getLogger(__name__)


class OutputError(subprocess.SubprocessError):
    """A step ended well, and did not write what it declares."""


class EarlyError(Exception):
    """A step was called before another whose product it takes."""


@dataclass(frozen=True)
class Run:
    """A run that has begun.

    Attributes
    ----------
    folder
        Its folder, below the working folder of the site.
    product
        The name of what it makes.
    is_done
        Whether that is there already.
    """

    folder: str
    product: str
    is_done: bool


def identify(step: Step, site: Site) -> str:
    """Tell the digest of what runs: of the published image, of the one built here, or of a program.

    Raises
    ------
    ConfigError
        If there is no such image on this machine, or nothing here that asks its engine.
    """
    if site.engine == "process":
        # Whatever image is published: what runs is this.
        program, *rest = step.command
        files = [Path(each) for each in (shutil.which(program) or "", *rest)]
        return f"sha256:{digest_of(*(each for each in files if each.is_file()))}"
    if step.digest:
        return step.digest
    if site.engine == "podman":
        return _ask_podman(step.image)
    try:
        import docker
        from docker.errors import ImageNotFound
    except ImportError:
        message = (
            f"{step.image}: the library that asks Docker for it is not installed: pip install"
            " docker; or publish the image, and `pin` its digest in steps.yaml"
        )
        raise ConfigError(message) from None

    client = docker.DockerClient(**_address(site)) if _address(site) else docker.from_env()
    try:
        return str(client.images.get(step.image).id)
    except ImageNotFound:
        message = f"{step.image}: not built on this machine, and steps.yaml names no digest"
        raise ConfigError(message) from None
    finally:
        client.close()


def _ask_podman(image: str) -> str:
    asked = ["podman", "image", "inspect", image]
    done = subprocess.run(asked, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        message = f"{image}: {' '.join(done.stderr.split())}, and steps.yaml names no digest"
        raise ConfigError(message)
    return f"sha256:{json.loads(done.stdout)[0]['Id']}"


def find_version(step: Step, site: Site) -> str:
    """Name the version of a step and of all whose products it takes, as receipts keep it."""
    own = version_of(step, identify(step, site))
    before = [find_version(load_step(name, site), site) for name in step.before]
    return sha256(json.dumps([own, *before]).encode()).hexdigest() if before else own


def begin(step: Step, site: Site, store: Store, arrival: Arrival) -> Run:
    """Fetch what arrived, and what steps before have made of it, and write the commandfile.

    Raises
    ------
    GoneError
        If the object is no longer what arrived.
    EarlyError
        If a step before has made nothing of it yet.
    """
    folder = _folder(step, arrival)
    there = site.work / folder
    shutil.rmtree(there, ignore_errors=True)
    files: dict[str, list[str]] = {}
    contents: dict[str, str] = {}
    inputs: dict[str, str] = {}
    for key, source in step.inputs.items():
        name, address = _find_input(step, source, site, store, arrival)
        files[key] = [f"inputs/{key}/{PurePosixPath(name).name or 'object'}"]
        path = there / files[key][0]
        is_arrival = source == ARRIVED
        try:
            contents[key] = store.fetch(arrival, path) if is_arrival else store.bring(name, path)
        except FAILURES:
            there.mkdir(parents=True, exist_ok=True)
            blame(site, folder, REFUSED)
            raise
        inputs[address] = contents[key]
    image = identify(step, site)
    product = product_name(step, image, contents)
    prepare(step, site, folder, files)
    note = {
        "arrival": arrival.to_dict(),
        "inputs": inputs,
        "product": product,
        "image": image,
        "version": find_version(step, site),
    }
    (there / _NOTE).write_text(json.dumps(note), encoding="utf-8")
    return Run(folder, product, is_done=store.has_product(product))


def _folder(step: Step, arrival: Arrival) -> str:
    return f"{step.name}/{arrival.identity}"


def has_failed(step: Step, site: Site, arrival: Arrival, mark: str = FAILED) -> bool:
    """Whether a step, or one whose product it takes, has a mark; what is asked is forgotten."""
    before = [load_step(name, site) for name in step.before]
    # Each is asked, so that nothing is left for the next run.
    found = [has_failed(each, site, arrival, mark) for each in before]
    return take_blame(site, _folder(step, arrival), mark) or any(found)


def _find_input(
    step: Step, source: str, site: Site, store: Store, arrival: Arrival
) -> tuple[str, str]:
    """Find the key of an input, and its address."""
    if source == ARRIVED:
        return arrival.key, f"s3://{arrival.bucket}/{quote(arrival.key)}"
    before, _, output = source.partition(".")
    product = Receipts(store, before).find_product(arrival)
    if not product:
        message = (
            f"step {step.name!r} takes {source}, and {before!r} has made nothing yet of"
            f" s3://{arrival.bucket}/{arrival.key}: run that first"
        )
        raise EarlyError(message)
    key = f"{product}/{load_step(before, site).outputs[output]}"
    return key, store.address(key)


def finish(step: Step, site: Site, store: Store, folder: str) -> str:
    """Publish what a step wrote, keep the receipt, and clear the folder.

    Returns
    -------
    str
        The name of the product.

    Raises
    ------
    OutputError
        If the step did not write all of its outputs.
    """
    there = site.work / folder
    note = json.loads((there / _NOTE).read_text(encoding="utf-8"))
    arrival = Arrival(**note["arrival"])
    product = str(note["product"])
    if not store.has_product(product):
        try:
            paths = find_outputs(step, there / OUTPUTS)
        except OutputError:
            blame(site, folder)
            raise
        told = describe(
            step,
            note["image"],
            note["inputs"],
            paths,
            ended=datetime.now(tz=UTC),
            license=store.products["license"],
        )
        store.publish(product, paths, told)
    Receipts(store, step.name).receive(arrival, product, note["version"])
    shutil.rmtree(there, ignore_errors=True)
    return product


def find_outputs(step: Step, folder: Path) -> list[Path]:
    """Find the files that a step declares; what else it wrote is named in the log, and left.

    Raises
    ------
    OutputError
        If one is missing. A link is none: it may point anywhere.
    """
    found = {path.name for path in folder.iterdir()}
    wanted = [folder / name for name in sorted(set(step.outputs.values()))]
    if more := sorted(found - {path.name for path in wanted}):
        log.warning("%s: not published, as steps.yaml declares no such output: %s", step.name, more)
    missing = [path.name for path in wanted if path.is_symlink() or not path.is_file()]
    if missing:
        names = ", ".join(missing)
        message = f"step {step.name!r} did not write {names}, which steps.yaml declares"
        raise OutputError(message)
    return wanted


def container(step: Step, site: Site, folder: str, engine: str) -> list[str]:
    """Write the command that runs a step in a container, with no more than it needs.

    Parameters
    ----------
    step, site, folder
        What runs, where, and on which files.
    engine
        ``docker``, ``podman`` or ``apptainer``; ``process``: no container.
    """
    if engine == "process":
        return words(step, site, folder)
    # Neither another run's files nor what else lies in the working folder.
    inside = INSIDE / folder
    if engine == "apptainer":
        image = f"{site.settings['images']}/{step.digest.replace(':', '-')}.sif"
        bind = f"{site.settings['scratch']}/{folder}:{inside}"
        return [
            *("apptainer", "exec", "--containall", "--no-privs", f"--bind={bind}"),
            *(f"--pwd={inside}", image, *words(step, site, folder)),
        ]
    return [
        *(engine, "run", "--rm", "--network=none", "--read-only", "--tmpfs=/tmp"),
        *("--cap-drop=ALL", "--security-opt=no-new-privileges"),
        *(f"--cpus={step.cpus}", f"--memory={step.memory}m"),
        *(f"--volume={site.work / folder}:{inside}", f"--workdir={inside}"),
        *(step.reference, *words(step, site, folder)),
    ]


def run_here(step: Step, site: Site, store: Store, arrival: Arrival, engine: str) -> str:
    """Run one step on one object without Airflow.

    Parameters
    ----------
    step, site, store, arrival
        What runs, with which store, on which object.
    engine
        What runs it here, whatever the site has: ``docker``, ``podman`` or ``process``.

    Returns
    -------
    str
        The name of the product.

    Raises
    ------
    subprocess.CalledProcessError
        If the step fails.
    """
    # Who runs the step is asked for its image, and sees the files where it has them.
    site = replace(site, engine=engine)
    run = begin(step, site, store, arrival)
    if not run.is_done:
        command = container(step, site, run.folder, engine)
        subprocess.run(command, check=True, timeout=step.minutes * 60)  # noqa: S603
    return finish(step, site, store, run.folder)


def _address(site: Site) -> Mapping[str, str]:
    socket = site.settings.get("socket")
    return {"base_url": socket} if socket else {}
