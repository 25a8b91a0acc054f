"""A child pipeline that looks at a fleet, and updates it, on several of GitLab's own runners.

Each job takes one part of the fleet and runs the verbs on it, as anybody would; the last joins the
parts and makes the page. There are as many jobs as asked for and not one a project: GitLab refuses
``needs`` of more than 50 jobs, and makes no pipeline, without a word, of a matrix that is too large
(https://docs.gitlab.com/ci/yaml/#needs, https://docs.gitlab.com/ci/yaml/#parallelmatrix).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from importlib.metadata import distribution, version
from typing import Any, NamedTuple

from lisa_scaffold import template
from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.settings import Fleet
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.shown import brief

MOST_PARTS = 40
"""Jobs that one more may need: GitLab's own limit is 50."""

_REQUIREMENT = "lisa-scaffold[gitlab] @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git@{}"

_BRANCH = compile_lazily(
    r"(?!.*\.\.)(?!.*(?:\.|\.lock)$)[A-Za-z0-9](?:[A-Za-z0-9._-]|/(?=[A-Za-z0-9]))*"
)
_KEPT = "refs/fleet/history"
# Nobody has told git in a job's image who commits; variables of the project come before these.
_COMMITTER = {
    "GIT_COMMITTER_NAME": "lisa-scaffold",
    "GIT_COMMITTER_EMAIL": "lisa-scaffold@$CI_SERVER_HOST",
}
_CHECKOUT = (
    "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory "
    'GIT_CONFIG_VALUE_0="${CI_PROJECT_DIR:-$PWD}"'
)

_HEAD = """\
# Made by `lisa-scaffold fleet pipeline`: a change here is gone with the next one.
# https://docs.gitlab.com/ci/pipelines/downstream_pipelines/#dynamic-child-pipelines
"""


class Wanted(NamedTuple):
    """What a pipeline is asked for.

    Attributes
    ----------
    folder
        The folder of ``fleet.toml``, relative to the repository.
    parts
        How many jobs share the fleet.
    image
        The image of the jobs.
    install
        What installs lisa-scaffold in a job; empty where the image has it.
    update
        The options of the update; ``None``: there is none.
    is_limited
        Whether these set a limit, or waves.
    history
        The folder of earlier status files, in the repository; empty where there is none.
    branch
        The branch that earlier status files are kept in; empty where there is none.
    """

    folder: str = "."
    parts: int = 4
    image: str = "python:3.14"
    install: str = ""
    update: Sequence[str] | None = None
    is_limited: bool = False
    history: str = ""
    branch: str = ""


def make_install() -> str:
    """What installs this version in a job: by its commit, where that is known, or by its tag.

    The jobs hold a token: what is newest in the night may be anything.
    """
    own = f"v{version('lisa-scaffold')}"
    commit = _find_installed_commit() or template.find_default_source().find_released(own)
    return f"pip install {shlex.quote(_REQUIREMENT.format(commit or own))}"


def _find_installed_commit() -> str | None:
    """The commit that this package was installed from, where an installer took it from git.

    See https://packaging.python.org/en/latest/specifications/direct-url-data-structure/.
    """
    told = distribution("lisa-scaffold").read_text("direct_url.json")
    commit = json.loads(told or "{}").get("vcs_info", {}).get("commit_id")
    return str(commit) if commit else None


def make_pipeline(fleet: Fleet, wanted: Wanted) -> str:
    """The child pipeline, as YAML.

    Parameters
    ----------
    fleet
        The fleet.
    wanted
        What is asked for.

    Raises
    ------
    LisaError
        If a part of a name or number cannot be in a pipeline.
    """
    import yaml

    _refuse(wanted)
    # What a run begins with is counted in the fleet as a whole.
    in_one = wanted.is_limited or bool(fleet.updates.canaries) or fleet.updates.wave < 1
    updates = wanted.update
    jobs: dict[str, Any] = {
        "workflow": {"rules": [{"when": "always"}]},
        "stages": ["update", "look", "page"],
        "default": {"image": wanted.image, "interruptible": False},
    }
    if updates is not None:
        jobs["variables"] = dict(_COMMITTER)
    if wanted.install:
        jobs["default"]["before_script"] = [wanted.install]
    if updates is not None and in_one:
        run, end = _update("update", [wanted.folder, *updates])
        job = {"stage": "update", **_take_token()}
        jobs["update"] = {**job, "script": [*run, *end], **_keep("update.md")}
    names = [f"fleet {number} of {wanted.parts}" for number in range(1, wanted.parts + 1)]
    for number, name in enumerate(names, 1):
        part = ["--shard", f"{number}/{wanted.parts}"]
        output = ["--format", "json", "--output", f"status-{number}.json"]
        lines = [_say("status", wanted.folder, *part, *output)]
        kept = [f"status-{number}.json"]
        if updates is not None and not in_one:
            run, end = _update(f"update-{number}", [wanted.folder, *part, *updates])
            lines = [*run, *lines, *end]
            kept.append(f"update-{number}.md")
        # Also where the update has failed: then all the more somebody wants to know how it stands.
        job = {"stage": "look", **_take_token(), "when": "always"}
        jobs[name] = {**job, "script": lines, **_keep(*kept)}
    jobs["page"] = _make_page(wanted, names)
    return _HEAD + yaml.safe_dump(jobs, sort_keys=False, allow_unicode=True, width=1000)


def _take_token() -> dict[str, Any]:
    """The environment of the jobs that ask the projects; nothing is deployed there.

    What a variable of that scope holds, no other job learns: not the lint and tests of the
    repository either, which run what an index has
    (https://docs.gitlab.com/ci/environments/#limit-the-environment-scope-of-a-cicd-variable).
    """
    return {"environment": {"name": "fleet", "action": "access"}}


def _keep(*paths: str) -> dict[str, Any]:
    """What of a job is kept, whether it fails or not."""
    return {"artifacts": {"paths": [*paths], "when": "always", "expire_in": "1 week"}}


def _update(name: str, words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What updates, and leaves the report in a file; and what fails in the end where that failed.

    Conflicts, and projects that fail, are told in the report; more than that fails.
    """
    line = shlex.join(["lisa-scaffold", "fleet", "update", *words, "--format", "markdown"])
    code = f"{name}.code"
    run = f"{line} > {name}.md && echo 0 > {code} || echo $? > {code}"
    return [run, f"cat {name}.md"], [f'[ "$(cat {code})" -le 1 ]']


def _refuse(wanted: Wanted) -> None:
    """Raise LisaError for what GitLab would make no pipeline of."""
    if not 1 <= wanted.parts <= MOST_PARTS:
        raise LisaError(
            f"--parts {wanted.parts}: from 1 to {MOST_PARTS}", "4 to 8 serve hundreds of projects."
        )
    if wanted.branch and not _BRANCH.fullmatch(wanted.branch):
        what = f"--history-branch {brief(wanted.branch, 80)}: no name of a branch"
        raise LisaError(what, "Name one such as fleet-history.")
    if wanted.branch and wanted.history:
        hint = "A branch keeps the history from one pipeline to the next."
        raise LisaError("--history and --history-branch: name one of them", hint)


def _make_page(wanted: Wanted, names: Sequence[str]) -> dict[str, Any]:
    """The last job: it joins the parts, makes the page, and keeps the status."""
    parts = [f"status-{number}.json" for number in range(1, wanted.parts + 1)]
    folder = "history" if wanted.branch else wanted.history
    history = ["--history", folder] if folder else []
    to = ["--output", "public/index.html", "--badges", "public/badges"]
    line = shlex.join(["lisa-scaffold", "fleet", "page", *parts, "--join", *history, *to])
    job: dict[str, Any] = {
        "stage": "page",
        "needs": names,
        "when": "always",
        "script": ["mkdir -p public", line],
        "artifacts": {
            "paths": ["public", *([folder] if folder else [])],
            "expire_in": "1 month",
        },
    }
    if wanted.branch:
        # One after the other, so that none pushes beside another.
        job["resource_group"] = "fleet-history"
        before, after = _list_commands(shlex.quote(f"refs/heads/{wanted.branch}"))
        job["script"] = [*before, *job["script"], *after]
    return job


def _list_commands(branch: str) -> tuple[list[str], list[str]]:
    """What brings the history from its branch, and what puts it there.

    The runner's own token pushes, where the project allows it, and such a push starts no pipeline:
    https://docs.gitlab.com/ci/jobs/ci_job_token/#allow-git-push-requests-to-your-project-repository.
    What is pushed is the tip and a commit on it, so nothing that another job has kept gets lost.
    """
    before = [
        _CHECKOUT,
        f"git update-ref -d {_KEPT}",
        "rm -rf history && mkdir history",
        f"if git fetch --quiet --depth=1 origin +{branch}:{_KEPT}; "
        f"then git archive {_KEPT} | tar --extract --directory=history; "
        "else echo 'There is no history yet: it begins here.'; fi",
    ]
    who = "-c user.name=lisa-scaffold -c user.email=lisa-scaffold@localhost"
    after = [
        f"tip=$(git rev-parse --quiet --verify {_KEPT} || true)",
        "export GIT_INDEX_FILE=$(mktemp -u)",
        "git --work-tree=history add --force --all",
        f'commit=$(git {who} commit-tree -m "Keep the status of the fleet [skip ci]" '
        '${tip:+-p "$tip"} "$(git write-tree)")',
        f'git push --quiet origin "$commit":{branch} || {{ echo "The status '
        "is not kept: allow the job token to push to this project, Settings > CI/CD > Job token "
        'permissions." >&2; exit 1; }',
    ]
    return before, after


def _say(verb: str, *words: str) -> str:
    """A command after which the job goes on, also where something is left to people.

    Projects that cannot be read end it with 1: they are told on the page, which is made all the
    same. More than that is a failure.
    """
    return f"{shlex.join(['lisa-scaffold', 'fleet', verb, *words])} || [ $? -eq 1 ]"
