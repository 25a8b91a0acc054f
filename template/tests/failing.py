"""A site that fails: settings, and the one page that they lead to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from tests.settings import *  # noqa: F403

ROOT_URLCONF = __name__
IN_HAND = "of-a-variable"


@csrf_exempt
def fail(request: HttpRequest) -> HttpResponse:
    """Fail with secrets in hand."""
    token, form = request.headers["Authorization"], request.POST
    in_hand = [IN_HAND, token, form]
    return HttpResponse(str(len(in_hand) / 0))


urlpatterns = [path("fails/", fail)]
