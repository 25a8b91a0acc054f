"""What ``lisa-scaffold explain`` shows: rules in words, and all of them as a list."""

from __future__ import annotations

import re

from lisa_scaffold import rules
from lisa_scaffold.lines import Paint, strip_style, wrap_text
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.rules.rule import Rule

WAIVER = """\
[[tool.lisa-scaffold.waivers]]
code = "{code}"
path = "some/folder/**" # where wanted: the files that it is for
reason = "why this project departs from it"
expires = 2027-06-30    # where wanted: its last day"""


_LINK = compile_lazily(r"\[([^\]]+)\]\(([^)\s]+)\)")
_CODE = compile_lazily(r"`([^`\n]+)`")


def rule(wanted: Rule, width: int = 0, paint: Paint = strip_style) -> str:
    """One rule: what, why, how to comply, its source, and how to waive it.

    Parameters
    ----------
    wanted
        The rule.
    width
        Columns of the terminal; 0: none shows it, and the Markdown stays as it is.
    paint
        Gives a text a style.
    """

    def indent(text: str) -> str:
        return "\n".join(f"  {line}".rstrip() for line in text.splitlines())

    def render(text: str) -> str:
        if not width:
            return indent(text)
        shown = _LINK.sub(r"\1 <\2>", " ".join(text.split()))
        return _CODE.sub(style_code, wrap_text("  ", shown, width))

    def style_code(match: re.Match[str]) -> str:
        painted = paint("code", match[1])
        return match[0] if painted == match[1] else painted

    facts = [wanted.severity_told]
    if wanted.kinds:
        facts.append(f"for {' and '.join(wanted.kinds)} projects")
    if wanted.strict:
        facts.append("for projects of the template and with --strict")
    repaired = f"{wanted.repair} repairs it where a finding says so"
    facts.append(repaired if wanted.fixes else "for people to repair")
    text = wanted.text
    parts = [
        f"{paint(wanted.severity.value, wanted.code)} ({', '.join(facts)})",
        paint("title", text.title),
        f"Why\n{render(text.why)}",
        f"How\n{render(text.how)}",
        f"Source\n{render(text.source)}",
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
