"""What is installed to develop, test and build: locked, agreed with what is asked for, and told."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from hatchling.builders.wheel import WheelBuilder
from license_expression import get_spdx_licensing
from licenseclassifier import identify_license
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .conftest import ROOT

sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "requirements"))
import hatch_build
import lock

FOLDER = ROOT / "requirements"
PARTS = lock.read_parts()
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ASKED = ("runtime", *PYPROJECT["project"]["optional-dependencies"])
LICENCES: dict[str, str] = tomllib.loads((FOLDER / "licences.toml").read_text(encoding="utf-8"))
PYTHONS = [
    {"python_version": version, "python_full_version": f"{version}.9"}
    for version in ("3.11", "3.12", "3.13", "3.14", "3.15")
]


def locked(*names: str) -> list[Requirement]:
    """Every pin of these files, and of those that they include."""
    files = lock.with_included(PARTS, *names)
    found = [pin for name in files for pin in lock.pins(FOLDER / f"{name}.txt")]
    return [Requirement(re.split(r" *\\\n", pin)[0]) for pin in found]


def here(pin: Requirement, python: dict[str, str]) -> bool:
    return pin.marker is None or pin.marker.evaluate({**python, "extra": ""})


def test_there_is_a_lock_for_each_part_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == PARTS.keys()
    groups = PYPROJECT["dependency-groups"].keys()
    extras = PYPROJECT["project"]["optional-dependencies"].keys()
    assert PARTS.keys() == {"build-system", "runtime", *groups, *extras}


@pytest.mark.parametrize("name", PARTS)
def test_a_lock_is_made_of_hashed_pins_and_of_what_its_group_includes(name: str) -> None:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    pins = lock.pins(FOLDER / f"{name}.txt")
    includes = [f"--requirement {other}.txt\n" for other in PARTS[name].includes]
    assert text == "".join([lock.HEADER, *includes, *pins])
    for pin in pins:
        first, *hashes = pin.rstrip("\n").split(" \\\n")
        (specifier,) = Requirement(first).specifier
        assert specifier.operator == "=="
        assert hashes
        assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}", line) for line in hashes)


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python["python_version"])
def test_a_lock_has_what_its_group_asks_for_on_every_python(
    name: str, python: dict[str, str]
) -> None:
    has = {
        pin.name: str(next(iter(pin.specifier)).version)
        for pin in locked(name)
        if here(pin, python)
    }
    for line in PARTS[name].requirements:
        asked = Requirement(line)
        assert asked.specifier.contains(has[canonicalize_name(asked.name)], prereleases=True), line


@pytest.mark.parametrize("python", PYTHONS, ids=lambda python: python["python_version"])
def test_environments_agree_on_one_version_of_each_package(python: dict[str, str]) -> None:
    together = locked(*(name for name in PARTS if name not in lock.ALONE))
    versions: dict[str, set[str]] = {}
    for pin in together:
        if here(pin, python):
            versions.setdefault(pin.name, set()).add(str(pin.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_nothing_is_named_that_says_where_packages_come_from() -> None:
    """Neither addresses nor options that lead to one: that is a matter of the machine."""
    for path in FOLDER.iterdir():
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert re.findall(r"\w+://\S+|--(?:extra-)?index\S*|--find-links\S*", text) == [], path


def test_every_session_installs_what_is_locked() -> None:
    """Only one function of the noxfile installs anything, and it takes nothing without a hash."""
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    installs = {
        name: re.findall(r"session\.install\(.*", ast.unparse(node))
        for name, node in functions.items()
    }
    assert {name: found for name, found in installs.items() if found} == {
        "install": [
            "session.install('--require-hashes', '--only-binary=:all:', *files)",
            "session.install('--no-deps', '--no-build-isolation', '--editable', '.')",
        ]
    }


def test_the_build_takes_no_next_major_version_unseen() -> None:
    for line in PYPROJECT["build-system"]["requires"]:
        operators = {each.operator for each in Requirement(line).specifier}
        assert operators == {">=", "<"}, line


def imported(folder: Path) -> set[str]:
    """The packages, other than Python's and our own, that modules import, however late."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Import():
                    names |= {alias.name.split(".")[0] for alias in node.names}
                case ast.ImportFrom(module=str(module), level=0):
                    names.add(module.split(".")[0])
    return names - sys.stdlib_module_names - {"lisa_scaffold"}


def provided(line: str) -> set[str]:
    """The packages that one can import of what a requirement installs."""
    files = importlib.metadata.files(Requirement(line).name) or []
    return {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py"}


def test_what_the_package_imports_is_what_it_declares() -> None:
    needs = [line for name in ASKED for line in PARTS[name].requirements]
    used = imported(ROOT / "src")
    assert used - set().union(*map(provided, needs)) == set()
    assert [line for line in needs if not provided(line) & used] == []


def test_hooks_come_from_a_commit_or_in_a_version_of_the_lock() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    revisions = re.findall(r"^ +rev: *(.*)$", text, flags=re.MULTILINE)
    repositories = yaml.safe_load(text)["repos"]
    remote = [each for each in repositories if each["repo"] != "local"]
    assert len(revisions) == len(remote)
    for revision in revisions:
        assert re.fullmatch(r"[0-9a-f]{40}  # frozen: v[\d.]+", revision)
    versions = {(pin.name, str(pin.specifier)) for pin in locked("dev", "runtime")}
    names = {name for name, _ in versions}
    for line in (
        line
        for each in repositories
        for hook in each["hooks"]
        for line in hook.get("additional_dependencies", [])
    ):
        pin = Requirement(line)
        assert str(pin.specifier).startswith("==")
        assert pin.name not in names or (pin.name, str(pin.specifier)) in versions, line


def test_packages_from_npm_are_locked_and_run_no_script_when_they_are_installed() -> None:
    folder = ROOT / "tests/e2e/parts/gitlab-ci-local"
    lock_file = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))
    asked = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    whole, *packages = lock_file["packages"].values()
    assert whole["dependencies"] == asked
    assert packages
    for package in packages:
        assert re.fullmatch(r"sha512-[\w+/]{86}==", package["integrity"])
        assert not {"resolved", "hasInstallScript"} & package.keys()


# --- Licences -------------------------------------------------------------------------------------

PERMITTED = {
    *("0BSD", "Apache-2.0", "Artistic-1.0-Perl", "BSD-2-Clause", "BSD-3-Clause", "CC-PDDC"),
    *("HPND-Markus-Kuhn", "MIT", "MPL-2.0", "PSF-2.0"),
}
EXCEPTIONS = {
    "jinja2-ansible-filters": "Copier needs and loads it; nothing of ours imports or carries it",
    "python-gitlab": "An extra, used as it is under the LGPL; nothing of ours carries it",
}
NEEDED = sorted({pin.name for pin in locked(*ASKED)})
SPDX = get_spdx_licensing()


def may_be_taken(expression: str) -> bool:
    """Whether one of the choices that a licence leaves is permitted as a whole."""
    parsed = SPDX.dnf(SPDX.parse(expression, validate=True))
    choices = parsed.args if isinstance(parsed, SPDX.OR) else [parsed]
    return any({symbol.key for symbol in choice.get_symbols()} <= PERMITTED for choice in choices)


def told(name: str) -> set[str]:
    """The licences that an installed package says it has, else those whose text it carries."""
    distribution = importlib.metadata.distribution(name)
    for key in ("License-Expression", "License"):
        try:
            expression = canonicalize_license_expression(distribution.metadata[key] or "")
        except (InvalidLicenseExpression, KeyError):
            continue
        return set(SPDX.license_keys(expression))
    texts = [
        path.read_text("utf-8")
        for path in distribution.files or []
        if ".dist-info/" in str(path) and re.search("LICEN[CS]E|COPYING|^BSD-", path.name.upper())
    ]
    return {found.id for text in texts for found in identify_license(text)}


def test_the_licence_of_each_package_that_is_needed_is_written_down() -> None:
    assert sorted(LICENCES) == NEEDED


@pytest.mark.uncounted
@pytest.mark.parametrize("name", NEEDED)
def test_a_licence_is_the_one_that_the_package_tells(name: str) -> None:
    assert told(name)
    assert told(name) <= set(SPDX.license_keys(LICENCES[name]))


def test_licences_permit_what_we_do_with_the_packages() -> None:
    refused = {name for name, said in LICENCES.items() if not may_be_taken(said)}
    assert refused == EXCEPTIONS.keys()


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("MIT AND GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
    ],
)
def test_a_choice_counts_and_an_obligation_too(expression: str, taken: bool) -> None:
    assert may_be_taken(expression) is taken


# --- The bill of materials ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


def bill_of(wheel: Path) -> str:
    """The bill of materials that a wheel carries where PEP 770 wants it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if "/sboms/" in name)
        assert re.fullmatch(r"lisa_scaffold-[\d.]+\.dist-info/sboms/lisa-scaffold\.cdx\.json", name)
        return archive.read(name).decode()


@pytest.mark.uncounted
def test_a_wheel_carries_a_valid_bill_of_materials(wheel: Path) -> None:
    validator = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6)
    assert validator.validate_str(bill_of(wheel)) is None
    broken = bill_of(wheel).replace('"SHA-256"', '"SHA-0"')
    assert validator.validate_str(broken) is not None


def test_the_bill_has_each_locked_package_with_its_licence_and_hashes(wheel: Path) -> None:
    bill = json.loads(bill_of(wheel))
    assert bill["metadata"]["component"]["version"] == PYPROJECT["project"]["version"]
    parts = {part["name"]: part for part in bill["components"]}
    pins = {name: lock.pins(FOLDER / f"{name}.txt") for name in ASKED}
    named = {pin for each in pins.values() for pin in each}
    assert len(parts) == len(bill["components"]) == len(named)
    for file in ASKED:
        scope = "required" if file == "runtime" else "optional"
        for pin in pins[file]:
            first, *hashes = pin.split(" \\\n")
            name, version = re.split(r"==| ;", first)[:2]
            part = parts[name]
            assert (part["version"], part["scope"]) == (version.strip(), scope)
            assert part["licenses"] == [{"expression": LICENCES[name]}]
            digests = [each["content"] for each in part["externalReferences"][0]["hashes"]]
            assert digests == [line.strip().removeprefix("--hash=sha256:") for line in hashes]


def test_the_bill_is_the_same_every_time_and_tells_nothing_of_the_machine(wheel: Path) -> None:
    text = bill_of(wheel)
    assert text == hatch_build.make_bill(ROOT, PYPROJECT["project"]["version"])
    assert "://" not in text
    assert str(Path.home()) not in text
