"""Servers on the loopback that stand in for services, and keep what they were asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    path: str
    headers: Message
    body: bytes


Answer = Callable[[Request], bytes]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve on a free port.

    Parameters
    ----------
    answer
        Gives the body of the answer to a request, or raises KeyError where there is none.

    Yields
    ------
    str
        The address.
    """

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            try:
                data, status = answer(Request(self.command, self.path, self.headers, body)), 200
            except KeyError:
                data, status = b"", 404
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PUT(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{http.server_port}"
        finally:
            http.shutdown()
            thread.join()
