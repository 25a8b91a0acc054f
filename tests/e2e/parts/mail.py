"""A server for mail on the loopback, which keeps what it is given."""

from __future__ import annotations

import email
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any


@dataclass(frozen=True)
class Mailbox:
    """Mail that was received.

    Attributes
    ----------
    port
        Where the server listens.
    mails
        Each mail, the oldest first.
    """

    port: int
    mails: list[EmailMessage] = field(default_factory=list)

    @property
    def connection(self) -> str:
        """The server, as a connection of Airflow."""
        told = {"conn_type": "smtp", "host": "127.0.0.1", "port": self.port}
        return json.dumps({**told, "extra": {"disable_ssl": True, "disable_tls": True}})


@contextmanager
def receiving() -> Iterator[Mailbox]:
    """Receive mail, by as much of SMTP as one that sends it needs."""
    mails: list[EmailMessage] = []

    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in iter(self.rfile.readline, b""):
                if line.upper().startswith(b"DATA"):
                    self.wfile.write(b"354 go on\r\n")
                    written = b"".join(iter(self.rfile.readline, b".\r\n"))
                    made: Any = email.message_from_bytes(written, policy=policy.default)
                    mails.append(made)
                is_end = line.upper().startswith(b"QUIT")
                self.wfile.write(b"221 bye\r\n" if is_end else b"250 ok\r\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Mailbox(server.server_address[1], mails)
        finally:
            server.shutdown()
