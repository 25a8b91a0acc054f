"""Write the bill of materials of an image, and the list of contents that is made from it.

``python images/contents.py SOURCE TARGET`` lets syft read the image that SOURCE names (such as
``docker:NAME:TAG``, ``registry:REFERENCE`` or ``docker-archive:FILE``) and writes TARGET.cdx.json
(CycloneDX) and TARGET.md (for the wiki).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# By the type in a package's URL; all others come last.
TITLES = {"pypi": "Python packages", "deb": "Debian packages"}


def main(arguments: list[str]) -> int:
    """Run the program and return its exit code."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python images/contents.py SOURCE TARGET\n")
        return 2
    source, target = arguments
    bill = Path(f"{target}.cdx.json")
    bill.parent.mkdir(parents=True, exist_ok=True)
    # Without --quiet, syft draws a progress bar into the log; it would also compute digests of all
    # files, which CycloneDX has no place for.
    done = subprocess.run(
        ["syft", "scan", "--quiet", source, "--output", f"cyclonedx-json={bill}"],
        env={**os.environ, "SYFT_FILE_METADATA_SELECTION": "none"},
        check=False,
    )
    if done.returncode:
        return done.returncode
    materials = json.loads(bill.read_text(encoding="utf-8"))
    Path(f"{target}.md").write_text("\n".join(page(materials)) + "\n", encoding="utf-8")
    return 0


def page(materials: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the list of contents."""
    packages = by_type(materials)
    image = materials["metadata"]["component"]
    yield f"# {image['name']}"
    for kind in [*TITLES, *sorted(set(packages) - set(TITLES))]:
        yield from ["", f"## {TITLES.get(kind, f'Other: {kind}')}", "", "| name | version |"]
        yield "| --- | --- |"
        yield from (f"| {name} | {version} |" for name, version in sorted(packages[kind]))


def by_type(materials: dict[str, Any]) -> defaultdict[str, set[tuple[str, str]]]:
    """Collect names and versions of the packages, by the type in their URL (``pkg:TYPE/…``)."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for component in materials["components"]:
        if url := component.get("purl"):
            kind = url.removeprefix("pkg:").partition("/")[0]
            found[kind].add((component["name"], component.get("version", "")))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
