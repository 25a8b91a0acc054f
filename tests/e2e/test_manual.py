"""The manual pages, as what shows them reads them."""

from __future__ import annotations

import subprocess

import pytest

from lisa_scaffold.cli import manual

from .parts.machine import need

PAGES = manual.make_pages("1.2.3")


@pytest.mark.parametrize("name", PAGES)
def test_groff_has_nothing_to_say(name: str) -> None:
    need("groff")
    command = ["groff", "-man", "-Tutf8", "-ww", "-K", "utf8"]
    done = subprocess.run(command, input=PAGES[name].encode(), capture_output=True, check=True)
    assert done.stderr == b""
