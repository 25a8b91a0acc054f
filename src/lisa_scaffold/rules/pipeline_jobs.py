"""GitLab pipeline: jobs that publish, and jobs that runners can do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.gitlab import Job, flat
from lisa_scaffold.rules.rule import PACKAGE, SHOULD, Hit, rule

_PUBLISHES = re.compile(
    r"\b(?:twine upload|(?:uv|poetry|flit|hatch|pdm|maturin) publish"
    r"|(?:docker|podman|buildah|skopeo|crane|apptainer|singularity) (?:image )?(?:push|copy)"
    r"|docker buildx build\b.*--push|git push|crane cp|release-cli create|glab release create)\b"
    r"|/kaniko/executor\b(?!.*--no-push)"
)


@cached_in_facts
def _find_publishing(facts: Facts) -> dict[str, str]:
    """The commands with which jobs publish something, by the name of the job."""
    publishing = {}
    for name, job in facts.pipeline.jobs.items():
        for command in job.commands:
            match = _PUBLISHES.search(command[:20_000])
            if match and "--dry-run" not in command:
                publishing[name] = match[0].strip()
                break
        else:
            if isinstance(job.get("release"), dict):
                publishing[name] = "release"
    return publishing


# A condition that holds only for the default branch, one named branch, a tag or by hand.
_LIMITS = re.compile(
    r"CI_COMMIT_TAG|CI_DEFAULT_BRANCH|CI_COMMIT_REF_PROTECTED"
    r"|CI_COMMIT_(?:BRANCH|REF_NAME|REF_SLUG)\s*(?:==|=~)|CI_MERGE_REQUEST_EVENT_TYPE"
    r"|CI_PIPELINE_SOURCE\s*==\s*[\"'](?:schedule|web|trigger|api|pipeline)"
)
_ASKS_WHERE = re.compile(
    r"(?:\b(?:if|case|test)\b|\[).{0,200}CI_(?:COMMIT_(?:TAG|BRANCH|REF)|DEFAULT)"
)
# A condition that keeps other branches out.
_REFUSES = re.compile(
    r"CI_(?:COMMIT_|DEFAULT_BRANCH)\w*\s*(?:!=|!~|==\s*null)|!=\s*\$CI_(?:COMMIT_|DEFAULT_BRANCH)"
)


def _all_limited(rules: list[dict[str, Any]]) -> bool:
    """Whether there are rules that let something run, and they are limited."""
    running = [each for each in rules if each.get("when") != "never"]
    refusing = [each for each in rules if each.get("when") == "never"]
    if running and any(_REFUSES.search(str(each.get("if", ""))) for each in refusing):
        return True
    for each in running:
        condition = str(each.get("if", ""))
        is_negated = re.search(r"CI_COMMIT_(BRANCH|REF_NAME)\s*!=", condition)
        is_limited = _LIMITS.search(condition) and not is_negated
        if each.get("when") != "manual" and not is_limited:
            return False
    return bool(running)


def _may_publish(facts: Facts, job: Job) -> bool:
    """Whether a job runs only where it may publish, as far as that can be told."""
    if job.get("when") == "manual" or not job.is_fully_known:
        return True
    # The commands themselves may ask where they run.
    if any(_ASKS_WHERE.search(command[:20_000]) for command in job.commands):
        return True
    is_limited = _all_limited(job.rules) if "rules" in job.data else _only_limited(job)
    return is_limited or _all_limited(facts.pipeline.rules)


def _only_limited(job: Job) -> bool:
    only = job.get("only")
    if isinstance(only, dict) and only.get("variables"):
        return True
    if "branches" in flat(job.get("except")):
        return True
    return bool(job.only) and not {"branches", "pushes", "merge_requests"} & set(job.only)


@rule("CI012", SHOULD, when=lambda facts: facts.pipeline.is_complete)
def publishes_where_it_may(facts: Facts) -> Iterator[Hit]:
    """Only the default branch and tags publish.

    Why: A branch that nobody has looked at overwrites the image or the package that others use.

    How: Give the job `rules` such as `if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH` or
    `if: $CI_COMMIT_TAG`, or `when: manual`.

    Source: [GitLab: rules](https://docs.gitlab.com/ci/jobs/job_rules/); it is an open wish of the
    CDE project that no image is pushed from any other branch.
    """
    publishing = _find_publishing(facts)
    for job in facts.pipeline.jobs.values():
        command = publishing.get(job.name) or ("pages" if job.name == "pages" else "")
        if command and not _may_publish(facts, job):
            key = "rules" if "rules" in job.data else "script"
            place = facts.pipeline.place_of(job, key)
            yield Hit(*place, f"{job.name} publishes from any branch: `{command}`")


@rule("CI013", SHOULD, when=lambda facts: facts.pipeline.jobs)
def publishes_to_the_end(facts: Facts) -> Iterator[Hit]:
    """A job that publishes is not stopped halfway.

    Why: `interruptible: true` lets a newer commit stop it between two files or two images.

    How: Give it `interruptible: false`.

    Source: [GitLab: interruptible](https://docs.gitlab.com/ci/yaml/#interruptible).
    """
    publishing = _find_publishing(facts)
    for job in facts.pipeline.jobs.values():
        if job.get("interruptible") is True and (command := publishing.get(job.name)):
            message = f"{job.name} may be stopped in the middle of `{command}`"
            yield Hit(*facts.pipeline.place_of(job, "script"), message)


# --- Runners --------------------------------------------------------------------------------------

_IN2P3 = "gitlab.in2p3.fr"
_LONGEST = 60


def _on_in2p3(facts: Facts) -> bool:
    """Whether the project is hosted on in2p3's GitLab."""
    if facts.answers.get("forge_host"):
        return bool(facts.answers["forge_host"] == _IN2P3)
    return any(f"//{_IN2P3}/" in str(url) for url in facts.package.table("urls").values())


@rule("CI014", SHOULD, when=lambda facts: facts.pipeline.jobs and _on_in2p3(facts))
def runners_can(facts: Facts) -> Iterator[Hit]:
    """A shared runner can do what a job asks of it.

    Why: Shared runners of in2p3 give no privilege, so Docker-in-Docker does not start, and they
    stop a job after one hour.

    How: Build images with Kaniko, and split the job; or give it `tags` of a runner of your own.

    Source: [GitLab: building images](https://docs.gitlab.com/ci/docker/using_docker_build/#use-docker-in-docker);
    [the maintained Kaniko](https://github.com/osscontainertools/kaniko).
    """
    for job in facts.pipeline.jobs.values():
        if any(flat(job.get("tags"))) or not job.is_fully_known:
            continue
        services = [facts.pipeline.expand(name, job) for name in job.services]
        if any(re.search(r"\bdocker:[\w.-]*dind\b", name) for name in services):
            place = facts.pipeline.place_of(job, "services")
            yield Hit(*place, f"{job.name} needs Docker-in-Docker, and shared runners forbid it")
        if job.minutes > _LONGEST:
            place = facts.pipeline.place_of(job, "timeout")
            message = (
                f"{job.name} may take {job.minutes} minutes: a shared runner stops it after 60"
            )
            yield Hit(*place, message)


_SCM = (
    "setuptools-scm",
    "setuptools_scm",
    "hatch-vcs",
    "poetry-dynamic-versioning",
    "versioningit",
)
_BUILDS = re.compile(
    r"\b(?:python3? -m build|pyproject-build|pip wheel|uv build|poetry build|hatch build|flit build"
    r"|pdm build|setup\.py (?:sdist|bdist_wheel)|nox\b.*\bbuild|tox\b.*\bbuild)\b"
)


def _has_version_from_git(facts: Facts) -> bool:
    build = str(facts.pyproject.get("build-system", "requires", default=""))
    build += facts.text("setup.py")
    is_dynamic = "version" in facts.package.unknown or "use_scm_version" in build
    return is_dynamic and any(name in build for name in _SCM)


@rule(
    "CI015",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: facts.pipeline.jobs and _has_version_from_git(facts),
)
def history_is_there(facts: Facts) -> Iterator[Hit]:
    """A job that builds has the history that the version comes from.

    Why: GitLab fetches the last twenty commits. Where the newest tag is older, the build finds
    none, and makes a version such as `0.1.dev20`.

    How: Give the job `variables: GIT_DEPTH: "0"`.

    Source: [GitLab: shallow clones](https://docs.gitlab.com/ci/runners/configure_runners/#shallow-cloning),
    [setuptools-scm](https://setuptools-scm.readthedocs.io/en/latest/usage/).
    """
    for job in facts.pipeline.jobs.values():
        builds = any(_BUILDS.search(command[:2000]) for command in job.commands)
        fetches = any(
            re.search(r"git fetch.*(tags|unshallow|depth)", each) for each in job.commands
        )
        if not builds or fetches or not job.is_fully_known:
            continue
        has_no_clone = facts.pipeline.expand("${GIT_STRATEGY}", job) in ("none", "empty")
        if not has_no_clone and facts.pipeline.expand("${GIT_DEPTH}", job) not in ("0", "$"):
            place = facts.pipeline.place_of(job, "script")
            yield Hit(*place, f"{job.name} builds with a part of the history alone: `GIT_DEPTH`")
