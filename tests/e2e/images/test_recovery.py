"""A moment is brought back: by the log of the database, also when the machine is gone."""

from __future__ import annotations

import time

import pytest

from ..parts.compose import Stack, get, wait_for

pytestmark = pytest.mark.heavy

ADD = (
    "INSERT INTO challenges_challenge (slug, title, description, opened)"
    " VALUES ('{0}', '{0}', '', now())"
)
SLUGS = "SELECT string_agg(slug, ' ' ORDER BY slug) FROM challenges_challenge"
# What is compared has a table more than there was.
BROKEN = (
    "import operations.recovery as r; place, wanted = r.describe_place();"
    "r.describe_place = lambda: (place, {**wanted, 'public.lost': [1, '1']}); r.prove()"
)


@pytest.fixture(autouse=True)
def base(stack: Stack) -> None:
    """The first base was made, and proven."""
    proven = "SELECT count(*) FROM service_backupproof WHERE name LIKE 'moment-%'"
    wait_for(lambda: stack.sql(proven) != "0", 120)


def recover(stack: Stack, *words: str) -> str:
    return stack.compose("exec", "-T", "recovery", "python3", "operations/recovery.py", *words)


def add(stack: Stack, *slugs: str) -> str:
    """Add challenges, and tell the moment after; there is a second on both sides of it."""
    for slug in slugs:
        stack.sql(ADD.format(slug))
    time.sleep(1)
    form = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
    moment = stack.sql(f"SELECT to_char(now() AT TIME ZONE 'UTC', {form})")
    time.sleep(1)
    return moment


def test_rows_before_a_moment_are_there_and_those_after_it_are_not(stack: Stack) -> None:
    before = add(stack, "before")
    add(stack, "after")
    stack.sql("DELETE FROM challenges_dataset")
    begin = time.monotonic()
    said = recover(stack, "restore", before)
    print(f"restored in {time.monotonic() - begin:.0f} s")  # noqa: T201
    assert f"restored service as it was at {before[:-1]}+00:00: " in said
    assert stack.sql(SLUGS) == "before example"
    assert stack.sql("SELECT name FROM challenges_dataset") == "noise.csv"
    assert stack.sql(SLUGS, "service_before_restore") == "after before example"
    wait_for(lambda: get("/challenges/before/")[0] == 200, 60)
    numbers = stack.compose(
        *("exec", "-T", stack.active(), "python3", "-c"),
        "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read())",
    )
    assert "service_recovery_proven_timestamp_seconds 1." in numbers


def test_a_log_that_lacks_something_is_found(stack: Stack) -> None:
    recover(stack, "prove")
    code, said = stack.tries("recovery", "python3", "-c", BROKEN)
    assert code != 0
    assert "recovered, but not equal: public.lost" in said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("yesterday", "yesterday is no moment such as 2027-01-31T12:00:00Z"),
        ("2027-01-31T12:00:00", "2027-01-31T12:00:00 has no zone: add Z for UTC"),
        ("2999-01-31T12:00:00Z", "2999-01-31T12:00:00Z is not over yet"),
        ("2001-01-31T12:00:00Z", "no base is as old as 2001-01-31T12:00:00+00:00: see `list`"),
    ],
)
def test_a_moment_that_cannot_be_had_is_refused(stack: Stack, moment: str, said: str) -> None:
    command = ("python3", "operations/recovery.py", "restore", moment)
    code, found = stack.tries("recovery", *command)
    assert (code, said in found) == (1, True), found


@pytest.mark.parametrize("lost", [("db-data",), ("db-data", "recovery-work", "backup-work")])
def test_what_is_gone_comes_back_up_to_the_end_of_its_log(
    stack: Stack, lost: tuple[str, ...]
) -> None:
    add(stack, "last")
    # What is kept is at most a minute old: wait until it is.
    kept = "stat --format=%Y /work/log.seen"
    now = time.time()
    wait_for(lambda: float(stack.compose("exec", "-T", "recovery", "sh", "-c", kept)) > now, 90)
    moment = add(stack)
    gone = ("db", "recovery", "backup", "blue", "green")
    stack.compose("rm", "--force", "--stop", *gone)
    for volume in lost:
        stack.forget_volume(volume)
    code, said = stack.release("1.0.0")
    assert code == 0, said
    assert stack.sql(SLUGS) in ("", "example")
    said = recover(stack, "restore", moment)
    assert "nothing was written after that moment: the log is taken to its end" in said
    assert "last" in stack.sql(SLUGS).split()
    wait_for(lambda: get("/challenges/last/")[0] == 200, 60)
    # The new server has a log of its own from then on, which is proven too.
    slots = "SELECT count(*) FROM pg_replication_slots WHERE active"
    wait_for(lambda: stack.sql(slots) == "1", 120)
    recover(stack, "base")
    assert "the server was recovered and is equal" in recover(stack, "prove")
    stack.sql("DELETE FROM challenges_challenge WHERE slug <> 'example'")
