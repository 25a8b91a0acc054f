"""Docker Compose: whether the application itself tells that it works."""

from __future__ import annotations

from typing import Any

import pytest

from ..support.checking import Found, clean, edited, found, messages, text

FILE = "compose.yaml"
BODY = """\
services:
  web:
    build: .
    restart: always
    ports: ['8000:8000']
  db:
    image: postgres:17.6
    restart: always
"""
PROXIED = BODY.replace("    ports: ['8000:8000']\n", "")
DOCKER = "FROM docker.io/library/python:3.13 AS base\nUSER 1\nFROM base AS web\nCMD ['serve']\n"
SERVICE = {".copier-answers.yml": "_src_path: x\nkind: service\n"}
WRONG: list[Found] = [("CMP019", FILE, 2)]


def project(body: str = BODY, docker: str = DOCKER, **others: str) -> dict[str, str]:
    """A repository with an application that Compose builds."""
    return {"Dockerfile": docker, FILE: body, **others}


def test_an_application_that_nothing_asks() -> None:
    assert found(project(), "CMP019") == WRONG
    assert messages(project(), "CMP019") == [
        "nothing tells whether it works once it has started: add a `healthcheck`"
    ]
    more = "services:\n  api:\n    build: .\n    restart: always\n    ports: ['81:81']\n"
    (message,) = messages(project(**{"deploy/compose.yaml": more.replace(".", "..")}), "CMP019")
    assert message.endswith("add a `healthcheck`; also in deploy/compose.yaml:2")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("build: .", "build: {context: ., target: web}"),
        ("build: .", "build: {context: ./, dockerfile: ./Dockerfile}"),
        ("ports: ['8000:8000']", "labels: ['traefik.http.routers.a.rule=Host(`b`)']"),
        ("ports: ['8000:8000']", "environment: {VIRTUAL_HOST: a.example.org}"),
        ("restart: always\n    ports", "deploy: {restart_policy: {condition: any}}\n    ports"),
    ],
)
def test_the_forms_in_which_it_may_be_told(old: str, new: str) -> None:
    assert BODY.count(old) == 1
    assert found(project(BODY.replace(old, new)), "CMP019") == WRONG


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("build: .", "build: .\n    healthcheck: {test: [CMD, ask]}"),
        ("build: .", "build: .\n    healthcheck: {disable: true}"),
        ("build: .", "build: .\n    profiles: [more]"),
        ("build: .", "build: .\n    volumes: ['.:/srv']"),
        ("build: .", "build: .\n    command: python manage.py runserver"),
        ("build: .", "build: .\n    extends: {file: a.yaml, service: web}"),
        ("build: .", "build: other"),
        ("build: .", "build: https://example.org/a.git"),
        ("build: .", "build: {dockerfile_inline: FROM a}"),
        ("build: .", "image: me/web:1"),
        ("build: .", "image: '${WEB_IMAGE:?}'"),
        ("web:", "web-migrate:"),
        ("restart: always\n    ports", "ports"),
        ("    ports: ['8000:8000']\n", ""),
        (
            "ports: ['8000:8000']",
            "labels: ['traefik.http.routers.a.rule=b',"
            " 'traefik.http.services.a.loadbalancer.healthcheck.path=/livez']",
        ),
    ],
)
def test_what_is_asked_or_may_be_or_is_no_application(old: str, new: str) -> None:
    assert BODY.count(old) == 1
    assert found(project(BODY.replace(old, new)), "CMP019") == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("USER 1\n", "HEALTHCHECK CMD ask\n"),
        ("CMD ['serve']", "HEALTHCHECK CMD ask"),
        ("CMD ['serve']", "HEALTHCHECK NONE"),
        ("docker.io/library/python:3.13", "example.org/base:3.13"),
        ("docker.io/library/python:3.13", "nginx:1.29"),
        ("docker.io/library/python:3.13", "scratch"),
        ("docker.io/library/python:3.13", "${BASE}"),
    ],
)
def test_an_image_that_brings_a_check_or_may_or_is_a_proxy(old: str, new: str) -> None:
    assert DOCKER.count(old) == 1
    assert found(project(docker=DOCKER.replace(old, new)), "CMP019") == []


def test_a_check_in_another_stage_is_none_of_it() -> None:
    other = DOCKER + "FROM base AS other\nHEALTHCHECK CMD ask\n"
    assert found(project(docker=other), "CMP019") == []
    assert found(project(BODY.replace(": .", ": {target: web}"), other), "CMP019") == WRONG


@pytest.mark.parametrize(
    ("more", "is_found"),
    [
        ({"Caddyfile": "a.example.org {\n\treverse_proxy web:8000\n}\n"}, True),
        ({"nginx/site.conf": "location / { proxy_pass http://web:8000; }\n"}, True),
        ({"Caddyfile": "a.example.org {\n\treverse_proxy other:8000\n}\n"}, False),
        ({"Caddyfile": "a {\n\treverse_proxy web:80 {\n\t\thealth_uri /\n\t}\n}\n"}, False),
        ({"haproxy.cfg": "option httpchk\nserver a web:80\n"}, False),
        ({"README.md": "proxy_pass http://web:8000;\n"}, False),
        ({}, False),
    ],
)
def test_what_stands_behind_a_proxy(more: dict[str, str], *, is_found: bool) -> None:
    assert found(project(PROXIED, **more), "CMP019") == (WRONG if is_found else [])


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("compose.production.yaml", "services:\n  web:\n    healthcheck: {test: [CMD, ask]}\n"),
        ("compose.override.yaml.example", "services: {}\n"),
        ("README.md", "# Local development\n\n`docker compose up`\n"),
    ],
)
def test_other_files_of_the_folder_may_tell_more(path: str, content: str) -> None:
    assert found(project(**{path: content}), "CMP019") == []


def test_of_a_service_all_is_meant_that_runs_all_the_time() -> None:
    assert found({**project(PROXIED), **SERVICE}, "CMP019") == WRONG
    image = PROXIED.replace("build: .", "image: '${WEB_IMAGE:?}'")
    assert found({**project(image), **SERVICE}, "CMP019") == WRONG
    checked = DOCKER.replace("USER 1", "HEALTHCHECK CMD ask")
    assert found({**project(image, checked), **SERVICE}, "CMP019") == []
    assert found({**project(image.replace("always", "'no'", 1)), **SERVICE}, "CMP019") == []
    assert found({**project(image.replace("${WEB_IMAGE:?}", "a/b:1")), **SERVICE}, "CMP019") == []


def without_checks() -> dict[str, Any]:
    """A fresh service whose application tells nothing any more."""
    fresh = clean(kind="service")
    compose, docker = text(fresh, FILE), text(fresh, "Dockerfile")
    start = compose.index("  healthcheck:\n    test: [CMD, python3, -c")
    of_app = compose[start : compose.index("  deploy:\n", start)]
    start = docker.index("HEALTHCHECK --start-period")
    of_image = docker[start : docker.index('CMD ["bin/serve"]')]
    return edited(edited(fresh, FILE, of_app, ""), "Dockerfile", of_image, "")


def test_a_fresh_service_whose_application_tells_nothing() -> None:
    line = text(without_checks(), FILE).splitlines().index("  blue:") + 1
    assert found(without_checks(), "CMP") == [("CMP019", FILE, line)]
