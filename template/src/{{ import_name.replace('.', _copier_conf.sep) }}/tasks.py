"""The tasks that DAGs are wired from, besides the steps.

What arrived, fetch, publish, settle, and the sweep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from typing import Any

from airflow.sdk import Asset, AssetWatcher, Metadata, get_current_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from .receipts import Receipts, as_listed
from .relay import read_records
from .runs import begin, find_version, finish, has_failed
from .steps import REFUSED, ConfigError, Site, load_site, load_step
from .store import Arrival, GoneError, Store

MOST = 1000
"""Objects of one run: Airflow maps over 1024 at most, and fails a task that lists more."""

NAMED = 10
"""How many objects a message names."""

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


def list_arrivals(asset: Asset, name: str) -> Any:
    """Make the task that lists the objects of which events of an asset tell, each once.

    Those that the step of that name has processed already are left out, and those that are parked,
    unless somebody names them by hand. So are those above ``MOST``: they have no receipt, so that
    the sweep reports them again.
    """

    @task(inlets=[asset])
    def list_arrivals(
        name: str,
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
        site = load_site()
        store, receipts, version = _look_up(name, site)
        told = [each for event in events for each in read_event(event.extra, site.arrivals)]
        parked = receipts.list_parked()
        by_event = [each for each in map(_read, told) if as_listed(each).identity not in parked]
        arrivals = [*map(_read, params["objects"]), *by_event]
        # An event may name the version of what a listing names without: it is one object.
        by_version = sorted(arrivals, key=lambda each: bool(each.version))
        found = {as_listed(each).identity: each for each in by_version}.values()
        wanted = (
            each.to_dict()
            for each in found
            if store.is_awaited(each) and receipts.wants(each, version)
        )
        return list(islice(wanted, MOST))

    return list_arrivals(name)


# A step whose product is there already was skipped: those that take it go on.
@task(trigger_rule="none_failed")
def fetch(name: str, arrival: dict[str, str]) -> str:
    """Bring one object to the working folder, and tell the folder of its run.

    What steps before have made of the object comes with it, if the step takes it.

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


@task(trigger_rule="all_done")
def settle(name: str, arrivals: list[dict[str, str]] | None) -> None:
    """Count the failures of a run, and tell people of objects that are parked now.

    A run of which nothing tells that the site was at work (no object that is done, no step that
    failed itself) is no try: an outage, however long, parks nothing. Where the store gives others,
    it is one of the objects that it does not give.

    Raises
    ------
    AirflowFailException
        If an object has no receipt in the end: the run has failed.
    """
    if arrivals is None:
        message = "nobody knows which objects this run had"
        raise AirflowFailException(message)
    context, site = get_current_context(), load_site()
    store, receipts, version = _look_up(name, site)
    # What was replaced or deleted meanwhile was skipped, and has not failed.
    wanted = [each for each in map(_read, arrivals) if receipts.wants(each, version)]
    failed = [each for each in wanted if store.is_still(each)]
    step = load_step(name, site)
    blamed = [each for each in failed if has_failed(step, site, each)]
    refused = [each for each in failed if has_failed(step, site, each, REFUSED)]
    is_idle = not blamed and len(wanted) == len(arrivals)
    kept = refused if is_idle and refused and store.gives_others(failed) else []
    counted = {
        each: receipts.fail(each, context["run_id"], is_outage=is_idle and each not in kept)
        for each in failed
    }
    parked = [each.key for each, count in counted.items() if count >= site.tries]
    if parked:
        reason = f"parked after {site.tries} failed runs: {_name(parked)}"
        log.error("%s: mended, `again KEY` or `again --parked` has the sweep report them", reason)
        for tell in alert_people() or []:
            tell({**context, "reason": reason})
    if failed:
        keys = _name([each.key for each in failed])
        message = f"{len(failed)} of {len(arrivals)} objects failed: {keys}"
        if kept:
            message += f"; the store gives others, and not {_name([each.key for each in kept])}"
        elif is_idle:
            message += "; the site seems to be down: they are tried again within the hour"
        raise AirflowFailException(message)


def _look_up(name: str, site: Site) -> tuple[Store, Receipts, str]:
    store = Store(site)
    version = find_version(load_step(name, site), site)
    return store, Receipts(store, name, site.tries), version


def _read(told: Mapping[str, str]) -> Arrival:
    return Arrival(**told)


def _name(keys: list[str]) -> str:
    more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
    return ", ".join(keys[:NAMED]) + more


def find_missed(asset: Asset, *names: str) -> Any:
    """Make the task that reports objects of which no event has told, as one event of an asset.

    Parameters
    ----------
    asset
        The asset.
    names
        The steps that begin with its objects: what one of them has no receipt for is missed.
    """

    @task(outlets=[asset])
    def sweep(names: list[str]) -> Iterator[Metadata]:
        site = load_site()
        store = Store(site)
        found = [Receipts(store, name, site.tries).sweep(MOST) for name in names]
        # Each once, though several steps miss it.
        missed = dict.fromkeys(each for objects in found for each in objects)
        if not missed:
            message = "every object has its receipt, is parked, or waits for its next try"
            raise AirflowSkipException(message)
        yield Metadata(asset, {"objects": [each.to_dict() for each in missed]})

    return sweep([*names])


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
