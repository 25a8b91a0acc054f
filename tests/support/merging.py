"""Three versions of a text, for mergers whose cost is measured."""

from __future__ import annotations

from lisa_scaffold.merge import effort

Sides = tuple[bytes | None, bytes, bytes]

PATHS = {
    "yaml": "a.yml",
    "toml": "a.toml",
    "json": "a.json",
    "ini": "setup.cfg",
    "python": "a.py",
    "dockerfile": "Dockerfile",
    "pipeline": ".gitlab-ci.yml",
    "hooks": ".pre-commit-config.yaml",
    "markdown": "README.md",
    "restructured": "README.rst",
    "manifest": "MANIFEST.in",
    "ignored": ".gitignore",
    "properties": "a.properties",
    "requirements": "requirements.txt",
    "citation": "CITATION.cff",
    "licence": "LICENSE",
}
"""For each kind of attack a file that is merged accordingly."""


def versions(text: str) -> dict[str, Sides]:
    """Versions of a text: as large as is still merged by its parts, and the whole of it."""
    most = _cut(text).split("\n")
    shuffled = [line for start in range(7) for line in most[start::7]]
    odd = [f"{line}x" if at % 2 else line for at, line in enumerate(most)]
    even = [line if at % 2 else f"{line}y" for at, line in enumerate(most)]
    mine = [line.replace("a", "b", 3) + "1" for line in most]
    yours = [line.replace("a", "c", 3) + "2" for line in most]
    middle = len(most) // 2
    edited = ["# ours", *most[:middle], "zz: 1", *most[middle:]]
    whole = text.split("\n")
    return {
        "edited": _bytes(most, edited, [*most, "# theirs"]),
        "shuffled": _bytes(most, shuffled, even),
        "in turn": _bytes(most, odd, even),
        "on both sides": _bytes(most, mine, yours),
        "new": (None, *_bytes(most, most, yours)[1:]),
        "removed": _bytes(most, most[:middle], odd),
        "too large": _bytes(whole, ["# ours", *whole], [*whole, "# theirs"]),
    }


def _cut(text: str) -> str:
    room = 99 * effort.MAX_TEXT // 100
    lines = text[:room].split("\n")[: 99 * effort.MAX_LINES // 100]
    text = "\n".join(lines)
    while not effort.fits(f"{text}\n"):
        text = text[: 9 * len(text) // 10]
    return text[: 98 * len(text) // 100]


def _bytes(base: list[str], ours: list[str], theirs: list[str]) -> tuple[bytes, bytes, bytes]:
    first, second, third = (("\n".join(s) + "\n").encode() for s in (base, ours, theirs))
    return first, second, third
