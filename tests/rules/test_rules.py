"""What holds for every rule: its code, its text, and that a crash of one is a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lisa_scaffold import rules
from lisa_scaffold.errors import LisaError
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge
from lisa_scaffold.rules.rule import MUST, Hit, Rule, rule

from ..support.checking import clean, found

EVERY = list(rules.every_rule())


def test_codes_are_unique_and_belong_to_their_family() -> None:
    codes = [each.code for each in EVERY]
    assert sorted(set(codes)) == sorted(codes)
    for letters in rules.FAMILIES:
        assert rules.load_family(letters), letters
        for each in rules.load_family(letters):
            assert re.fullmatch(rf"{letters}\d{{3}}", each.code)


@pytest.mark.parametrize("each", EVERY, ids=lambda each: each.code)
def test_a_rule_says_what_why_how_and_whence(each: Rule) -> None:
    text = each.text
    assert 10 < len(text.title) < 90
    assert "\n" not in text.title
    for part in (text.why, text.how, text.source):
        assert len(part) > 15
        assert part.rstrip("`").endswith((".", '."'))


def test_a_fresh_project_is_clean() -> None:
    assert found(clean()) == []


def test_a_rule_that_crashes_is_one_finding_and_the_others_go_on() -> None:
    @rule("XXX001", MUST)
    def crashes(facts: Facts) -> Iterator[Hit]:
        yield Hit("a", 1, "first")
        raise KeyError(facts.kind)

    @rule("XXX002", MUST)
    def goes_on(_facts: Facts) -> Iterator[Hit]:
        yield Hit("b", 2, "second")

    reported = judge.findings([crashes, goes_on], Facts.of({"Dockerfile": "FROM a\n"}))
    assert [(each.code, each.path, each.message) for each in reported] == [
        ("INT001", ".", "XXX001 crashed: KeyError('image')"),
        ("XXX001", "a", "first"),
        ("XXX002", "b", "second"),
    ]


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ((), (), {"CHG001", "SYN001"}),
        (("CHG",), (), {"CHG001"}),
        (("CHG001", "SYN"), (), {"CHG001", "SYN001"}),
        (("C",), ("CHG001",), set()),
        ((), ("SYN",), {"CHG001"}),
    ],
)
def test_rules_are_selected_by_code_or_its_beginning(
    select: tuple[str, ...], ignore: tuple[str, ...], expected: set[str]
) -> None:
    chosen = {each.code for each in rules.select_rules(rules.Selection(select, ignore))}
    assert chosen & {"CHG001", "SYN001"} == expected


def test_an_unknown_code_is_refused_with_what_is_near() -> None:
    rules.refuse_unknown(["CHG", "CHG001", "SYN00"])
    with pytest.raises(LisaError, match="CHG999: no such rule") as caught:
        rules.refuse_unknown(["CHG999"])
    assert "CHG" in caught.value.hint
    with pytest.raises(LisaError, match="chq: no such rule"):
        rules.find_rule("chq")
    assert rules.find_rule("chg001").code == "CHG001"


def test_the_letters_of_a_family_mean_that_family_alone() -> None:
    codes = {each.code for each in rules.select_rules(rules.Selection(("CI",), ("CI01",)))}
    assert {code.rstrip("0123456789") for code in codes} == {"CI"}
    assert "CI001" in codes
    assert not any(code.startswith("CI01") for code in codes)
    assert not rules.is_known("C")
    assert not rules.is_known("")
