"""What ``lisa-scaffold explain`` shows: rules in words, and all of them as a list."""

from __future__ import annotations

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

    def indent(text: str) -> str:
        return "\n".join(f"  {line}".rstrip() for line in text.splitlines())

    facts = [wanted.severity.value]
    if wanted.kinds:
        facts.append(f"for {' and '.join(wanted.kinds)} projects")
    if wanted.strict:
        facts.append("for projects of the template and with --strict")
    facts.append(f"{wanted.repair} repairs it" if wanted.fixes else "for people to repair")
    text = wanted.text
    parts = [
        f"{wanted.code} ({', '.join(facts)})",
        text.title,
        f"Why\n{indent(text.why)}",
        f"How\n{indent(text.how)}",
        f"Source\n{indent(text.source)}",
        f"Waive, in pyproject.toml\n{indent(WAIVER.format(code=wanted.code))}",
        f"Page: {wanted.url}",
    ]
    return "\n\n".join(parts) + "\n"


def listing(letters: str = "") -> str:
    """All rules, or those of a family, each with its title."""
    parts = []
    for family, (_, title) in rules.FAMILIES.items():
        if family.startswith(letters):
            codes = rules.load_family(family)
            lines = (f"  {x.code}  {x.severity.value:<6}  {x.text.title}" for x in codes)
            parts.append("\n".join([title, *lines]))
    return "\n\n".join(parts) + "\n"
