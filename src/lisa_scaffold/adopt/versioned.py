"""Tools that read the version from git's history, which the build of an image does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lisa_scaffold.adopt.customs import Custom
from lisa_scaffold.project.facts import Facts

# The template's Dockerfile tells the version to setuptools-scm (and what is built on it), pbr, PDM,
# poetry-dynamic-versioning and uv-dynamic-versioning. Nothing tells it to these.
_DEAF = (
    *("better-setuptools-git-version", "miniver", "poetry-version-plugin", "setupmeta"),
    *("setuptools-git-ver", "setuptools-git-version", "setuptools-git-versioning"),
    *("setuptools-vcs-version", "vcversioner", "versioningit"),
)
_FILES = ("pyproject.toml", "setup.py", "setup.cfg")


def find_untold(facts: Facts, distribution: str) -> Iterator[Custom]:
    """What keeps the version from the build of an image that has no history.

    Parameters
    ----------
    facts
        The project.
    distribution
        Its name, which the folder of the build begins with.
    """
    if facts.has("versioneer.py") or facts.pyproject.get("tool", "versioneer"):
        cfg, keys = facts.ini("setup.cfg"), ("tool", "versioneer", "parentdir_prefix")
        in_cfg = facts.pyproject.get("tool", "versioneer") is None
        prefix = cfg.get("versioneer", keys[-1]) if in_cfg else facts.pyproject.get(*keys)
        if prefix != f"{distribution}-":
            path = cfg.path if in_cfg else "pyproject.toml"
            text = (
                "versioneer reads an image's version from the folder's name: write "
                f"parentdir_prefix = {distribution}- for it"
            )
            yield Custom(path, text, to_decide=True)
    for path in _FILES:
        text = facts.text(path)
        for name in _DEAF:
            if re.search(rf"(?<![\w-]){name.replace('-', '[-_]')}(?![\w-])", text):
                told = (
                    f"{name} reads the version from git, which the image's build has not: take "
                    "/.git out of .dockerignore, and install git in the Dockerfile's first stage"
                )
                yield Custom(path, told, to_decide=True)
                return
