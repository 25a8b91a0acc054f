"""Files of a rendered project, by path."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml


def contents(folder: Path) -> dict[str, bytes]:
    """Every file outside the git directory, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def empty_folders(folder: Path) -> list[str]:
    """Folders outside the git directory that hold nothing."""
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_dir()
        and ".git" not in path.relative_to(folder).parts
        and not any(path.iterdir())
    ]


# What libyaml reads takes a tenth of the time; PyYAML has it wherever it comes as a wheel.
if TYPE_CHECKING:
    _Loader = yaml.SafeLoader
else:
    _Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class GitLabLoader(_Loader):
    """YAML as GitLab reads it: with its ``!reference [job, key]``, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(
                None, None, f"keys stand twice: {twice}", node.start_mark
            )
        return super().construct_mapping(node, deep)


def _reference(loader: GitLabLoader, node: yaml.SequenceNode) -> list[Any]:
    return loader.construct_sequence(node, deep=True)


GitLabLoader.add_constructor("!reference", _reference)


def load_yaml(text: str) -> Any:
    """The data in a YAML text."""
    return yaml.load(text, Loader=GitLabLoader)  # noqa: S506 - it is a SafeLoader
