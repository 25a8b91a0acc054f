"""The scheduled jobs that renew a package's locks, as a pipeline runs them, against a server."""

from __future__ import annotations

import re
from pathlib import Path

from ..support.gitlab import TOKEN, serve
from ..support.tools import commit_all, git
from .conftest import make_project
from .parts.gitlab import Event, pushed

PATH = "LISA/lisa-example"
JOBS = ("lock", "lock-merge-request")
BRANCH = "renew-lock"


def test_newer_locks_come_in_a_merge_request_and_once(tmp_path: Path) -> None:
    """The first job makes them, from the index; the second has the token, and takes them over."""
    root = make_project("default", tmp_path / "project").root
    old = root / "build-constraints.txt"
    old.write_text(re.sub(r"(?m)^setuptools==\S+", "setuptools==80.0.0", old.read_text()))
    commit_all(root)
    with serve(tmp_path / "server") as server:
        project = server.add(PATH, root)
        ours = pushed(root, PATH, tmp_path / "state")
        told = {"CI_PIPELINE_SOURCE": "schedule", "CI_SERVER_URL": server.url}
        without = ours.run_by_shell(Event(variables=told), *JOBS)
        # A warning, which its exit code makes it.
        assert (without.code, without.failed()) == (0, set()), without.said
        assert "There is something newer: commit the files that the job lock has" in without.said
        assert server.tip(project, BRANCH) is None

        switched_on = Event(variables={**told, "LISA_LOCK_TOKEN": TOKEN})
        first = ours.run_by_shell(switched_on, *JOBS)
        assert first.code == 0, first.said
        assert "The branch renew-lock has it now, and its merge request." in first.said
        tip, bare = server.tip(project, BRANCH), server.repository(project)
        changed = git("diff", "--name-only", "main", BRANCH, cwd=bare).split()
        assert set(changed) <= {"build-constraints.txt", "constraints.txt"}
        lock = git("show", f"{BRANCH}:build-constraints.txt", cwd=bare)
        assert "setuptools==80.0.0" not in lock
        assert "setuptools==" in lock

        again = ours.run_by_shell(switched_on, *JOBS)
        assert again.code == 0, again.said
        assert "The branch renew-lock has the same already." in again.said
        assert server.tip(project, BRANCH) == tip

        # A server that refuses is no warning.
        refused = ours.run_by_shell(Event(variables={**told, "LISA_LOCK_TOKEN": "none"}), *JOBS)
        assert refused.failed() == {"lock-merge-request"}, refused.said
