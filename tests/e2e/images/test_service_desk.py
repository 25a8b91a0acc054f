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
from ..parts.compose import PORT, UNCHECKED, Stack, make_stack
from ..parts.docker import Docker

pytestmark = pytest.mark.heavy

OWN = 18444
SITE = f"https://localhost:{OWN}"


@pytest.fixture
def bare(docker: Docker, tmp_path: Path) -> Iterator[Stack]:
    """A clone of a service, beside which nothing runs, and of which nothing was started."""
    made = make_stack(docker, tmp_path)
    path = made.root / "deploy/desk.env"
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
    # Compose builds by a plugin that Debian's engine has not: the images are there already.
    second = second.replace(" --build", " --pull=never")
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
