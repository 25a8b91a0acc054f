from __future__ import annotations

import pytest

from lisa_scaffold import rules
from lisa_scaffold.report import explain
from lisa_scaffold.rules.rule import Rule


def test_a_rule_in_words() -> None:
    said = explain.rule(rules.find_rule("TPL002"))
    first = "TPL002 (must, --fix repairs it where a finding says so)"
    assert said.startswith(f"{first}\n\nLocked files are as the template")
    for part in ("\nWhy\n  ", "\nHow\n  ", "\nSource\n  ", '\n  code = "TPL002"\n'):
        assert part in said
    assert said.endswith("/reference/rules/TPL002.html\n")


def test_a_terminal_is_shown_lines_of_its_width_and_no_markdown() -> None:
    said = explain.rule(rules.find_rule("CHG003"), 50, lambda style, text: f"<{style}:{text}>")
    assert said.startswith("<should:CHG003> (should, for people to repair)\n\n<title:The dates of")
    begin = "Why\n  Half of the world reads 03/04/2026 as a day in\n  March, and the other half"
    assert begin in said
    assert "How\n  Write the date as year, month, day:\n  <code:2026-04-03>.\n" in said
    assert "\n  Keep a Changelog\n  <https://keepachangelog.com/en/1.1.0/>.\n" in said


def test_without_colour_code_keeps_its_marks() -> None:
    assert "`2026-04-03`" in explain.rule(rules.find_rule("CHG003"), 80)


@pytest.mark.parametrize("rule", list(rules.every_rule()), ids=lambda rule: rule.code)
def test_every_rule_can_be_explained(rule: Rule) -> None:
    assert explain.rule(rule).startswith(f"{rule.code} ({rule.severity.value}, ")


def test_the_list_has_every_rule_once() -> None:
    listed = explain.listing()
    for letters in rules.FAMILIES:
        for rule in rules.load_family(letters):
            assert listed.count(f"  {rule.code}  ") == 1


def test_the_list_of_one_family() -> None:
    said = explain.listing("CHG").splitlines()
    assert said[0] == "Changelog"
    assert len(said) == 1 + len(rules.load_family("CHG"))
