"""Docker Compose: whether Caddy speaks TLS with those who come."""

from __future__ import annotations

import pytest

from ..support.checking import Found, clean, edited, findings, found, messages, text

FILE = "compose.yaml"
BODY = """\
services:
  proxy:
    image: caddy:2.10.2
    ports: ['80:80', '443:443']
    volumes: ['./deploy/Caddyfile:/etc/caddy/Caddyfile:ro']
"""
PATH = "deploy/Caddyfile"
SETTINGS = "{\n\temail a@example.org\n}\n"
WRONG: list[Found] = [("CMP020", PATH, 1)]


def site(address: str, *lines: str) -> str:
    """A block that leads to an application."""
    body = "".join(f"\t{line}\n" for line in (*lines, "reverse_proxy web:8000"))
    return f"{address} {{\n{body}}}\n"


def project(caddyfile: str, body: str = BODY) -> dict[str, str]:
    """A repository with a proxy."""
    return {"Dockerfile": "FROM debian:13\nUSER 1\n", FILE: body, PATH: caddyfile}


@pytest.mark.parametrize(
    "address",
    [
        *("http://site.example.org", "site.example.org:80", "http://site.example.org:80/a"),
        *("http://{$SITE_HOST}", "http://{$SITE_HOST:a.example.org}", "http://*.example.org"),
        "https://b.example.org, http://site.example.org",
        "https://b.example.org,\nhttp://site.example.org",
    ],
)
def test_a_site_without_tls(address: str) -> None:
    assert found(project(site(address)), "CMP020") == WRONG
    after = SETTINGS + "# http://not.example.org\n\n" + site(address)
    assert found(project(after), "CMP020") == [("CMP020", PATH, 6)]
    alone = site(address).replace(" {\n", "\n", 1).removesuffix("}\n")
    assert found(project(alone), "CMP020") == WRONG


def test_the_message_names_the_site() -> None:
    assert messages(project(site("http://site.example.org:80")), "CMP020") == [
        "people come over an open line: write `site.example.org` without `http://`"
    ]


@pytest.mark.parametrize(
    "caddyfile",
    [
        site("site.example.org"),
        site("https://site.example.org"),
        site("http://site.example.org") + site("site.example.org"),
        site("http://site.example.org, https://site.example.org"),
        site("http://site.example.org:8080"),
        site("http://localhost"),
        site("http://site.localhost"),
        site("http://127.0.0.1:2020"),
        site("http://[::1]"),
        site("http://192.0.2.7"),
        site("http://web"),
        site("http://ldc.lan"),
        site(":80"),
        site("http://"),
        site("http://site.example.org", "bind 127.0.0.1"),
        site("http://site.example.org", "redir https://{host}{uri}"),
        site("http://site.example.org", "import more"),
        "http://site.example.org {\n\trespond 204\n}\n",
        "{\n\tservers {\n\t\ttrusted_proxies static private_ranges\n\t}\n}\n"
        + site("http://site.example.org"),
        site("http://site.example.org").removesuffix("}\n"),
        site("http://site.example.org") + "}\n",
        "",
    ],
)
def test_sites_with_tls_or_for_nobody_else(caddyfile: str) -> None:
    assert found(project(caddyfile), "CMP020") == []


@pytest.mark.parametrize(
    ("caddyfile", "line"),
    [
        ("{\n\n\tauto_https off\n}\n" + site("site.example.org"), 3),
        ("{\n\tauto_https off\n}\n" + site("site.example.org", "tls a.pem b.pem"), 0),
        ("{\n\tauto_https off\n}\nimport sites/*\n" + site("site.example.org"), 0),
        ("{\n\tauto_https off\n}\n" + site("http://localhost") + site(":80"), 0),
        ("{\n\tauto_https disable_redirects\n}\n" + site("site.example.org"), 0),
    ],
)
def test_tls_that_is_off_for_all(caddyfile: str, line: int) -> None:
    wanted: list[Found] = [("CMP020", PATH, line)] if line else []
    assert found(project(caddyfile), "CMP020") == wanted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'443:443'", "'0.0.0.0:443:443/tcp'"),
        ("'443:443'", "{target: 443, published: 443}"),
        ("'443:443'", "'${HTTPS_PORT:-443}:443'"),
        ("./deploy/Caddyfile:/etc/caddy/Caddyfile:ro", "./deploy:/etc/caddy"),
        (
            "'./deploy/Caddyfile:/etc/caddy/Caddyfile:ro'",
            "{type: bind, source: ./deploy/Caddyfile, target: /etc/caddy/Caddyfile}",
        ),
    ],
)
def test_the_forms_in_which_a_proxy_is_told(old: str, new: str) -> None:
    assert BODY.count(old) == 1
    files = project(site("http://site.example.org"), BODY.replace(old, new))
    assert found(files, "CMP020") == WRONG


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'443:443'", "'8443:8443'"),
        ("'443:443'", "'127.0.0.1:443:443'"),
        ("'443:443'", "{target: 443, published: 443, host_ip: 127.0.0.1}"),
        ("'443:443'", "7"),
        ("./deploy/Caddyfile", "./Caddyfile"),
        ("./deploy/Caddyfile", "/deploy/Caddyfile"),
        ("/etc/caddy/Caddyfile", "/etc/other"),
        ("services:", "# For local development only.\nservices:"),
    ],
)
def test_what_another_one_may_stand_before_or_nobody_reaches(old: str, new: str) -> None:
    assert BODY.count(old) == 1
    files = project(site("http://site.example.org"), BODY.replace(old, new))
    assert found(files, "CMP020") == []


def test_a_service_of_the_template_must_not_be_open() -> None:
    fresh = clean(kind="service")
    opened = edited(fresh, PATH, "\n{$SITE_HOST} {\n", "\nhttp://{$SITE_HOST} {\n")
    line = text(opened, PATH).splitlines().index("http://{$SITE_HOST} {") + 1
    told = [(each.code, each.line, each.severity) for each in findings(opened, "CMP")]
    assert told == [("CMP020", line, "must")]
    foreign = project(site("http://site.example.org"))
    assert [each.severity for each in findings(foreign, "CMP020")] == ["should"]
