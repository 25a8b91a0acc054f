"""The hooks of a project, run on all its files with local repositories in place of public ones.

Each hook that the slow tests know (``tests/e2e/parts/hook_repositories.py``: all that the template
has) runs the real tool, in the version that the project names. Other people's hooks stay away, and
are named.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from desk import run

ROOT = Path(__file__).parents[1]
PRE_COMMIT = Path(sys.executable).parent / "pre-commit"
CONFIG = ".pre-commit-config.yaml"
OUTCOME = re.compile(r"^(?P<name>.+?)\.{3,}(?:\(.*\))?(?P<word>Passed|Failed|Skipped)$")
HOOK_ID = re.compile(r"- hook id: (.+)")
EXIT_CODE = re.compile(r"- exit code: (\d+)")
# How a hook ends that has findings; codespell has a code of its own for that.
FINDINGS = {0, 1, 65}


@dataclass(frozen=True)
class Done:
    """What became of the hooks: how many ran, which did not, and which failed to do their work."""

    ran: int
    idle: tuple[str, ...]
    troubles: tuple[str, ...]


class Hooks:
    """Hook repositories on this machine, and the environments that are made of them."""

    def __init__(self, folder: Path) -> None:
        if str(ROOT) not in sys.path:
            sys.path.append(str(ROOT))
        from tests.e2e.parts import hook_repositories

        self.parts = hook_repositories
        self.folder = folder

    def run(self, project: Path, env: Mapping[str, str]) -> Done:
        """Run the hooks; they may change files."""
        settings = yaml.safe_load((project / CONFIG).read_text(encoding="utf-8"))
        idle = [name for entry in settings["repos"] for name in self.part(entry)]
        settings["repos"] = [entry for entry in settings["repos"] if entry["hooks"]]
        self.folder.mkdir(exist_ok=True)
        config = self.folder / CONFIG
        config.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
        command: list[str | Path] = [PRE_COMMIT, "run", "--all-files", "--color", "never"]
        command += ["--config", config]
        done = run(command, project, {**env, **self.instead(settings["repos"])})
        said = (done.stdout + done.stderr).decode(errors="replace")
        found = list(outcomes(said))
        troubles = [
            f"hook {each.name}: exit code {each.code}: {each.tail}"
            for each in found
            if each.code not in FINDINGS
        ]
        if done.status not in (0, 1) or not found:
            troubles.append(f"pre-commit: exit code {done.status}: {said.strip()[-600:]}")
        ran = sum(each.word != "Skipped" for each in found)
        return Done(ran, tuple(idle), tuple(troubles))

    def part(self, entry: dict[str, Any]) -> list[str]:
        """Leave the known hooks in an entry; the others."""
        _, known = self.parts.STAND_INS.get(entry["repo"], ("", {}))
        idle = [each["id"] for each in entry["hooks"] if each["id"] not in known]
        entry["hooks"] = [each for each in entry["hooks"] if each["id"] in known]
        return idle

    def instead(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Make the repositories; the variables that lead git and pre-commit to them."""
        settings = {"PRE_COMMIT_HOME": str(self.folder / "pre-commit")}
        for number, entry in enumerate(entries):
            url, rev = entry["repo"], entry["rev"]
            folder = self.folder / url.rpartition("/")[2] / rev
            if not folder.exists():
                self.parts.stand_in(folder, url, rev)
            settings[f"GIT_CONFIG_KEY_{number}"] = f"url.{folder.as_uri()}.insteadOf"
            settings[f"GIT_CONFIG_VALUE_{number}"] = url
            settings["GIT_CONFIG_COUNT"] = f"{number + 1}"
        return settings


@dataclass
class Outcome:
    """What pre-commit says of one hook: its name (its id, where it failed), and the last line."""

    name: str
    word: str
    code: int = 0
    tail: str = ""


def outcomes(said: str) -> Iterator[Outcome]:
    current: Outcome | None = None
    for line in said.splitlines():
        if match := OUTCOME.match(line):
            if current:
                yield current
            current = Outcome(match["name"], match["word"])
        elif current and (told := HOOK_ID.fullmatch(line)):
            current.name = told[1]
        elif current and (told := EXIT_CODE.fullmatch(line)):
            current.code = int(told[1])
        elif current and line.strip():
            current.tail = line.strip()[:200]
    if current:
        yield current
