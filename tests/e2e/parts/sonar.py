"""A stand-in for a SonarQube server: it answers the scanner, up to the analysis itself.

The scanner asks for the server's version, a Java and the engine, and hands its properties to the
engine. The Java that it gets here is a script that shows these properties.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import http

JAVA = b"""\
#!/usr/bin/env python3
import json, sys
print(json.dumps({"level": "INFO", "message": "PROPERTIES " + sys.stdin.read()}))
"""
ENGINE = b"Nobody reads this."


def _java() -> bytes:
    """An archive as the server has them, the same bytes each time."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        member = tarfile.TarInfo("bin/java")
        member.size, member.mode = len(JAVA), 0o755
        archive.addfile(member, io.BytesIO(JAVA))
    return data.getvalue()


def _described(name: str, data: bytes, **more: str) -> dict[str, str]:
    return {"filename": name, "sha256": hashlib.sha256(data).hexdigest(), **more}


@dataclass
class Server:
    """A running stand-in.

    Attributes
    ----------
    url
        Its address.
    asked
        What the scanner asked for, in this order, with its token.
    """

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    java: bytes = field(default_factory=_java)

    def answer(self, path: str, accepts: str) -> bytes:
        """What the server says under a path of its interface."""
        java = _described("java.tar.gz", self.java, id="java", javaPath="bin/java")
        match path, accepts:
            case "/api/v2/analysis/version", _:
                return b"2026.1.0"
            case "/api/v2/analysis/jres", "application/json":
                return json.dumps([{**java, "os": "linux", "arch": "x64"}]).encode()
            case "/api/v2/analysis/jres/java", _:
                return self.java
            case "/api/v2/analysis/engine", "application/json":
                return json.dumps(_described("engine.jar", ENGINE)).encode()
            case "/api/v2/analysis/engine", _:
                return ENGINE
        raise KeyError(path)


@contextmanager
def serving() -> Iterator[Server]:
    """Serve on a free port of the loopback."""
    server = Server()

    def answer(request: http.Request) -> bytes:
        path = request.path.partition("?")[0]
        server.asked.append((path, request.headers["Authorization"]))
        return server.answer(path, request.headers["Accept"])

    with http.serving(answer) as server.url:
        yield server


def sent(said: str) -> dict[str, str]:
    """The properties that the engine got, from what the scanner printed."""
    (found,) = re.findall(r"PROPERTIES (\{.*\})", said)
    properties: list[dict[str, str]] = json.loads(found)["scannerProperties"]
    return {entry["key"]: entry["value"] for entry in properties}
