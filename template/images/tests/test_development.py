"""What the operations image promises, and the development image with it: run inside of them."""

from __future__ import annotations

import os


def test_placeholder() -> None:
    assert os.environ["IMAGE"]
