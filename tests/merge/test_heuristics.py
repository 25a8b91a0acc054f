"""What ``bench/ablation.py`` switches off is there to be switched off."""

from __future__ import annotations

import re
from importlib import import_module

from ..conftest import ROOT


def test_every_heuristic_is_a_function_of_its_module() -> None:
    text = (ROOT / "bench/ablation.py").read_text(encoding="utf-8")
    table = re.findall(r'Heuristic\("([\w.]+)", "(\w+)"', text)
    assert len(table) > 5
    for module, function in table:
        assert callable(getattr(import_module(f"lisa_scaffold.{module}"), function))
