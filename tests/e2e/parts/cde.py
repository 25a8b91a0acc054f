"""Image repositories, built by their own script, and what the images tell of their tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from ...support.answers import answers, template
from ...support.tools import commit_all, git, passes

VERSION = "1.2.3"
NAME = "lisa-cde"
HOME = f"/opt/{NAME}"
REPORT = f"{HOME}/contents/tests/junit.xml"
"""Where an image keeps the report of its own tests."""


@dataclass(frozen=True)
class Repository:
    """An image repository, committed and tagged.

    Attributes
    ----------
    root
        Its folder.
    release
        The Debian release that its images start from.
    """

    root: Path
    release: str

    @property
    def digest(self) -> str:
        """The digest of the image that was pushed last."""
        return (self.root / "reports/digest").read_text(encoding="utf-8").strip()

    def build(
        self, image: str, program: str, environment: Mapping[str, str], reference: str = ""
    ) -> str:
        """Build one of the images, test it inside, and push it where asked; its local name.

        Parameters
        ----------
        image
            ``operations`` or ``development``.
        program
            Path of the builder, whose own name the script knows.
        environment
            Variables for the builder.
        reference
            What it is pushed as.
        """
        folder, builder = os.path.split(program)
        variables = {
            "PATH": os.pathsep.join([folder, os.environ["PATH"]]),
            "LISA_BUILDER": builder,
            "LISA_BUILDER_OPTIONS": "--network=host",
            "LISA_BASE_IMAGE": f"localhost/debian:{self.release}",
        }
        passes(
            *("images/build", image, *([reference] if reference else [])),
            cwd=self.root,
            env={**variables, **environment},
            timeout=1500,
        )
        return f"localhost/{NAME}:{VERSION}{'-dev' if image == 'development' else ''}"


def make_repository(root: Path, release: str) -> Repository:
    """The CDE's own repository: nothing is answered but the Debian release."""
    template().render(answers(kind="image", debian=release), root)
    commit_all(root)
    git("tag", "--annotate", f"v{VERSION}", f"--message={VERSION}", cwd=root)
    return Repository(root, release)


def outcomes(report: str) -> dict[str, int]:
    """How the tests of an image ended, by kind."""
    suite = ET.fromstring(report)[0]  # noqa: S314 - it is ours
    return {key: int(suite.attrib[key]) for key in ("tests", "errors", "failures", "skipped")}


def all_passed(report: str, number: int) -> None:
    """At least this many tests ran, and all of them passed."""
    found = outcomes(report)
    assert found == {"tests": found["tests"], "errors": 0, "failures": 0, "skipped": 0}, report
    assert found["tests"] >= number
