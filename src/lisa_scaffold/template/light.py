"""Import Copier without the libraries of its dialogue, which take a third of the time.

Copier imports them at the head of its modules, and uses nothing of them to render. Stand-ins take
their place while Copier is imported; what is called after all imports the real library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

_DIALOGUE = {
    "questionary": ("confirm", "unsafe_prompt"),
    "questionary.prompts.common": ("Choice",),
    "prompt_toolkit.lexers": ("PygmentsLexer",),
    "pygments.lexers.data": ("JsonLexer", "YamlLexer"),
}


@dataclass
class Choice:
    """What Copier makes of each choice of a question; it takes any object with these fields."""

    title: str
    value: Any = None
    disabled: str | None = None
    checked: bool = False

    def __post_init__(self) -> None:
        """A choice without a value of its own stands for its title."""
        if self.value is None:
            self.value = self.title


def import_copier() -> None:
    """Import Copier, unless that is done; a library that is loaded already is used as it is."""
    if "copier" in sys.modules:
        return

    def defer(module: str, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            return getattr(import_module(module), name)(*arguments, **options)

        return call

    stand_ins = {name: ModuleType(name) for name in _DIALOGUE.keys() - sys.modules.keys()}
    for name, module in stand_ins.items():
        for member in _DIALOGUE[name]:
            setattr(module, member, Choice if member == "Choice" else defer(name, member))
    sys.modules.update(stand_ins)
    try:
        import_module("copier")
    finally:
        for name in stand_ins:
            del sys.modules[name]


@contextmanager
def quick_yaml() -> Iterator[None]:
    """Let Copier read YAML with libyaml where PyYAML has it: that takes a tenth of the time."""
    import yaml

    plain = yaml.SafeLoader
    vars(yaml)["SafeLoader"] = getattr(yaml, "CSafeLoader", plain)
    try:
        yield
    finally:
        vars(yaml)["SafeLoader"] = plain
