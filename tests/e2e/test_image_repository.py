"""An image repository: its sessions, its locks, and which jobs run for what happens in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.tools import commit_all, git, passes
from .parts.cde import NAME, make_repository
from .parts.gitlab import Event, GitLab, merge_request, pushed, tag
from .test_pipelines import on

RELEASE = "bookworm"


def test_its_sessions_pass_and_leave_nothing_for_git(tmp_path: Path) -> None:
    root = make_repository(tmp_path / NAME, RELEASE).root
    passes("nox", cwd=root)
    assert git("status", "--porcelain", cwd=root) == ""
    reports = {path.name for path in (root / "reports").iterdir()}
    assert reports == {"code-quality.json", "ruff.json", "mypy.xml"}
    listed = passes("nox", "--list", cwd=root)
    default = {line.split()[1] for line in listed.splitlines() if line.startswith("* ")}
    assert default == {"lint", "types"}


def test_the_locks_are_what_locking_makes_of_what_is_asked_for(tmp_path: Path) -> None:
    """An argument that changes nothing, in place of the usual upgrade of everything."""
    root = make_repository(tmp_path / NAME, RELEASE).root
    passes("nox", "--session", "lock", "--", "--quiet", cwd=root)
    assert git("diff", cwd=root) == ""


# --- Which jobs run -------------------------------------------------------------------------------

CHECKS = {"compliance", "secrets", "lint", "type-check", "hooks", "hadolint"}
PUBLISHED = {"operations-publish", "development-publish", "contents", "scan", "apptainer"}
RELEASED = {"release-notes", "release", "contents-publish"}
PATH = f"LISA/{NAME}"
MAIN = Event("main")
# What a project switches on in GitLab's settings.
SWITCHED_ON = {"LISA_WIKI_TOKEN": "secret", "SONAR_TOKEN": "secret"}


def branches(folder: Path) -> Path:
    """A repository with a branch that changes a text, and one that changes the images."""
    root = make_repository(folder, RELEASE).root
    for branch, path in ("feature", "README.md"), ("image", "images/operations/debian.txt"):
        git("checkout", "--quiet", "-b", branch, "main", cwd=root)
        with (root / path).open("a", encoding="utf-8") as file:
            file.write("# Changed\n")
        commit_all(root)
    return root


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> GitLab:
    """The repository where LISA_PROJECT_SLUG says that it is."""
    folder = tmp_path_factory.mktemp("ours")
    return pushed(branches(folder / NAME), PATH, folder / "state")


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> GitLab:
    """The same in somebody's own group."""
    folder = tmp_path_factory.mktemp("fork")
    return pushed(branches(folder / NAME), f"ada/{NAME}", folder / "state")


EVENTS = {
    "push to a branch": (Event("feature"), CHECKS),
    "push to a branch that touches the images": (Event("image"), CHECKS | {"images-test"}),
    "merge request": (merge_request("feature"), CHECKS),
    "merge request that touches the images": (merge_request("image"), CHECKS | {"images-test"}),
    "default branch": (MAIN, CHECKS | PUBLISHED),
    "release tag": (tag("v1.2.3"), CHECKS | PUBLISHED | RELEASED),
    "schedule": (on(MAIN, CI_PIPELINE_SOURCE="schedule"), CHECKS | PUBLISHED),
    "schedule on a tag": (tag("v1.2.3", CI_PIPELINE_SOURCE="schedule"), CHECKS),
}


@pytest.mark.parametrize("event", EVENTS)
def test_jobs_of_an_event(ours: GitLab, event: str) -> None:
    happens, jobs = EVENTS[event]
    assert ours.jobs(happens) == dict.fromkeys(jobs, "on_success")


@pytest.mark.parametrize("event", ["default branch", "release tag"])
def test_jobs_of_an_event_with_everything_switched_on(ours: GitLab, event: str) -> None:
    happens, jobs = EVENTS[event]
    more = {"wiki", "sonar"} if event == "default branch" else {"wiki"}
    assert ours.jobs(on(happens, **SWITCHED_ON)).keys() == jobs | more


@pytest.mark.parametrize("event", EVENTS)
def test_a_fork_publishes_nothing_whatever_it_switches_on(fork: GitLab, event: str) -> None:
    jobs = fork.jobs(on(EVENTS[event][0], **SWITCHED_ON)).keys()
    assert jobs - {"sonar"} == CHECKS | {"images-test"}


def test_another_tag_has_no_pipeline(ours: GitLab) -> None:
    assert ours.jobs(tag("nightly")) == {}
