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
    assert f"SUCCESS: {7 if recovery == 'daily' else 8} rules found" in said
    look_at_probe(root / "monitoring/blackbox.yml")


# A disk with little room is told, and neither the memory of a machine nor what nobody writes to.
DISK = """\
rule_files: [{rules}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
{series}
    alert_rule_test:
      - eval_time: 30m
        alertname: DiskNearlyFull
        exp_alerts: {told}
"""
TOLD = """
          - exp_labels: {severity: page, instance: a, mountpoint: /, fstype: ext4}
            exp_annotations:
              summary: Less than a tenth of / is free on a
              runbook: operations/README.md#the-disk-is-nearly-full"""


@pytest.mark.parametrize(
    ("kind", "free", "read_only", "is_told"),
    [
        ("ext4", 9, 0, True),
        ("ext4", 11, 0, False),
        ("tmpfs", 9, 0, False),
        ("ext4", 0, 1, False),
        (None, 0, 0, False),
    ],
)
def test_a_disk_is_told_where_a_node_exporter_says_so(
    kind: str | None, free: int, read_only: int, is_told: bool, tmp_path: Path
) -> None:
    root = tmp_path / "service"
    template().render(answers(kind="service"), root)
    labels = f'{{instance="a", mountpoint="/", fstype="{kind}"}}'
    values = {"avail_bytes": free, "size_bytes": 100, "readonly": read_only}
    series = "".join(
        f"      - {{series: 'node_filesystem_{name}{labels}', values: '{value}x60'}}\n"
        for name, value in values.items()
    )
    words = DISK.format(
        rules=root / "chart/rules.yml",
        series=series if kind else "      []",
        told=TOLD if is_told else "[]",
    )
    (tmp_path / "disk.yml").write_text(words, encoding="utf-8")
    assert "SUCCESS" in passes(need("promtool"), "test", "rules", "disk.yml", cwd=tmp_path)


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
