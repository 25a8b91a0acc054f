"""Import Copier without the libraries of its dialogue, which take a third of the time.

Copier imports them at the head of its modules, and uses nothing of them to render. Stand-ins take
their place while Copier is imported; what is called after all imports the real library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

_DIALOGUE = {
    "questionary": ("confirm", "unsafe_prompt"),
    "questionary.prompts.common": ("Choice",),
    "prompt_toolkit.lexers": ("PygmentsLexer",),
    "pygments.lexers.data": ("JsonLexer", "YamlLexer"),
}


class Choice:
    """What Copier makes of each choice of a question; it takes any object with these fields."""

    def __init__(
        self,
        title: str,
        value: Any = None,
        disabled: str | None = None,
        checked: bool = False,
    ) -> None:
        self.title = title
        self.value = title if value is None else value
        self.disabled = disabled
        self.checked = checked


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
