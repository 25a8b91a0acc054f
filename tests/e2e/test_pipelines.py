"""Which jobs run for what happens in a repository: nothing is published where it must not be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lisa_scaffold import cli
from lisa_scaffold.errors import ExitCode

from ..support.answers import answers, template
from ..support.tools import commit_all, git
from .conftest import make_project
from .parts.forge import lead_there, make_forge
from .parts.gitlab import Event, GitLab, merge_request, pushed, tag

CHECKS = {
    *(
        "compliance",
        "secrets",
        "audit",
        "lint",
        "type-check",
        "hooks",
        "hadolint",
        "locked",
        "tests",
        "build",
        "docs",
    ),
}
SCHEDULED = {"linkcheck", "lock", "lowest"}
FROM_MAIN = {"pages", "container-publish"}
SCHEDULED_ON_MAIN = SCHEDULED | {"lock-merge-request"}
RELEASE = {"release-notes", "publish-package", "container-publish", "release"}
BY_HAND = {"publish-index", "zenodo"}
BRANCH = Event("feature")
MAIN = Event("main")
# What a project switches on in GitLab's settings; and what a server with every feature says.
SWITCHED_ON = {
    "CI_REGISTRY_IMAGE": "registry.example.org/it",
    "LISA_INDEX_TOKEN": "secret",
    "LISA_PUBLISH_INDEX": "true",
    "LISA_SONAR_MERGE_REQUESTS": "true",
    "LISA_ZENODO": "true",
    "LISA_ZENODO_TOKEN": "secret",
    "SONAR_TOKEN": "secret",
}
PATH = "LISA/lisa-example"


def on(event: Event, **variables: str) -> Event:
    """The same event, with more variables."""
    return Event(event.branch, {**event.variables, **variables}, event.unset)


def branches(folder: Path, form: str = "files") -> Path:
    """A project with a branch that changes the sources, and one that changes the image."""
    root = make_project("default", folder).root
    if form != "files":
        words = ("update", str(root), "--defaults", "--data", f"ci_rules={form}")
        assert cli.main(list(words)) == ExitCode.DONE
        commit_all(root)
    for branch, path in ("feature", "src/lisa_example/noise.py"), ("image", "Dockerfile"):
        git("checkout", "--quiet", "-b", branch, "main", cwd=root)
        with (root / path).open("a", encoding="utf-8") as file:
            file.write("# Changed\n")
        commit_all(root)
    return root


@pytest.fixture(scope="module")
def components(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the components of this checkout."""
    return make_forge(tmp_path_factory.mktemp("forge") / "lisa-scaffold.git")


@pytest.fixture(autouse=True)
def _forge(components: Path, home: Path) -> None:
    """That repository stands where pipelines look for their components."""
    lead_there(components, home)


@pytest.fixture(scope="module", params=["files", "component"])
def ours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GitLab:
    """The project where LISA_PROJECT_SLUG says that it is, its jobs in files or a component."""
    folder = tmp_path_factory.mktemp("ours")
    return pushed(branches(folder / "project", request.param), PATH, folder / "state")


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> GitLab:
    """The same in somebody's own group."""
    folder = tmp_path_factory.mktemp("fork")
    return pushed(branches(folder / "project"), "ada/lisa-example", folder / "state")


# Other projects whose jobs are a component too, and one of the jobs that they alone have.
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "compiled": ({"compiled": "nanobind", "cuda": []}, "wheels"),
    "cuda": ({"compiled": "pybind11", "cuda": ["13"]}, "cuda13x-wheels"),
    "both": ({"compiled": "nanobind", "cuda": ["12", "13"]}, "cuda12x-wheels"),
    "service": ({"kind": "service", "debian": "trixie", "sonar": True}, "browser"),
    "adopted": ({"kind": "service", "adopted": True, "sonar": True}, "sonar"),
    "fleet": ({"kind": "fleet", "sonar": True}, "plan"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_component_brings_the_jobs_of_the_files(name: str, tmp_path: Path) -> None:
    given, own = OTHERS[name]
    told = {**SWITCHED_ON, "LISA_DEPLOY": "true", "LISA_GPU_TAG": "gpu"}
    found = {}
    for form in ("files", "component"):
        root = tmp_path / form
        named = {"distribution": PATH.partition("/")[2], "ci_rules": form}
        template().render(answers(**given, **named), root)
        commit_all(root)
        ours = pushed(root, PATH, tmp_path / f"{form}-state")
        events = {
            "merge request": merge_request("main"),
            "main": MAIN,
            "schedule": on(MAIN, CI_PIPELINE_SOURCE="schedule"),
            "tag": tag("v1.2.3"),
        }
        found[form] = {key: ours.jobs(on(event, **told)) for key, event in events.items()}
    assert found["component"] == found["files"]
    assert own in found["files"]["schedule"]


@pytest.mark.parametrize("told", ["true", "false", None])
def test_a_service_is_deployed_where_its_variable_says_so(told: str | None, tmp_path: Path) -> None:
    """The variables of each environment are none that a rule could see."""
    root = tmp_path / "project"
    template().render(answers(kind="service", distribution=PATH.partition("/")[2]), root)
    commit_all(root)
    ours = pushed(root, PATH, tmp_path / "state")
    variables = {"LISA_DEPLOY": told} if told else {}
    deploying = {"preproduction", "production", "drift"}
    found = {
        name: {job: when for job, when in ours.jobs(event).items() if job in deploying}
        for name, event in {
            "merge request": on(merge_request("main"), **variables),
            "main": on(MAIN, **variables),
            "schedule": on(MAIN, CI_PIPELINE_SOURCE="schedule", **variables),
            "tag": tag("v1.2.3", **variables),
        }.items()
    }
    wanted: dict[str, dict[str, str]] = {each: {} for each in found}
    if told == "true":
        wanted["main"] = {"preproduction": "on_success"}
        wanted["schedule"] = {"drift": "on_success"}
        wanted["tag"] = {"production": "manual"}
    assert found == wanted


EVENTS = {
    "push to a branch": (BRANCH, CHECKS),
    "merge request": (merge_request("feature"), CHECKS),
    "merge request that touches the image": (merge_request("image"), CHECKS | {"container-test"}),
    "default branch": (MAIN, CHECKS | FROM_MAIN),
    "release tag": (tag("v1.2.3"), CHECKS | RELEASE),
    "schedule": (on(MAIN, CI_PIPELINE_SOURCE="schedule"), CHECKS | FROM_MAIN | SCHEDULED_ON_MAIN),
    "schedule on a tag": (tag("v1.2.3", CI_PIPELINE_SOURCE="schedule"), CHECKS | SCHEDULED),
    # It fails, and says why nothing would be published.
    "tag that anybody may push": (
        tag("v1.2.3", CI_COMMIT_REF_PROTECTED="false"),
        CHECKS | {"release-notes"},
    ),
}


@pytest.mark.parametrize("event", EVENTS)
def test_jobs_of_an_event(ours: GitLab, event: str) -> None:
    happens, jobs = EVENTS[event]
    assert ours.jobs(happens) == dict.fromkeys(jobs, "on_success")


SWITCHED = {
    "push to a branch": (BRANCH, CHECKS, set()),
    "merge request": (merge_request("image"), CHECKS | {"container-test", "sonar"}, set()),
    "default branch": (MAIN, CHECKS | FROM_MAIN | {"sonar"}, set()),
    "release tag": (tag("v1.2.3"), CHECKS | RELEASE, BY_HAND),
    "schedule": (
        on(MAIN, CI_PIPELINE_SOURCE="schedule"),
        CHECKS | FROM_MAIN | SCHEDULED_ON_MAIN | {"sonar"},
        set(),
    ),
    "schedule on a tag": (tag("v1.2.3", CI_PIPELINE_SOURCE="schedule"), CHECKS | SCHEDULED, set()),
}


@pytest.mark.parametrize("event", SWITCHED)
def test_jobs_of_an_event_with_everything_switched_on(ours: GitLab, event: str) -> None:
    happens, jobs, by_hand = SWITCHED[event]
    wanted = dict.fromkeys(jobs, "on_success") | dict.fromkeys(by_hand, "manual")
    assert ours.jobs(on(happens, **SWITCHED_ON)) == wanted


@pytest.mark.parametrize("event", SWITCHED)
def test_a_fork_publishes_nothing_whatever_it_switches_on(fork: GitLab, event: str) -> None:
    jobs = fork.jobs(on(SWITCHED[event][0], **SWITCHED_ON)).keys()
    assert jobs >= CHECKS
    assert jobs <= CHECKS | SCHEDULED | {"container-test", "sonar"}


IGNORED = {
    "another tag": tag("nightly"),
    "a branch with an open merge request": on(
        BRANCH, CI_OPEN_MERGE_REQUESTS=f"{PATH}!1", CI_PIPELINE_SOURCE="push"
    ),
}


@pytest.mark.parametrize("event", IGNORED)
def test_an_event_without_a_pipeline(ours: GitLab, event: str) -> None:
    assert ours.jobs(IGNORED[event]) == {}
