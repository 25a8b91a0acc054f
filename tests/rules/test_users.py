"""As whom an image runs, by what a chart or Compose says."""

from __future__ import annotations

import pytest

from ..support.checking import found

ROOTED = "FROM python:3.13\nCOPY a.py /\nCMD python a.py\n"
TEMPLATE = "kind: Deployment\nsecurityContext: {}\n"
CHART = {
    "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n",
    "chart/templates/web.yaml": TEMPLATE,
}


@pytest.mark.parametrize(
    ("values", "is_told"),
    [
        ("a: {image: {name: b/k8s-sync}, containerSecurityContext: {runAsUser: 65534}}", False),
        ("a: {b: {image: {repository: sync}, securityContext: {runAsNonRoot: true}}}", False),
        ("image: example.org/a/sync:1\nsecurityContext: {runAsUser: 1}", False),
        ("a: {image: {name: b/k8s-sync}, containerSecurityContext: {runAsUser: 0}}", True),
        ("a: {image: {name: b/k8s-sync}}", True),
        ("a: {image: {name: b/resync}, securityContext: {runAsUser: 1}}", True),
        ("a: {image: sync, securityContext: {runAsUser: 1}}\nb: {image: sync}", True),
        ("a: {image: 3, securityContext: [1]}", True),
    ],
)
def test_a_chart(values: str, *, is_told: bool) -> None:
    path = "images/sync/Dockerfile"
    files = {**CHART, "chart/values.yaml": values, path: ROOTED}
    assert found(files, "CON004") == ([("CON004", path, 1)] if is_told else [])


@pytest.mark.parametrize(
    ("service", "is_told"),
    [
        ("{build: ., user: '1000:1000'}", False),
        ("{build: {context: ., dockerfile: ./Dockerfile}, user: 1000}", False),
        ("{build: {context: .}, user: nobody}", False),
        ("{build: ., user: root}", True),
        ("{build: ., user: '0:0'}", True),
        ("{build: .}", True),
        ("{build: ./b, user: '1000'}", True),
        ("{build: {context: ., dockerfile: b}, user: '1000'}", True),
        ("{build: [1], user: '1000'}", True),
        ("{image: a, user: '1000'}", True),
    ],
)
def test_compose(service: str, *, is_told: bool) -> None:
    files = {"compose.yaml": f"services:\n  a: {service}\n", "Dockerfile": ROOTED}
    assert found(files, "CON004") == ([("CON004", "Dockerfile", 1)] if is_told else [])


def test_every_service_has_to_say_it() -> None:
    files = {"Dockerfile": ROOTED}
    files["compose.yaml"] = "services:\n  a: {build: ., user: '1'}\n  b: {build: .}\n"
    assert found(files, "CON004") == [("CON004", "Dockerfile", 1)]
