"""The tasks that DAGs are wired from, besides the steps: what arrived, fetch, publish, sweep."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import Any

from airflow.sdk import Asset, AssetWatcher, Metadata, task
from airflow.sdk.exceptions import AirflowSkipException

from .relay import read_records
from .runs import begin, finish
from .steps import ConfigError, load_site, load_step
from .store import Arrival, GoneError, Store

MOST = 1000
"""Objects of one run: Airflow maps over 1024 at most, and fails a task that lists more."""


log = logging.getLogger(__name__)


def arrivals_asset() -> Asset:
    """Name what the relay, or a queue, and the sweep report: objects that arrive at this site.

    The triggerer reads the queue. One queue may tell of many assets: those that name it have one
    trigger together, each hears of every message, and takes what is below its own address.
    """
    site = load_site()
    if not site.queue:
        return Asset(name="arrivals", uri=site.arrivals)
    from airflow.providers.amazon.aws.triggers.sqs import SqsSensorTrigger

    # Up to 100 messages make an event. Who we are to the queue says the environment, or a role.
    trigger = SqsSensorTrigger(
        sqs_queue=site.queue,
        aws_conn_id=None,
        max_messages=10,
        num_batches=10,
        wait_time_seconds=0,
        waiter_delay=5,
    )
    watcher = AssetWatcher(name="arrivals", trigger=trigger)
    return Asset(name="arrivals", uri=site.arrivals, watchers=[watcher])


def read_event(extra: Mapping[str, Any], address: str) -> list[dict[str, str]]:
    """Read the objects below an address of which an event tells.

    The relay and the sweep name them; a message of a queue is the notification itself.
    """
    found = list(extra.get("objects", []))
    for message in extra.get("payload", {}).get("message_batch", []):
        try:
            records = list(read_records(message["Body"].encode(), [address]))
        except ValueError as error:
            log.warning("message %s: %s", message.get("MessageId"), error)
            continue
        names = ("bucket", "key", "etag", "version")
        found += [{name: record[name] for name in names} for record in records]
    return found


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
        address = load_site().arrivals
        told = [each for event in events for each in read_event(event.extra, address)]
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


def alert_people() -> list[Callable[[Any], None]] | None:
    """Make what a DAG calls once for each of its runs that failed: the notifiers of the site.

    Raises
    ------
    ConfigError
        If there is no such notifier, or it takes no such arguments.
    """
    site = load_site()
    made = []
    for each in site.alerts:
        module, _, name = each["notifier"].rpartition(".")
        try:
            made.append(getattr(import_module(module), name)(**each.get("arguments", {})))
        except (ImportError, AttributeError, TypeError) as error:
            message = f"sites/{site.name}.yaml: alerts: {each['notifier']}: {error}"
            raise ConfigError(message) from error
    return made or None


def report_failure(context: Any) -> None:
    """Say in the log what failed, in one line that a monitor can look for."""
    told = context["ti"]
    told.log.error("FAILED %s %s %s", told.dag_id, told.task_id, told.run_id)
