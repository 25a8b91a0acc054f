"""What became of objects: receipts, failures, and the sweep that finds what has no receipt.

Each step has receipts of its own, so that several take the same object. A receipt says which
version of the step it is of: its image, its command and its parameters. So events may come twice,
late or not at all. An object that a step fails on is tried again, each time after a longer wait,
and given up after some tries: it is *parked* until somebody asks for it. Runs that failed because
the site was down count for nothing, and are tried again every hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

from .steps import Site
from .store import Arrival, Store

FIRST_WAIT = timedelta(minutes=15)
"""How long an object waits that failed once; four times as long with each failure more."""

OUTAGE_WAIT = timedelta(hours=1)
"""How long it waits while the site is down, but for the first time."""


class Receipts:
    """What one step has made of the objects of a site.

    Parameters
    ----------
    store
        The store of the site.
    step
        The name of the step.
    tries
        How many runs may fail on an object before it is parked.
    """

    def __init__(self, store: Store, step: str, tries: int = Site.tries) -> None:
        self.store, self.step, self.tries = store, step, tries

    def find_product(self, arrival: Arrival) -> str:
        """Find the name of the product that an object became; empty: it has none yet."""
        receipt = self._receipt(arrival)
        return str(receipt["product"]) if receipt else ""

    def find_address(self, arrival: Arrival) -> str:
        """Tell the address of the receipt of an object, whether it is there or not."""
        return self.store.address(self._key(arrival.identity))

    def wants(self, arrival: Arrival, version: str) -> bool:
        """Whether a version of the step has yet to process an object."""
        receipt = self._receipt(arrival)
        return not receipt or receipt["version"] != version

    def receive(self, arrival: Arrival, product: str, version: str) -> None:
        """Keep the receipt of an object: the sweep and a second event leave it alone."""
        told = {**arrival.to_dict(), "product": product, "version": version}
        for each in {arrival, as_listed(arrival)}:
            self.store.write(self._key(each.identity), told)
        self._forgive(arrival)

    # --- What fails -------------------------------------------------------------------------------

    def fail(self, arrival: Arrival, run: str, *, is_outage: bool = False) -> int:
        """Note that a run has failed on an object, and park the object after the last try.

        Parameters
        ----------
        arrival
            The object.
        run
            The run; the same counts once.
        is_outage
            Whether the site was down: then it is no try.

        Returns
        -------
        int
            How many runs have failed on it that were tries.
        """
        arrival = as_listed(arrival)
        before = self._failures(arrival)
        runs, outages = {*before.get("runs", [])}, {*before.get("outages", [])}
        if is_outage:
            outages |= {run} - runs
        else:
            runs, outages = runs | {run}, set()
        told = {
            **arrival.to_dict(),
            "runs": sorted(runs),
            "outages": sorted(outages),
            "last": datetime.now(tz=UTC).isoformat(),
        }
        self.store.write(self._key("failed", arrival.identity), told)
        if len(runs) >= self.tries:
            self.store.write(self._key("parked", arrival.identity), arrival.to_dict())
        return len(runs)

    def count_failures(self, arrival: Arrival) -> int:
        """Count the runs that have failed on an object since it arrived, or was asked for again."""
        return len(self._failures(as_listed(arrival)).get("runs", []))

    def count_outages(self, arrival: Arrival) -> int:
        """Count the runs in a row that failed on an object because the site was down."""
        return len(self._failures(as_listed(arrival)).get("outages", []))

    def list_parked(self) -> frozenset[str]:
        """List the objects that were given up, by what names them in a listing."""
        keys = self.store.list_keys(self._folder("parked"))
        return frozenset(PurePosixPath(key).stem for key in keys)

    def find_parked(self) -> list[Arrival]:
        """Find the objects that were given up, as a listing tells them: without a version."""
        found = [self.store.read(key) for key in self.store.list_keys(self._folder("parked"))]
        return [Arrival(**told) for told in found if told]

    def _failures(self, arrival: Arrival) -> dict[str, Any]:
        return self.store.read(self._key("failed", arrival.identity)) or {}

    def _is_due(self, arrival: Arrival) -> bool:
        """Whether an object that is not parked may be tried now."""
        told = self._failures(arrival)
        if not told:
            return True
        outages = len(told.get("outages", []))
        wait: timedelta = FIRST_WAIT * 4 ** (len(told["runs"]) - 1)
        if outages:
            wait = FIRST_WAIT if outages == 1 else OUTAGE_WAIT
        return datetime.now(tz=UTC) >= datetime.fromisoformat(told["last"]) + wait

    def _forgive(self, arrival: Arrival) -> None:
        for name in ("failed", "parked"):
            self.store.delete(self._key(name, as_listed(arrival).identity))

    # --- What was missed --------------------------------------------------------------------------

    def sweep(self, most: int = 200) -> list[Arrival]:
        """Objects that no receipt tells of, the oldest first: what no event has told.

        First come those that were asked for again, whatever their age. All of the prefix is listed;
        whether there is a receipt is asked for what is not below the watermark, as everything older
        has its own or is parked. What arrives late, for instance because a long upload counts from
        its beginning, is looked for below it too, as far as ``late`` says. A receipt of an earlier
        version is one too: a new version processes what arrives, and what is asked for.
        """
        asked = list(islice(self._asked_again(), most))
        missed = self._find_missed(most - len(asked), {each.key for each in asked})
        return [*asked, *missed]

    def _find_missed(self, most: int, known: set[str]) -> list[Arrival]:
        before = watermark = self._watermark()
        listed = sorted(self.store.list_arrivals(), key=lambda each: each[0]) if most else []
        parked = self.list_parked()
        missed: list[Arrival] = []
        is_passing = True
        for modified, arrival in listed:
            if modified < before - self.store.late or arrival.key in known:
                continue
            if arrival.identity in parked or self._receipt(arrival):
                watermark = max(watermark, modified) if is_passing else watermark
                continue
            # It passes no object that is still to be done, now or later.
            is_passing = False
            if self._is_due(arrival):
                missed.append(arrival)
            if len(missed) == most:
                break
        if watermark > before:
            self.store.write(self._key("watermark"), {"watermark": watermark.isoformat()})
        return missed

    def ask_again(self, arrival: Arrival, *, drop: bool) -> str:
        """Forget what became of an object, and have the next sweep report it, however old.

        Parameters
        ----------
        arrival
            The object as it is now.
        drop
            Whether its product goes too: what is there already is not made again.

        Returns
        -------
        str
            The name of the product that it became; empty: it had none.
        """
        product = self.find_product(arrival)
        if drop and product:
            self.store.drop(product)
        for each in {arrival, as_listed(arrival)}:
            self.store.delete(self._key(each.identity))
        self._forgive(arrival)
        # Last: a sweep in between would see the receipt, and take this for done.
        self.store.write(self._key("again", arrival.identity), arrival.to_dict())
        return product

    def _asked_again(self) -> Iterator[Arrival]:
        """Objects that were asked for again; what is done, given up or gone is crossed off."""
        parked = self.list_parked()
        for key in list(self.store.list_keys(self._folder("again"))):
            told = self.store.read(key)
            now = self.store.find_arrival(told["key"]) if told else None
            arrival = as_listed(now) if now else None
            if not arrival or arrival.identity in parked or self._receipt(arrival):
                self.store.delete(key)
            elif self._is_due(arrival):
                yield arrival

    def _watermark(self) -> datetime:
        if told := self.store.read(self._key("watermark")):
            return datetime.fromisoformat(told["watermark"])
        return datetime.min.replace(tzinfo=UTC) + self.store.late

    # --- Where it is kept -------------------------------------------------------------------------

    def _receipt(self, arrival: Arrival) -> dict[str, Any] | None:
        return self.store.read(self._key(arrival.identity))

    def _folder(self, name: str) -> str:
        return f"receipts/{self.step}/{name}/"

    def _key(self, *names: str) -> str:
        return f"receipts/{'/'.join([self.step, *names])}.json"


def as_listed(arrival: Arrival) -> Arrival:
    """Tell an object as a listing does, which knows no version."""
    return replace(arrival, version="")
