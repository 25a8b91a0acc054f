"""What happens to a request before Django's own middleware sees it."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from service import logs, probes

Answer = Callable[[HttpRequest], HttpResponseBase]
_LOG = logging.getLogger("service.requests")
_ID = re.compile(r"[\w-]{8,64}", re.ASCII)


def answer_probes(get_response: Answer) -> Answer:
    """Answer the probes: by any host name, without TLS, whatever else is broken."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        match request.path:
            case "/livez":
                return HttpResponse("alive\n", content_type="text/plain")
            case "/readyz":
                faults = probes.find_faults()
                return JsonResponse({"faults": faults}, status=503 if faults else 200)
            # A proxy says for whom it asks; Prometheus asks for itself.
            case "/metrics" if "HTTP_X_FORWARDED_FOR" not in request.META:
                return HttpResponse(probes.measure(), content_type="text/plain; version=0.0.4")
        return get_response(request)

    return answer


def follow_request(get_response: Answer) -> Answer:
    """Give each request a number, or keep the one that the proxy gave, and log its end."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        number = given if _ID.fullmatch(given) else uuid.uuid4().hex
        token = logs.request_id.set(number)
        start = time.monotonic()
        try:
            response = get_response(request)
            response.headers["X-Request-ID"] = number
            # Without what stands behind the question mark: it may be a token.
            told = {"method": request.method, "path": request.path, "status": response.status_code}
            took = round(1000 * (time.monotonic() - start))
            _LOG.info("request", extra={**told, "milliseconds": took})
            return response
        finally:
            logs.request_id.reset(token)

    return answer


def refuse_changes(get_response: Answer) -> Answer:
    """While the site is read-only, refuse what would change something."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if settings.READ_ONLY and request.method not in ("GET", "HEAD", "OPTIONS"):
            text = "The site is being moved. You can look and download; come back in an hour.\n"
            headers = {"Retry-After": "3600"}
            return HttpResponse(text, status=503, content_type="text/plain", headers=headers)
        return get_response(request)

    return answer
