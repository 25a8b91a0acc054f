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
    """

    arguments: dict[str, str]
    words: list[str]


def told(said: str, registry: str = REGISTRY) -> Told:
    """What Kaniko was told by the one job that calls it, which may log in to the registry."""
    assert " kaniko: " in said, said
    *words, login = re.findall(r" kaniko: (.*)$", said, flags=re.MULTILINE)
    secret = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert login == json.dumps({"auths": {registry: {"auth": secret}}}, separators=(",", ":")), said
    given = [word for flag, word in pairwise(words) if flag == "--build-arg"]
    return Told(
        dict(word.split("=", 1) for word in given),
        [word for word in words if word not in {"--build-arg", *given}],
    )


def sources(folder: str) -> list[str]:
    """The words that say where a repository is that Kaniko builds."""
    return ["--context", folder, "--dockerfile", f"{folder}/Dockerfile"]
