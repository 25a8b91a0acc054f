"""What holds for every rule: its code, its text, and that a crash of one is a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from lisa_scaffold import rules
from lisa_scaffold.errors import LisaError
from lisa_scaffold.project.facts import Facts
from lisa_scaffold.rules import judge
from lisa_scaffold.rules.rule import (
    MADE_TO_RUN,
    MUST,
    PACKAGE,
    PIPELINE,
    SERVICE,
    SHOULD,
    Hit,
    Rule,
    rule,
)

from ..support.checking import clean, found

EVERY = list(rules.every_rule())


def test_codes_are_unique_and_belong_to_their_family() -> None:
    codes = [each.code for each in EVERY]
    assert sorted(set(codes)) == sorted(codes)
    for letters in rules.FAMILIES:
        assert rules.load_family(letters), letters
        for each in rules.load_family(letters):
            assert re.fullmatch(rf"{letters}\d{{3}}", each.code)


WRONG_IN_ANY_PROJECT = (
    "SYN001 SYN002 SYN003 SYN004 SYN005 SYN006 CFG001 CFG002 CFG003 TPL001 TPL002 TPL003 TPL004 "
    "TPL005 TPL006 TPL007 TPL008 FIL005 LIC002 LIC004 LIC005 LIC006 LIC007 LIC008 LIC009 MET001 "
    "MET002 MET004 MET005 MET006 MET008 MET009 MET012 MET017 MET018 MET023 MET025 MET026 PKG002 "
    "PKG007 PKG014 CHG005 QTY012 QTY013 QTY018 QTY021 CI001 CI002 CI010 CON005 CON010 CMP001 "
    "CMP002 CMP007 CMP011 SON001 SON003 SON004 SON007 DAG001 DAG005 DAG007 DAG009 DAG013 DOC001 "
    "DOC006 CIT002 CIT003 SEC001 SEC002 SEC003 INT001"
)
FOR_PACKAGES = (
    "FIL003 FIL004 LIC002 LIC003 LIC004 LIC005 LIC006 LIC009 LIC011 MET001 MET002 MET003 MET004 "
    "MET005 MET006 MET007 MET008 MET009 MET010 MET011 MET012 MET013 MET014 MET015 MET016 MET019 "
    "MET020 MET021 MET022 MET023 MET024 MET025 MET026 PKG001 PKG003 PKG005 PKG006 PKG007 PKG008 "
    "PKG009 PKG010 PKG013 PKG014 QTY001 QTY002 QTY003 QTY004 QTY021 CI005 CI015 CON001 CON003 "
    "DOC002 DOC004 DOC005 CIT001"
)
FOR_SERVICES = "CMP006 CMP009 CMP015 CMP016 CMP017 HLM007 DJA005 DJA006"
FOR_PIPELINES = "CMP018 DAG015 DAG016"
OPENS_A_SERVICE = "CMP004 CMP005 CMP013 CMP014 CMP020 DJA001 DJA002 DJA003 DJA004"
REPAIRING = (
    "TPL002 TPL004 TPL005 FIL002 FIL006 FIL009 LIC002 LIC003 LIC006 LIC008 MET005 MET008 MET013 "
    "MET014 MET015 PKG001 PKG003 PKG005 PKG006 PKG008 PKG011 PKG012 PKG013 CHG002 QTY005 QTY009 "
    "QTY010 QTY011 QTY016 QTY019 QTY020 CI010 CI011 CON007 SON002 CIT002 CIT004"
)


def test_what_is_a_must_what_is_for_packages_and_what_repairs() -> None:
    """The pages of the rules tell it, and people rely on it: none of it changes unseen."""
    assert {each.severity for each in EVERY} == {MUST, SHOULD}
    assert [each.code for each in EVERY if each.severity is MUST] == WRONG_IN_ANY_PROJECT.split()
    assert {each.kinds for each in EVERY} == {(), PACKAGE, SERVICE, PIPELINE, MADE_TO_RUN}
    assert [each.code for each in EVERY if each.kinds == PACKAGE] == FOR_PACKAGES.split()
    assert [each.code for each in EVERY if each.kinds == SERVICE] == FOR_SERVICES.split()
    assert [each.code for each in EVERY if each.kinds == PIPELINE] == FOR_PIPELINES.split()
    assert [each.code for each in EVERY if each.kinds == MADE_TO_RUN] == ["HLM008"]
    assert {each.must_in for each in EVERY} == {(), SERVICE, MADE_TO_RUN}
    assert [each.code for each in EVERY if each.must_in == MADE_TO_RUN] == ["HLM008", "SEC007"]
    assert [each.code for each in EVERY if each.must_in == SERVICE] == OPENS_A_SERVICE.split()
    assert [each.code for each in EVERY if each.fixes] == REPAIRING.split()


@pytest.mark.uncounted
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

    reported = judge.list_findings([crashes, goes_on], Facts.of({"Dockerfile": "FROM a\n"}))
    assert [(each.code, each.path, each.message) for each in reported] == [
        (
            "INT001",
            ".",
            "XXX001 crashed and checked nothing, please report this bug: KeyError('image')",
        ),
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
