"""The commands of this repository: ``python -m PACKAGE --help`` lists them."""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from .images import check_images
from .steps import (
    ConfigError,
    check_files,
    list_after,
    list_last,
    list_steps,
    load_site,
    load_step,
    pin,
)

if TYPE_CHECKING:
    from .receipts import Receipts
    from .store import Arrival, Store


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        Arguments of the command line; those of the process where none are given.

    Returns
    -------
    int
        The exit code: 0 if all went well, 1 if a step failed, 2 if something is wrong before.
    """
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    try:
        for line in arguments.run(arguments):
            sys.stdout.write(f"{line}\n")
    except (ConfigError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except subprocess.SubprocessError as error:
        sys.stderr.write(f"the step failed: {error}\n")
        return 1
    except Exception as error:
        told = _explain(error)
        if not told:
            raise
        sys.stderr.write(f"{told}\n")
        return 2
    return 0


def _explain(error: Exception) -> str:
    """Say in one line what the store, the engine or the network refuses; empty: none of them."""
    # By its name, as whoever only checks need not wait for these libraries to be imported.
    library = type(error).__module__.partition(".")[0]
    words = " ".join(str(error).split())
    if library in ("boto3", "botocore", "s3transfer"):
        where = "AWS_ENDPOINT_URL_S3 says where the store is"
        who = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role, who we are to it"
        return f"the store: {words} ({where}; {who})"
    if library == "docker":
        return f"the container engine: {words} (is it installed, and does it run?)"
    is_told = type(error).__name__ in ("EarlyError", "GoneError")
    return words if isinstance(error, OSError) or is_told else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Steps, sites and events of this pipeline.")
    commands = parser.add_subparsers(required=True)
    for name, run, words in (
        ("check", _check, "read steps.yaml and sites/, and say what is wrong with them"),
        ("run-step", _run_step, "run one step on one object, without Airflow"),
        ("receipt", _show_receipt, "tell what became of objects, and how to process one at once"),
        ("parked", _show_parked, "name the objects that were given up, and by which step"),
        ("again", _again, "process objects again: forget what became of them, for the next sweep"),
        ("pin", _pin, "write the digest of a published image into steps.yaml"),
        ("relay", _relay, "take notifications of a store, and tell Airflow or a queue"),
        ("pools", _tell_pools, "tell the pool of a site, as `airflow pools import` reads it"),
        ("buckets", _make_buckets, "make the buckets of a site, and its queue"),
        ("subscribe", _subscribe, "make the buckets, and have the store notify relay or queue"),
        ("desk", _desk, "start all of it on this machine, by Docker Compose"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(run=run)
        if name in ("run-step", "pin"):
            command.add_argument("step", help="name of the step")
        if name == "run-step":
            command.add_argument("key", help="key of the object that arrived")
            command.add_argument("--site", default="", help="name of the site")
            told = "what runs it: an engine of containers, or the program itself on this machine"
            engines = ("docker", "podman", "process")
            command.add_argument("--engine", default="docker", choices=engines, help=told)
        if name in ("receipt", "again"):
            least = "+" if name == "receipt" else "*"
            command.add_argument("keys", nargs=least, metavar="KEY", help="key of an object")
        if name in ("receipt", "parked", "again"):
            command.add_argument("--site", default="", help="name of the site")
            command.add_argument("--step", default="", help="one step; without it, each of them")
        if name == "again":
            told = "all that were given up, besides those that are named"
            command.add_argument("--parked", action="store_true", help=told)
            told = "drop their products too, without which the same are not made anew"
            command.add_argument("--drop", action="store_true", help=told)
        if name == "pin":
            command.add_argument("digest", help="sha256:...")
        if name == "relay":
            command.add_argument("--host", default="127.0.0.1")
            command.add_argument("--port", type=int, default=8090)
        if name == "subscribe":
            told = "address of the relay, as the store reaches it; none where a queue tells"
            command.add_argument("relay", nargs="?", default="", help=told)
        if name in ("pools", "buckets", "subscribe"):
            command.add_argument("--site", default="", help="name of the site")
        if name == "desk":
            _add_desk(command)
    return parser


def _add_desk(command: argparse.ArgumentParser) -> None:
    what = command.add_subparsers(dest="what")
    up = what.add_parser("up", help="build the images, and start: what is done without a word")
    up.add_argument("--no-build", action="store_true", help="take the images as they are")
    down = what.add_parser("down", help="stop")
    down.add_argument("--forget", action="store_true", help="drop the data and the database too")
    put = what.add_parser("put", help="put a file into the store, and wait for the product")
    put.add_argument("file", type=Path)
    put.add_argument("key", nargs="?", default="", help="by default its name, where data arrive")
    put.add_argument("--wait", type=float, default=900, metavar="SECONDS")


def _desk(arguments: argparse.Namespace) -> list[str]:
    from . import desk

    if arguments.what == "put":
        return [desk.put(arguments.file, arguments.key, arguments.wait)]
    if arguments.what == "down":
        desk.stop(forget=arguments.forget)
        return []
    return desk.start(build=not getattr(arguments, "no_build", False))


def _check(_: argparse.Namespace) -> list[str]:
    told = check_files()
    check_images()
    return told


def _pin(arguments: argparse.Namespace) -> list[str]:
    pin(arguments.step, arguments.digest)
    return [f"{arguments.step}: {arguments.digest}"]


def _run_step(arguments: argparse.Namespace) -> list[str]:
    from .runs import run_here
    from .store import Store

    site = load_site(arguments.site)
    store = Store(site)
    arrival = store.find_arrival(arguments.key)
    if arrival is None:
        message = f"s3://{store.arrivals['bucket']}/{arguments.key}: not there"
        raise ConfigError(message)
    step = load_step(arguments.step, site)
    return [run_here(step, site, store, arrival, arguments.engine)]


def _keep_books(arguments: argparse.Namespace, *more: str) -> list[Receipts]:
    """Open the receipts of the step that is named, and of more, or of each."""
    from .receipts import Receipts
    from .store import Store

    site = load_site(arguments.site)
    names = [load_step(arguments.step, site).name, *more] if arguments.step else list_steps()
    store = Store(site)
    return [Receipts(store, name, site.tries) for name in names]


def _show_receipt(arguments: argparse.Namespace) -> list[str]:
    lines = []
    books = _keep_books(arguments)
    for arrival in _find(books[0].store, arguments.keys):
        lines.append(f"object: s3://{arrival.bucket}/{arrival.key}")
        for receipts in books:
            lines += _tell_state(receipts, arrival)
        told = json.dumps({"objects": [arrival.to_dict()]}, ensure_ascii=False)
        lines.append(f"conf: {told}")
    return lines


def _tell_state(receipts: Receipts, arrival: Arrival) -> list[str]:
    product = receipts.find_product(arrival)
    failures = receipts.count_failures(arrival)
    told = f"{failures} of {receipts.tries}"
    outages = receipts.count_outages(arrival)
    return [
        f"step: {receipts.step}",
        f"receipt: {receipts.find_address(arrival)}" if product else "receipt: none yet",
        f"product: {receipts.store.address(product)}/" if product else "product: none yet",
        *([f"failed runs: {told}"] if failures else []),
        *([f"runs while the site was down: {outages}"] if outages else []),
        *(["parked: until `again`"] if failures >= receipts.tries else []),
    ]


def _show_parked(arguments: argparse.Namespace) -> list[str]:
    return [
        f"{receipts.step}: s3://{arrival.bucket}/{arrival.key}"
        for receipts in _keep_books(arguments)
        for arrival in receipts.find_parked()
    ]


def _again(arguments: argparse.Namespace) -> list[str]:
    # What was made of a product is made again with it.
    books = _keep_books(arguments, *list_after(arguments.step))
    ends = list_last()
    if not arguments.keys and not arguments.parked:
        message = "name the key of an object, or say --parked"
        raise ConfigError(message)
    named = _find(books[0].store, arguments.keys)
    lines = []
    for receipts in books:
        parked = receipts.find_parked() if arguments.parked else []
        for arrival in dict.fromkeys([*named, *parked]):
            product = receipts.ask_again(arrival, drop=arguments.drop)
            kept = f"; {product} is {'dropped' if arguments.drop else 'kept'}" if product else ""
            address = f"s3://{arrival.bucket}/{arrival.key}"
            is_end = receipts.step in ends
            told = "the next sweep reports it to" if is_end else "forgotten by"
            lines.append(f"{address}: {told} {receipts.step}{kept}")
    return lines


def _find(store: Store, keys: Sequence[str]) -> list[Arrival]:
    """Find objects by their keys: all of them, or none is touched."""
    found = []
    for key in keys:
        arrival = store.find_arrival(key)
        if not arrival or not store.is_awaited(arrival):
            address = f"s3://{store.arrivals['bucket']}/{key}"
            why = "this site waits for none of that prefix and suffix" if arrival else "not there"
            message = f"{address}: {why}"
            raise ConfigError(message)
        found.append(arrival)
    return found


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 30
    """Seconds that a client may be silent: who opens a connection and leaves holds nobody up."""

    def log_message(self, *_: Any) -> None:
        """Say nothing, of a malformed request either: a store may show the token in the path."""


def _relay(arguments: argparse.Namespace) -> list[str]:
    from .queues import Queue
    from .relay import start

    site = load_site()
    if not os.environ.get("RELAY_ASSETS"):
        os.environ["RELAY_ASSETS"] = site.arrivals
    relay = start(Queue(site.queue) if site.queue else None)
    classes: Any = {"server_class": _Server, "handler_class": _Handler}
    with make_server(arguments.host, arguments.port, relay, **classes) as server:
        server.serve_forever()
    return []


def _tell_pools(arguments: argparse.Namespace) -> list[str]:
    site = load_site(arguments.site)
    # What is deferred is a job or a pod: it goes on, and so keeps its slot.
    told = {"slots": site.slots, "description": f"steps at {site.name}", "include_deferred": True}
    return [json.dumps({site.pool: told} if site.slots else {})]


def _make_buckets(arguments: argparse.Namespace) -> list[str]:
    from .queues import make_queue
    from .store import Store

    site = load_site(arguments.site)
    store = Store(site)
    made = store.make_buckets()
    return [*made, make_queue(site.queue, store.arrivals["bucket"])] if site.queue else made


def _subscribe(arguments: argparse.Namespace) -> list[str]:
    from .queues import make_queue
    from .store import Store

    site = load_site(arguments.site)
    if bool(arguments.relay) == bool(site.queue):
        message = f"{site.name}: give the address of the relay, or name a queue in its file"
        raise ConfigError(message)
    store = Store(site)
    store.make_buckets()
    wanted = {"prefix": store.arrivals["prefix"], "suffix": store.arrivals["suffix"]}
    rules = [{"Name": name, "Value": value} for name, value in wanted.items() if value]
    told: dict[str, Any] = {"Id": "arrivals", "Events": ["s3:ObjectCreated:*"]}
    if rules:
        told["Filter"] = {"Key": {"FilterRules": rules}}
    bucket = store.arrivals["bucket"]
    if site.queue:
        kind, told["QueueArn"] = "Queue", make_queue(site.queue, bucket)
    else:
        kind, told["TopicArn"] = "Topic", _make_topic(store, arguments.relay)
    store.client.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={f"{kind}Configurations": [told]}
    )
    return [f"{bucket} notifies {site.queue or arguments.relay}"]


def _make_topic(store: Any, relay: str) -> str:
    # The topic is persistent: the store keeps what it cannot tell, and no put waits for the relay.
    import boto3

    from .relay import check_token

    token = os.environ.get("RELAY_TOKEN", "")
    check_token(token)
    endpoint = f"{relay.rstrip('/')}/notify/{token}"
    topics = boto3.client("sns", endpoint_url=store.client.meta.endpoint_url)
    made = topics.create_topic(
        Name=f"arrivals-{store.arrivals['bucket']}",
        Attributes={"push-endpoint": endpoint, "persistent": "true"},
    )
    return str(made["TopicArn"])
