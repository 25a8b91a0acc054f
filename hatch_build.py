"""Put the template with every released version into the wheel and the sdist, as one git bundle.

A bundle is a repository in a file: git clones from it without a network, and unlike a bare
repository it survives a wheel, which drops empty folders and changes owners.

The commits in the bundle are made anew, so the released ones are listed in a file beside it.

The wheel carries a bill of materials too: what the lock has for it, in CycloneDX's format; and the
manual pages, made from the parsers of the commands.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUNDLE = "src/lisa_scaffold/template.bundle"
COMMITS = "src/lisa_scaffold/releases.json"
PARTS = ("copier.yml", "includes", "template", "templates", "pyproject.toml", "CHANGELOG.md")
BILL = "lisa-scaffold.cdx.json"
LOCKED = re.compile(r"^([\w.-]+)==([^\s;]+)((?:.*\\\n)*.*)", flags=re.MULTILINE)
RELEASES = "releases/versions.toml"
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
    """Adds both to a build, except to an editable one, which reads the checkout itself."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the bundle and tell hatchling of it; ``version`` is the kind of build."""
        root = Path(self.root)
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory(prefix="lisa-scaffold-build-")
        folder = Path(self._folder.name)
        # A build from an sdist: what its checkout knew is in there.
        if not (root / ".git").exists() and (root / BUNDLE).is_file():
            bundle, commits = root / BUNDLE, root / COMMITS
        else:
            bundle, commits = folder / Path(BUNDLE).name, folder / Path(COMMITS).name
            make_bundle(root, f"v{self.metadata.version}", bundle)
            commits.write_text(json.dumps(list_commits(root)) + "\n", encoding="utf-8")
        for file, target in ((bundle, BUNDLE), (commits, COMMITS)):
            place = target if self.target_name == "sdist" else target.removeprefix("src/")
            build_data["force_include"][str(file)] = place
        if self.target_name == "wheel":
            bill = folder / BILL
            bill.write_text(make_bill(root, self.metadata.version), encoding="utf-8")
            build_data["sbom_files"].append(str(bill))
            for page in make_manual(root, self.metadata.version, folder):
                build_data["shared_data"][str(page)] = f"share/man/man1/{page.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()


def make_manual(root: Path, version: str, folder: Path) -> list[Path]:
    """The manual pages, made by the package itself, without what it needs when it runs.

    Parameters
    ----------
    root
        The project's folder.
    version
        The version of the wheel.
    folder
        Where they go, below a folder of their own.
    """
    target = folder / "man"
    target.mkdir()
    script = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); "
        "from lisa_scaffold.cli.manual import write_pages; "
        "write_pages(Path(sys.argv[2]), sys.argv[3])"
    )
    words = ["-I", "-B", "-c", script, str(root / "src"), str(target), version]
    subprocess.run([sys.executable, *words], check=True)
    return sorted(target.iterdir())


def make_bill(root: Path, version: str) -> str:
    """The bill of materials of a wheel: every locked package that it needs, extras included.

    It is the same at any time and on any machine: it has neither a date nor a number of its own.

    Parameters
    ----------
    root
        The project's folder.
    version
        The version of the wheel.
    """
    folder = root / "requirements"
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    licences = tomllib.loads((folder / "licences.toml").read_text(encoding="utf-8"))
    whole = _component(project["name"], version, project["license"])
    needed: dict[str, dict[str, Any]] = {}  # what two extras ask for is named once
    for name in ("runtime", *project["optional-dependencies"]):
        scope = "required" if name == "runtime" else "optional"
        for match in LOCKED.finditer((folder / f"{name}.txt").read_text(encoding="utf-8")):
            part = _component(match[1], match[2], licences[match[1]])
            digests = re.findall(r"--hash=sha256:([0-9a-f]{64})", match[3])
            # Of every file that the version may come as.
            hashes = [{"alg": "SHA-256", "content": digest} for digest in digests]
            files = {"type": "distribution", "url": part["purl"], "hashes": hashes}
            needed.setdefault(match[1], {**part, "scope": scope, "externalReferences": [files]})
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"lifecycles": [{"phase": "build"}], "component": whole},
        "components": [*needed.values()],
        "dependencies": [
            {"ref": whole["bom-ref"], "dependsOn": [p["bom-ref"] for p in needed.values()]}
        ],
    }
    return json.dumps(bill, separators=(",", ":")) + "\n"


def _component(name: str, version: str, licence: str) -> dict[str, Any]:
    address = f"pkg:pypi/{name}@{version}"
    return {
        "type": "application" if name == "lisa-scaffold" else "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "licenses": [{"expression": licence}],
        "purl": address,
    }


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
    released = find_released(root)
    with tempfile.TemporaryDirectory(prefix="lisa-scaffold-build-") as folder:
        store, tree = Path(folder) / "store", Path(folder) / "tree"
        in_store = {"GIT_DIR": str(store), "GIT_WORK_TREE": str(tree), **IDENTITY}
        _git(root, "init", "--quiet", "--bare", str(store))
        parent: list[str] = []
        for tag in dict.fromkeys([*released, current]):
            tree.mkdir()
            if tag in released:
                _export_commit(root, released[tag], tree)
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


def list_commits(root: Path) -> dict[str, str]:
    """The hash of the commit of each released version; see :func:`find_released`."""
    released = find_released(root).items()
    return {version: _git(root, "rev-parse", f"{each}^{{commit}}") for version, each in released}


def find_released(root: Path) -> dict[str, str]:
    """The commit of each released version, oldest version first; none without git.

    The tags of the checkout count, and the table of released versions for those that it lacks. A
    version whose commit the clone does not have is left out with a warning.
    """
    if not (root / ".git").exists():
        return {}
    known: dict[str, str] = {}
    if (root / RELEASES).is_file():
        table = tomllib.loads((root / RELEASES).read_text(encoding="utf-8"))
        commits = {version: row["commit"] for version, row in table.items()}
        # Of a partial clone too, nothing is fetched to find out.
        asked = "".join(f"{commit}^{{commit}}\n" for commit in commits.values())
        told = _git(root, "cat-file", "--batch-check", stdin=asked).splitlines()
        for (version, commit), line in zip(commits.items(), told, strict=True):
            if line.endswith(" missing"):
                print(
                    f"{root}: this clone lacks the commit of {version}; what is built from it "
                    f"cannot update projects of that version. `git fetch --unshallow` brings it.",
                    file=sys.stderr,
                )
            else:
                known[version] = commit
    tags = [tag for tag in _git(root, "tag", "--list").split() if VERSION_TAG.fullmatch(tag)]
    known |= {tag: f"refs/tags/{tag}" for tag in tags}
    return {
        version: known[version]
        for version in sorted(known, key=lambda tag: [int(each) for each in tag[1:].split(".")])
    }


def _export_commit(root: Path, commit: str, folder: Path) -> None:
    """The files of a commit as they are stored; ``git archive`` would obey their attributes."""
    index = {"GIT_INDEX_FILE": str(folder.with_name("index"))}
    _git(root, "read-tree", commit, env=index)
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


def _git(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, stdin: str | None = None
) -> str:
    # A build in a container often runs as another user than the checkout's owner.
    safe = ("-c", f"safe.directory={folder}")
    # Nor is anything run that the checkout's configuration names.
    quiet = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")
    done = subprocess.run(
        ["git", *safe, *quiet, *arguments],
        cwd=folder,
        env={**_surroundings(), **(env or {})},
        input=None if stdin is None else stdin.encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return done.stdout.decode().strip()
