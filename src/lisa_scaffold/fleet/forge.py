"""GitLab, as far as a fleet needs it: projects, and the merge requests that bring the template.

This module alone imports python-gitlab, when a server is asked for the first time: that takes more
time than all of a small fleet. Addresses are put together here from the server's own and the path
of a project, and never taken from an answer: whoever can write an answer must not say where a token
goes. For the same reason it is sent as ``Authorization``, which requests takes out where an answer
leads to another host, as it does not with GitLab's own header.
"""

from __future__ import annotations

import os
import random
import shlex
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from lisa_scaffold import files, git, workplace
from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.records import Request
from lisa_scaffold.fleet.settings import Server
from lisa_scaffold.fleet.trouble import find_remedy
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief

if TYPE_CHECKING:
    from gitlab import Gitlab
    from gitlab.v4.objects import Project
    from requests import Response

    from lisa_scaffold.fleet.session import Session

BRANCHES = "lisa-scaffold/"
"""How the names of all branches begin that a fleet makes."""

_PAGE = "https://lisa.pages.in2p3.fr/lisa-scaffold/howto/fleet.html#what-the-token-may-do"
_EXTRA = 'pip install "lisa-scaffold[gitlab] @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"'
_TOKEN = compile_lazily(r"[!-~]+")
_LENGTHS = (8, 500)  # of a token, at least and at most
# urllib3 puts the connection itself in front of a reason.
_CONNECTION = compile_lazily(r"^(?:<[^<>]{1,200}>|\w+\([^()]{1,300}\)): ")
_SECONDS = 60  # for an answer to begin
_MOST_PROJECTS = 20_000  # of a group
_POSTS = 3  # times that something is made, once it is known not to be there


class Remote(NamedTuple):
    """A project on the server.

    Attributes
    ----------
    number
        Its number there.
    name
        Its path.
    url, clone
        The addresses of its page and of its repository.
    branch
        Its default branch; empty where it has none.
    activity
        The day on which something happened there last.
    left_out
        Why it does not belong to the fleet; empty where it does.
    problem
        Why it cannot be looked at; empty where it can.
    """

    number: int
    name: str
    url: str = ""
    clone: str = ""
    branch: str = ""
    activity: str = ""
    left_out: str = ""
    problem: str = ""


class MergeRequest(NamedTuple):
    """A merge request.

    Attributes
    ----------
    number
        Its number in the project.
    url
        Its address.
    state
        ``opened``, ``merged``, ``closed`` or ``locked``.
    draft
        Whether it is a draft.
    title, description, branch, target, labels
        As GitLab has them.
    assignees
        The names of its assignees.
    commit
        The newest commit of its branch.
    pipeline, pipeline_commit
        How its last pipeline stands, and which commit that has seen.
    """

    number: int
    url: str
    state: str
    draft: bool
    title: str
    description: str
    branch: str
    target: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    commit: str
    pipeline: str = ""
    pipeline_commit: str = ""


def read_token(server: Server) -> str:
    """The token of a server.

    Raises
    ------
    LisaError
        If there is none, or it has the form of none.
    """
    if server.token_file:
        where = f"{server.token_file}"
        token = files.read_named(server.token_file).decode(errors="replace").strip()
    else:
        where = f"the variable {server.token_variable}"
        token = os.environ.get(server.token_variable, "").strip()
    if not token:
        hint = (
            f"Put one there: {_PAGE} tells which rights it needs. Without one, take [gitlab] out "
            "of fleet.toml and name `folders` of clones."
        )
        raise LisaError(f"{where}: no token for {server.url} there", hint)
    if why := _find_fault(token):
        hint = "Copy the token as GitLab has shown it, and nothing else."
        raise LisaError(f"{where}: no token, but {why}", hint)
    return token


def _find_fault(token: str) -> str:
    """Why a text is no token; empty where it may be one. No part of it is told."""
    if len(token.split()) > 1:
        return "more than one word"
    if not _LENGTHS[0] <= len(token) <= _LENGTHS[1]:
        return f"{len(token)} characters, and one has {_LENGTHS[0]} to {_LENGTHS[1]}"
    return "" if _TOKEN.fullmatch(token) else "a word with characters that are in none"


def warn_of_readers(server: Server) -> str:
    """What is said of a file that others may read a token in; empty where nobody may."""
    place = server.token_file
    mode = place.stat().st_mode if place and place.exists() else 0
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return ""
    return f"{place}: others may read the token there: chmod 600 {shlex.quote(str(place))}"


def _find_reason(error: OSError) -> str:
    """Why a server could not be asked: what requests says puts that at the end of much else."""
    inner = error.args[0] if error.args else error
    reason = getattr(inner, "reason", None) or inner
    return _CONNECTION.sub("", str(reason)) or type(reason).__name__


@contextmanager
def lend_token(server: Server) -> Iterator[None]:
    """Let git ask for the token of a server: for that server alone, and without keeping it.

    Git runs a program that answers its question; a helper of the user's, which might write the
    token down, is not asked. See https://git-scm.com/docs/gitcredentials.
    """
    read_token(server)  # refuses what is none
    scheme, _, host = server.url.partition("://")
    host = host.partition("/")[0]
    asks = f"Password for '{scheme}://oauth2@{host}': "
    say = f'printf "%s\\n" "${server.token_variable}"'
    if server.token_file:
        say = f"cat -- {shlex.quote(str(server.token_file.absolute()))}"
    lines = [
        *("#!/bin/sh", 'case "$1" in'),
        f"{shlex.quote(f'Username for {chr(39)}{scheme}://{host}{chr(39)}: ')}) echo oauth2 ;;",
        f"{shlex.quote(asks)}) {say} ;;",
        *("*) exit 1 ;;", "esac", ""),
    ]
    place = git.count_settings()
    with workplace.folder() as folder:
        program = folder / "ask"
        program.write_text("\n".join(lines))
        program.chmod(0o700)
        wanted = {
            "GIT_ASKPASS": str(program),
            "GIT_CONFIG_COUNT": str(place + 1),
            f"GIT_CONFIG_KEY_{place}": "credential.helper",
            f"GIT_CONFIG_VALUE_{place}": "",
        }
        before = {key: os.environ.get(key) for key in wanted}
        os.environ.update(wanted)
        try:
            yield
        finally:
            for key, value in before.items():
                os.environ.pop(key, None)
                if value is not None:
                    os.environ[key] = value


class Forge:
    """A GitLab server.

    Parameters
    ----------
    server
        Its settings.
    label
        The label by which merge requests of the template are found.

    Raises
    ------
    LisaError
        If there is no token, or python-gitlab is not installed.
    """

    def __init__(self, server: Server, label: str) -> None:
        self.server, self.label = server, label
        self._token = read_token(server)
        self._clients: dict[int, tuple[Gitlab, Session]] = {}
        self._users: dict[str, int | None] = {}

    @property
    def _client(self) -> Gitlab:
        return self._connected[0]

    @property
    def _connected(self) -> tuple[Gitlab, Session]:
        """The client of this process, and its session: a connection is not shared."""
        if os.getpid() not in self._clients:
            self._clients = {os.getpid(): self._connect()}
        return self._clients[os.getpid()]

    def _connect(self) -> tuple[Gitlab, Session]:
        try:
            import gitlab

            from lisa_scaffold.fleet.session import Session
        except ImportError as error:
            raise LisaError("python-gitlab is not installed", f"Install it: {_EXTRA}") from error

        class Client(gitlab.Gitlab):
            """Leaves waiting and trying again to the session."""

            def http_request(self, *words: Any, **options: Any) -> Response:
                return super().http_request(*words, **{**options, "obey_rate_limit": False})

        session = Session(self.server.url)
        client = Client(
            self.server.url,
            oauth_token=self._token,
            session=session,
            timeout=_SECONDS,
            keep_base_url=True,
            user_agent="lisa-scaffold",
        )
        return client, session

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Tell the errors of the server, and of the way there, as errors of ours."""
        self._connected[1].begin()
        from gitlab.exceptions import GitlabError

        from lisa_scaffold.fleet.session import AnswerError

        try:
            yield
        except GitlabError as error:
            said = brief(str(error.error_message), 200).replace(self._token, "…")
            if not error.response_code:
                raise self._is_no_gitlab(what, said) from error
            code = error.response_code
            raise ForgeError(f"{what}: GitLab answers {code} ({said})", code) from error
        except AnswerError as error:
            raise self._is_no_gitlab(what, str(error)) from error
        except OSError as error:  # those of requests are some as well
            said = brief(_find_reason(error), 200).replace(self._token, "…")
            hint = find_remedy(said) or "Try again."
            raise LisaError(f"{what}: {self.server.url} does not answer ({said})", hint) from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._is_no_gitlab(what, brief(repr(error), 200)) from error

    def _is_no_gitlab(self, what: str, said: str) -> LisaError:
        """The error where an answer has not the form that GitLab's have."""
        return LisaError(
            f"{what}: {self.server.url} answers something else than GitLab ({said})",
            "Look at the address in fleet.toml, and at what stands before the server.",
        )

    def list_projects(self, groups: Sequence[str], projects: Sequence[str]) -> list[Remote]:
        """The projects of groups and their subgroups, and single ones, each once, by number.

        Raises
        ------
        LisaError
            If a group cannot be read.
        """
        client = self._client
        found: dict[int, Remote] = {}
        missing = []
        for group in groups:
            with self._asking(f"{group}"):
                listed = client.groups.get(group, lazy=True).projects.list(
                    iterator=True,
                    include_subgroups=True,
                    with_shared=False,
                    **_IN_PAGES,
                )
                for each in islice(listed, _MOST_PROJECTS):
                    remote = self._as_remote(each.attributes)
                    found[remote.number] = remote
        for number, path in enumerate(projects, 1):
            try:
                with self._asking(path):
                    remote = self._as_remote(client.projects.get(path).attributes)
                    found[remote.number] = remote
            except LisaError as error:
                missing.append(Remote(-number, path, problem=f"{error.message}. {error.hint}"))
        return [*(found[number] for number in sorted(found)), *missing]

    def _as_remote(self, data: Mapping[str, Any]) -> Remote:
        name = str(data.get("path_with_namespace", ""))
        url = f"{self.server.url}/{quote(name)}"
        remote = Remote(
            *(int(data["id"]), name, url, f"{url}.git"),
            str(data.get("default_branch") or ""),
            str(data.get("last_activity_at") or "")[:10],
        )
        levels = {data.get(f"{each}_access_level") for each in ("merge_requests", "repository")}
        for reason, is_so in (
            (
                "marked for deletion",
                data.get("marked_for_deletion_on") or data.get("marked_for_deletion_at"),
            ),
            ("archived", data.get("archived")),
            ("mirror", data.get("mirror")),
            ("empty", data.get("empty_repo") or not remote.branch),
        ):
            if is_so:
                return remote._replace(left_out=reason)
        if "disabled" in levels:
            return remote._replace(problem="its repository or merge requests are switched off")
        return remote

    def _project(self, remote: Remote) -> Project:
        return self._client.projects.get(remote.number, lazy=True)

    def read_state(self, remote: Remote) -> tuple[str, Request | None]:
        """How the default branch's last pipeline ended, and the template's merge request.

        Raises
        ------
        LisaError
            If the server refuses.
        """
        project = self._project(remote)
        try:
            with self._asking(remote.name):
                pipeline = str(project.pipelines.latest(ref=remote.branch).status)
        except ForgeError as error:
            if error.code not in {403, 404}:
                raise
            pipeline = ""  # it has none, or keeps them to itself
        listed = self.list_requests(remote, state="all", labels=self.label, per_page=20)
        ours = [each for each in listed if each.branch.startswith(BRANCHES)]
        opened = [each for each in ours if each.state == "opened"]
        if not ours:
            return pipeline, None
        newest = (opened or ours)[0]
        if newest.state == "opened":
            newest = self.read_request(remote, newest.number)
        state = "draft" if newest.draft and newest.state == "opened" else newest.state
        return pipeline, Request(newest.url, state, newest.pipeline)

    def list_requests(self, remote: Remote, **wanted: Any) -> list[MergeRequest]:
        """Merge requests of a project, the newest first; those from forks are none of ours."""
        with self._asking(remote.name):
            project = self._project(remote)
            listed = project.mergerequests.list(
                **{"get_all": False, "order_by": "created_at", "sort": "desc", **wanted}
            )
            own = [each.attributes for each in listed]
            return [self._as_request(remote, each) for each in own if self._is_own(remote, each)]

    @staticmethod
    def _is_own(remote: Remote, data: Mapping[str, Any]) -> bool:
        return data.get("source_project_id") == remote.number == data.get("target_project_id")

    def read_request(self, remote: Remote, number: int) -> MergeRequest:
        """One merge request, with what a list does not tell."""
        with self._asking(remote.name):
            data = self._project(remote).mergerequests.get(number).attributes
            return self._as_request(remote, data)

    def _as_request(self, remote: Remote, data: Mapping[str, Any]) -> MergeRequest:
        pipeline = data.get("head_pipeline") or {}
        return MergeRequest(
            int(data["iid"]),
            f"{remote.url}/-/merge_requests/{int(data['iid'])}",
            str(data.get("state", "")),
            bool(data.get("draft")),
            str(data.get("title") or ""),
            str(data.get("description") or ""),
            str(data.get("source_branch") or ""),
            str(data.get("target_branch") or ""),
            tuple(map(str, data.get("labels") or ())),
            tuple(str(each.get("username")) for each in data.get("assignees") or ()),
            str(data.get("sha") or ""),
            str(pipeline.get("status") or ""),
            str(pipeline.get("sha") or ""),
        )

    def open_request(self, remote: Remote, branch: str, wanted: Mapping[str, Any]) -> MergeRequest:
        """Open the merge request of a branch; one that is there already is what was wanted.

        Raises
        ------
        LisaError
            If the server refuses.
        """
        from lisa_scaffold.fleet.session import AGAIN

        data = {
            "source_branch": branch,
            "target_branch": remote.branch,
            "remove_source_branch": True,
            **wanted,
        }
        tries = 0
        while True:
            tries += 1
            try:
                with self._asking(remote.name):
                    made = self._project(remote).mergerequests.create(data)
                    return self._as_request(remote, made.attributes)
            except LisaError as error:
                # 409: it is there already; 5xx, or nothing: it may have been made all the same.
                found = self.list_requests(remote, state="opened", source_branch=branch)
                if found:
                    changes = {key: wanted[key] for key in ("title", "description")}
                    return self.edit_request(remote, found[0].number, changes)
                if tries == _POSTS or getattr(error, "code", 0) not in AGAIN:
                    raise
            time.sleep(random.uniform(0.5, 2))  # noqa: S311

    def edit_request(self, remote: Remote, number: int, wanted: Mapping[str, Any]) -> MergeRequest:
        """Change a merge request, and return it as it is then."""
        with self._asking(remote.name):
            data = self._project(remote).mergerequests.update(number, dict(wanted))
            return self._as_request(remote, data)

    def say_once(self, remote: Remote, number: int, text: str) -> bool:
        """Say something in a merge request, unless it was said there before; whether it was new."""
        with self._asking(remote.name):
            request = self._project(remote).mergerequests.get(number, lazy=True)
            if any(note.body == text for note in request.notes.list(iterator=True, per_page=100)):
                return False
            request.notes.create({"body": text})
        return True

    def find_user(self, name: str) -> int | None:
        """The number of a user; None where there is none of that name."""
        if name not in self._users:
            with self._asking(name):
                listed = self._client.users.list(username=name, get_all=False)
                self._users[name] = int(listed[0].id) if listed else None
        return self._users[name]

    def merge(self, remote: Remote, request: MergeRequest, *, now: bool) -> None:
        """Merge a request, now or once its pipeline has passed, if its branch is still the same."""
        wanted = {"sha": request.commit, "should_remove_source_branch": True}
        wanted |= {} if now else {"auto_merge": True}
        with self._asking(remote.name):
            path = f"/projects/{remote.number}/merge_requests/{request.number}/merge"
            self._client.http_put(
                path, post_data={**wanted, **({} if now else {"auto_merge": True})}
            )


_IN_PAGES: Mapping[str, Any] = {
    "per_page": 100,
    "order_by": "id",
    "sort": "asc",
    "pagination": "keyset",
}


class ForgeError(LisaError):
    """The server has refused.

    Parameters
    ----------
    message
        What it was asked for, and what it said.
    code
        The status of its answer.
    """

    def __init__(self, message: str, code: int) -> None:
        hints = {
            401: "The token is not valid any more.",
            403: "The token lacks the right to do it: the page on fleets tells which it needs.",
            404: "It is gone, or the token may not see it.",
            429: "The server is busy: run it again, it goes on where it stood.",
        }
        super().__init__(message, hints.get(code, "Run it again: it goes on where it stood."))
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild the error in another process."""
        return type(self), (self.message, self.code)
