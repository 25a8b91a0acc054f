"""Which projects a run begins with."""

from __future__ import annotations

import pytest

from lisa_scaffold.fleet.waves import Begun, Chosen, choose

DUE = [f"p{number:02}" for number in range(40)]


def pick(due: list[str], begun: list[Begun], share: float = 0.05, stop_at: float = 0.2) -> Chosen:
    return choose(due, begun, lambda name: name in {"p07", "p30"}, share, stop_at)


def test_without_waves_all_are_begun_with() -> None:
    assert choose(DUE, [], lambda _: False, 1.0, 0.2) == Chosen((*DUE,))


def test_wave_after_wave() -> None:
    begun: list[Begun] = []
    seen = []
    while due := [name for name in DUE if name not in {each.name for each in begun}]:
        chosen = pick(due, begun)
        seen.append(chosen.names)
        begun += [Begun(name, "success", True) for name in chosen.names]
    assert seen[0] == ("p07", "p30")
    assert {len(each) for each in seen} == {2}  # 5 % of 40
    assert sorted(name for each in seen for name in each) == DUE


@pytest.mark.parametrize("state", ["", "running", "pending", "created"])
def test_the_next_wave_waits_for_the_pipelines_of_the_one_before(state: str) -> None:
    begun = [Begun("a", "success", True), Begun("b", state, True)]
    assert pick(["p01"], begun) == Chosen((), "pipelines of the wave before are still running")
    # What was merged, or closed, is waited for no more.
    assert pick(["p01"], [begun[0], Begun("b", state, False)]).names == ("p01",)


def test_too_many_failures_stop_it() -> None:
    good = [Begun(f"g{n}", "success", True) for n in range(4)]
    bad = [Begun("b1", "failed", True), Begun("b2", "canceled", True)]
    assert pick(["p01"], [*good, bad[0]]).names == ("p01",)  # a fifth is not above a fifth
    chosen = pick(["p01", "p07"], [*good, *bad])
    assert (chosen.names, chosen.stopped) == ((), True)
    assert chosen.reason == "2 of 6 pipelines have failed: b1, b2"


def test_canaries_come_first_without_waves_too() -> None:
    assert pick(["p01", "p07"], [], share=1.0) == Chosen(("p07",), "the canaries come first")
    assert pick(["p07"], [], share=1.0) == Chosen(("p07",))
