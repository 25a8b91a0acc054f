"""A GitLab for tests on the loopback: real HTTP, real git, and the habits of the real one.

It holds what it is asked, and what it answers, against the description in ``gitlab.yaml``; what is
wrong there is in ``faults``, and a test looks that there are none. It keeps what it is told, pages
its lists, and misbehaves as it is told to.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

TOKEN = "glpat-only-for-tests-0123456789"  # noqa: S105 - for this server alone
Answer = tuple[int, Any, dict[str, str]]


@cache
def description() -> OpenAPI:
    """The description of the API."""
    return OpenAPI.from_dict(yaml.safe_load((Path(__file__).parent / "gitlab.yaml").read_text()))


@dataclass
class Project:
    """A project of the server.

    Attributes
    ----------
    number, path
        Its number, and its path.
    flags
        What a list tells of it beside that.
    requests
        Its merge requests, as they are kept.
    notes
        What was said in each.
    pipeline
        How pipelines of its branches end; empty: there are none.
    stale
        Whether they have seen another commit than the newest.
    status
        The code that every question about it is answered with, where that is no 200.
    """

    number: int
    path: str
    flags: dict[str, Any] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    notes: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    pipeline: str = "success"
    stale: bool = False
    status: int = 200


class GitLab:
    """The server.

    Parameters
    ----------
    root
        The folder for its repositories.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.projects: dict[int, Project] = {}
        self.moved: dict[str, int] = {}
        self.users = {"ada": 7}
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.failing = 0.0
        self.lost = ""  # what becomes of the next POST: "undone" or "done", and answered with 502
        self.busy = 0  # answers that are still to be refused for the rate
        self.page = 100
        self.port = 0
        self.lock = threading.RLock()
        self.dice = random.Random(1)  # noqa: S311 - the same faults every time

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def add(self, path: str, source: Path | None = None, **flags: Any) -> Project:
        """Add a project, with the history of a repository."""
        project = Project(len(self.projects) + 1, path, flags)
        bare = self.repository(project)
        bare.parent.mkdir(parents=True, exist_ok=True)
        run("init", "--quiet", "--bare", "--initial-branch=main", bare)
        for key, value in (
            ("http.receivepack", "true"),
            ("uploadpack.allowFilter", "true"),
            ("uploadpack.allowAnySHA1InWant", "true"),
            ("receive.advertisePushOptions", "true"),
        ):
            run("-C", bare, "config", key, value)
        if source:
            run("-C", source, "push", "--quiet", bare, "HEAD:refs/heads/main", "--tags")
        self.projects[project.number] = project
        return project

    def repository(self, project: Project) -> Path:
        return self.root / f"{project.path}.git"

    def tip(self, project: Project, branch: str) -> str | None:
        found = subprocess.run(
            [
                "git",
                "-C",
                self.repository(project),
                "rev-parse",
                "--verify",
                "-q",
                f"refs/heads/{branch}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return found.stdout.strip() or None

    def refuse_pushes(self, project: Project, said: str) -> None:
        """Let a project refuse what is pushed, as protected branches and push rules do."""
        hook = self.repository(project) / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
        hook.chmod(0o755)

    def count(self, pattern: str) -> int:
        """How many questions were of a kind, such as ``POST .*/notes``."""
        return sum(bool(re.search(pattern, each)) for each in self.asked)

    # --- What it answers --------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        inner = path.removeprefix("/api/v4")
        if found := re.fullmatch(r"/groups/([^/]+)/projects", inner):
            return self._list_projects(unquote(found[1]), query)
        if inner == "/users":
            name = query.get("username", "")
            listed = [{"id": self.users[name], "username": name}] if name in self.users else []
            return 200, listed, {}
        found = re.fullmatch(r"/projects/([^/]+)(/.*)?", inner)
        named = unquote(found[1]) if found else ""
        if named in self.moved and found:
            place = f"{self.url}/api/v4/projects/{self.moved[named]}{found[2] or ''}"
            return 301, {}, {"Location": place}
        one = next((p for p in self.projects.values() if named in {str(p.number), p.path}), None)
        if one is None or found is None:
            return 404, {"message": "404 Project Not Found"}, {}
        if one.status != 200:
            return one.status, {"message": f"{one.status} said the server"}, {}
        return self._answer_project(one, method, found[2] or "", query, body)

    def _answer_project(  # noqa: C901, PLR0911 - a line for each thing that can be asked
        self, one: Project, method: str, rest: str, query: dict[str, str], body: Any
    ) -> Answer:
        if not rest:
            return 200, self._show(one), {}
        if rest == "/pipelines/latest":
            sha = self.tip(one, query.get("ref", "main"))
            if not (sha and one.pipeline):
                return 404, {"message": "404 Not Found"}, {}
            return 200, {"id": 1, "sha": sha, "status": one.pipeline}, {}
        if rest == "/merge_requests":
            return self._open(one, body) if method == "POST" else self._list(one, query)
        found = re.fullmatch(r"/merge_requests/(\d+)(/merge|/notes)?", rest)
        if not found or not 0 < int(found[1]) <= len(one.requests):
            return 404, {"message": "404 Not found"}, {}
        request = one.requests[int(found[1]) - 1]
        if found[2] == "/notes":
            notes = one.notes.setdefault(request["iid"], [])
            if method == "GET":
                return self._page(notes[::-1], query)
            notes.append({"id": len(notes) + 1, "body": body["body"]})
            return 201, notes[-1], {}
        if found[2] == "/merge":
            return self._merge(one, request, body)
        if method == "PUT":
            if body.pop("state_event", "") == "close":
                request["state"] = "closed"
            request.update(body)
        return 200, self._show_request(one, request, whole=True), {}

    def _list_projects(self, group: str, query: dict[str, str]) -> Answer:
        inside = [p for p in self.projects.values() if p.path.startswith(f"{group}/")]
        if not inside:
            return 404, {"message": "404 Group Not Found"}, {}
        size = min(int(query.get("per_page", 20)), self.page)
        after = int(query.get("id_after", 0))
        rows = [p for p in inside if p.number > after][:size]
        head = {}
        if len(rows) == size:
            wanted = {**query, "id_after": rows[-1].number}
            words = "&".join(f"{k}={v}" for k, v in wanted.items() if k != "here")
            # The real one names itself as it is set up, which need not be how it was asked.
            place = f"http://gitlab.invalid/api/v4/groups/{group}/projects?{words}"
            head["Link"] = f'<{place}>; rel="next"'
        return 200, [self._show(p) for p in rows], head

    def _show(self, one: Project) -> dict[str, Any]:
        return {
            "id": one.number,
            "path_with_namespace": one.path,
            # Nobody may send a token where these lead.
            "web_url": "https://elsewhere.invalid/x",
            "http_url_to_repo": "https://elsewhere.invalid/x.git",
            "default_branch": "main",
            "last_activity_at": "2026-11-20T10:00:00.000Z",
            "archived": False,
            **one.flags,
        }

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        size, page = min(int(query.get("per_page", 20)), self.page), int(query.get("page", 1))
        shown = rows[size * (page - 1) : size * page]
        head = {"X-Page": str(page), "X-Per-Page": str(size)}
        if size * page < len(rows):
            head["Link"] = f'<{self.url}/api/v4{query["here"]}&page={page + 1}>; rel="next"'
        return 200, shown, head

    def _list(self, one: Project, query: dict[str, str]) -> Answer:
        labels = set(query.get("labels", "").split(",")) - {""}
        rows = [
            self._show_request(one, each)
            for each in one.requests[::-1]
            if query.get("state", "all") in {"all", each["state"]}
            and each["source_branch"] == query.get("source_branch", each["source_branch"])
            and labels <= set(each["labels"])
        ]
        return self._page(rows, query)

    def _open(self, one: Project, body: dict[str, Any]) -> Answer:
        branch = body["source_branch"]
        if self.tip(one, branch) is None:
            return 400, {"message": [f'Source branch "{branch}" does not exist']}, {}
        same = [r for r in one.requests if r["state"] == "opened" and r["source_branch"] == branch]
        same = [r for r in same if r.get("source_project_id", one.number) == one.number]
        if same:
            said = "Another open merge request already exists for this source branch"
            return 409, {"message": [said]}, {}
        labels = body.get("labels", [])
        kept = {
            **body,
            "iid": len(one.requests) + 1,
            "state": "opened",
            "labels": labels.split(",") if isinstance(labels, str) else labels,
        }
        one.requests.append(kept)
        return 201, self._show_request(one, kept), {}

    def _merge(self, one: Project, request: dict[str, Any], body: dict[str, Any]) -> Answer:
        if body["sha"] != self.tip(one, request["source_branch"]):
            return 409, {"message": "SHA does not match HEAD of source branch"}, {}
        if body.get("auto_merge"):
            request["auto"] = True
        elif one.pipeline != "success":
            return 405, {"message": "405 Method Not Allowed"}, {}
        else:
            bare = self.repository(one)
            run("-C", bare, "update-ref", "refs/heads/main", body["sha"])
            run("-C", bare, "update-ref", "-d", f"refs/heads/{request['source_branch']}")
            request["state"] = "merged"
        return 200, self._show_request(one, request, whole=True), {}

    def _show_request(
        self, one: Project, request: dict[str, Any], *, whole: bool = False
    ) -> dict[str, Any]:
        sha = self.tip(one, request["source_branch"])
        shown = {
            "id": one.number * 1000 + request["iid"],
            "iid": request["iid"],
            "state": request["state"],
            "title": request["title"],
            "description": request.get("description"),
            "draft": request["title"].startswith("Draft:"),
            "source_branch": request["source_branch"],
            "target_branch": request.get("target_branch", "main"),
            "source_project_id": request.get("source_project_id", one.number),
            "target_project_id": one.number,
            "labels": request["labels"],
            "assignees": [
                {"id": number, "username": name}
                for name, number in self.users.items()
                if number == request.get("assignee_id")
            ],
            "sha": sha,
            "web_url": "https://elsewhere.invalid/x",
            "detailed_merge_status": "checking",
        }
        if whole:
            seen = "0" * 40 if one.stale else sha
            pipeline = {"id": 1, "sha": seen, "status": one.pipeline}
            shown["head_pipeline"] = pipeline if one.pipeline and sha else None
        return shown


def run(*words: str | Path) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout


@dataclass
class _Asked:
    """A question, as the description is held against it."""

    host_url: str
    path: str
    method: str
    parameters: RequestParameters
    content_type: str
    body: bytes | None


@dataclass
class _Answered:
    """An answer, as the description is held against it."""

    status_code: int
    headers: Headers
    content_type: str
    data: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gitlab: GitLab

    def setup(self) -> None:
        """Begin with a connection; no line of the package runs in its thread, which none counts."""
        sys.settrace(None)
        super().setup()

    def log_message(self, *_: Any) -> None: ...

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline().strip() or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            body = b"".join(parts)
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def send(self, code: int, body: bytes, head: dict[str, str]) -> None:
        self.send_response(code)
        for key, value in head.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self) -> None:
        body, parts = self.read_body(), urlsplit(self.path)
        if not parts.path.startswith("/api/v4/"):
            self.serve_git(parts.path, parts.query, body)
            return
        gitlab = self.gitlab
        with gitlab.lock:
            gitlab.asked.append(f"{self.command} {self.path.removeprefix('/api/v4')}")
            code, said, head = self.decide(parts.path, parts.query, body)
        data = json.dumps(said).encode()
        self.check(code, data, head)
        self.send(code, data, {"Content-Type": "application/json", **head})

    def decide(self, path: str, query: str, body: bytes) -> Answer:
        gitlab = self.gitlab
        if gitlab.busy:
            gitlab.busy -= 1
            return 429, {"message": "Retry later"}, {"Retry-After": "0"}
        if gitlab.dice.random() < gitlab.failing:
            return 502, {"message": "502 Bad Gateway"}, {}
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"message": "401 Unauthorized"}, {}
        asked = dict(parse_qsl(query))
        self.asked = _Asked(
            gitlab.url,
            path,
            self.command.lower(),
            RequestParameters(
                query=ImmutableMultiDict(asked),
                header=Headers(dict(self.headers)),
                cookie=ImmutableMultiDict(),
            ),
            "application/json",
            body or None,
        )
        try:
            found = description().unmarshal_request(self.asked)
            unknown = asked.keys() - {each.rpartition("/")[2] for each in found.parameters.query}
            found.raise_for_errors()
        except Exception as error:
            gitlab.faults.append(f"{self.command} {self.path} {body[:300]!r}: {error!r}")
            return 400, {"message": "400 Bad request"}, {}
        if unknown:
            gitlab.faults.append(f"{self.command} {self.path}: unknown {unknown}")
        lost = gitlab.lost if self.command == "POST" else ""
        if lost:
            gitlab.lost = ""
        if lost == "undone":
            return 502, {"message": "502 Bad Gateway"}, {}
        here = self.path.removeprefix("/api/v4")
        answer = gitlab.answer(
            self.command,
            path,
            {**asked, "here": here} if asked else asked,
            json.loads(body or b"{}"),
        )
        return (502, {"message": "502 Bad Gateway"}, {}) if lost else answer

    def check(self, code: int, data: bytes, head: dict[str, str]) -> None:
        if code not in {200, 201}:
            return
        answered = _Answered(code, Headers(head), "application/json", data)
        try:
            description().validate_response(self.asked, answered)
        except Exception as error:
            self.gitlab.faults.append(f"answer to {self.command} {self.path}: {error!r}")

    def serve_git(self, path: str, query: str, body: bytes) -> None:
        """Hand it to git's own program (https://git-scm.com/docs/git-http-backend)."""
        right = base64.b64encode(f"oauth2:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {right}":
            self.send(401, b"", {"WWW-Authenticate": 'Basic realm="GitLab"'})
            return
        place = {
            "GIT_PROJECT_ROOT": str(self.gitlab.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "REMOTE_USER": "fleet",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH": os.environ["PATH"],
            "HOME": str(self.gitlab.root),
        }
        done = subprocess.run(
            ["git", "http-backend"], input=body, env=place, capture_output=True, check=False
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        code = int(fields.pop("Status", "200").split()[0])
        self.send(code, content, fields)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - named by the library


@contextmanager
def serve(root: Path) -> Iterator[GitLab]:
    """A server that runs."""
    gitlab = GitLab(root)
    handler = type("Handler", (_Handler,), {"gitlab": gitlab})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    gitlab.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield gitlab
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
