"""How a server is asked that may answer anything, at any length, for any time, or not at all.

What it is asked over and over (https://docs.gitlab.com/api/rest/#pagination) has an end too. Each
try has its time, from the first word of a question to the last of its answer: what the library
calls a timeout is the longest pause, and who sends a letter a minute never makes one.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

MOST_BYTES = 50_000_000
"""Bytes of an answer, unpacked; a hundred projects have a half of one of these millions."""

SECONDS = 180
"""Seconds for one try; GitLab's own processes are ended after 60."""

MOST_ANSWERS = 1000
"""Answers to one question: its pages, and where they lead."""

LONGEST_TALK = 3600
"""Seconds for all answers to one question, waiting for a busy server included."""

_TRIES = 6
_CONNECTS = 2  # tries more where nobody answers at all: mostly a name is wrong
_LONGEST_WAIT = 120  # seconds between two tries, whatever a server says
_SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})

AGAIN = frozenset({429, 500, 502, 503, 504})
"""Answers after which it is worth to ask again."""


class AnswerError(requests.exceptions.RequestException):
    """What comes is no answer of GitLab's; the message says why."""


class _LateError(Exception):
    """Time is up; nothing that requests or urllib3 would take for a reason to try again."""


class _Clock:
    """Ends what takes too long, by the timer that :func:`~lisa_scaffold.cli.terminal.busy` has."""

    end = 0.0

    def restart(self) -> None:
        """Give all of the time again."""
        self.end = time.monotonic() + SECONDS

    @contextmanager
    def running(self) -> Iterator[None]:
        """End what is done here once the time is up."""
        handler = signal.getsignal(signal.SIGALRM)
        timer = signal.getitimer(signal.ITIMER_REAL)

        def look(*arguments: Any) -> None:
            if callable(handler):
                handler(*arguments)
            if time.monotonic() > self.end:
                raise _LateError

        self.restart()
        signal.signal(signal.SIGALRM, look)
        signal.setitimer(signal.ITIMER_REAL, 1, 1)
        try:
            yield
        except _LateError:
            raise AnswerError(f"an answer that takes more than {SECONDS} s") from None
        finally:
            self.end = float("inf")
            signal.setitimer(signal.ITIMER_REAL, *timer)
            signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)


class _Patience(Retry):
    """Tries again what was not done, after as long as the server says, and a little."""

    clock = _Clock()  # of this process, which asks one thing at a time

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        # What was too much was not begun; of a failed POST nobody knows.
        del has_retry_after
        return status_code == 429 or (status_code in AGAIN and method in _SAFE)  # noqa: PLR2004

    def get_retry_after(self, response: Any) -> float | None:
        try:
            seconds = super().get_retry_after(response)
        except Exception:  # a server may write anything there, and each is refused in its own way
            return None
        return seconds and min(seconds, _LONGEST_WAIT) + random.uniform(0, 1)  # noqa: S311

    def sleep(self, response: Any = None) -> None:
        self.clock.end = float("inf")
        super().sleep(response)
        self.clock.restart()


class _Adapter(HTTPAdapter):
    """Reads an answer to its end, if that comes."""

    def send(self, *words: Any, **options: Any) -> requests.Response:
        with _Patience.clock.running():
            response = super().send(*words, **options)
            try:
                _ = response.content  # kept there
            except BaseException:
                response.close()
                raise
            return response

    def build_response(self, request: Any, raw: Any) -> requests.Response:
        response = super().build_response(request, raw)
        # What is read in one piece is read by this as well.
        response.iter_content = _bounded(response.iter_content)  # type: ignore[method-assign]
        return response


def _bounded(read: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    def read_bounded(*words: Any, **options: Any) -> Iterator[Any]:
        size = 0
        for piece in read(*words, **options):
            size += len(piece)
            if size > MOST_BYTES:
                raise AnswerError(f"an answer of more than {MOST_BYTES // 1_000_000} MB")
            yield piece

    return read_bounded


class Session(requests.Session):
    """Asks one server alone: an answer names the next page, and may name any address.

    Parameters
    ----------
    url
        The address of the server.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._own = f"{url.rstrip('/')}/"
        self.begin()
        patience = _Patience(
            *(_TRIES, _CONNECTS),
            allowed_methods=None,
            backoff_factor=0.5,
            backoff_jitter=0.5,
            backoff_max=_LONGEST_WAIT,
            raise_on_status=False,
        )
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(max_retries=patience))

    def begin(self) -> None:
        """Begin with another question."""
        self._answers, self._end = 0, time.monotonic() + LONGEST_TALK

    def send(self, request: Any, **options: Any) -> requests.Response:
        """Ask, as :meth:`requests.Session.send` does."""
        if not str(request.url).startswith(self._own):
            raise requests.exceptions.InvalidURL(f"an answer leads to {request.url}")
        self._answers += 1
        if self._answers > MOST_ANSWERS:
            raise AnswerError(f"more than {MOST_ANSWERS} answers to one question")
        if time.monotonic() > self._end:
            raise AnswerError(f"answers for more than {LONGEST_TALK // 60} minutes")
        return super().send(request, **options)
