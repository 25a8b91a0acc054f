"""A generated service passes its own sessions, that in a real browser included."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ..support.answers import answers, template
from ..support.tools import commit_all, git, passes
from .parts.machine import need

# Minutes: it installs twice what a site needs, and opens each page of it in Chromium.
pytestmark = pytest.mark.heavy


def test_its_code_is_safe_and_its_site_works_in_a_browser(tmp_path: Path) -> None:
    need("chromium")
    root = tmp_path / "service"
    template().render(answers(kind="service"), root)
    commit_all(root)
    passes("nox", "-s", "lint", "types", "tests", "security", "browser", cwd=root)
    done = ET.parse(root / "reports/browser.xml").getroot()[0].attrib  # noqa: S314
    assert (done["errors"], done["failures"], done["skipped"]) == ("0", "0", "0")
    assert int(done["tests"]) > 10
    pictures = {path.name for path in (root / "reports/pages").iterdir()}
    assert {"home-390.png", "home-1280.png", "tokens-390.png"} <= pictures
    assert git("status", "--porcelain", cwd=root) == ""
