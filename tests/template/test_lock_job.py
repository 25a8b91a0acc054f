"""The scheduled job that commits newer locks: against a server with real HTTP and real git."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ..support.gitlab import TOKEN, GitLab, Project, serve
from ..support.tools import commit_all, git
from .test_tokens import script_of, shell

NAMES = ("build-constraints.txt", "constraints.txt")
PATH = "LISA/lisa-example"
BRANCH = "renew-lock"
# What GitLab makes a merge request of.
KEEPS = """\
#!/bin/sh
index=0
while [ "$index" -lt "${GIT_PUSH_OPTION_COUNT:-0}" ]; do
  eval "printf '%s\\n' \\"\\$GIT_PUSH_OPTION_$index\\""
  index=$((index + 1))
done >> "$(dirname "$0")/../options"
"""
OPTIONS = [
    "merge_request.create",
    "merge_request.target=main",
    "merge_request.title=Renew what the container is made from",
    "merge_request.remove_source_branch",
]


class Pipeline:
    """A project on a server, and the job as it runs in a checkout of it."""

    def __init__(self, gitlab: GitLab, folder: Path) -> None:
        self.gitlab = gitlab
        self.folder = folder
        self.script = script_of("package", "lock-merge-request", folder / "render")
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        for name in NAMES:
            (self.checkout / name).write_text("old==1\n")
        commit_all(self.checkout)
        self.project: Project = gitlab.add(PATH, self.checkout)
        hook = gitlab.repository(self.project) / "hooks/post-receive"
        hook.write_text(KEEPS)
        hook.chmod(0o755)

    def run(self, token: str = TOKEN, **variables: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "home").mkdir(exist_ok=True)
        (self.folder / "temporary").mkdir(exist_ok=True)
        told = {
            "CI_COMMIT_SHA": git("rev-parse", "main", cwd=self.checkout).strip(),
            "CI_DEFAULT_BRANCH": "main",
            "CI_PROJECT_DIR": str(self.checkout),
            "CI_PROJECT_PATH": PATH,
            "CI_SERVER_HOST": "gitlab.example.org",
            "CI_SERVER_URL": self.gitlab.url,
            "HOME": str(self.folder / "home"),
            "LISA_LOCK_TOKEN": token,
            "TMPDIR": str(self.folder / "temporary"),
            **variables,
        }
        done: subprocess.CompletedProcess[str] = shell(
            self.script, self.checkout, self.folder / "none", **told
        )
        return done

    def bring(self, text: str) -> None:
        """What the job before has made."""
        for name in NAMES:
            (self.checkout / name).write_text(text)

    def tip(self, branch: str = BRANCH) -> str | None:
        return self.gitlab.tip(self.project, branch)

    def ask(self, *words: str) -> str:
        return git("-C", str(self.gitlab.repository(self.project)), *words, cwd=self.folder)

    def options(self) -> list[str]:
        path = self.gitlab.repository(self.project) / "options"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def pipeline(tmp_path: Path) -> Iterator[Pipeline]:
    with serve(tmp_path / "server") as gitlab:
        yield Pipeline(gitlab, tmp_path)


def test_newer_locks_come_in_a_merge_request(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    done = pipeline.run()
    assert done.returncode == 0, done.stdout
    assert done.stdout == f"The branch {BRANCH} has it now, and its merge request.\n"
    assert pipeline.options() == OPTIONS
    assert pipeline.ask("diff", "--name-only", "main", BRANCH).split() == list(NAMES)
    assert pipeline.ask("show", f"{BRANCH}:constraints.txt") == "new==2\n"
    said = pipeline.ask("log", "--format=%an <%ae>, %cn <%ce>: %s", f"main..{BRANCH}")
    who = "lisa-scaffold <lisa-scaffold@gitlab.example.org>"
    assert said == f"{who}, {who}: Renew what the container is made from\n"


def test_the_same_again_is_not_pushed(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    pipeline.run()
    first = pipeline.tip()
    done = pipeline.run()
    assert done.returncode == 0
    assert done.stdout == f"The branch {BRANCH} has the same already.\n"
    assert (pipeline.tip(), pipeline.options()) == (first, OPTIONS)


def test_what_is_newer_still_takes_its_place(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    pipeline.run()
    pipeline.bring("new==3\n")
    done = pipeline.run()
    assert done.returncode == 0, done.stdout
    assert pipeline.options() == 2 * OPTIONS
    assert pipeline.ask("show", f"{BRANCH}:constraints.txt") == "new==3\n"
    assert pipeline.ask("rev-list", "--count", f"main..{BRANCH}") == "1\n"


def test_a_branch_that_people_have_committed_to_stays(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    pipeline.run()
    theirs = pipeline.folder / "theirs"
    bare = pipeline.gitlab.repository(pipeline.project)
    git("clone", "--quiet", "--branch", BRANCH, str(bare), str(theirs), cwd=pipeline.folder)
    (theirs / "code.py").write_text("ready = True\n")
    commit_all(theirs)
    git("push", "--quiet", "origin", BRANCH, cwd=theirs)
    kept = pipeline.tip()
    pipeline.bring("new==3\n")
    done = pipeline.run()
    assert done.returncode == 3
    assert done.stdout == (
        f"Somebody has committed to the branch {BRANCH}, so it stays: merge or delete it.\n"
    )
    assert pipeline.tip() == kept


def test_where_nothing_is_newer_nothing_is_pushed(pipeline: Pipeline) -> None:
    done = pipeline.run()
    assert (done.returncode, done.stdout) == (0, "There is nothing newer.\n")
    assert (pipeline.tip(), pipeline.options()) == (None, [])


def test_a_branch_that_has_moved_on_waits_for_the_next_schedule(pipeline: Pipeline) -> None:
    before = git("rev-parse", "main", cwd=pipeline.checkout).strip()
    commit_all(pipeline.checkout)
    bare = pipeline.gitlab.repository(pipeline.project)
    git("push", "--quiet", str(bare), "main", cwd=pipeline.checkout)
    pipeline.bring("new==2\n")
    done = pipeline.run(CI_COMMIT_SHA=before)
    assert done.returncode == 0
    assert done.stdout == "main has moved on since: the next schedule looks again.\n"
    assert pipeline.tip() is None


def test_without_a_token_a_person_is_told_what_to_do(pipeline: Pipeline) -> None:
    assert (pipeline.run("").returncode, pipeline.run("").stdout) == (0, "")
    pipeline.bring("new==2\n")
    done = pipeline.run("")
    assert done.returncode == 3
    assert done.stdout == (
        "There is something newer: commit the files that the job lock has among its artifacts, or "
        "set LISA_LOCK_TOKEN (CONTRIBUTING.md), and this job opens a merge request.\n"
    )
    assert pipeline.tip() is None


def test_a_server_that_refuses_fails_the_job(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    assert pipeline.run("another").returncode == 128
    pipeline.gitlab.refuse_pushes(pipeline.project, "no branches today")
    done = pipeline.run()
    assert done.returncode == 1
    assert "no branches today" in done.stdout
    assert pipeline.tip() is None


def test_the_token_is_in_no_file_and_no_log(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    done = pipeline.run()
    assert TOKEN not in done.stdout
    found = [path for path in pipeline.folder.rglob("*") if path.is_file()]
    assert len(found) > 50
    assert [path for path in found if TOKEN.encode() in path.read_bytes()] == []


def test_a_redirection_leads_git_to_another_server_and_the_token_not(pipeline: Pipeline) -> None:
    pipeline.bring("new==2\n")
    heard: list[str | None] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="GitLab"')
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Leads(Elsewhere):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{theirs}{self.path}")
            self.end_headers()

    with serving(Elsewhere) as theirs, serving(Leads) as ours:
        done = pipeline.run(CI_SERVER_URL=ours)
    assert done.returncode == 128
    assert "terminal prompts disabled" in done.stdout
    assert heard == [None]


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server's address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_what_the_job_before_left_in_the_checkout_is_not_obeyed(pipeline: Pipeline) -> None:
    pwned = pipeline.folder / "pwned"
    hooks = pipeline.checkout / ".git/hooks"
    for name in ("pre-commit", "pre-push", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {pwned}\n")
        (hooks / name).chmod(0o755)
    git("config", "core.fsmonitor", f"touch {pwned}", cwd=pipeline.checkout)
    git("config", "core.sshCommand", f"touch {pwned}", cwd=pipeline.checkout)
    pwned.unlink(missing_ok=True)
    (pipeline.checkout / "constraints.txt").unlink()
    (pipeline.checkout / "constraints.txt").symlink_to("/proc/self/environ")
    done = pipeline.run()
    assert done.returncode == 0, done.stdout
    assert not pwned.exists()
    # What was a link is one, and nobody has read what it leads to.
    assert pipeline.ask("show", f"{BRANCH}:constraints.txt") == "/proc/self/environ"
