"""A server that has gone silent takes its time for a few projects, and not for all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

import pytest

from lisa_scaffold.errors import LisaError
from lisa_scaffold.fleet.find import Inventory, Member
from lisa_scaffold.fleet.forge import Forge, Remote
from lisa_scaffold.fleet.outcomes import Wanted
from lisa_scaffold.fleet.patience import TIMES, Patience
from lisa_scaffold.fleet.settings import Updates
from lisa_scaffold.fleet.status import find_status
from lisa_scaffold.fleet.update import update_fleet
from lisa_scaffold.git import GitError, clones
from lisa_scaffold.process import TimeError
from lisa_scaffold.report.fleet import words

SILENT = "git is not done after 0.3 s, and was ended."
NOT_ASKED = "the server did not answer for 3 projects in a row: it was not asked again."

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def inventory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inventory]:
    """Six projects of a server that takes connections and says nothing."""
    monkeypatch.setattr(clones, "LISTED", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        home = f"http://127.0.0.1:{server.getsockname()[1]}/lisa"
        remotes = [
            Remote(number, f"lisa/p{number}", clone=f"{home}/p{number}.git", branch="main")
            for number in range(6)
        ]
        members = tuple(Member(each.name, remote=each) for each in remotes)
        # Nobody gets as far as to ask it anything.
        yield Inventory(members, {}, cast("Forge", object()))


@pytest.mark.parametrize("jobs", [1, 2])
def test_after_a_few_projects_the_others_are_told_at_once(inventory: Inventory, jobs: int) -> None:
    rows = find_status(inventory, now=datetime.now(UTC), jobs=jobs).rows
    problems = [row.problem for row in rows]
    asked = [problem for problem in problems if problem.startswith(SILENT)]
    rest = [problem for problem in problems if problem.startswith(NOT_ASKED)]
    # Another process may be at work on one when the last silence is counted.
    assert TIMES <= len(asked) <= TIMES + jobs - 1
    assert len(asked) + len(rest) == len(rows)


def test_an_update_gives_up_in_the_same_way(inventory: Inventory) -> None:
    wanted = Wanted(None, False, None, False, Updates(), False, False)
    outcomes = [*update_fleet(inventory, wanted, words, jobs=1)]
    said = sorted(outcome.said.partition(". ")[0] + "." for outcome in outcomes)
    assert said == [SILENT] * TIMES + [NOT_ASKED] * (len(inventory.members) - TIMES)
    assert {outcome.action for outcome in outcomes} == {"failed"}


@pytest.mark.parametrize(
    ("error", "silent"),
    [
        (TimeError("git is not done after 120 s, and was ended", "Try again."), True),
        (GitError("git fetch: Operation too slow. Less than 1 bytes/sec", "Mend it."), True),
        (GitError("git ls-remote: Failed to connect to x: Connection timed out", "Mend it."), True),
        (GitError("git ls-remote: Connection refused", "Mend it."), False),
        (LisaError("no such project", "Name another."), False),
        (RuntimeError("impossible"), False),
    ],
)
def test_what_is_a_silence(error: Exception, silent: bool) -> None:
    patience = Patience()
    for _ in range(TIMES):
        patience.refuse()
        patience.judge(error)
    if silent:
        with pytest.raises(LisaError, match="did not answer"):
            patience.refuse()
    else:
        patience.refuse()


def test_an_answer_in_between_begins_anew() -> None:
    patience = Patience()
    error = TimeError("git is not done", "Try again.")
    for each in (error, error, None, error, error):
        if each:
            patience.judge(each)
        else:
            patience.hear()
    patience.refuse()
    patience.judge(error)
    patience.hear()  # too late: whoever has been told so is told the truth
    with pytest.raises(LisaError, match="did not answer"):
        patience.refuse()
