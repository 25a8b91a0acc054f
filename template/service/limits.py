"""Limits on requests, counted in the cache: for all containers together."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, cast

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MINUTE = 60


def count_person(person: User) -> int:
    """Count a request of somebody who is known, by whatever token or page.

    Parameters
    ----------
    person
        The person.

    Returns
    -------
    int
        How many seconds to wait; 0: the request is within the limit.
    """
    return _count(f"person:{person.pk}", settings.PERSON_REQUESTS)


def count_stranger(request: HttpRequest) -> int:
    """Count a request of nobody who is known, by the address that it comes from.

    Parameters
    ----------
    request
        The request.

    Returns
    -------
    int
        How many seconds to wait; 0: the request is within the limit.
    """
    return _count(f"address:{get_adapter().get_client_ip(request)}", settings.STRANGER_REQUESTS)


def refuse_too_many(request: HttpRequest) -> HttpResponse | None:
    """Count a request for a page, and make the one that refuses it where there are too many."""
    wait = count_person(cast("User", request.user))
    if not wait:
        return None
    page = render(request, "429.html", status=429)
    page.headers["Retry-After"] = str(wait)
    return page


def _count(who: str, limit: int) -> int:
    """Count one. Two that come at the same moment may count as one, and never as another's."""
    key, now = f"requests:{who}", time.time()
    past: list[float] = [at for at in cache.get(key, []) if at > now - MINUTE]
    if len(past) >= limit:
        return math.ceil(past[0] + MINUTE - now)
    cache.set(key, [*past, now], MINUTE)
    return 0
