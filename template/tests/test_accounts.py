"""Accounts, as places have them: who makes one proves the address by a mail."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ROOT = Path(__file__).parents[1]
MAIL = "ada@example.org"
PASSWORD = "waves-and-tides-9"  # pragma: allowlist secret


@pytest.fixture(autouse=True)
def _mandatory(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


@pytest.fixture
def site() -> Client:
    """A browser that comes by TLS."""
    return Client(headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})


def sign_up(site: Client) -> tuple[int, str]:
    given = {"email": MAIL, "password1": PASSWORD, "password2": PASSWORD}
    answer = site.post("/accounts/signup/", given)
    return answer.status_code, answer.headers.get("Location", answer.content.decode())


def log_in(site: Client, password: str = PASSWORD) -> tuple[int, str]:
    answer = site.post("/accounts/login/", {"login": MAIL, "password": password})
    return answer.status_code, answer.headers.get("Location", "")


def make_admin(monkeypatch: pytest.MonkeyPatch, password: str, mail: str = MAIL) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    call_command("make_admin", mail)


def test_cookies_go_over_tls_alone(site: Client, person: User) -> None:
    assert site.get("/accounts/login/").status_code == 200
    site.force_login(person)
    names = {cookie.key for cookie in site.cookies.values() if cookie["secure"]}
    assert names == {"__Host-csrf", "__Host-session"} == site.cookies.keys()


def test_who_makes_an_account_proves_the_address_and_logs_in(
    site: Client, mailoutbox: list[EmailMessage]
) -> None:
    assert sign_up(site) == (302, "/accounts/confirm-email/")
    (mail,) = mailoutbox
    assert mail.to == [MAIL]
    # Not before.
    assert log_in(site) == (302, "/accounts/confirm-email/")
    # The browser of the tests comes by TLS to port 80.
    (link,) = re.findall(r"https://testserver:80(/accounts/confirm-email/\S+/)", str(mail.body))
    assert site.post(link).status_code == 302
    assert log_in(site) == (302, "/")


def test_a_mail_that_cannot_be_sent_is_told_and_can_be_sent_later(
    site: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    status, page = sign_up(site)
    assert (status, "<h1>No mail was sent</h1>" in page) == (503, True)
    settings.EMAIL_BACKEND = working
    # Whoever asked for a mail waits some minutes for the next one.
    cache.clear()
    assert log_in(site) == (302, "/accounts/confirm-email/")
    assert [mail.to for mail in mailoutbox] == [[MAIL]]


def test_an_administrator_is_made_and_needs_no_mail(
    site: Client, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    make_admin(monkeypatch, PASSWORD, "Ada@Example.org")
    assert log_in(site) == (302, "/")
    assert site.get("/admin/").status_code == 200
    assert mailoutbox == []


def test_who_has_proven_an_address_keeps_the_password(
    site: Client, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
) -> None:
    sign_up(site)
    (link,) = re.findall(r"/accounts/confirm-email/\S+/", str(mailoutbox[0].body))
    site.post(link)
    make_admin(monkeypatch, "")
    assert log_in(site) == (302, "/")
    assert site.get("/admin/").status_code == 200


def test_a_stranger_s_account_of_that_address_does_not_become_an_administrator_s(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(site)
    make_admin(monkeypatch, f"{PASSWORD}-2")
    assert log_in(site)[0] == 200
    assert log_in(site, f"{PASSWORD}-2") == (302, "/")
    assert get_user_model().objects.count() == 1


def test_one_of_django_s_own_command_is_proven_as_well(
    site: Client, monkeypatch: pytest.MonkeyPatch, person: User
) -> None:
    person.email, person.is_superuser = MAIL, True
    person.save()
    make_admin(monkeypatch, PASSWORD)
    assert log_in(site) == (302, "/")
    assert site.get("/admin/").status_code == 200


@pytest.mark.parametrize(
    ("mail", "password", "told"),
    [("ada", PASSWORD, "Enter a valid email"), (MAIL, "tides", "too short"), (MAIL, "", "short")],
)
def test_what_is_no_address_or_password_makes_nobody(
    monkeypatch: pytest.MonkeyPatch, mail: str, password: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        make_admin(monkeypatch, password, mail)
    assert list(get_user_model().objects.all()) == []


@pytest.mark.parametrize(
    ("typed", "told"),
    [((PASSWORD, PASSWORD), ""), ((PASSWORD, "other"), "two different passwords")],
)
def test_at_a_terminal_a_password_is_asked_for_twice(
    monkeypatch: pytest.MonkeyPatch, typed: tuple[str, str], told: str
) -> None:
    answers = iter(typed)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    asked = "service.management.commands.make_admin.getpass"
    monkeypatch.setattr(asked, lambda _prompt: next(answers))
    with pytest.raises(CommandError, match=told) if told else nullcontext():
        call_command("make_admin", MAIL)
    assert list(answers) == []
    assert get_user_model().objects.filter(is_superuser=True).count() == (0 if told else 1)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"EMAIL_VERIFICATION": "mandatory"}, "MAIL_HOST is not set: who makes an account proves"),
        ({"EMAIL_VERIFICATION": "mandatory", "MAIL_HOST": "mail.test"}, ""),
        ({"EMAIL_VERIFICATION": "none"}, ""),
    ],
)
def test_without_a_server_for_mails_nothing_starts(given: dict[str, str], told: str) -> None:
    unset = ("EMAIL_VERIFICATION", "MAIL_HOST")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    command = [sys.executable, "-c", "import service.settings"]
    done = subprocess.run(
        command, cwd=ROOT, env={**env, **given}, check=False, capture_output=True, text=True
    )
    assert done.returncode == (1 if told else 0)
    assert done.stderr.startswith(told) if told else done.stderr == ""
