"""The jobs of an image repository's pipeline, in containers of the CDE development image."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ...support.answers import answers, template
from ...support.tools import commit_all, git
from ..parts import kaniko, sonar
from ..parts.gitlab import Event, Outcome, pushed
from .conftest import PATH, Published, Runner
from .test_jobs import valid_code_quality, valid_junit

CHECKS = {"compliance", "secrets", "lint", "type-check", "hooks", "hadolint", "sonar"}
CONTENTS = "contents: [operations]"
JOBS = {*CHECKS, "operations-publish", "development-publish", CONTENTS}
CHECKOUT = f"/builds/{PATH}/images"


@dataclass(frozen=True)
class Ran:
    """A pipeline of the default branch, where it ran, and what the scanner was asked for."""

    runner: Runner
    outcome: Outcome
    server: sonar.Server


@pytest.fixture(scope="module")
def ran(runner: Runner, published: Published, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Every job that can run without a GitLab server.

    The repository has the name of the package whose pipeline runs elsewhere in these tests, so that
    both find the same hooks in the cache. Kaniko's stand-in builds nothing: it tells the digest of
    the operations image that lies in the registry.
    """
    folder = tmp_path_factory.mktemp("image-jobs")
    name = PATH.rpartition("/")[2]
    root = folder / name
    template().render(answers(kind="image", debian="trixie", distribution=name), root)
    commit_all(root)
    image, _, digest = published.pinned.partition("@")
    ours = replace(
        runner,
        gitlab=pushed(root, PATH, runner.gitlab.state),
        variables={
            **runner.variables,
            "CI_REGISTRY": image.partition("/")[0],
            "CI_REGISTRY_IMAGE": image,
            "KANIKO_DIGEST": digest,
            "SYFT_REGISTRY_INSECURE_USE_HTTP": "true",
        },
    )
    with sonar.serving() as server:
        token = {"SONAR_TOKEN": "it-is-me", "SONAR_HOST_URL": server.url}
        return Ran(ours, ours.run(Event("main", token), *JOBS), server)


def test_every_job_that_needs_no_server_passes(ran: Ran) -> None:
    assert ran.outcome.failed() == set(), ran.outcome.said
    assert ran.outcome.finished() == JOBS
    assert ran.outcome.code == 0, ran.outcome.said


def test_reports_are_where_gitlab_looks_for_them(ran: Ran) -> None:
    artifacts, root = ran.runner.gitlab.artifacts, ran.runner.root
    valid_code_quality(artifacts("lint") / "reports/code-quality.json", root)
    valid_junit(artifacts("type-check") / "reports/mypy.xml", root)


def told(ran: Ran, job: str) -> kaniko.Told:
    """What Kaniko is told by one of the jobs."""
    lines = [line for line in ran.outcome.said.splitlines() if line.startswith(job)]
    return kaniko.told("\n".join(lines))


@pytest.mark.parametrize(("image", "suffix"), [("operations", ""), ("development", "-dev")])
def test_kaniko_builds_each_image_and_pushes_it_under_the_branch(
    ran: Ran, image: str, suffix: str
) -> None:
    found = told(ran, f"{image}-publish")
    base = ran.runner.variables["CI_REGISTRY_IMAGE"]
    assert found.words == [
        *("--context", CHECKOUT, "--dockerfile", f"{CHECKOUT}/Dockerfile"),
        *("--skip-unused-stages", "--target", image),
        *("--destination", f"{base}:main{suffix}"),
        *("--digest-file", f"{CHECKOUT}/../reports/digest"),
    ]
    assert found.login == kaniko.login(ran.runner.variables["CI_REGISTRY"])
    commit = git("rev-parse", "HEAD", cwd=ran.runner.root).strip()
    built = {"VERSION": "main", "REVISION": commit}
    if image == "development":
        built["OPERATIONS_IMAGE"] = f"{base}@{ran.runner.variables['KANIKO_DIGEST']}"
    assert found.arguments == built


def test_the_contents_are_those_of_the_image_that_was_pushed(ran: Ran) -> None:
    folder: Path = ran.runner.gitlab.artifacts(CONTENTS) / "contents"
    bill = json.loads((folder / "operations.cdx.json").read_text(encoding="utf-8"))
    assert bill["metadata"]["component"]["version"] == ran.runner.variables["KANIKO_DIGEST"]
    assert {"astropy", "libhdf5-dev"} <= {part["name"] for part in bill["components"]}
    page = (folder / "operations.md").read_text(encoding="utf-8")
    assert "\n## Debian packages\n" in page


def test_sonar_is_sent_the_sources_and_the_findings(ran: Ran) -> None:
    sent = sonar.sent(ran.outcome.said)
    assert sent["sonar.sources"] == "images"
    assert sent["sonar.tests"] == "images/tests"
    assert sent["sonar.python.ruff.reportPaths"] == "reports/ruff.json"
