"""The tasks that DAGs are wired from, besides the steps: what arrived, fetch, publish, sweep."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from airflow.sdk import Asset, Metadata, task
from airflow.sdk.exceptions import AirflowSkipException

from .runs import begin, finish
from .steps import load_site, load_step
from .store import Arrival, GoneError, Store

MOST = 1000
"""Objects of one run: Airflow maps over 1024 at most, and fails a task that lists more."""


def arrivals_asset() -> Asset:
    """Name what the relay and the sweep report: objects that arrive at this site."""
    return Asset(name="arrivals", uri=load_site().arrivals)


def list_arrivals(asset: Asset) -> Any:
    """Make the task that lists the objects of which events of an asset tell, each once.

    Those that were processed already are left out, and so are those above ``MOST``: they have no
    receipt, so that the sweep reports them again.
    """

    @task(inlets=[asset])
    def list_arrivals(
        params: Any = None,
        dag_run: Any = None,
        triggering_asset_events: Any = None,
        inlet_events: Any = None,
    ) -> list[dict[str, str]]:
        events = [event for each in (triggering_asset_events or {}).values() for event in each]
        if events:
            # Airflow gives a run the events up to the first that waited for it, and forgets that
            # others waited too: those that came while the run before it went on.
            events += inlet_events[asset].after(dag_run.run_after.isoformat())
        told = [each for event in events for each in event.extra.get("objects", [])]
        arrivals = [Arrival(**each) for each in [*params["objects"], *told]]
        found = {each.identity: each for each in arrivals}
        store = Store(load_site())
        wanted = (each.to_dict() for each in found.values() if store.wants(each))
        return list(islice(wanted, MOST))

    return list_arrivals()


@task
def fetch(name: str, arrival: dict[str, str]) -> str:
    """Bring one object to the working folder, and tell the folder of its run.

    Raises
    ------
    AirflowSkipException
        If the object is gone, or its product is there already.
    """
    site = load_site()
    step, store = load_step(name, site), Store(site)
    try:
        run = begin(step, site, store, Arrival(**arrival))
    except GoneError as error:
        raise AirflowSkipException(str(error)) from error
    if run.is_done:
        finish(step, site, store, run.folder)
        message = f"{run.product} is there already"
        raise AirflowSkipException(message)
    return run.folder


@task
def publish(name: str, folder: str) -> str:
    """Put what a step wrote into the store, and tell the name of the product."""
    site = load_site()
    return finish(load_step(name, site), site, Store(site), folder)


def find_missed(asset: Asset) -> Any:
    """Make the task that reports objects of which no event has told, as one event of an asset."""

    @task(outlets=[asset])
    def sweep() -> Iterator[Metadata]:
        missed = Store(load_site()).sweep(MOST)
        if not missed:
            message = "every object has its receipt"
            raise AirflowSkipException(message)
        yield Metadata(asset, {"objects": [each.to_dict() for each in missed]})

    return sweep()


def report_failure(context: Any) -> None:
    """Say in the log what failed, in one line that a monitor can look for."""
    told = context["ti"]
    told.log.error("FAILED %s %s %s", told.dag_id, told.task_id, told.run_id)
