"""No secret in git, and nothing run that others can change.

No secret stands here as it would be found: each is put together when a test runs.
"""

from __future__ import annotations

import base64
import hashlib
import string
from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import rules
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge

from ..support.checking import changed, clean, findings, found, messages

LETTERS = string.ascii_letters + string.digits


def random(length: int, alphabet: str = LETTERS, seed: str = "s") -> str:
    """A text that looks like chance, the same each time."""
    text = ""
    while len(text) < length:
        digest = hashlib.sha256(f"{seed}{len(text)}".encode()).digest()
        text += "".join(alphabet[byte % len(alphabet)] for byte in digest)
    return text[:length]


HEX = "0123456789abcdef"
TOKENS = {
    "GitLab token": "glpat-" + random(20),
    "GitLab trigger token": "glptt-" + random(40, HEX),
    "GitHub token": "ghp_" + random(36),
    "fine-grained GitHub token": "github_pat_" + random(22) + "_" + random(59),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + random(70),
    "AWS key": "AKIA" + random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") + ":" + random(40),
    "SonarQube token": "sqp_" + random(40, HEX),
    "Docker Hub token": "dckr_pat_" + random(27),
}


@pytest.mark.parametrize("name", list(TOKENS))
def test_tokens(name: str) -> None:
    files = changed(clean(), {"deploy.sh": f"#!/bin/sh\nexport T='{TOKENS[name]}'\n"})
    assert found(files, "SEC") == [("SEC002", "deploy.sh", 2)]
    told = f"this {name} is in every clone, for ever: revoke it, and use a CI variable"
    assert messages(files, "SEC") == [told]
    assert all(TOKENS[name] not in message for message in messages(files, "SEC"))


def test_the_column_is_told() -> None:
    facts = Facts.of({"a.txt": f"x {TOKENS['GitLab token']}\n"})
    assert [f.column for f in judge.list_findings(rules.load_family("SEC"), facts)] == [3]


@pytest.mark.parametrize(
    "line",
    [
        "ZENODO_TOKEN = '{}'",
        'zenodo_access_token: "{}"',
        "export ZENODO_API_KEY={}",
    ],
)
def test_tokens_of_zenodo_are_known_by_their_name(line: str) -> None:
    files = changed(clean(), {"zenodo.py": line.format(random(60)) + "\n"})
    assert messages(files, "SEC") == [
        "this Zenodo token is in every clone, for ever: revoke it, and use a CI variable"
    ]
    named = changed(clean(), {"zenodo.py": line.format("$TOKEN") + "\n"})
    assert found(named, "SEC") == []


@pytest.mark.parametrize(
    "text",
    [
        "glpat-" + "x" * 20,
        "glpat-" + "1234567890" * 2,
        "glpat-" + random(12),
        "ghp_" + random(40),
        "AKIA" + "IOSFODNN7EXAMPLE",
        "sqp_" + "0" * 40,
        "https://zenodo.org/records/" + "1" * 60,
        "myglpat-" + random(20),
    ],
)
def test_examples_and_other_words_are_no_tokens(text: str) -> None:
    assert found(changed(clean(), {"a.txt": f"{text}\n"}), "SEC") == []


def key(kind: str = "RSA PRIVATE") -> str:
    body = base64.b64encode(random(96).encode()).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN {kind} KEY-----\n{lines}\n-----END {kind} KEY-----\n"


@pytest.mark.parametrize("kind", ["RSA PRIVATE", "PRIVATE", "OPENSSH PRIVATE", "EC PRIVATE"])
def test_private_keys(kind: str) -> None:
    files = changed(clean(), {"deploy/id": f"# ours\n{key(kind)}"})
    assert found(files, "SEC") == [("SEC001", "deploy/id", 2)]
    assert messages(files, "SEC") == [
        "this private key is in every clone, for ever: replace it wherever it is used"
    ]


def test_a_key_in_one_line() -> None:
    files = changed(clean(), {"account.json": '{"key": ' + repr(key()).replace("'", '"') + "}\n"})
    assert found(files, "SEC") == [("SEC001", "account.json", 1)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/data/key.pem", key()),
        ("docs/use.md", "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n"),
        ("cert.pem", key("PUBLIC")),
        ("src/a.py", 'MARK = "-----BEGIN PRIVATE KEY-----"\n'),
    ],
)
def test_what_is_no_private_key_of_anybody(path: str, text: str) -> None:
    assert found(changed(clean(), {path: text}), "SEC") == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (".ci/push.sh", "git push https://robot:{}@gitlab.in2p3.fr/a.git"),
        ("requirements.txt", "--index-url https://user:{}@gitlab.in2p3.fr/simple"),
        (".netrc", "machine gitlab.example.org login robot password {}"),
        (".pypirc", "password: {}"),
    ],
)
def test_passwords(path: str, line: str) -> None:
    files = changed(clean(), {path: f"\n{line.format(random(12))}\n"})
    assert found(files, "SEC") == [("SEC003", path, 2)]
    assert messages(files, "SEC") == [
        "everybody here can read this password: change it, then use a variable"
    ]


@pytest.mark.parametrize(
    "line",
    [
        "https://gitlab-ci-token:${CI_JOB_TOKEN}@gitlab.in2p3.fr/a.git",
        "https://user:$PASSWORD@gitlab.in2p3.fr",
        "https://user:<password>@gitlab.in2p3.fr",
        "postgresql://postgres:postgres@gitlab.in2p3.fr/db",
        "https://robot:swordfish@gitlab.example.org",
        "redis://user:swordfish@localhost/0",
        "postgresql+psycopg2://airflow:airflow@airflow-postgres/airflow",
        "amqp://Robots:robots@mq.in2p3.fr",
        "postgresql://me:swordfish@app-db:5432/a",
        "mysql://me:swordfish@maria-db/a",
        "https://robot:change-me@gitlab.in2p3.fr",
        "https://robot:your-token@gitlab.in2p3.fr",
        "https://gitlab.in2p3.fr:8443/a@b",
        "# https://robot:swordfish@gitlab.in2p3.fr",
    ],
)
def test_variables_and_services_are_no_passwords(line: str) -> None:
    assert found(changed(clean(), {"run.sh": f"{line}\n"}), "SEC") == []


HOST = "db.in2p3.fr"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/a/store.py", 'URL = "postgresql://lisa:{}@db.in2p3.fr/l0"'),
        ("src/a/store.py", "# once postgresql://lisa:{}@db.in2p3.fr/l0"),
        ("config/site.yaml", "url: redis://:{}@redis.in2p3.fr:6379/0"),
        ("README.md", "pip install git+https://bot:{}@gitlab.in2p3.fr/a.git"),
        ("use.ipynb", '{{"cells": [{{"source": ["u = \\"https://a:{}@db.in2p3.fr/x\\""]}}]}}'),
    ],
)
def test_passwords_that_are_certain_are_found_in_any_file(path: str, line: str) -> None:
    for seed in "abcdef":
        files = {path: f"\n{line.format(random(12, seed=seed))}\n"}
        assert found(files, "SEC") == [("SEC003", path, 2)]


@pytest.mark.parametrize(
    ("path", "password", "host"),
    [
        ("tests/test_a.py", "", HOST),
        ("examples/a.yaml", "", HOST),
        ("src/a.py", "p4ssw0rd", HOST),
        ("src/a.py", "my-s3cr3t-T0k3n", HOST),
        ("src/a.py", "correct-horse-battery", HOST),
        ("src/a.py", "Swordfish2024", HOST),
        ("src/a.py", "{}", HOST),
        ("src/a.py", "%(password)s", HOST),
        ("src/a.py", "", "localhost"),
        ("src/a.py", "", "db"),
        ("src/a.py", "", "127.0.0.1"),
        ("src/a.py", "", "172.17.0.1"),
        ("src/a.py", "", "host.docker.internal"),
        ("src/a.py", "", "mq.prod.svc"),
        ("src/a.py", "", "db.example.org"),
        ("src/a.py", "", "a.your-server.com"),
        ("src/a.py", "", "myhost.com"),
    ],
)
def test_passwords_that_may_be_none_are_not(path: str, password: str, host: str) -> None:
    files = {path: f'U = "https://robot:{password or random(12)}@{host}/a"\n'}
    assert found(files, "SEC") == []


@pytest.mark.parametrize("near", ["https://gitlab.example.org", "where it says YOUR-NAME"])
def test_a_page_about_a_server_that_is_none_shows_a_form(near: str) -> None:
    page = f"# A\n\n{near}\n\n    git clone https://a:{random(12)}@gitlab.in2p3.fr/a.git\n"
    assert found({"docs/use.md": page}, "SEC") == []
    wanted = [("SEC003", "docs/use.md", 5)]
    assert found({"docs/use.md": page.replace(near, "there")}, "SEC") == wanted


def test_the_address_of_a_project_in_sentry_is_no_secret() -> None:
    key, other = random(32, "0123456789abcdef"), random(32, "0123456789abcdef", "t")
    assert found({"a.py": f'DSN = "https://{key}:{other}@sentry.in2p3.fr/1"\n'}, "SEC") == []


def test_tokens_of_two_kinds_are_two_findings() -> None:
    gitlab, github = f"glpat-{random(20)}", f"ghp_{random(36)}"
    text = f"a: {gitlab}\nb: {github}\nc: {gitlab}\n"
    rest = "is in every clone, for ever: revoke it, and use a CI variable"
    assert messages({"a.yml": text}, "SEC002") == [
        f"this GitLab token {rest}; also in line 3",
        f"this GitHub token {rest}",
    ]


def includes(*entries: str) -> dict[str, Any]:
    listed = "".join(f"  - {entry}\n" for entry in entries)
    return {".gitlab-ci.yml": f"include:\n{listed}a:\n  script: [b]\n"}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "project: g/ci\n    file: /a.yml",
            "g/ci may change any day, and runs with your secrets: add `ref` with a tag or a commit",
        ),
        (
            "project: g/ci\n    file: /a.yml\n    ref: main",
            "g/ci may change any day, and runs with your secrets: use a tag or a commit, not main",
        ),
        (
            "component: $CI_SERVER_FQDN/g/c/lint@~latest",
            "$CI_SERVER_FQDN/g/c/lint@~latest may change any day, and runs with your secrets: name "
            "a version",
        ),
        (
            "remote: https://example.org/raw/main/a.yml",
            "https://example.org/raw/main/a.yml may change any day, and runs with your secrets: "
            "add `integrity`, or use a version",
        ),
    ],
)
def test_includes(entry: str, message: str) -> None:
    files = includes(entry)
    assert found(files, "SEC") == [("SEC004", ".gitlab-ci.yml", 2)]
    assert messages(files, "SEC") == [message]


def test_one_project_that_is_included_twice_is_one_finding() -> None:
    entry = "- project: a/b\n    file: {}.yml\n"
    text = f"include:\n  {entry.format('c')}  {entry.format('d')}"
    files = {".gitlab-ci.yml": text}
    assert found(files, "SEC004") == [("SEC004", ".gitlab-ci.yml", 2)]
    assert messages(files, "SEC004") == [
        "a/b may change any day, and runs with your secrets: add `ref` with a tag or a commit; "
        "also in line 4"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        "project: g/ci\n    file: /a.yml\n    ref: v1.2.0",
        "project: g/ci\n    file: /a.yml\n    ref: $CI_REF",
        "component: $CI_SERVER_FQDN/g/c/lint@1.2.0",
        "remote: https://example.org/raw/v1/a.yml",
        "remote: https://example.org/raw/main/a.yml\n    integrity: sha256-abc=",
        "template: Jobs/Secret-Detection.gitlab-ci.yml",
    ],
)
def test_includes_that_are_pinned(entry: str) -> None:
    assert found(includes(entry), "SEC") == []


def test_generated_projects_pass() -> None:
    assert found(clean(), "SEC") == []


def test_tokens_of_a_server_that_does_not_exist() -> None:
    token = "glpat-" + "JVNSESs8EwWRx5yDxM5q"
    page = f"gitlab.Gitlab('https://gitlab.example.com', private_token='{token}')\n"
    assert found({"docs/api.rst": page}, "SEC002") == []
    assert len(found({"deploy.py": page}, "SEC002")) == 1
    assert len(found({"docs/api.rst": page.replace("example", "in2p3")}, "SEC002")) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "RUN curl -sSL https://a.org/x.sh | sh",
            "this runs whatever the server sends: download a version, check its hash, then run it",
        ),
        (
            "RUN wget -qO- https://a.org/x | sudo -E bash -",
            "this runs whatever the server sends: download a version, check its hash, then run it",
        ),
        (
            "RUN bash <(curl -s https://a.org/x)",
            "this runs whatever the server sends: download a version, check its hash, then run it",
        ),
        (
            'RUN sh -c "$(curl -fsSL https://a.org/x)"',
            "this runs whatever the server sends: download a version, check its hash, then run it",
        ),
        (
            "RUN wget http://a.org/x.tgz",
            "http://a.org/x.tgz comes unencrypted, so anybody on the way can change it: use https",
        ),
        (
            "ADD ftp://a.org/x /x",
            "ftp://a.org/x comes unencrypted, so anybody on the way can change it: use https",
        ),
        ("RUN curl -O https://a.org/x && sha256sum -c x.sha256", None),
        ("RUN curl http://localhost:8000/health", None),
        ("RUN curl http://registry:5000/v2/", None),
        ("RUN curl https://a.org/x | tar xz", None),
        ("# RUN curl https://a.org/x | sh", None),
    ],
)
def test_what_comes_unseen(line: str, message: str | None) -> None:
    files = {"Dockerfile": f"FROM debian:13\n{line}\nUSER a\n"}
    assert messages(files, "SEC00") == ([message] if message else [])


@pytest.mark.parametrize(
    "path",
    [
        *("dummyserver/certs/a.key", "pkg/test_data/a.key", "e2e-tests/k.pem"),
        *("a/services/test_server/key.pem", "certs/test-key.pem", "a/testkeys/k.pem"),
    ],
)
def test_keys_of_servers_that_exist_in_tests(path: str) -> None:
    key = "-----BEGIN " + "RSA PRIVATE KEY-----\n" + "aB3d" * 16 + "\n"
    assert found({path: key}, "SEC001") == []
    for other in ("certs/a.key", "latest_server/key.pem", "contest-key.pem"):
        assert len(found({other: key}, "SEC001")) == 1


@pytest.mark.parametrize(
    ("url", "entry", "is_found"),
    [
        ("https://gitlab.example.org/lisa/a", "project: lisa/ci\n    file: a.yml", False),
        ("https://gitlab.example.org/lisa/b/a", "project: LISA/x/ci\n    file: a.yml", False),
        ("https://gitlab.example.org/lisa/a", "component: gitlab.example.org/lisa/c/l@main", False),
        ("https://gitlab.example.org/lisa/a", "component: $CI_SERVER_FQDN/lisa/c/l@main", False),
        ("https://gitlab.example.org/lisa/a", "project: other/ci\n    file: a.yml", True),
        ("https://gitlab.example.org/lisa/a", "component: gitlab.com/other/c/l@main", True),
        ("https://github.com/lisa/a", "project: lisa/ci\n    file: a.yml", True),
        ("https://gitlab.example.org/lisa/a", "remote: https://example.org/main/a.yml", True),
    ],
)
def test_what_is_of_the_own_group(url: str, entry: str, is_found: bool) -> None:
    project = f"[project]\nname = 'a'\nversion = '1'\nurls.Source = '{url}'\n"
    files = {**includes(entry), "pyproject.toml": project}
    wanted = [("SEC004", ".gitlab-ci.yml", 2)]
    assert found(files, "SEC004") == (wanted if is_found else [])
    # A project of the template says which version of its group's pipeline it has.
    ours = {**files, ".copier-answers.yml": "_src_path: a\n_commit: v1\n"}
    assert found(ours, "SEC004") == wanted


@pytest.mark.parametrize(
    ("password", "is_found"),
    [
        *(
            ("insecure", False),
            ("unsafe", False),
            ("not-secure", False),
            ("InsecurePassword", False),
        ),
        *(("securely", True), ("insecure-but-long-1", True), ("x8Jq11zP", True)),
    ],
)
def test_a_password_that_says_what_it_is(password: str, is_found: bool) -> None:
    text = f"services:\n  a:\n    environment:\n      DB: postgresql://me:{password}@data/base\n"
    wanted = [("SEC003", "compose.yaml", 4)] if is_found else []
    assert found({"compose.yaml": text}, "SEC003") == wanted


@pytest.mark.parametrize(
    ("path", "host", "is_found"),
    [
        ("compose.dev.yaml", "broker", False),
        ("compose.yaml", "broker", True),
        ("compose.dev.yaml", "broker.in2p3.fr", True),
        ("compose.yaml", "dbs.in2p3.fr", True),
        ("compose.yaml", "redis.in2p3.fr", True),
    ],
)
def test_a_password_at_a_desk(path: str, host: str, *, is_found: bool) -> None:
    text = f"services:\n  a:\n    environment:\n      Q: amqp://me:x8Jq11zP@{host}/q\n"
    assert found({path: text}, "SEC003") == ([("SEC003", path, 4)] if is_found else [])


def test_passwords_of_one_file_are_one_finding() -> None:
    lines = "".join(f"      {name}: postgresql://me:x8Jq11zP@data/{name}\n" for name in "AB")
    files = {"compose.yaml": f"services:\n  a:\n    environment:\n{lines}"}
    assert messages(files, "SEC003") == [
        "everybody here can read this password: change it, then use a variable; also in line 5"
    ]


@pytest.mark.parametrize(
    ("before", "is_found"),
    [
        ("https://s3.example.org/a.jpg?AWSAccessKeyId=", False),
        ("https://s3.example.org/a.jpg?X-Amz-Credential=", False),
        ("    AWSAccessKeyId=", False),
        ("aws_access_key_id = ", True),
        ('key = "', True),
    ],
)
def test_the_public_half_of_a_key_in_an_address(before: str, *, is_found: bool) -> None:
    key_of_aws = "AKIA" + random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    files = {"a.py": f"{before}{key_of_aws}&Expires=1\n# {random(40)}\n"}
    assert found(files, "SEC002") == ([("SEC002", "a.py", 1)] if is_found else [])


def test_one_project_that_several_files_include_is_one_finding() -> None:
    part = "include:\n  - project: a/b\n    file: c.yml\n"
    files = {".gitlab-ci.yml": "include:\n  - local: /ci/*.yml\n", "ci/a.yml": part}
    files["ci/b.yml"] = part
    assert found(files, "SEC004") == [("SEC004", "ci/a.yml", 2)]
    (message,) = messages(files, "SEC004")
    assert message.endswith("add `ref` with a tag or a commit; also in ci/b.yml:2")


@pytest.mark.parametrize(
    ("readme", "is_found"),
    [
        ("https://gitlab.com/lisa/sub/a-b/badges/main/pipeline.svg", False),
        ("git clone https://gitlab.com/lisa/a_b.git", False),
        ("https://git.example.org/lisa/a-b/-/issues", False),
        ("https://gitlab.com/lisa/other/-/issues", True),
        ("https://gitlab.com/other/a-b/-/issues", True),
        ("https://github.com/lisa/a-b.git", True),
    ],
)
def test_the_group_that_a_readme_tells(readme: str, *, is_found: bool) -> None:
    project = "[project]\nname = 'a-b'\nversion = '1'\n"
    files = {**includes("project: lisa/ci\n    file: a.yml"), "pyproject.toml": project}
    wanted = [("SEC004", ".gitlab-ci.yml", 2)] if is_found else []
    assert found({**files, "README.md": f"# A\n\nSee {readme}\n"}, "SEC004") == wanted


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        ("molecule/upgrade/files/server.key", False),
        ("files/apt-test.priv", False),
        ("keys/test.pem", False),
        ("keys/server.key", True),
        ("keys/latest.pem", True),
    ],
)
def test_keys_of_servers_that_a_scenario_makes(path: str, *, is_found: bool) -> None:
    assert found({path: key()}, "SEC001") == ([("SEC001", path, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("readme", "is_found"),
    [
        ("Collection of Dockerfiles used for integration tests of [a](b).", False),
        ("Docker images for testing.", False),
        ("Servers in containers, each for unit-tests", False),
        ("These images run our services in production.", True),
        ("Images of the site. It has tests.", True),
        ("Tools for testing.", True),
        ("", True),
    ],
)
def test_keys_of_images_that_are_for_tests(readme: str, *, is_found: bool) -> None:
    files = {"a/Dockerfile": "FROM debian:13\nENV API_TOKEN=hunter2\nUSER a\n", "a/ssh/id": key()}
    files["README.md"] = f"# About\n\n{readme}\n"
    assert bool(found(files, "SEC001")) == is_found
    assert bool(found(files, "CON005")) == is_found
    package = {"pyproject.toml": "[project]\nname = 'a'\nversion = '1'\n"}
    assert found({**files, **package}, "SEC001") == [("SEC001", "a/ssh/id", 1)]


def test_keys_are_one_finding() -> None:
    (message,) = messages({"a/id": key(), "b/id": key()}, "SEC001")
    assert message.endswith("replace it wherever it is used; also in b/id:1")
    assert found({"unsafe-ssh-keys/id": key(), "insecure/id": key()}, "SEC001") == []


def der(length: int, there: int) -> str:
    """A key that says how long it is, and the part of it that is there."""
    body = base64.b64encode((b"\x30\x82" + length.to_bytes(2) + random(there).encode())[:there])
    lines = [body.decode()[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(
        [f"-----BEGIN {'RSA PRIVATE'} KEY-----", *lines, "-----END RSA PRIVATE KEY-----"]
    )


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (der(600, 604), True),
        (der(1190, 400), False),
        (der(1190, 401), False),
        (der(600, 604).replace("\n", "\n    "), True),
        (der(1190, 400).replace("\n", "\n    # "), False),
        ("Note. " + der(1190, 400).partition("-----END")[0], True),
    ],
)
def test_a_key_that_lacks_a_part_is_an_example(text: str, *, is_found: bool) -> None:
    wanted = [("SEC001", "docs/a.md", 1)] if is_found else []
    assert found({"docs/a.md": f"{text}\n"}, "SEC001") == wanted


@pytest.mark.parametrize("gap", ["...", "   ....", "[...]", "…", "<rest of the key>", "# ..."])
def test_a_key_of_which_lines_are_left_out(gap: str) -> None:
    begin, *lines, last, end = key().rstrip("\n").split("\n")
    assert found({"a.md": "\n".join([begin, *lines, gap, last, end])}, "SEC001") == []
    assert found({"a.md": "\n".join([begin, *lines, last, end, gap])}, "SEC001") != []


MADE = {".copier-answers.yml": "_src_path: x\nkind: service\n"}
CHANCE = "kR7" + "vQ2m" + "Zx9p"
SECRET = f"# Of the place\nMAIL_HOST=mail.example.org\nMAIL_PASSWORD={CHANCE}\n"


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        (".env", True),
        ("deploy/production.env", True),
        ("deploy/.env.production", True),
        (".env.example", False),
        ("production.env.sample", False),
        ("deploy/desk.env", False),
        (".env.dev", False),
        (".env.local", False),
        ("tests/.env", False),
        ("environment.txt", False),
    ],
)
def test_files_of_settings(path: str, *, is_found: bool) -> None:
    for files, severity in (({path: SECRET, **MADE}, "must"), ({path: SECRET}, "should")):
        told = [(each.path, each.line, each.severity) for each in findings(files, "SEC007")]
        assert told == ([(path, 3, severity)] if is_found else [])


@pytest.mark.parametrize(
    ("line", "here", "elsewhere"),
    [
        (f"S3_SECRET_KEY='{CHANCE}'", True, True),
        (f"export API_TOKEN={CHANCE} # the new one", True, True),
        (f"DATABASE_URL=postgres://site:{CHANCE}@db.in2p3.fr/site", True, True),
        (f"DATABASE_URL=postgres://site:{CHANCE}@db:5432/site", True, False),
        ("MAIL_PASSWORD=swordfish", True, False),
        ("MAIL_PASSWORD=changeme", True, False),
        ("SECRET_KEY=django-insecure-desk-key-change-in-production", True, False),
        ("SECRET_KEY=of_the_site_dev_secret", True, False),
        ("K3S_TOKEN=k3:5s", True, False),
        ("MAIL_PASSWORD=", False, False),
        ("MAIL_PASSWORD=$OTHER", False, False),
        ("MAIL_PASSWORD=<yours>", False, False),
        ("MAIL_PASSWORD_FILE=/run/secrets/mail", False, False),
        ("S3_ENDPOINT=https://s3.example.net", False, False),
        ("TOKEN_URL=https://a.example.net/?b", False, False),
        (f"# MAIL_PASSWORD={CHANCE}", False, False),
    ],
)
def test_lines_of_settings(line: str, *, here: bool, elsewhere: bool) -> None:
    files = {"production.env": f"{line}\n"}
    wanted = [("SEC007", "production.env", 1)]
    assert found({**files, **MADE}, "SEC007") == (wanted if here else [])
    assert found(files, "SEC007") == (wanted if elsewhere else [])
    adopted = {".copier-answers.yml": f"{MADE['.copier-answers.yml']}adopted: true\n"}
    told = [each.severity for each in findings({**files, **adopted}, "SEC007")]
    assert told == (["should"] if elsewhere else [])


def test_a_file_with_a_secret() -> None:
    files = {"secrets/db_password": "swordfish\n", "secrets/.gitignore": "*\n", "secrets/empty": ""}
    assert found({**files, **MADE}, "SEC007") == [("SEC007", "secrets/db_password", 1)]
    assert found(files, "SEC007") == []


def test_what_git_does_not_have_is_of_the_place(tmp_path: Path) -> None:
    for path, content in {".env": SECRET, **MADE}.items():
        (tmp_path / path).write_text(content)
    chosen = rules.select_rules(rules.Selection(("SEC007",)))
    assert judge.list_findings(chosen, Facts.read(tmp_path)) == []


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        *(("ssh/fake_key", False), ("deploy/insecure.pem", False), ("etc/snakeoil-a.key", False)),
        *(("tests/server.pem", True), ("deploy/insecure.d/server.pem", True)),
    ],
)
def test_a_key_that_a_file_with_a_telling_name_has_too(path: str, *, is_found: bool) -> None:
    indented = "".join(f"      {line}\n" for line in key().splitlines())
    files = {"compose.yaml": f"services:\n  a:\n    environment:\n      KEY: |\n{indented}"}
    assert ("SEC001", "compose.yaml", 5) in found(files, "SEC001")
    both = {**files, path: key()}
    assert (("SEC001", "compose.yaml", 5) in found(both, "SEC001")) == is_found
    first, body, *rest = key().split("\n")
    other = {**files, path: "\n".join([first, body.swapcase(), *rest])}
    assert ("SEC001", "compose.yaml", 5) in found(other, "SEC001")


@pytest.mark.parametrize(
    ("path", "is_found"),
    [
        *((".env.sample", False), ("deploy/settings.env.example", False), ("a.pem.dist", False)),
        *((".env.samples.old", True), (".env", True)),
    ],
)
def test_a_key_in_a_sample(path: str, *, is_found: bool) -> None:
    assert found({path: key()}, "SEC001") == ([("SEC001", path, 1)] if is_found else [])


@pytest.mark.parametrize(
    ("secret", "is_found"),
    [
        (":XXXX@athena.example.org", False),
        ("\nsecret = ${AWS_SECRET}", False),
        (f"\nsha1 = {random(40, HEX)}", False),
        (f"\nsecret = {'x' * 40}", False),
        (f"\n\nsecret = {random(40)}", True),
        (f":{random(40)}@athena.example.org", True),
        ("\n" * 9 + random(40), False),
    ],
)
def test_the_name_of_a_key_without_its_secret_half(secret: str, *, is_found: bool) -> None:
    name = "AKIA" + random(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    files = {"a.yaml": f"uri: {name}{secret}\n"}
    assert found(files, "SEC002") == ([("SEC002", "a.yaml", 1)] if is_found else [])


POSTGRES = "services: [postgres:16], script: [date]"


@pytest.mark.parametrize(
    ("pipeline", "lines"),
    [
        (f"variables:\n  DB_PASSWORD: {CHANCE}\n", [2]),
        (f"variables:\n  A_TOKEN:\n    value: {CHANCE}\n    description: a\n", [2]),
        (f"a:\n  script: [date]\n  variables: {{API_KEY: {CHANCE}}}\n", [3]),
        (f".a:\n  variables: {{API_KEY: {CHANCE}}}\nb: {{extends: .a, script: [date]}}\n", [2]),
        (f"a:\n  script: [date]\n  rules:\n    - variables: {{A_TOKEN: {CHANCE}}}\n", [4]),
        (f"workflow:\n  rules:\n    - variables: {{A_TOKEN: {CHANCE}}}\n", [3]),
        ("variables:\n  DB_PASSWORD: $OTHER\n  A_TOKEN: ''\n  A_SECRET: swordfish\n", []),
        ("variables:\n  A_TOKEN: tokens/a\n  A_PASSWORD_FILE: secret-9fK2\n  A_KEY: 9fK2x7\n", []),
        (f"a: {{{POSTGRES}, variables: {{POSTGRES_PASSWORD: {CHANCE}}}}}\n", []),
        (f"a: {{{POSTGRES}}}\nvariables: {{POSTGRES_PASSWORD: {CHANCE}}}\n", []),
        (f"a: {{{POSTGRES}}}\nvariables:\n  API_TOKEN: {CHANCE}\n", [3]),
    ],
)
def test_variables_of_a_pipeline(pipeline: str, lines: list[int]) -> None:
    files = {".gitlab-ci.yml": pipeline}
    assert found(files, "SEC007") == [("SEC007", ".gitlab-ci.yml", line) for line in lines]
    if lines:
        (message,) = messages(files, "SEC007")
        assert message.endswith("change it, and set it in GitLab's settings, masked and protected")
