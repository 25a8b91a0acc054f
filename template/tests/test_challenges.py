"""The challenges: pages, downloads, the interface for programs."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from challenges.models import Challenge, Dataset, Token
from service import limits, store

from .conftest import CONTENT

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture
def site() -> Client:
    """A browser that comes by TLS."""
    return Client(headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def staff_token(person: User) -> str:
    person.is_staff = True
    person.save()
    return Token.make(person, "upload")


def test_pages_show_what_is_published(site: Client, dataset: Dataset) -> None:
    Dataset.objects.create(challenge=dataset.challenge, name="secret.h5", sha256="0" * 64, size=1)
    page = site.get("/challenges/tides/").content.decode()
    assert "tides.h5" in page
    assert dataset.sha256 in page
    assert "https://doi.org/10.5281/zenodo.1234567" in page
    assert "secret.h5" not in page


def test_a_download_needs_a_login_is_counted_and_comes_from_the_store(
    site: Client, person: User, dataset: Dataset, bucket: str
) -> None:
    address = f"/datasets/{dataset.pk}/"
    assert site.get(address).headers["Location"].startswith("/accounts/login/")
    store.make_client("endpoint").put_object(Bucket=bucket, Key=dataset.key, Body=CONTENT)
    site.force_login(person)
    for _ in range(2):
        signed = site.get(address).headers["Location"]
        with urllib.request.urlopen(signed) as answer:
            assert answer.read() == CONTENT
            assert answer.headers["Content-Disposition"] == 'attachment; filename="tides.h5"'
    assert [each.count for each in dataset.downloads.all()] == [2]
    plot = site.get("/challenges/tides/downloads/")
    assert plot.context["days"] == [(timezone.localdate(), 2)]


@pytest.mark.usefixtures("dataset")
def test_browsers_are_told_to_be_strict(site: Client) -> None:
    headers = site.get("/challenges/tides/downloads/").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    (cookie,) = [
        value
        for name, value in site.get("/accounts/login/").cookies.items()
        if name == "__Host-csrf"
    ]
    assert cookie["secure"]
    assert cookie["httponly"]


def test_without_tls_one_is_sent_to_it() -> None:
    answer = Client().get("/")
    assert answer.status_code == 301
    assert answer.headers["Location"].startswith("https://")


def test_wrong_passwords_are_limited(site: Client, person: User) -> None:
    wrong = {"login": person.email, "password": "wrong"}  # pragma: allowlist secret
    pages = [site.post("/accounts/login/", wrong).content.decode() for _ in range(6)]
    assert "Too many failed login attempts" in pages[-1]


def test_a_token_is_shown_once_and_can_be_deleted(site: Client, person: User) -> None:
    site.force_login(person)
    made = site.post("/tokens/", {"name": "notebook"}).context["made"]
    assert made not in site.get("/tokens/").content.decode()
    assert site.get("/api/challenges", headers=bearer(made)).status_code == 200
    site.post("/tokens/", {"delete": Token.objects.get().pk})
    assert site.get("/api/challenges", headers=bearer(made)).status_code == 401


@pytest.mark.parametrize("why", ["expired", "left", "unknown"])
def test_a_token_that_is_not_valid_is_refused(site: Client, person: User, why: str) -> None:
    token = Token.make(person, "notebook")
    if why == "expired":
        Token.objects.update(expires=timezone.now() - timedelta(seconds=1))
    elif why == "left":
        get_user_model().objects.update(is_active=False)
    given = bearer("lisa_unknown" if why == "unknown" else token)
    assert site.get("/api/datasets", headers=given).status_code == 401


def announced(site: Client, token: str, **changes: object) -> tuple[int, dict[str, object]]:
    told = {
        "challenge": "tides",
        "name": "new.h5",
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "size": len(CONTENT),
        **changes,
    }
    answer = site.post("/api/datasets", told, "application/json", headers=bearer(token))
    return answer.status_code, answer.json()


def put(upload: dict[str, object], content: bytes) -> int:
    headers = upload["headers"]
    assert isinstance(headers, dict)
    request = urllib.request.Request(str(upload["url"]), content, headers, method="PUT")
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.usefixtures("bucket")
def test_an_upload_goes_to_the_store_and_is_published_once_it_is_whole(
    site: Client, staff_token: str
) -> None:
    Challenge.objects.create(slug="tides", title="Tides")
    status, upload = announced(site, staff_token)
    assert status == 201
    publish = f"/api/datasets/{upload['id']}/publish"
    assert site.post(publish, headers=bearer(staff_token)).status_code == 409
    assert site.get("/api/datasets", headers=bearer(staff_token)).json() == []
    assert put(upload, CONTENT) == 200
    assert site.post(publish, headers=bearer(staff_token)).status_code == 200
    (listed,) = site.get("/api/datasets?challenge=tides", headers=bearer(staff_token)).json()
    found = site.get(f"/api/datasets/{listed['id']}/download", headers=bearer(staff_token)).json()
    with urllib.request.urlopen(found["url"]) as answer:
        assert answer.read() == CONTENT
    assert announced(site, staff_token)[0] == 409


@pytest.mark.usefixtures("bucket")
def test_another_content_of_the_right_size_is_not_published(site: Client, staff_token: str) -> None:
    Challenge.objects.create(slug="tides", title="Tides")
    _, upload = announced(site, staff_token)
    publish = f"/api/datasets/{upload['id']}/publish"
    other = CONTENT.upper()
    assert put(upload, other) == 200
    refused = site.post(publish, headers=bearer(staff_token))
    told = f"the store has another content, of SHA-256 {hashlib.sha256(other).hexdigest()}"
    assert refused.status_code == 409
    assert refused.json() == {"detail": f"{told}: upload the file again"}
    assert list(Dataset.objects.filter(published__isnull=False)) == []
    assert put(upload, CONTENT) == 200
    assert site.post(publish, headers=bearer(staff_token)).status_code == 200


@pytest.mark.parametrize("told", ["by the store", "by nobody", "of its parts"])
def test_a_checksum_that_the_store_has_is_not_computed_again(
    bucket: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    hash_object = store.hash_object

    def count(key: str) -> str:
        read.append(key)
        return hash_object(key)

    monkeypatch.setattr(store, "hash_object", count)
    client = store.make_client("endpoint")
    client.put_object(Bucket=bucket, Key="key", Body=CONTENT)
    if told == "by the store":
        client.put_object(Bucket=bucket, Key="key", Body=CONTENT, ChecksumAlgorithm="SHA256")
    elif told == "of its parts":
        # The store of the tests has none of this form.
        digest = base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
        parts = {"ChecksumSHA256": f"{digest}-2"}
        monkeypatch.setattr(client, "head_object", lambda **_: parts)
    assert store.find_sha256("key") == hashlib.sha256(CONTENT).hexdigest()
    assert read == ([] if told == "by the store" else ["key"])


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("changes", [{"sha256": "0"}, {"name": "../x"}, {"size": -1}, {"doi": "x"}])
def test_what_is_wrong_about_an_upload_is_told(
    site: Client, staff_token: str, changes: dict[str, object]
) -> None:
    Challenge.objects.create(slug="tides", title="Tides")
    assert announced(site, staff_token, **changes)[0] == 422


@pytest.mark.usefixtures("bucket")
def test_only_staff_upload(site: Client, person: User) -> None:
    Challenge.objects.create(slug="tides", title="Tides")
    assert announced(site, Token.make(person, "notebook"))[0] == 403


def test_the_interface_is_described(site: Client) -> None:
    described = site.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert "/api/datasets/{number}/download" in described["paths"]


def test_a_read_only_site_shows_and_changes_nothing(
    site: Client, person: User, dataset: Dataset, bucket: str, settings: Settings
) -> None:
    settings.READ_ONLY = True
    store.make_client("endpoint").put_object(Bucket=bucket, Key=dataset.key, Body=CONTENT)
    site.force_login(person)
    assert site.get("/challenges/tides/").status_code == 200
    assert site.get(f"/datasets/{dataset.pk}/").status_code == 302
    assert list(dataset.downloads.all()) == []
    refused = site.post("/tokens/", {"name": "notebook"})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3600")
    assert list(person.tokens.all()) == []
    # As strict as any other page.
    assert "default-src 'none'" in refused.headers["Content-Security-Policy"]


def test_objects_are_compared_with_the_database(
    dataset: Dataset, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    client = store.make_client("endpoint")
    client.put_object(Bucket=bucket, Key=dataset.key, Body=CONTENT)
    call_command("check_objects", "--read")
    told = "1 objects, 10 bytes: all were read and have the right checksum\n"
    assert capsys.readouterr().out == told
    client.put_object(Bucket=bucket, Key=dataset.key, Body=CONTENT.upper())
    call_command("check_objects")
    for change, read, fault in (
        (lambda: None, True, "has another content"),
        (lambda: Dataset.objects.update(size=11), False, "has 10 bytes, and should have 11"),
        (lambda: Dataset.objects.update(sha256="0" * 64), False, "is missing"),
    ):
        change()
        with pytest.raises(CommandError, match="1 of 1 objects are not as the database tells"):
            call_command("check_objects", read=read)
        dataset.refresh_from_db()
        assert capsys.readouterr().err == f"{dataset.key}: {fault}\n"


def statuses(site: Client, address: str, times: int, **headers: str) -> list[int]:
    return [site.get(address, headers=headers).status_code for _ in range(times)]


def test_strangers_are_limited_by_their_address(site: Client, person: User) -> None:
    wrong = bearer("lisa_unknown")
    assert statuses(site, "/api/challenges", 61, **wrong) == [401] * 60 + [429]
    refused = site.get("/api/challenges")
    assert (refused.status_code, refused.json()) == (429, {"detail": "Too many requests."})
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    # Neither do others suffer from it, nor who has a token and comes from the same address.
    assert site.get("/api/challenges", headers={"X-Forwarded-For": "192.0.2.2"}).status_code == 401
    assert statuses(site, "/api/challenges", 61, **bearer(Token.make(person, "a"))) == [200] * 61


def test_a_person_is_limited_and_nobody_else_by_it(
    site: Client, person: User, dataset: Dataset, settings: Settings
) -> None:
    assert settings.PERSON_REQUESTS == 600
    settings.PERSON_REQUESTS = 3
    other = get_user_model().objects.create_user("ada", "ada@example.org")
    ours, theirs = (bearer(Token.make(each, "notebook")) for each in (person, other))
    assert statuses(site, "/api/challenges", 4, **ours) == [200] * 3 + [429]
    # By whatever token, or by hand.
    more = bearer(Token.make(person, "another"))
    assert statuses(site, "/api/challenges", 1, **more) == [429]
    site.force_login(person)
    assert statuses(site, f"/datasets/{dataset.pk}/", 1) == [429]
    assert statuses(site, "/api/challenges", 4, **theirs) == [200] * 3 + [429]


def test_downloads_are_limited(
    site: Client, person: User, dataset: Dataset, settings: Settings
) -> None:
    settings.PERSON_REQUESTS = 2
    site.force_login(person)
    assert statuses(site, f"/datasets/{dataset.pk}/", 3) == [302, 302, 429]
    refused = site.get(f"/datasets/{dataset.pk}/")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "<h1>Too many requests</h1>" in refused.content.decode()
    assert [each.count for each in dataset.downloads.all()] == [2]


def test_after_a_minute_requests_are_taken_again(
    site: Client, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.STRANGER_REQUESTS = 1
    now = time.time()
    for later, status in (0, 401), (59, 429), (61, 401), (62, 429):
        monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda at=now + later: at))
        assert statuses(site, "/api/challenges", 1) == [status]


def look_at_start(expression: str, **settings: str) -> str:
    """Evaluate something in a process that has loaded the service as gunicorn does."""
    looks = f"import gc, sys, service.settings, service.wsgi; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", looks],
        cwd=Path(__file__).parents[1],
        env={**os.environ, **settings},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_pages_are_loaded_before_there_is_a_worker() -> None:
    loaded = "'challenges.views' in sys.modules, gc.get_freeze_count() > len(gc.get_objects())"
    assert look_at_start(loaded) == "True True\n"


@pytest.mark.parametrize(("address", "told"), [("", "False"), ("http://key@127.0.0.1:9/1", "True")])
def test_errors_are_told_to_a_service_where_one_is_named(address: str, told: str) -> None:
    assert look_at_start("'sentry_sdk' in sys.modules", SENTRY_DSN=address) == f"{told}\n"
    if address:
        ready = "sys.modules['sentry_sdk'].is_initialized()"
        assert look_at_start(ready, SENTRY_DSN=address) == "True\n"
