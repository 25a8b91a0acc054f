"""An object store in this process, people, and a challenge with a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone
from moto.server import ThreadedMotoServer
from pytest_django import DjangoDbBlocker, Settings

from challenges.models import Challenge, Dataset
from service import probes, store

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CONTENT = b"some data\n"


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None,  # noqa: ARG001 - the plugin's own, which comes first
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """A database with the table that the cache has."""
    with django_db_blocker.unblock():
        call_command("createcachetable")


@pytest.fixture(scope="session")
def store_address() -> Iterator[str]:
    """The address of a store that lives as long as the tests."""
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(store_address: str, settings: Settings) -> str:
    """A bucket in it, which the service knows."""
    settings.STORE = {
        **settings.STORE,
        "endpoint": store_address,
        "public_endpoint": store_address,
    }
    store.make_client.cache_clear()
    probes.forget()
    name: str = settings.STORE["bucket"]
    store.make_client("endpoint").create_bucket(Bucket=name)
    return name


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:  # noqa: ARG001 - the database, for all tests
    """No count of requests from an earlier test."""
    cache.clear()


@pytest.fixture
def person() -> User:
    """Somebody."""
    return get_user_model().objects.create_user("jo", "jo@example.org", "tides-and-waves")


@pytest.fixture
def dataset() -> Dataset:
    """A published dataset."""
    challenge = Challenge.objects.create(slug="tides", title="Tides")
    digest = hashlib.sha256(CONTENT).hexdigest()
    return Dataset.objects.create(
        challenge=challenge,
        name="tides.h5",
        sha256=digest,
        size=len(CONTENT),
        doi="10.5281/zenodo.1234567",
        published=timezone.now(),
    )
