"""As whom an image runs: where a chart or Compose says so, and not the image itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import join, normpath
from typing import Any

from lisa_scaffold.formats.dockerfile import Dockerfile
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import images
from lisa_scaffold.rules.chart import find_charts
from lisa_scaffold.rules.compose import Service, find_services

_ROOT = ("", "0", "root")


def runs_as_told(facts: Facts, docker: Dockerfile) -> bool:
    """Whether whatever runs an image says that it is an ordinary user's."""
    told = [*_find_in_compose(facts, docker), *_find_in_charts(facts, docker)]
    return bool(told) and all(told)


def _find_in_compose(facts: Facts, docker: Dockerfile) -> Iterator[bool]:
    """Of each service that builds the image, whether it names an ordinary user."""
    for each in find_services(facts):
        if _find_built(each) == docker.path:
            yield str(each.data.get("user", "")).partition(":")[0] not in _ROOT


def _find_built(service: Service) -> str:
    """The Dockerfile that a service is built from; empty where there is none."""
    build = service.data.get("build")
    told = build if isinstance(build, dict) else {"context": build}
    context, name = told.get("context"), told.get("dockerfile", "Dockerfile")
    if not isinstance(context, str) or not isinstance(name, str):
        return ""
    return normpath(join(service.file.path.rpartition("/")[0], context, name))


def _find_in_charts(facts: Facts, docker: Dockerfile) -> Iterator[bool]:
    """Of each place in a chart's values that names the image, whether a user stands beside it."""
    folder = docker.path.rpartition("/")[0].rpartition("/")[2]
    for chart in find_charts(facts) if folder else ():
        for values in _find_mappings(chart.values.data):
            name = images.read(_read_image(values.get("image"))).repository.rpartition("/")[2]
            if name == folder or name.endswith(f"-{folder}"):
                yield _names_user(values)


def _find_mappings(values: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    waiting: list[Any] = [values]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            yield each
            waiting += each.values()


def _read_image(told: Any) -> str:
    """The image that values name, in either form."""
    if isinstance(told, Mapping):
        told = told.get("repository", told.get("name"))
    return told if isinstance(told, str) else ""


def _names_user(values: Mapping[str, Any]) -> bool:
    """Whether a security context among some values lets nobody be root."""
    contexts = [told for key, told in values.items() if key.lower().endswith("securitycontext")]
    return any(
        each.get("runAsNonRoot") is True or str(each.get("runAsUser", "")) not in _ROOT
        for each in contexts
        if isinstance(each, Mapping)
    )
