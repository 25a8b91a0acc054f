"""Repositories that run a program wherever git lets a repository name one."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from .tools import passes, run
from .updates import write

# What git says of its own settings, so that those of a newer git are tried too.
_PROGRAM = re.compile(
    r"\.(\w*command|\w*cmd|\w*program|helper|\w*hook|driver|editor|\w*pager|textconv|clean|smudge|"
    r"process|\w*proxy|askpass|fsmonitor|uploadpack|receivepack|vcs|external|difffilter)$|"
    r"^(pager|alias)\.|tool.*\.path$|^man.*\.path$|^browser.*\.path$|^submodule.*\.update$",
    re.IGNORECASE,
)
# These are no programs, or they keep git from working at all.
_NO_PROGRAM = re.compile(r"^(advice|color|column)\.")

_MORE = (
    *(
        "filter.long.process",
        "pager.status",
        "pager.log",
        "trailer.trap.command",
        "trailer.trap.cmd",
    ),
    *("core.sshCommand", "ssh.program", "hook.trap.command", "credential.https://x.helper"),
    *("alias.update", "alias.status", "alias.ls-files", "gpg.ssh.program", "gpg.x509.program"),
)

HOOKS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit"),
    *("prepare-commit-msg", "commit-msg", "post-commit", "pre-rebase", "post-checkout"),
    *("post-merge", "pre-push", "pre-receive", "update", "proc-receive", "post-receive"),
    *("post-update", "reference-transaction", "push-to-checkout", "pre-auto-gc", "post-rewrite"),
    *("sendemail-validate", "fsmonitor-watchman", "post-index-change", "post-upload-pack"),
)

ATTRIBUTES = "* filter=trap diff=trap merge=trap\nlong.dat filter=long\n"


@dataclass(frozen=True)
class Traps:
    """Programs that write down that they were run.

    Attributes
    ----------
    folder
        A folder outside of every repository.
    """

    folder: Path

    def program(self, name: str) -> str:
        """A program for one place that can name one."""
        path = self.folder / re.sub(r"[^\w.-]", "-", name)
        if not path.exists():
            self.folder.mkdir(exist_ok=True)
            passed_on = "exec cat" if re.search(r"\.(clean|smudge)$", name) else "exit 0"
            path.write_text(f"#!/bin/sh\necho '{name}' >> '{self.folder}/sprung'\n{passed_on}\n")
            path.chmod(0o755)
        return str(path)

    def hooks(self, folder: Path) -> Path:
        """A folder of hooks, each a program."""
        folder.mkdir(parents=True, exist_ok=True)
        for hook in HOOKS:
            (folder / hook).unlink(missing_ok=True)
            (folder / hook).symlink_to(self.program(f"hook {hook}"))
        return folder

    def sprung(self) -> set[str]:
        """The names of the programs that were run since this was asked for last."""
        path = self.folder / "sprung"
        names = set(path.read_text().splitlines()) if path.exists() else set()
        path.unlink(missing_ok=True)
        return names

    def arm(self, git_dir: Path) -> None:
        """Set a trap in every place of a repository."""
        said = passes("git", "help", "--config", cwd=self.folder.parent).splitlines()
        keys = [re.sub(r"<[^>]*>|\*", "trap", key.strip()) for key in said if "." in key]
        named = [key for key in keys if _PROGRAM.search(key) and not _NO_PROGRAM.search(key)]
        settings = {key: self.program(key) for key in (*named, *_MORE)}
        settings |= {key: f"!{value}" for key, value in settings.items() if "alias" in key}
        settings["credential.helper"] = "!" + settings["credential.helper"]
        settings["submodule.trap.update"] = "!" + settings["submodule.trap.update"]
        settings |= {"remote.trap.url": self.program("remote.trap.vcs"), "remote.trap.vcs": "ext"}
        settings |= {"remote.other.url": str(git_dir)}
        settings["remote.other.uploadpack"] = self.program("remote.other.uploadpack")
        settings["core.hooksPath"] = str(self.hooks(self.folder / "configured-hooks"))
        settings["diff.trap.xfuncname"] = "."
        settings["log.showSignature"] = "true"
        settings["commit.gpgSign"] = "true"
        settings["protocol.ext.allow"] = "always"
        settings[f"url.ext::{self.program('url.insteadOf')} .insteadOf"] = "https://"
        settings["init.templateDir"] = str(self.folder / "init-template")
        settings["include.path"] = str(self.folder / "included")
        settings["extensions.worktreeConfig"] = "true"
        settings["hook.trap.event"] = "post-index-change"
        self.hooks(self.folder / "init-template/hooks")
        self.hooks(git_dir / "hooks")
        # As `git config` would write it, which takes a process for each setting.
        with (git_dir / "config").open("a", encoding="utf-8") as config:
            for key, value in settings.items():
                section, _, rest = key.partition(".")
                part, _, name = rest.rpartition(".")
                head = f'{section} "{part}"' if part else section
                config.write(f"[{head}]\n\t{name} = {json.dumps(value)}\n")
        known = passes("git", "config", "--file", git_dir / "config", "--list", cwd=git_dir)
        assert {line.split("=", 1)[-1] for line in known.splitlines()} >= set(settings.values())
        for name, file in {"included": self.folder, "config.worktree": git_dir}.items():
            program = self.program(f"core.fsmonitor of {name}")
            (file / name).write_text(f'[core]\n\tfsmonitor = "{program}"\n')
        passes("git", "config", "core.repositoryFormatVersion", "1", cwd=git_dir)

    def arm_project(self, project: Path) -> None:
        """Set a trap in every place of a project, whose files ask for them in turn."""
        files = {"own/own.dat": "own\n", "own/long.dat": "own\n"}
        write(project, {**files, "own/.gitattributes": ATTRIBUTES})
        passes("git", "add", "--all", cwd=project)
        passes("git", "commit", "--quiet", "--message=Own", cwd=project)
        _sign(project)
        for name in files:
            os.utime(project / name, (0, 0))  # git has to read it again to see that it is the same
        self.arm(project / ".git")
        run("git", "update-index", "--fsmonitor", cwd=project)
        self.sprung()


def _sign(project: Path) -> None:
    """Give the current commit a signature, which a setting lets a program look at."""
    head = passes("git", "cat-file", "commit", "HEAD", cwd=project).replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    file = project.with_name("signed")
    file.write_text(head)
    oid = passes("git", "hash-object", "-t", "commit", "-w", file, cwd=project)
    passes("git", "reset", "--soft", oid.strip(), cwd=project)
