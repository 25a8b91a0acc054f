"""Read ``setup.cfg`` and ``setup.py`` in terms of PEP 621, without running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lisa_scaffold.formats.document import Document, Keys, Problem
from lisa_scaffold.pattern import compile_lazily
from lisa_scaffold.project.package import Package, Place, join_author_and_url
from lisa_scaffold.project.setup_call import SetupCall, read_call

if TYPE_CHECKING:
    from lisa_scaffold.project.files import Files


_CFG_KEYS = {
    ("metadata", "name"): "name",
    ("metadata", "version"): "version",
    ("metadata", "summary"): "description",
    ("metadata", "description"): "description",
    ("metadata", "long_description"): "readme",
    ("metadata", "license"): "license",
    ("metadata", "license_file"): "license-files",
    ("metadata", "license_files"): "license-files",
    ("metadata", "classifier"): "classifiers",
    ("metadata", "classifiers"): "classifiers",
    ("metadata", "keywords"): "keywords",
    ("metadata", "project_urls"): "urls",
    ("metadata", "home_page"): "url",
    ("metadata", "url"): "url",
    ("metadata", "author"): "author",
    ("metadata", "author_email"): "author_email",
    ("metadata", "maintainer"): "maintainer",
    ("metadata", "maintainer_email"): "maintainer_email",
    ("options", "python_requires"): "requires-python",
    ("options", "install_requires"): "dependencies",
}
# Arguments of `setup` by which something else states the version.
_VERSIONING = ("use_scm_version", "pbr", "version_config", "vcs_version")
_SCM = compile_lazily(r"(?i)\b(?:setuptools|vcs)[-_.](?:scm|versioning|git[-_.]versioning)\b")
_PBR = compile_lazily(r"\bpbr\b")
_SETUP_KEYS = {
    "python_requires": "requires-python",
    "install_requires": "dependencies",
    "extras_require": "optional-dependencies",
    "license_file": "license-files",
    "license_files": "license-files",
    "long_description": "readme",
    "project_urls": "urls",
    "licence": "license",  # an alias of setuptools
}
_ANY_KEYS = {
    *_SETUP_KEYS,
    *("name", "version", "description", "license", "classifiers", "keywords"),
    *("author", "author_email", "maintainer", "maintainer_email", "url"),
}
_PEOPLE = ("author", "maintainer")
_JOINED_KEYS = {
    **{f"{who}{more}": f"{who}s" for who in _PEOPLE for more in ("", "_email")},
    "url": "urls",
}
_NAMED_KEY = compile_lazily(r"%\(([^)%]{1,200})\)s")
_MOST_NESTED = 10  # as configparser has it
_LONGEST_VALUE = 100_000
_LIST_KEYS = ("classifiers", "dependencies", "license-files", "keywords")


def read(files: Files, system: Mapping[str, Any]) -> Package:
    """Read ``setup.cfg`` and ``setup.py``, which takes precedence."""
    places: dict[str, Place] = {}
    unknown: set[str] = set()
    data: dict[str, Any] = dict(system)
    _read_cfg(files.ini("setup.cfg"), data, unknown, places)
    _read_pbr(files, data, unknown)
    module = files.python("setup.py")
    if files.has("setup.py"):
        nothing = SetupCall({}, is_whole=False)
        metadata = {
            key: str(text) for key, text in files.ini("setup.cfg").table("metadata").items()
        }
        call = nothing if isinstance(module, Problem) else read_call(module, metadata)
        _read_py(call, data, unknown, places)
    if _SCM.search(str(files.pyproject.get("build-system", "requires"))):
        unknown.add("version")
    if not places and not files.has("setup.py"):
        # A setup.cfg that only configures tools has no metadata.
        return Package(data=data)
    unknown |= {new for old, new in _JOINED_KEYS.items() if old in unknown}
    join_author_and_url(data)
    lines = {path: files.lines(path) for path in ("setup.cfg", "setup.py")}
    # Where a missing key would be added: not to a setup.cfg that only configures tools.
    first = next((place.path for place in places.values()), "setup.py")

    def where(keys: Keys) -> Place:
        if keys[:1] == ("build-backend",):
            line = files.pyproject.line("build-system", "build-backend")
            return Place("pyproject.toml", line)
        joined = {"authors": "author", "maintainers": "maintainer", "urls": "url"}
        alias = joined.get(str(keys[0]) if keys else "", "")
        place = places.get(str(keys[0])) if keys else None
        place = place or places.get(alias) or Place(first, 1)
        match keys:
            case (str(key), int(index)) if isinstance(data.get(key), list):
                # The first line below the key that holds the text of the item.
                text = str(data[key][index])
                below = enumerate(lines[place.path][place.line - 1 :], place.line)
                number = next((number for number, line in below if text in line), place.line)
                return Place(place.path, number)
        return place

    return Package("setuptools", data, frozenset(unknown), where)


def _read_cfg(
    cfg: Document, data: dict[str, Any], unknown: set[str], places: dict[str, Place]
) -> None:
    for (section, option), key in _CFG_KEYS.items():
        # Both forms are in use; setuptools reads dashes as underscores.
        used = next((o for o in (option, option.replace("_", "-")) if cfg.get(section, o)), None)
        if used is None:
            continue
        places[key] = Place(cfg.path, cfg.line(section, used))
        text = _interpolate(cfg.get(section, used), cfg.table(section))
        stripped = text.strip()
        if key == "readme" and stripped.startswith("file:"):
            data[key] = stripped.removeprefix("file:").split(",")[0].strip()
        elif stripped.startswith(("attr:", "file:")):
            unknown.add(key)
        elif key in _LIST_KEYS:
            data[key] = _split_list(text, ";" if key == "dependencies" else ",")
        elif key == "urls":
            pairs = (line.partition("=") for line in text.split("\n") if "=" in line)
            data[key] = {name.strip(): value.strip() for name, _, value in pairs}
        else:
            data[key] = stripped
    if extras := cfg.table("options.extras_require"):
        # A name of extras may be followed by a marker: `test:python_version<"3.12"`.
        data["optional-dependencies"] = {
            name: _split_list(_interpolate(text, extras), ";") for name, text in extras.items()
        }


def _interpolate(text: str, section: Mapping[str, str]) -> str:
    """A value with those of other keys of its section that it names, as setuptools reads it.

    What it names without there being one stays, as does what names itself; see
    https://docs.python.org/3/library/configparser.html#configparser.BasicInterpolation.
    """
    for _ in range(_MOST_NESTED):
        named = (section.get(key.lower(), "") for key in _NAMED_KEY.findall(text))
        if "%(" not in text or len(text) + sum(map(len, named)) > _LONGEST_VALUE:
            break
        text = _NAMED_KEY.sub(lambda found: section.get(found[1].lower(), found[0]), text)
    return text.replace("%%", "%")


def _split_list(text: str, separator: str) -> list[str]:
    """The items of a list, as setuptools parts them; see its page on setup.cfg, "list-semi"."""
    parts = text.split("\n" if "\n" in text else separator)
    return [each.strip() for each in parts if each.strip()]


def _read_pbr(files: Files, data: Mapping[str, Any], unknown: set[str]) -> None:
    """What pbr reads elsewhere: the version from git, and requirements from their own file."""
    words = f"{files.text('setup.py')} {files.pyproject.get('build-system', 'requires')}"
    if _PBR.search(words):
        unknown |= {"version", "dependencies", "requires-python", "readme"} - data.keys()


def _read_py(
    call: SetupCall, data: dict[str, Any], unknown: set[str], places: dict[str, Place]
) -> None:
    """What ``setup`` is told; an empty value leaves what ``setup.cfg`` says, as in setuptools."""
    if not call.is_whole:
        named = {_SETUP_KEYS.get(name, name) for name in call.arguments}
        unknown |= {_SETUP_KEYS.get(key, key) for key in _ANY_KEYS} - named - data.keys()
    for name, argument in call.arguments.items():
        if name in _VERSIONING:
            unknown.add("version")
        key = _SETUP_KEYS.get(name, name if name in _JOINED_KEYS else name.replace("_", "-"))
        if argument.is_known and not argument.value and key in data:
            continue
        places[key] = Place("setup.py", argument.line)
        if argument.is_known:
            unknown.discard(key)
            data[key] = _as_list(key, argument.value) if key in _LIST_KEYS else argument.value
        else:
            # Only running the file can tell.
            data.pop(key, None)
            unknown.add(key)
            if key == "optional-dependencies" and argument.value:
                data[key] = argument.value  # some extras, and not all


def _as_list(key: str, value: Any) -> Any:
    """A list, of which ``setup`` takes other forms as well."""
    if isinstance(value, str):
        return _split_list(value, "\n" if key == "dependencies" else ",")
    return list(value) if isinstance(value, tuple) else value
