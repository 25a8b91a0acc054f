"""Objects that arrive in an S3-compatible store, and products that go there.

A product is written to a draft key and copied to its place when all of it is there; what describes
it comes last, so that whoever sees the description sees a whole product. Its name follows from the
content of what went in, the parameters and the digest of the image: the same again makes nothing
new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from http import HTTPStatus
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from .steps import Site, Step

DESCRIPTION = "ro-crate-metadata.json"
UNSAID = "No license is given: ask whoever holds the data."
FAILURES = (BotoCoreError, ClientError)
"""What is raised where a store does not give what it is asked for."""

_BROKEN = HTTPStatus.INTERNAL_SERVER_ERROR
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


def version_of(step: Step, image: str) -> str:
    """Name a version of a step: a digest of all that decides on what it makes of the same input."""
    told = json.dumps([image, list(step.command), dict(step.parameters)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


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
    told = json.dumps([version_of(step, image), dict(contents)], sort_keys=True)
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
        self.products: dict[str, str] = {"prefix": "", "license": UNSAID, **told["products"]}
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
        return _save(answer["Body"], path)

    def is_awaited(self, arrival: Arrival) -> bool:
        """Whether an object is one that a site waits for."""
        wanted = self.arrivals
        return (
            arrival.bucket == wanted["bucket"]
            and arrival.key.startswith(wanted["prefix"])
            and arrival.key.endswith(wanted["suffix"])
        )

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

    def is_still(self, arrival: Arrival) -> bool:
        """Whether an object is what arrived; one that the store tells nothing of may well be."""
        try:
            now = self.find_arrival(arrival.key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _BROKEN:
                raise
            return True
        return now is not None and now.etag == arrival.etag

    def gives_others(self, arrivals: Collection[Arrival]) -> bool:
        """Whether an object can be had that is none of these: what keeps them is no outage then.

        Of what arrived last, as what is old may lie in an archive.
        """
        keys = {each.key for each in arrivals}
        others = (each for each in self.list_arrivals() if each[1].key not in keys)
        for _, other in nlargest(3, others, key=itemgetter(0)):
            try:
                self.client.get_object(Bucket=other.bucket, Key=other.key)["Body"].close()
            except FAILURES:
                continue
            return True
        return False

    def make_buckets(self) -> list[str]:
        """Make the buckets that are not there yet, and name them."""
        there = {each["Name"] for each in self.client.list_buckets()["Buckets"]}
        made = sorted({self.arrivals["bucket"], self.products["bucket"]} - there)
        for bucket in made:
            self.client.create_bucket(Bucket=bucket)
        return made

    def list_arrivals(self) -> Iterator[tuple[datetime, Arrival]]:
        """List all objects that the site waits for, and when each was put there."""
        bucket = self.arrivals["bucket"]
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=self.arrivals["prefix"]
        )
        for page in pages:
            for each in page.get("Contents", []):
                if each["Key"].endswith(self.arrivals["suffix"]):
                    arrival = Arrival(bucket, each["Key"], each["ETag"].strip('"'))
                    yield each["LastModified"].astimezone(UTC), arrival

    # --- What is made -----------------------------------------------------------------------------

    def has_product(self, name: str) -> bool:
        """Whether a product is there, and whole."""
        return self.exists(f"{name}/{DESCRIPTION}")

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
        described = self.write(f"{name}/{DESCRIPTION}", description)
        for draft in drafts:
            self.client.delete_object(Bucket=bucket, Key=draft)
        return [*keys, described]

    def bring(self, key: str, path: Path) -> str:
        """Bring a file of a product, and tell the SHA-256 of its content."""
        answer = self.client.get_object(Bucket=self.products["bucket"], Key=self._key(key))
        return _save(answer["Body"], path)

    def drop(self, product: str) -> None:
        """Delete a product."""
        # What describes it goes first: what is half gone is no product.
        self.delete(f"{product}/{DESCRIPTION}")
        for name in list(self.list_keys(f"{product}/")):
            self.delete(name)

    # --- What is kept there -----------------------------------------------------------------------
    # Keys are those below the prefix of the products.

    def address(self, key: str) -> str:
        """Tell the address of what is under a key, or could be."""
        return f"s3://{self.products['bucket']}/{self._key(key)}"

    def _key(self, key: str) -> str:
        return self.products["prefix"] + key

    def list_keys(self, prefix: str) -> Iterator[str]:
        """List the keys below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.products["bucket"], Prefix=self._key(prefix)
        )
        for page in pages:
            for each in page.get("Contents", []):
                yield str(each["Key"]).removeprefix(self.products["prefix"])

    def delete(self, key: str) -> None:
        """Delete what is under a key, if there is something."""
        self.client.delete_object(Bucket=self.products["bucket"], Key=self._key(key))

    def write(self, key: str, told: Mapping[str, Any]) -> str:
        """Write JSON under a key; the whole key."""
        bucket, key = self.products["bucket"], self._key(key)
        body = json.dumps(told, indent=2).encode()
        self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        return key

    def read(self, key: str) -> dict[str, Any] | None:
        """Read JSON; nothing: there is none under this key."""
        try:
            answer = self.client.get_object(Bucket=self.products["bucket"], Key=self._key(key))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found

    def exists(self, key: str) -> bool:
        """Whether there is something under a key."""
        try:
            self.client.head_object(Bucket=self.products["bucket"], Key=self._key(key))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return False
            raise
        return True


def _save(body: Any, path: Path) -> str:
    digest = hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for part in body.iter_chunks(1 << 20):
            digest.update(part)
            file.write(part)
    return digest.hexdigest()


def describe(
    step: Step,
    image: str,
    inputs: Mapping[str, str],
    outputs: Sequence[Path],
    *,
    ended: datetime,
    license: str = UNSAID,
) -> dict[str, Any]:
    """Where a product comes from, as an RO-Crate (Process Run Crate 0.5).

    Parameters
    ----------
    step
        The step that made it.
    image
        The digest of the image that ran.
    inputs
        SHA-256 of each file that it was made from, by its address.
    outputs
        Its files.
    ended
        When it was made.
    license
        How it may be used.
    """
    taken: list[dict[str, Any]] = [
        {"@id": address, "@type": "File", "sha256": digest} for address, digest in inputs.items()
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
    profile = {
        "@id": "https://w3id.org/ro/wfrun/process/0.5",
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Product of the step {step.name}",
        "description": f"Made by {step.image}",
        "datePublished": day,
        "license": license,
        "conformsTo": {"@id": profile["@id"]},
        # What it was made from stays where it is, and is named as a part all the same.
        "hasPart": [{"@id": each["@id"]} for each in [*made, *taken]],
        "mentions": {"@id": "#run"},
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": f"Run of {step.name}",
        "description": f"{step.image}: {' '.join(step.command)}",
        "endTime": day,
        "instrument": {"@id": "#image"},
        "object": [{"@id": each["@id"]} for each in [*taken, *values]],
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
    about = [head, root, profile, run, tool]
    return {"@context": context, "@graph": [*about, *taken, *values, *made]}
