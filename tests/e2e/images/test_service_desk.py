"""A generated service at the desk, from nothing, by the two commands of its README."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ...support.tools import passes
from ..parts import buildx
from ..parts.compose import (
    LOCAL,
    PORT,
    UNCHECKED,
    Stack,
    build_stand_ins,
    make_service,
    make_tools,
)
from ..parts.docker import Docker

pytestmark = pytest.mark.heavy

OWN = 18444
SITE = f"https://localhost:{OWN}"
# A base image that no registry has, and the one network of which the engine of the tests builds.
BUILT = """\
  blue: { build: &here { network: host, args: { BASE_IMAGE: localhost/debian:bookworm } } }
  backup: { build: *here }
"""
IMAGES = ("localhost/service:desk", "localhost/backup:desk")


@pytest.fixture
def bare(docker: Docker, tmp_path: Path) -> Iterator[Stack]:
    """A clone of a service of which nothing was built or started, and beside which nothing runs."""
    build_stand_ins(docker, tmp_path, "postgres", "caddy", "store")
    root = make_service(tmp_path / "service", LOCAL + BUILT)
    config = tmp_path / "config"
    (config / "cli-plugins").mkdir(parents=True)
    (config / "cli-plugins/docker-buildx").symlink_to(buildx.installed())
    tools = make_tools(docker, tmp_path / "tools")
    made = Stack(root, {**tools, "DOCKER_CONFIG": str(config)})
    for image in IMAGES:
        docker.tries("image", "rm", image)
    path = root / "deploy/desk.env"
    settings = path.read_text(encoding="utf-8").replace(str(PORT), str(OWN))
    path.write_text(re.sub("(?m)^(PROJECT=.*)$", r"\1-bare", settings), encoding="utf-8")
    try:
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout=1", "--remove-orphans")


def test_two_commands_lead_to_a_site_whose_administrator_logs_in(bare: Stack) -> None:
    page = (bare.root / "README.md").read_text(encoding="utf-8")
    section = page.partition("## Start it at the desk")[2].partition("\n## ")[0]
    first, second = re.findall(r"(?m)^\$ (.+)$", section)
    assert (first, second) == (
        "deploy/secrets desk",
        "deploy/compose desk up --build --detach --wait",
    )
    for command in first, second:
        passes("bash", "-euc", command, cwd=bare.root, env=bare.environment, timeout=1200)
    password = (bare.root / "secrets/admin_password").read_text(encoding="utf-8")
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    person = urllib.request.build_opener(urllib.request.HTTPSHandler(context=UNCHECKED), cookies)

    def ask(path: str, form: dict[str, str] | None = None) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(SITE + path, data, {"Referer": SITE + path})  # noqa: S310 - it is ours
        with person.open(request, timeout=60) as answer:
            return str(answer.read().decode())

    assert "noise.csv" in ask("/challenges/example/")
    (token,) = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', ask("/accounts/login/")))
    form = {"login": "admin@example.org", "password": password, "csrfmiddlewaretoken": token}
    assert "Log out" in ask("/accounts/login/", form)
    assert "Challenges" in ask("/admin/")
    # The second time it is there at once, and changes nothing.
    passes("bash", "-euc", second, cwd=bare.root, env=bare.environment, timeout=600)
    assert bare.sql("SELECT count(*) FROM challenges_challenge") == "1"
