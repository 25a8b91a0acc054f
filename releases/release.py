"""Make a release of what is checked out: ``nox -s release -- X.Y.Z`` runs this after all checks.

The release commit gives the version and the day to ``pyproject.toml`` and ``CHANGELOG.md``, and is
tagged. The commit after it records the first one in ``releases/versions.toml``. Nothing is pushed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = "releases/versions.toml"
CHANGELOG = "CHANGELOG.md"
UNRELEASED = "## [Unreleased]\n"
TEMPLATE = ("copier.yml", "template", "includes", "templates")
"""What a version of the template is made of."""
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def find_obstacle(root: Path, version: str) -> str:
    """What keeps a version from being released; empty where nothing does.

    Parameters
    ----------
    root
        The checkout.
    version
        The version, ``X.Y.Z``.
    """
    if not _VERSION.fullmatch(version):
        return f"{version or 'nothing'}: name a version, such as 1.2.3"
    table = tomllib.loads((root / TABLE).read_text(encoding="utf-8"))
    newest = max(table, key=lambda tag: _numbers(tag[1:]))
    obstacles = {
        f"{version} is not above {newest}": _numbers(version) <= _numbers(newest[1:]),
        f"the tag v{version} is taken": f"v{version}" in _git(root, "tag", "--list").split(),
        "check out the branch main": _git(root, "branch", "--show-current") != "main\n",
        "commit or stash what is not committed": _git(root, "status", "--porcelain") != "",
        f'{CHANGELOG} has nothing under "Unreleased"': not _split(root)[1].strip(),
    }
    return next((words for words, applies in obstacles.items() if applies), "")


def release(root: Path, version: str, day: date) -> None:
    """Commit, tag and record a release.

    Parameters
    ----------
    root
        The checkout, in which nothing is uncommitted.
    version
        The version, ``X.Y.Z``.
    day
        The day of the release.
    """
    above, entries, below = _split(root)
    dated = f"{above}{UNRELEASED}\n## [{version}] - {day}\n{entries}{below}"
    (root / CHANGELOG).write_text(dated, encoding="utf-8")
    pyproject = root / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8")
    declared = re.sub(r'(?m)^version = "[^"]*"', f'version = "{version}"', text, count=1)
    pyproject.write_text(declared, encoding="utf-8")
    _git(root, "commit", "--quiet", "--all", "--message", f"Release {version}")
    _git(root, "tag", "--annotate", f"v{version}", "--message", f"lisa-scaffold {version}")
    commit = _git(root, "rev-parse", "HEAD").strip()
    with (root / TABLE).open("a", encoding="utf-8") as table:
        table.write(f'\n["v{version}"]\ncommit = "{commit}"\ndate = {day}\n')
    _git(root, "commit", "--quiet", "--all", "--message", f"Record the release {version}")


def find_changed(root: Path) -> list[str]:
    """The files of the template that differ from the released version which the checkout declares.

    Projects record that version: what they were made from has to be what it was released as.

    Parameters
    ----------
    root
        The checkout.

    Returns
    -------
    list of str
        Paths; none where the declared version has not been released.
    """
    declared = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    table = tomllib.loads((root / TABLE).read_text(encoding="utf-8"))
    row = table.get(f"v{declared['project']['version']}")
    if row is None:
        return []
    present = [path for path in TEMPLATE if (root / path).exists()]
    return _git(root, "diff", "--name-only", row["commit"], "--", *present).splitlines()


def _split(root: Path) -> tuple[str, str, str]:
    """The changelog above "Unreleased", what stands under it, and the released versions."""
    text = (root / CHANGELOG).read_text(encoding="utf-8")
    above, _, rest = text.partition(UNRELEASED)
    entries, heading, below = rest.partition("\n## [")
    return above, entries, heading + below


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=root, stdout=subprocess.PIPE, check=True, encoding="utf-8"
    )
    return done.stdout


if __name__ == "__main__":
    option, version = [*sys.argv[1:], "", ""][:2]
    if obstacle := find_obstacle(ROOT, version):
        raise SystemExit(f"No release: {obstacle}.")
    if option == "make":
        release(ROOT, version, datetime.now(UTC).date())
        print(f"v{version} is made. Publish it: git push origin main v{version}")
