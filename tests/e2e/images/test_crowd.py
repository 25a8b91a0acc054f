"""A thousand downloads at once: the store has them, and the service has nothing to do."""

from __future__ import annotations

import asyncio
import hashlib
import re
import resource
import ssl
import time
from urllib.parse import urlsplit

import pytest

from ..parts.compose import PORT, Stack, get

pytestmark = pytest.mark.heavy

CROWD = 1000
SIZE = 100_000
# An object, and the address that the service would send people to.
SIGN = f"""
from service import store
from django.conf import settings
store.make_client("endpoint").put_object(
    Bucket=settings.STORE["bucket"], Key="crowd/noise", Body=b"x" * {SIZE}
)
print(store.sign_download("crowd/noise", "noise"))
"""
NUMBERS = (
    "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8000/metrics').read().decode())"
)


def processor_seconds(stack: Stack) -> float:
    """What the process of the service has used of a processor, by its own numbers."""
    told = stack.compose("exec", "-T", stack.active(), "python3", "-c", NUMBERS)
    found = re.search(r"(?m)^process_cpu_seconds_total ([\d.e+]+)", told)
    assert found
    return float(found.group(1))


async def download(address: str, ready: asyncio.Barrier) -> tuple[int, str]:
    """Connect, wait for all others, download; status and checksum."""
    parts = urlsplit(address)
    trust = ssl._create_unverified_context()  # noqa: S323 - the desk's own certificate
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", PORT, ssl=trust, server_hostname=parts.hostname, ssl_handshake_timeout=120
    )
    await ready.wait()
    request = f"GET {parts.path}?{parts.query} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n"
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), hashlib.sha256(body).hexdigest()


async def download_all(address: str) -> tuple[set[tuple[int, str]], float]:
    """All at once; what came, and the seconds from the first request to the last answer."""
    ready = asyncio.Barrier(CROWD + 1)
    people = [asyncio.create_task(download(address, ready)) for _ in range(CROWD)]
    await ready.wait()
    begin = time.monotonic()
    return set(await asyncio.gather(*people)), time.monotonic() - begin


def test_a_thousand_downloads_leave_the_service_idle(stack: Stack) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
    manage = ("python3", "manage.py", "shell", "--command", SIGN)
    address = stack.compose("exec", "-T", stack.active(), *manage).split()[-1]
    assert address.startswith("https://s3.localhost:")
    begin, before = time.monotonic(), processor_seconds(stack)
    came, seconds = asyncio.run(download_all(address))
    used, took = processor_seconds(stack) - before, time.monotonic() - begin
    print(f"{CROWD} downloads in {seconds:.1f} s; the service used {used:.2f} of {took:.1f} s")  # noqa: T201
    assert came == {(200, hashlib.sha256(b"x" * SIZE).hexdigest())}
    assert get("/challenges/example/")[0] == 200
    # Its probes, and no more.
    assert used < 0.1 * took
