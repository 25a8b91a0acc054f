from __future__ import annotations

import pytest

from ..support.checking import changed, clean, edited, found, messages, text

DOCKER = "Dockerfile"


def test_a_file_that_is_copied_is_there() -> None:
    gone = changed(clean(), {"constraints.txt": None})
    line = text(clean(), DOCKER).splitlines().index("COPY constraints.txt .") + 1
    assert found(gone, "CON010") == [("CON010", DOCKER, line)]
    assert messages(gone, "CON010") == [
        "`constraints.txt` is not there, so no image can be built: add it, or change this"
    ]


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ("COPY src docs /a/", False),
        ("COPY src/ ./tests/ /a/", False),
        ("COPY missing/ /a/", True),
        ("ADD missing.txt /a/", True),
        ("COPY --chown=a:b missing.txt /a/", True),
        ("COPY README.md missing.txt /a/", True),
        ("COPY . /a/", False),
        ("COPY *.missing /a/", False),
        ("COPY $MISSING /a/", False),
        ("ADD https://example.org/missing /a/", False),
        ("COPY --from=build /missing /a/", False),
        ("COPY <<END /a/\nmissing\nEND", False),
        ('COPY ["missing", "/a/"]', False),
        ("COPY dist/a.whl /a/", False),  # a build makes it, as .gitignore says
    ],
)
def test_sources(said: str, *, is_found: bool) -> None:
    files = edited(clean(), DOCKER, "COPY constraints.txt .\n", f"{said}\n")
    assert bool(found(files, "CON010")) is is_found


def test_where_nobody_knows_what_is_built() -> None:
    files = {DOCKER: "FROM a\nCOPY missing /a/\n"}
    assert found(files, "CON010") == []
    answers = {".copier-answers.yml": text(clean(), ".copier-answers.yml")}
    assert found({**answers, "docker/Dockerfile": files[DOCKER]}, "CON010") == []
    assert found({**answers, **files}, "CON010") == [("CON010", DOCKER, 2)]
