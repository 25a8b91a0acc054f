"""A child pipeline that looks at a fleet, and updates it, on several of GitLab's own runners.

Each job takes one part of the fleet and runs the verbs on it, as anybody would; the last joins the
parts and makes the page. There are as many jobs as asked for and not one a project: GitLab refuses
``needs`` of more than 50 jobs, and makes no pipeline, without a word, of a matrix that is too large
(https://docs.gitlab.com/ci/yaml/#needs, https://docs.gitlab.com/ci/yaml/#parallelmatrix).
"""

from __future__ import annotations

import shlex
from typing import Any, NamedTuple

from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.settings import Fleet

MOST_PARTS = 40
"""Jobs that one more may need: GitLab's own limit is 50."""

REQUIREMENT = "lisa-scaffold[gitlab] @ git+https://gitlab.in2p3.fr/LISA/lisa-scaffold.git"

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
        The arguments of the update; ``None``: there is none.
    history
        The folder of earlier status files, in the repository; empty where there is none.
    """

    folder: str = "."
    parts: int = 4
    image: str = "python:3.14"
    install: str = f"pip install {shlex.quote(REQUIREMENT)}"
    update: str | None = None
    history: str = ""


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

    if not 1 <= wanted.parts <= MOST_PARTS:
        raise LisaError(
            f"--parts {wanted.parts}: from 1 to {MOST_PARTS}", "4 to 8 serve hundreds of projects."
        )
    in_waves = bool(fleet.updates.canaries) or fleet.updates.wave < 1
    jobs: dict[str, Any] = {
        "workflow": {"rules": [{"when": "always"}]},
        "stages": ["update", "look", "page"],
        "default": {"image": wanted.image, "interruptible": False},
    }
    if wanted.install:
        jobs["default"]["before_script"] = [wanted.install]
    if wanted.update is not None and in_waves:
        # Waves are counted in the fleet as a whole.
        line = _say("update", wanted.folder, more=wanted.update)
        jobs["update"] = {"stage": "update", "script": [line]}
    names = [f"fleet {number} of {wanted.parts}" for number in range(1, wanted.parts + 1)]
    for number, name in enumerate(names, 1):
        part = ["--shard", f"{number}/{wanted.parts}"]
        output = ["--format", "json", "--output", f"status-{number}.json"]
        lines = [_say("status", wanted.folder, *part, *output)]
        if wanted.update is not None and not in_waves:
            lines.insert(0, _say("update", wanted.folder, *part, more=wanted.update))
        kept = {"paths": [f"status-{number}.json"], "when": "always", "expire_in": "1 week"}
        jobs[name] = {"stage": "look", "script": lines, "artifacts": kept}
    history = ["--history", wanted.history] if wanted.history else []
    parts = [f"status-{number}.json" for number in range(1, wanted.parts + 1)]
    page = [
        "lisa-scaffold",
        "fleet",
        "page",
        *parts,
        "--join",
        *history,
        "--output",
        "public/index.html",
    ]
    jobs["page"] = {
        "stage": "page",
        "needs": names,
        "script": ["mkdir -p public", shlex.join([*page, "--badges", "public/badges"])],
        "artifacts": {
            "paths": ["public", *([wanted.history] if wanted.history else [])],
            "expire_in": "1 month",
        },
    }
    return _HEAD + yaml.safe_dump(jobs, sort_keys=False, allow_unicode=True, width=1000)


def _say(verb: str, *words: str, more: str = "") -> str:
    """A command after which the job goes on, also where something is left to people.

    Conflicts, and projects that cannot be read, end it with 1: they are told on the page, which is
    made all the same. More than that is a failure.
    """
    line = f"{shlex.join(['lisa-scaffold', 'fleet', verb, *words])} {more}".strip()
    return f"{line} || [ $? -eq 1 ]"
