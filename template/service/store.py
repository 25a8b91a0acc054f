"""The object store. No upload or download passes through the service, which signs addresses."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError
from django.conf import settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@cache
def make_client(endpoint: str) -> S3Client:
    """Make a client of the store, under its ``endpoint`` or its ``public_endpoint``."""
    given = settings.STORE
    # Of a session of its own: that of `boto3.client` is made for one thread at a time, and a
    # service that starts is asked by several.
    return boto3.Session().client(
        "s3",
        endpoint_url=given[endpoint],
        region_name=given["region"],
        aws_access_key_id=given["access_key"],
        aws_secret_access_key=given["secret_key"],
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=5,
            retries={"max_attempts": 1},
        ),
    )


def check() -> None:
    """Ask whether the bucket is there.

    Raises
    ------
    botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError
        If it is not, or nobody answers.
    """
    make_client("endpoint").head_bucket(Bucket=settings.STORE["bucket"])


def sign_download(key: str, name: str) -> str:
    """Sign an address from which anybody can read one object for a while.

    Parameters
    ----------
    key
        The object.
    name
        The name under which browsers save it.
    """
    quoted = name.replace("\\", "").replace('"', "")
    return make_client("public_endpoint").generate_presigned_url(
        "get_object",
        Params={
            "Bucket": settings.STORE["bucket"],
            "Key": key,
            "ResponseContentDisposition": f'attachment; filename="{quoted}"',
        },
        ExpiresIn=settings.DOWNLOAD_SECONDS,
    )


def sign_upload(key: str, sha256: str) -> tuple[str, dict[str, str]]:
    """Sign an address to which one object can be written, and tell the headers that go along.

    The store itself compares what arrives with the checksum.

    Parameters
    ----------
    key
        The object.
    sha256
        Its checksum, in hexadecimal digits.
    """
    encoded = b64encode(bytes.fromhex(sha256)).decode()
    url = make_client("public_endpoint").generate_presigned_url(
        "put_object",
        Params={
            "Bucket": settings.STORE["bucket"],
            "Key": key,
            "ChecksumSHA256": encoded,
            "ContentType": "application/octet-stream",
        },
        ExpiresIn=settings.DOWNLOAD_SECONDS,
    )
    return url, {
        "content-type": "application/octet-stream",
        "x-amz-checksum-sha256": encoded,
    }


def find_size(key: str) -> int | None:
    """Ask for the size of an object; ``None`` where there is none."""
    try:
        found = make_client("endpoint").head_object(Bucket=settings.STORE["bucket"], Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None
        raise
    return found["ContentLength"]


def find_sha256(key: str) -> str:
    """Tell the SHA-256 of an object: what the store has computed, or else what is read."""
    bucket = settings.STORE["bucket"]
    found = make_client("endpoint").head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    told = found.get("ChecksumSHA256", "")
    # One of an upload in parts is the checksum of their checksums, and ends with their number.
    return b64decode(told).hex() if told and "-" not in told else hash_object(key)


def hash_object(key: str) -> str:
    """Read an object piece by piece, and tell its SHA-256."""
    given = make_client("endpoint").get_object(Bucket=settings.STORE["bucket"], Key=key)
    digest = hashlib.sha256()
    for piece in given["Body"].iter_chunks(1024 * 1024):
        digest.update(piece)
    return digest.hexdigest()
