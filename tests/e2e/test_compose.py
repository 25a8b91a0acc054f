"""What the rules say that Docker Compose refuses, against Compose itself."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ..support.checking import findings
from ..support.tools import program, run

WEB = "services:\n  web:\n    image: nginx:1.29\n"
CASES = {
    "as it should be": (WEB, ""),
    "a key of another level": (f"{WEB}    memory: 1g\n", "CMP001"),
    "a key at the top": (f"{WEB}service: {{}}\n", "CMP001"),
    "a key of one's own": (f"x-a: 1\n{WEB}    x-b: 2\n", ""),
    "a network that is nowhere": (f"{WEB}    networks: [back]\n", "CMP002"),
    "a secret that is nowhere": (f"{WEB}    secrets: [key]\n", "CMP002"),
    "a secret that is there": (f"{WEB}    secrets: [key]\nsecrets: {{key: {{file: k}}}}\n", ""),
    "one name for two": (f"{WEB}    container_name: site\n    scale: 2\n", "CMP011"),
    "one name for three": (
        f"{WEB}    container_name: site\n    deploy: {{replicas: 3}}\n",
        "CMP011",
    ),
    "one name for one": (f"{WEB}    container_name: site\n    scale: 1\n", ""),
    "what Swarm alone reads": (f"version: '3'\n{WEB}    deploy: {{placement: {{}}}}\n", ""),
}

WORDS = {
    "": "",
    "CMP001": "additional properties|false schema",
    "CMP002": "undefined",
    "CMP011": "container name must be unique",
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_a_must_compose_refuses_and_nothing_else(case: str, tmp_path: Path) -> None:
    text, code = CASES[case]
    (tmp_path / "compose.yaml").write_text(text, encoding="utf-8")
    done = run(program("docker-compose"), "config", "--quiet", cwd=tmp_path)
    assert (done.returncode != 0) == bool(code), done.stdout
    assert re.search(WORDS[code], done.stdout)
    found = {
        each.code
        for each in findings({"compose.yaml": text}, "CMP")
        if each.severity.value == "must"
    }
    assert found == ({code} if code else set())
