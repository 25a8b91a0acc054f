"""What people are told where a request fails, and where the database is away."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from service import probes
from service.urls import handler500  # noqa: F401 - Django looks for it beside the addresses
from tests.test_contract import place, serving  # noqa: F401 - the first one is a fixture

ERRORS = {"full": OperationalError, "cut": InterfaceError, "ours": ZeroDivisionError}


def fail(request: HttpRequest) -> HttpResponse:
    """Fail as the address says."""
    message = "told in the log"
    raise ERRORS[request.path.strip("/")](message)


urlpatterns = [path(f"{name}/", fail) for name in ERRORS]


@pytest.fixture
def failing(settings: Settings) -> Client:
    """Somebody who asks for pages that fail, of a site whose operators get mail."""
    settings.ROOT_URLCONF = __name__
    settings.ADMINS = [("operators", "operators@example.org")]
    return Client(raise_request_exception=False, headers={"X-Forwarded-Proto": "https"})


@pytest.mark.parametrize("name", ["full", "cut"])
def test_while_the_database_is_away_people_are_asked_to_come_back(
    name: str, failing: Client, mailoutbox: list[EmailMessage]
) -> None:
    answer = failing.get(f"/{name}/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"told in the log" not in answer.content
    assert mailoutbox == []


def test_what_nobody_expected_is_told_to_operators(
    failing: Client, mailoutbox: list[EmailMessage]
) -> None:
    answer = failing.get("/ours/")
    assert (answer.status_code, "Retry-After" in answer.headers) == (500, False)
    assert b"told in the log" not in answer.content
    assert len(mailoutbox) == 1


@pytest.fixture
def deaf() -> Iterator[int]:
    """The port of a database that takes connections, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


def test_a_database_that_says_nothing_is_waited_for_and_no_longer(
    deaf: int,
    place: dict[str, str],  # noqa: F811
    tmp_path: Path,
) -> None:
    del place["DB_FILE"]
    # The pages' files are not collected here.
    told = {"DJANGO_SETTINGS_MODULE": "tests.settings", "DB_CONNECT_SECONDS": "3"}
    told |= {"DB_HOST": "127.0.0.1", "DB_PORT": str(deaf), "DB_PASSWORD": "x"}
    with serving({**place, **told}, tmp_path / "log") as service:
        service.wait("/livez", 200)
        host = {"Host": place["SITE_HOST"], "X_Forwarded_Proto": "https"}
        start = time.monotonic()
        status, said = service.get("/", **host)
        assert (status, "Try again" in said) == (503, True), said
        assert 2 < time.monotonic() - start < 8
        # Many probes at once: most of the threads stay free.
        asking = [threading.Thread(target=service.get, args=["/readyz"]) for _ in range(6)]
        for each in asking:
            each.start()
        time.sleep(0.5)
        start = time.monotonic()
        assert service.get("/livez")[0] == 200
        assert time.monotonic() - start < 1
        for each in asking:
            each.join()
        assert service.get("/readyz")[0] == 503


def test_probes_do_not_wait_for_one_another(
    bucket: str,  # noqa: ARG001 - the store is there
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "_PATIENCE", 0.1)
    assert probes.find_faults() == {}
    with probes._looking["database"]:
        assert probes.find_faults() == {"database": "does not answer"}
    assert probes.find_faults() == {}
