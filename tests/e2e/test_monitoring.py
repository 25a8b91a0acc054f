"""What is generated for Prometheus and its blackbox exporter, by their own programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..support.answers import answers, template
from ..support.tools import passes
from .parts.machine import need


@pytest.mark.parametrize("recovery", ["daily", "moment"])
def test_prometheus_takes_what_a_service_has_for_it(recovery: str, tmp_path: Path) -> None:
    root = tmp_path / "service"
    template().render(answers(kind="service", recovery=recovery), root)
    said = passes(need("promtool"), "check", "config", "monitoring/prometheus.yml", cwd=root)
    assert f"SUCCESS: {6 if recovery == 'daily' else 7} rules found" in said
    look_at_probe(root / "monitoring/blackbox.yml")


def test_prometheus_takes_what_the_handbook_of_a_pipeline_has_for_it(tmp_path: Path) -> None:
    root = tmp_path / "pipeline"
    template().render(answers(kind="pipeline"), root)
    page = (root / "docs/handbook.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```yaml\n(.*?)^```", page)
    for begin in ("modules", "groups"):
        (block,) = (each for each in blocks if each.startswith(f"{begin}:"))
        (tmp_path / f"{begin}.yml").write_text(block, encoding="utf-8")
    said = passes(need("promtool"), "check", "rules", "groups.yml", cwd=tmp_path)
    assert "SUCCESS: 1 rules found" in said
    look_at_probe(tmp_path / "modules.yml")


def look_at_probe(path: Path) -> None:
    exporter = need("prometheus-blackbox-exporter")
    passes(exporter, "--config.check", f"--config.file={path}", cwd=path.parent)
