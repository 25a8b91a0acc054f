"""A stand-in for Kaniko, whose image is out of reach: it says what Kaniko would be told.

The digest of what it would have pushed is what the variable ``KANIKO_DIGEST`` says.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from itertools import pairwise

REGISTRY = "registry.example.org"
USER, PASSWORD = "ada", "lovelace"
IMAGE = "localhost/kaniko:1"
DOCKERFILE = """\
FROM localhost/debian:trixie
RUN mkdir --parents /kaniko \\
    && echo '#!/bin/sh\\n\\
for word; do echo "kaniko: $word"; done\\n\\
echo "kaniko: $(cat /kaniko/.docker/config.json)"\\n\\
while [ $# -gt 1 ]; do\\n\\
    [ "$1" != --digest-file ] || echo "$KANIKO_DIGEST" > "$2"\\n\\
    shift\\n\\
done' > /kaniko/executor \\
    && chmod +x /kaniko/executor
"""


@dataclass(frozen=True)
class Told:
    """What Kaniko is told.

    Attributes
    ----------
    arguments
        The build arguments.
    words
        The other words of the command line.
    login
        What it knows of registries.
    """

    arguments: dict[str, str]
    words: list[str]
    login: str


def told(said: str) -> Told:
    """What Kaniko was told by the one job that calls it."""
    assert " kaniko: " in said, said
    *words, login = re.findall(r" kaniko: (.*)$", said, flags=re.MULTILINE)
    given = [word for flag, word in pairwise(words) if flag == "--build-arg"]
    return Told(
        dict(word.split("=", 1) for word in given),
        [word for word in words if word not in {"--build-arg", *given}],
        login,
    )


def login(registry: str = REGISTRY) -> str:
    """What Kaniko knows that may push to a registry."""
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    return json.dumps({"auths": {registry: {"auth": secret}}}, separators=(",", ":"))


def sources(folder: str) -> list[str]:
    """The words that say where a repository is that Kaniko builds."""
    return ["--context", folder, "--dockerfile", f"{folder}/Dockerfile"]
