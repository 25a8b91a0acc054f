"""Put the template with every released version into the wheel and the sdist, as one git bundle.

A bundle is a repository in a file: git clones from it without a network, and unlike a bare
repository it survives a wheel, which drops empty folders and changes owners.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "src/lisa_scaffold/template.bundle"
PARTS = ("copier.yml", "includes", "template", "pyproject.toml", "CHANGELOG.md")
VERSION_TAG = re.compile(r"v\d+\.\d+\.\d+")
# The same checkout gives the same bundle: author and date of its commits are fixed.
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in {
        "NAME": "LISA Distributed Data Processing Center",
        "EMAIL": "lisa-scaffold@example.org",
        "DATE": "2026-01-01T00:00:00+00:00",
    }.items()
}


class TemplateBundleHook(BuildHookInterface[Any]):
    """Adds the bundle to a build, except to an editable one, which reads the checkout itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle and tell hatchling of it; ``version`` is the kind of build."""
        root = Path(self.root)
        if version == "editable":
            return
        carried = root / BUNDLE  # a build from an sdist: what its checkout knew is in there
        if not (root / ".git").exists() and carried.is_file():
            bundle = carried
        else:
            folder = tempfile.TemporaryDirectory(prefix="lisa-scaffold-build-")
            self._folder = folder  # lives as long as the build
            bundle = Path(folder.name) / "template.bundle"
            make_bundle(root, f"v{self.metadata.version}", bundle)
        target = BUNDLE if self.target_name == "sdist" else BUNDLE.removeprefix("src/")
        build_data["force_include"][str(bundle)] = target


def make_bundle(root: Path, current: str, bundle: Path) -> None:
    """Write every version of the template into a bundle, with the template's files alone.

    The commits are made anew, a chain of one for each version: they hold nothing of the history
    between, and a shallow or partial clone, whose commits a bundle could not hold, serves as well.

    Parameters
    ----------
    root
        The project's folder; without git its files are the one version.
    current
        The version that the project declares. Without a tag of that name, the files as they stand
        count as it.
    bundle
        The file to write.
    """
    released = _released(root)
    with tempfile.TemporaryDirectory(prefix="lisa-scaffold-build-") as folder:
        store, tree = Path(folder) / "store", Path(folder) / "tree"
        in_store = {"GIT_DIR": str(store), "GIT_WORK_TREE": str(tree), **IDENTITY}
        _git(root, "init", "--quiet", "--bare", str(store))
        parent: list[str] = []
        for tag in dict.fromkeys([*released, current]):
            tree.mkdir()
            if tag in released:
                _export_tag(root, tag, tree)
            else:
                _export_files(root, tree)
            _git(tree, "add", "--force", "--all", env=in_store)
            made = _git(tree, "write-tree", env=in_store)
            commit = _git(tree, "commit-tree", made, *parent, "-m", tag, env=in_store)
            _git(tree, "update-ref", f"refs/tags/{tag}", commit, env=in_store)
            _git(tree, "update-ref", "refs/heads/main", commit, env=in_store)
            parent = ["-p", commit]
            shutil.rmtree(tree)
        _git(store, "symbolic-ref", "HEAD", "refs/heads/main")
        pack = ("-c", "pack.threads=1", "bundle", "create", "--quiet", str(bundle))
        _git(store, *pack, "HEAD", "--branches", "--tags")


def _released(root: Path) -> list[str]:
    """The version tags of a checkout, oldest version first; none without git."""
    if not (root / ".git").exists():
        return []
    tags = [tag for tag in _git(root, "tag", "--list").split() if VERSION_TAG.fullmatch(tag)]
    return sorted(tags, key=lambda tag: [int(number) for number in tag[1:].split(".")])


def _export_tag(root: Path, tag: str, folder: Path) -> None:
    """The files of a tag as they are stored; ``git archive`` would obey their attributes."""
    index = {"GIT_INDEX_FILE": str(folder.with_name("index"))}
    _git(root, "read-tree", tag, env=index)
    _git(root, "checkout-index", "--all", f"--prefix={folder}{os.sep}", env=index)
    for entry in folder.iterdir():
        if entry.name not in PARTS:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _export_files(root: Path, folder: Path) -> None:
    """The files as they stand, less what git ignores."""
    if (root / ".git").exists():
        options = ("-z", "--cached", "--others", "--exclude-standard")
        names = _git(root, "ls-files", *options, "--", *PARTS).split("\0")
        found = [root / name for name in names if name]
    else:
        found = [path for part in PARTS for path in (root / part, *(root / part).rglob("*"))]
    for path in found:
        if path.is_file():
            target = folder / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


@cache
def _surroundings() -> dict[str, str]:
    """The environment, less what a hook, or a shell, has set for a repository of its own."""
    asked = ["git", "rev-parse", "--local-env-vars"]
    said = subprocess.run(asked, stdout=subprocess.PIPE, check=True).stdout.decode().split()
    kept = {name: value for name, value in os.environ.items() if name not in said}
    # The user's own settings (signing, line ends, templates) have no place in a build.
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def _git(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    # A build in a container often runs as another user than the checkout's owner.
    safe = ("-c", f"safe.directory={folder}")
    # Nor is anything run that the checkout's configuration names.
    quiet = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")
    done = subprocess.run(
        ["git", *safe, *quiet, *arguments],
        cwd=folder,
        env={**_surroundings(), **(env or {})},
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout.decode().strip()
