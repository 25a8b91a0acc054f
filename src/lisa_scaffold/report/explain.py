"""What ``lisa-scaffold explain`` shows: rules in words, and all of them as a list."""

from __future__ import annotations

from collections.abc import Iterator

from lisa_scaffold import rules
from lisa_scaffold.rules.rule import Rule

WAIVER = """\
[[tool.lisa-scaffold.waivers]]
code = "{code}"
path = "docs/**"        # where wanted: the files that it is for
reason = "why this project departs from it"
expires = 2027-06-30    # where wanted: its last day"""


def rule(wanted: Rule) -> str:
    """One rule: what, why, how to comply, its source, and how to waive it."""
    text = wanted.text
    parts = [
        f"{wanted.code} ({_facts(wanted)})",
        text.title,
        f"Why\n{_indented(text.why)}",
        f"How\n{_indented(text.how)}",
        f"Source\n{_indented(text.source)}",
        f"Waive, in pyproject.toml\n{_indented(WAIVER.format(code=wanted.code))}",
        f"Page: {wanted.url}",
    ]
    return "\n\n".join(parts) + "\n"


def _facts(wanted: Rule) -> str:
    said = [wanted.severity.value]
    if wanted.kinds:
        said.append(f"for {' and '.join(wanted.kinds)} projects")
    said.append("--fix repairs it" if wanted.fixes else "for people to repair")
    return ", ".join(said)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def listing(letters: str = "") -> str:
    """All rules, or those of a family, each with its title."""
    families = [each for each in rules.FAMILIES if each.startswith(letters)]
    parts = ["\n".join(_family(each)) for each in families]
    return "\n\n".join(parts) + "\n"


def _family(letters: str) -> Iterator[str]:
    yield rules.FAMILIES[letters][1]
    for each in rules.load_family(letters):
        yield f"  {each.code}  {each.severity.value:<6}  {each.text.title}"
