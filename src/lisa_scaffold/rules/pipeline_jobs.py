"""GitLab pipeline: jobs that publish, and jobs that runners can do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project import gitlab_runs
from lisa_scaffold.project.facts import Facts, cached_in_facts
from lisa_scaffold.project.gitlab import Job, Pipeline, flatten_script
from lisa_scaffold.rules.rule import PACKAGE, SHOULD, Hit, join_same, rule

_PUBLISHES = compile_lazily(
    r"\b(?:twine upload|(?:uv|poetry|flit|hatch|pdm|maturin) publish"
    r"|(?:docker|podman|buildah|skopeo|crane|apptainer|singularity) (?:image )?(?:push|copy)"
    r"|docker buildx build\b.*--push|crane cp|release-cli create|glab release create)\b"
    # What mirrors a repository is to have every branch.
    r"|\bgit push\b(?!.*--(?:mirror|all)\b)"
    r"|/kaniko/executor\b(?!.*--no-push)"
)


@cached_in_facts
def _find_publishing(facts: Facts) -> dict[str, str]:
    """The commands with which jobs publish something, by the name of the job."""
    publishing = {}
    for name, job in facts.pipeline.jobs.items():
        for command in job.commands:
            match = _PUBLISHES.search(command[:20_000])
            named = facts.pipeline.expand(command[:20_000], job) if match else ""
            if match and "--dry-run" not in command and not _OWN_NAME.search(named):
                publishing[name] = match[0].strip()
                break
        else:
            if isinstance(job.get("release"), dict):
                publishing[name] = "release"
    return publishing


_ASKS_WHERE = compile_lazily(
    r"(?:\b(?:if|case|test)\b|\[).{0,200}CI_(?:COMMIT_(?:TAG|BRANCH|REF)|DEFAULT)"
)
# A name that only this branch or commit uses overwrites nobody's.
_OWN_NAME = compile_lazily(
    r"\bCI_(?:COMMIT_(?:REF_SLUG|REF_NAME|BRANCH|SHORT_SHA|SHA)|PIPELINE_I?ID"
    r"|MERGE_REQUEST_(?:IID|SOURCE_BRANCH_NAME))\b"
)
# Branches that anybody may push to; a pattern that takes one of them takes many.
_ANYBODYS = ("my-branch", "feature", "feature/x", "feature-x", "fix/x", "bugfix-x", "dev-x", "42-x")
_FROM_ANYWHERE = (
    *(gitlab_runs.BRANCH, gitlab_runs.MERGE_REQUEST),
    *(gitlab_runs.push_to(branch, f"branches such as {branch}") for branch in _ANYBODYS),
)


def _may_publish(facts: Facts, job: Job) -> bool:
    """Whether a job runs only where it may publish, as far as that can be told."""
    # The commands themselves may ask where they run.
    if any(_ASKS_WHERE.search(command[:20_000]) for command in job.commands):
        return True
    return not any(
        gitlab_runs.job_runs(facts.pipeline, job, situation, gitlab_runs.is_run_unasked)
        and gitlab_runs.workflow_allows(facts.pipeline, situation)
        for situation in _FROM_ANYWHERE
    )


@rule("CI012", SHOULD, when=lambda facts: facts.pipeline.is_complete)
def publishes_where_it_may(facts: Facts) -> Iterator[Hit]:
    """Only the default branch and tags publish.

    Why: Otherwise a branch that nobody has reviewed overwrites the image or package that others
    use.

    How: Give the job `rules` such as `if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH` or
    `if: $CI_COMMIT_TAG`, or `when: manual`.

    Source: [GitLab: rules](https://docs.gitlab.com/ci/jobs/job_rules/); the CDE project
    wants no image to be pushed from any other branch.
    """
    publishing = _find_publishing(facts)
    for job in facts.pipeline.jobs.values():
        command = publishing.get(job.name) or ("pages" if job.name == "pages" else "")
        if command and not _may_publish(facts, job):
            key = "rules" if "rules" in job.data else "script"
            place = facts.pipeline.place_of(job, key)
            message = (
                f"any branch may run `{command}`: limit {job.name} to the default branch or to tags"
            )
            yield Hit(*place, message)


@rule("CI013", SHOULD, when=lambda facts: facts.pipeline.jobs)
def publishes_to_the_end(facts: Facts) -> Iterator[Hit]:
    """A job that publishes is not stopped halfway.

    Why: With `interruptible: true`, a newer commit may stop it between two files or two images.

    How: Give it `interruptible: false`.

    Source: [GitLab: interruptible](https://docs.gitlab.com/ci/yaml/#interruptible).
    """
    publishing = _find_publishing(facts)
    for job in facts.pipeline.jobs.values():
        if job.get("interruptible") is True and (command := publishing.get(job.name)):
            message = f"a new commit may stop `{command}` halfway: write `interruptible: false`"
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
    """Shared runners can run the jobs.

    Why: The shared runners of in2p3 are not privileged, so Docker-in-Docker does not start, and
    they stop a job after one hour.

    How: Build images with Kaniko, and split long jobs; or set `tags` for a runner of your own.

    Source: [GitLab: building images](https://docs.gitlab.com/ci/docker/using_docker_build/#use-docker-in-docker);
    [the maintained Kaniko](https://github.com/osscontainertools/kaniko).
    """
    for job in facts.pipeline.jobs.values():
        if any(flatten_script(job.get("tags"))) or not job.is_fully_known:
            continue
        services = [facts.pipeline.expand(name, job) for name in job.services]
        if any(re.search(r"\bdocker:[\w.-]*dind\b", name) for name in services):
            place = facts.pipeline.place_of(job, "services")
            message = (
                "shared runners forbid Docker-in-Docker: use Kaniko, or `tags` for your own runner"
            )
            yield Hit(*place, message)
        if job.minutes > _LONGEST:
            place = facts.pipeline.place_of(job, "timeout")
            message = (
                f"shared runners stop {job.name} after {_LONGEST} of its {job.minutes} minutes: "
                "split it, or set `tags` for your own runner"
            )
            yield Hit(*place, message)


def _is_for_tags(facts: Facts, job: Job) -> bool:
    """Whether a job runs for tags alone: the commit that it builds carries the version."""
    pipeline = facts.pipeline
    return all(
        gitlab_runs.job_runs(pipeline, job, situation) is False
        or gitlab_runs.workflow_allows(pipeline, situation) is False
        for situation in gitlab_runs.SITUATIONS
        if situation is not gitlab_runs.TAG
    )


_SCM = (
    "setuptools-scm",
    "setuptools_scm",
    "hatch-vcs",
    "poetry-dynamic-versioning",
    "versioningit",
)
_FETCHES_MORE = compile_lazily(r"git fetch.{0,500}(tags|unshallow|depth)")
_BUILDS = compile_lazily(
    r"\b(?:python3? -m build|pyproject-build|pip wheel|uv build|poetry build|hatch build|flit build"
    r"|pdm build|setup\.py (?:sdist|bdist_wheel)|nox\b.*\bbuild|tox\b.*\bbuild)\b"
)


def _has_version_from_git(facts: Facts) -> bool:
    build = str(facts.pyproject.get("build-system", "requires", default=""))
    build += facts.text("setup.py")
    is_dynamic = "version" in facts.package.unknown or "use_scm_version" in build
    return is_dynamic and any(name in build for name in _SCM)


def _knows_variables(pipeline: Pipeline) -> bool:
    """Whether all variables of a pipeline's jobs are known: other projects may set some for all.

    GitLab's own templates set none for jobs that are not theirs.
    """
    seen = (each.is_known or each.form == "template" for each in pipeline.includes)
    return bool(pipeline.jobs) and all(seen)


@rule(
    "CI015",
    SHOULD,
    kinds=PACKAGE,
    when=lambda facts: _knows_variables(facts.pipeline) and _has_version_from_git(facts),
)
def history_is_there(facts: Facts) -> Iterator[Hit]:
    """Jobs that build have the git history from which the version is made.

    Why: GitLab fetches only the last twenty commits. If the newest tag is older, the build does not
    find it, and makes a version such as `0.1.dev20`.

    How: Give the job `variables: GIT_DEPTH: "0"`.

    Source: [GitLab: shallow clones](https://docs.gitlab.com/ci/runners/configure_runners/#shallow-cloning),
    [setuptools-scm](https://setuptools-scm.readthedocs.io/en/latest/usage/).
    """
    yield from join_same(_find_shallow(facts))


def _find_shallow(facts: Facts) -> Iterator[Hit]:
    """The jobs that build from a part of the history."""
    for job in facts.pipeline.jobs.values():
        builds = any(_BUILDS.search(command[:2000]) for command in job.commands)
        fetches = any(_FETCHES_MORE.search(command) for command in job.commands)
        if not builds or fetches or not job.is_fully_known or _is_for_tags(facts, job):
            continue
        has_no_clone = facts.pipeline.expand("${GIT_STRATEGY}", job) in ("none", "empty")
        if not has_no_clone and facts.pipeline.expand("${GIT_DEPTH}", job) not in ("0", "$"):
            place = facts.pipeline.place_of(job, "script")
            message = (
                'without all git tags the version may be wrong: add the variable `GIT_DEPTH: "0"`'
            )
            yield Hit(*place, message)
