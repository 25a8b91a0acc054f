"""The images that this repository builds, and the files that have to know each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from .steps import ConfigError, find_home, list_images, read_yaml

COMPONENT = frozenset({"noise"})
"""The images of steps that the component of the pipeline publishes where no list says more."""


def check_images() -> None:
    """Hold the images of steps that are this repository's to what builds and publishes them.

    An image of Airflow has none of those files, and nothing is asked there.

    Raises
    ------
    ConfigError
        If the image of a step is built or published by nothing.
    """
    home = find_home()
    if not (home / ".gitlab-ci.yml").is_file():
        return
    own = _find_repository(home)
    for step, images in list_images().items():
        for image in images:
            repository, _, name = image.rpartition("/")
            if repository != own:
                continue
            if wrong := _find_unknown(home, name, image if image == images[0] else ""):
                message = f"{wrong} (step {step!r} of steps.yaml runs in {image})"
                raise ConfigError(message)


def _find_unknown(home: Path, name: str, desk: str) -> str:
    """Say which file does not know an image; empty: none. Not all of them run at the desk."""
    source, jobs, compose = (
        home / each for each in (f"steps/{name}/Dockerfile", ".gitlab-ci.yml", "compose.yaml")
    )
    published = _find_published(jobs)
    if not source.is_file():
        return f"{source}: no such file: write it, or name the image of another project"
    if published is not None and name not in published:
        return f"{jobs}: no job publishes {name!r}: add it to IMAGE in the list .images"
    if desk and compose.is_file() and not _has_service(read_yaml(compose), desk):
        return f"{compose}: no service builds {name!r}: add one, with its build and image"
    return ""


def _find_repository(home: Path) -> str:
    """Find where the images of this repository go; empty: nothing tells."""
    path = home / "kubernetes/values.yaml"
    if not path.is_file():
        return ""
    return str(read_yaml(path)["airflow"]["images"]["airflow"]["repository"])


def _has_service(told: Any, image: str) -> bool:
    return any(each.get("image") == image for each in told.get("services", {}).values())


# --- What jobs publish ----------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """A loader that takes the tags of GitLab's own, and finds nothing behind them."""


_Loader.add_multi_constructor("!", lambda *_: None)


def _find_published(path: Path) -> frozenset[str] | None:
    """Find the images that the jobs of a file publish; nothing: they do not tell."""
    try:
        documents = [*yaml.load_all(path.read_text(encoding="utf-8"), _Loader)]
    except yaml.YAMLError as error:
        message = f"{path}: no YAML: {error}"
        raise ConfigError(message) from None
    jobs = documents[-1]
    found = frozenset(each for job in jobs.values() for each in _find_matrix(job))
    is_component = "/pipeline@" in str(jobs.get("include"))
    return found or (COMPONENT if is_component else None)


def _find_matrix(job: Any) -> Iterator[str]:
    """Find what a job says that IMAGE is."""
    parallel = job.get("parallel") if isinstance(job, Mapping) else None
    matrix = parallel.get("matrix") if isinstance(parallel, Mapping) else None
    for row in matrix or []:
        images = row.get("IMAGE", []) if isinstance(row, Mapping) else []
        yield from [images] if isinstance(images, str) else images or []
