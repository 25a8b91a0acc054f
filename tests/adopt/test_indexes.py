from __future__ import annotations

import pytest

from lisa_scaffold.adopt.indexes import find_indexes
from lisa_scaffold.project.facts import Facts

OWN = "https://pypi.example.org/simple"
MORE, ONLY = "UV_INDEX and PIP_EXTRA_INDEX_URL", "UV_DEFAULT_INDEX and PIP_INDEX_URL"
CI, TOML = ".gitlab-ci.yml", "pyproject.toml"


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (TOML, f"[[tool.poetry.source]]\nname = 'a'\nurl = '{OWN}'\n", MORE),
        (TOML, f"[[tool.poetry.source]]\nname = 'a'\nurl = '{OWN}/'\npriority = 'primary'\n", ONLY),
        (TOML, f"[[tool.pdm.source]]\nname = 'a'\nurl = '{OWN}'\n", MORE),
        (TOML, f"[[tool.uv.index]]\nurl = '{OWN}'\n", "PIP_EXTRA_INDEX_URL"),
        (TOML, f"[tool.uv]\nextra-index-url = ['{OWN}']\n", "PIP_EXTRA_INDEX_URL"),
        ("pip.conf", f"[global]\nextra-index-url = {OWN}\n", MORE),
        ("pip.conf", f"[global]\nindex-url = {OWN}\n", ONLY),
        ("requirements.txt", f"--extra-index-url {OWN}\nnumpy\n", MORE),
        ("requirements/dev.txt", f"-i {OWN}\nnumpy\n", ONLY),
        ("tox.ini", f"[testenv]\nsetenv =\n  PIP_EXTRA_INDEX_URL={OWN}\n", MORE),
        (CI, f"variables:\n  PIP_INDEX_URL: {OWN}\na:\n  script: [b]\n", ONLY),
        (CI, f"a:\n  variables:\n    UV_INDEX: {OWN}\n  script: [b]\n", MORE),
        (CI, f"a:\n  script:\n    - pip install --extra-index-url={OWN} b\n", MORE),
        (CI, f"variables: {{A: '{OWN}', PIP_EXTRA_INDEX_URL: $A}}\na:\n  script: [b]\n", MORE),
    ],
)
def test_an_index_of_ones_own_is_told(path: str, text: str, names: str) -> None:
    [found] = find_indexes(Facts.of({path: text}))
    assert (found.path, found.to_decide) == (path, True)
    assert found.text.startswith(f"packages come from {OWN}")
    assert f"set {names} to it" in found.text


@pytest.mark.parametrize(
    "text",
    [
        "[[tool.poetry.source]]\nname = 'PyPI'\npriority = 'primary'\n",
        "[[tool.uv.index]]\nurl = 'https://pypi.org/simple'\n",
        "[[tool.pdm.source]]\nurl = 1\n",
        "",
    ],
)
def test_the_public_index_is_none(text: str) -> None:
    assert [*find_indexes(Facts.of({TOML: text}))] == []


@pytest.mark.parametrize("user", ["me:hunter2", "gitlab-ci-token:$CI_JOB_TOKEN", "hunter2"])
def test_no_credential_is_shown(user: str) -> None:
    text = f"--extra-index-url https://{user}@pypi.example.org/simple\nnumpy\n"
    [found] = find_indexes(Facts.of({"requirements.txt": text}))
    assert user.rpartition(":")[2] not in found.text
    assert "pypi.example.org/simple" in found.text


def test_each_is_told_once() -> None:
    files = {"requirements.txt": f"-i {OWN}\n", "requirements-dev.txt": f"-i {OWN}/\n"}
    assert len([*find_indexes(Facts.of(files))]) == 1
