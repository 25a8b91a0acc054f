"""Objects that arrive in an S3-compatible store, and products that go there.

A product is written to a draft key and copied to its place when all of it is there; what describes
it comes last, so that whoever sees the description sees a whole product. Its name follows from the
content of what went in, the parameters and the digest of the image: the same again makes nothing
new. A *receipt* is kept for each object that was processed, so that events may come twice, late or
not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .steps import Site, Step

DESCRIPTION = "ro-crate-metadata.json"
_AGAIN = "receipts/again"
_GONE = ("404", "412", "NoSuchKey", "NoSuchVersion", "NotFound", "PreconditionFailed")


class GoneError(Exception):
    """An object was deleted or replaced since its event: another event tells of the newer one."""


@dataclass(frozen=True)
class Arrival:
    """An object that arrived.

    Attributes
    ----------
    bucket, key
        Where it is.
    etag
        What it was when it arrived.
    version
        Its version, where the bucket keeps them.
    """

    bucket: str
    key: str
    etag: str
    version: str = ""

    @property
    def identity(self) -> str:
        """The name of its receipt: another content under the same key has another one."""
        told = json.dumps([self.bucket, self.key, self.version, self.etag])
        return hashlib.sha256(told.encode()).hexdigest()

    def to_dict(self) -> dict[str, str]:
        """Tell it as an event and an XCom carry it."""
        return asdict(self)


def digest_of(*paths: Path) -> str:
    """Tell the SHA-256 of files, one after the other, however large they are."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()


def _receipt(arrival: Arrival) -> str:
    return f"receipts/{arrival.identity}.json"


def _both(arrival: Arrival) -> set[Arrival]:
    # A listing knows no version: the sweep asks for the receipt of what it sees.
    return {arrival, Arrival(arrival.bucket, arrival.key, arrival.etag)}


def product_name(step: Step, image: str, contents: Mapping[str, str]) -> str:
    """Name a product: its step, and a digest of all that decides on it.

    Parameters
    ----------
    step
        The step that makes it.
    image
        The digest of the image that runs.
    contents
        SHA-256 of each input file by its name in the commandfile.
    """
    told = json.dumps(
        [image, list(step.command), dict(step.parameters), dict(contents)], sort_keys=True
    )
    return f"{step.name}/{hashlib.sha256(told.encode()).hexdigest()}"


class Store:
    """The store of a site.

    Parameters
    ----------
    site
        The site. Who we are to the store is told by the environment or a role, as boto3 finds it.
    client
        A client of boto3; without one it is made.
    """

    def __init__(self, site: Site, client: Any = None) -> None:
        told = site.store
        self.arrivals: dict[str, str] = {"prefix": "", "suffix": "", **told["arrivals"]}
        self.products: dict[str, str] = {"prefix": "", **told["products"]}
        self.late = timedelta(hours=float(told.get("late", 24)))
        import boto3

        self.client = client or boto3.client(
            "s3",
            endpoint_url=told.get("endpoint"),
            config=Config(
                retries={"max_attempts": 5, "mode": "standard"},
                s3={"addressing_style": "path"},
                # Stores other than Amazon's may not know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    # --- What arrives -----------------------------------------------------------------------------

    def fetch(self, arrival: Arrival, path: Path) -> str:
        """Bring an object to a file, and tell the SHA-256 of its content.

        Raises
        ------
        GoneError
            If it is no longer what arrived.
        """
        which = {"VersionId": arrival.version} if arrival.version else {}
        if arrival.etag:
            which["IfMatch"] = f'"{arrival.etag}"'
        try:
            answer = self.client.get_object(Bucket=arrival.bucket, Key=arrival.key, **which)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                message = f"s3://{arrival.bucket}/{arrival.key} is no longer what arrived"
                raise GoneError(message) from error
            raise
        digest = hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for part in answer["Body"].iter_chunks(1 << 20):
                digest.update(part)
                file.write(part)
        return digest.hexdigest()

    def is_awaited(self, arrival: Arrival) -> bool:
        """Whether an object is one that a site waits for."""
        wanted = self.arrivals
        return (
            arrival.bucket == wanted["bucket"]
            and arrival.key.startswith(wanted["prefix"])
            and arrival.key.endswith(wanted["suffix"])
        )

    def wants(self, arrival: Arrival) -> bool:
        """Whether an object is one that a site waits for, and was not processed yet."""
        return self.is_awaited(arrival) and not self._exists(_receipt(arrival))

    def find_arrival(self, key: str) -> Arrival | None:
        """Find an object that arrived as it is now; nothing: there is none."""
        bucket = self.arrivals["bucket"]
        try:
            told = self.client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        version = told.get("VersionId", "")
        # A bucket whose versions were switched off again says "null".
        return Arrival(bucket, key, told["ETag"].strip('"'), "" if version == "null" else version)

    def find_product(self, arrival: Arrival) -> str:
        """Find the name of the product that an object became; empty: it has none yet."""
        receipt = self._read(_receipt(arrival))
        return str(receipt["product"]) if receipt else ""

    def find_receipt(self, arrival: Arrival) -> str:
        """Tell the address of the receipt of an object, whether it is there or not."""
        return f"s3://{self.products['bucket']}/{self._key(_receipt(arrival))}"

    def make_buckets(self) -> list[str]:
        """Make the buckets that are not there yet, and name them."""
        there = {each["Name"] for each in self.client.list_buckets()["Buckets"]}
        made = sorted({self.arrivals["bucket"], self.products["bucket"]} - there)
        for bucket in made:
            self.client.create_bucket(Bucket=bucket)
        return made

    def sweep(self, most: int = 200) -> list[Arrival]:
        """Objects that no receipt tells of, the oldest first: what no event has told.

        First come those that were asked for again, whatever their age. All of the prefix is listed;
        whether there is a receipt is asked for what is not below the watermark, as everything older
        has its own. What arrives late, for instance because a long upload counts from its
        beginning, is looked for below it too, as far as ``late`` says.
        """
        asked = list(islice(self._asked_again(), most))
        missed = self._find_missed(most - len(asked), {each.key for each in asked})
        return [*asked, *missed]

    def _find_missed(self, most: int, known: set[str]) -> list[Arrival]:
        before = self._watermark()
        listed = sorted(self._list(), key=lambda each: each[0]) if most else []
        missed: list[Arrival] = []
        watermark = before
        for modified, arrival in listed:
            if modified < before - self.late or arrival.key in known:
                continue
            if self.wants(arrival):
                missed.append(arrival)
                if len(missed) == most:
                    break
            elif not missed:
                watermark = max(watermark, modified)
        if watermark > before:
            body = json.dumps({"watermark": watermark.isoformat()}).encode()
            self._put("receipts/watermark.json", body)
        return missed

    def ask_again(self, arrival: Arrival, *, drop: bool) -> str:
        """Forget that an object was processed, and have the next sweep report it, however old.

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
            self._drop(product)
        for each in _both(arrival):
            self._delete(_receipt(each))
        # Last: a sweep in between would see the receipt, and take this for done.
        self._put(f"{_AGAIN}/{arrival.identity}.json", json.dumps(arrival.to_dict()).encode())
        return product

    def _asked_again(self) -> Iterator[Arrival]:
        """Objects that were asked for again; what is done, or gone, is crossed off the list."""
        listed = list(self._list_keys(f"{_AGAIN}/"))
        for name in listed:
            told = self._read(name)
            now = self.find_arrival(told["key"]) if told else None
            # As a listing tells it: without a version.
            arrival = Arrival(now.bucket, now.key, now.etag) if now else None
            if arrival and self.wants(arrival):
                yield arrival
            else:
                self._delete(name)

    def _list(self) -> Iterator[tuple[datetime, Arrival]]:
        bucket = self.arrivals["bucket"]
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=self.arrivals["prefix"]
        )
        for page in pages:
            for each in page.get("Contents", []):
                if each["Key"].endswith(self.arrivals["suffix"]):
                    arrival = Arrival(bucket, each["Key"], each["ETag"].strip('"'))
                    yield each["LastModified"].astimezone(UTC), arrival

    def _watermark(self) -> datetime:
        if told := self._read("receipts/watermark.json"):
            return datetime.fromisoformat(told["watermark"])
        return datetime.min.replace(tzinfo=UTC) + self.late

    # --- What is made -----------------------------------------------------------------------------

    def has_product(self, name: str) -> bool:
        """Whether a product is there, and whole."""
        return self._exists(f"{name}/{DESCRIPTION}")

    def publish(
        self, name: str, paths: Sequence[Path], description: Mapping[str, Any]
    ) -> list[str]:
        """Put files into the store as one product.

        Parameters
        ----------
        name
            The name of the product.
        paths
            Its files.
        description
            Where it comes from.

        Returns
        -------
        list of str
            The keys, that of the description last.
        """
        names = [path.name for path in paths]
        bucket = self.products["bucket"]
        drafts = [self._key(f"drafts/{name}/{each}") for each in names]
        for path, draft in zip(paths, drafts, strict=True):
            self.client.upload_file(str(path), bucket, draft)
        keys = [self._key(f"{name}/{each}") for each in names]
        for draft, key in zip(drafts, keys, strict=True):
            self.client.copy({"Bucket": bucket, "Key": draft}, bucket, key)
        described = self._put(f"{name}/{DESCRIPTION}", json.dumps(description, indent=2).encode())
        for draft in drafts:
            self.client.delete_object(Bucket=bucket, Key=draft)
        return [*keys, described]

    def receive(self, arrival: Arrival, product: str) -> None:
        """Keep the receipt of an object: the sweep and a second event leave it alone."""
        body = json.dumps({**arrival.to_dict(), "product": product}).encode()
        for each in _both(arrival):
            self._put(_receipt(each), body)

    def _drop(self, product: str) -> None:
        # What describes it goes first: what is half gone is no product.
        self._delete(f"{product}/{DESCRIPTION}")
        for name in list(self._list_keys(f"{product}/")):
            self._delete(name)

    def _key(self, key: str) -> str:
        return self.products["prefix"] + key

    def _list_keys(self, prefix: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.products["bucket"], Prefix=self._key(prefix)
        )
        for page in pages:
            for each in page.get("Contents", []):
                yield str(each["Key"]).removeprefix(self.products["prefix"])

    def _delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.products["bucket"], Key=self._key(key))

    def _put(self, key: str, body: bytes) -> str:
        bucket, key = self.products["bucket"], self._key(key)
        self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        return key

    def _read(self, key: str) -> dict[str, Any] | None:
        try:
            answer = self.client.get_object(Bucket=self.products["bucket"], Key=self._key(key))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found

    def _exists(self, key: str) -> bool:
        try:
            self.client.head_object(Bucket=self.products["bucket"], Key=self._key(key))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return False
            raise
        return True


def describe(
    step: Step,
    image: str,
    arrivals: Mapping[str, Arrival],
    outputs: Sequence[Path],
    *,
    ended: datetime,
) -> dict[str, Any]:
    """Where a product comes from, as an RO-Crate (Process Run Crate 0.5).

    Parameters
    ----------
    step
        The step that made it.
    image
        The digest of the image that ran.
    arrivals
        The objects that it was made from, by the SHA-256 of their contents.
    outputs
        Its files.
    ended
        When it was made.
    """
    inputs: list[dict[str, Any]] = [
        {"@id": f"s3://{each.bucket}/{quote(each.key)}", "@type": "File", "sha256": digest}
        for digest, each in arrivals.items()
    ]
    made: list[dict[str, Any]] = [
        {
            "@id": path.name,
            "@type": "File",
            "contentSize": path.stat().st_size,
            "sha256": digest_of(path),
        }
        for path in outputs
    ]
    values: list[dict[str, Any]] = [
        {"@id": f"#{quote(key)}", "@type": "PropertyValue", "name": key, "value": value}
        for key, value in step.parameters.items()
    ]
    day = ended.isoformat(timespec="seconds")
    profile = {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Product of the step {step.name}",
        "description": f"Made by {step.image}",
        "datePublished": day,
        "conformsTo": profile,
        "hasPart": [{"@id": each["@id"]} for each in made],
        "mentions": {"@id": "#run"},
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of {step.name}",
        "endTime": day,
        "instrument": {"@id": "#image"},
        "object": [{"@id": each["@id"]} for each in [*inputs, *values]],
        "result": [{"@id": each["@id"]} for each in made],
    }
    tool = {
        "@id": "#image",
        "@type": "SoftwareApplication",
        "name": step.image,
        "softwareVersion": image,
    }
    head = {
        "@id": DESCRIPTION,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    # The context of RO-Crate 1.1 has no term for a digest: this is the one of Workflow Run Crates.
    terms = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
    context = ["https://w3id.org/ro/crate/1.1/context", terms]
    return {"@context": context, "@graph": [head, root, run, tool, *inputs, *values, *made]}
