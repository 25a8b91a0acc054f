"""What an expression of a template that nobody trusts may touch: plain values alone.

Jinja's sandbox refuses what is known to be dangerous. That does not hold where a template is handed
live objects, as Copier does: a class of pydantic's evaluates the text of an annotation, and a class
derived from ``str`` has a ``format`` that Jinja does not wrap. So it is the other way round here:
only the attributes of types without such powers can be reached.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, datetime, time, timedelta, timezone
from pathlib import PurePosixPath, PureWindowsPath
from types import NoneType
from typing import Any

from jinja2 import Undefined
from jinja2.environment import TemplateModule
from jinja2.filters import _GroupTuple
from jinja2.runtime import BlockReference, LoopContext, Macro, TemplateReference
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace
from markupsafe import Markup

PLAIN = frozenset(
    [
        *(str, bytes, int, float, complex, bool, NoneType, Markup),
        *(list, tuple, dict, set, frozenset, range, OrderedDict),
        *(date, datetime, time, timedelta, timezone),
        *(PurePosixPath, PureWindowsPath),
        *(BlockReference, LoopContext, Macro, TemplateReference, Cycler, Joiner, Namespace),
        TemplateModule,  # what a template imports: it has what that one sets at its top
        _GroupTuple,  # what the filter groupby gives, with `grouper` and `list`
    ]
)
"""Types whose attributes an expression may use; of subclasses nobody knows what they can do."""

MADE = frozenset([dict, range, Cycler, Joiner, Namespace])
"""Types that an expression may call: those among Jinja's own global names."""


def confine(environment: SandboxedEnvironment, *others: type) -> None:
    """Let the expressions of an environment touch plain values alone.

    Parameters
    ----------
    environment
        A sandbox of Jinja's; what it refuses already is refused still.
    others
        More types, of which somebody has seen that their attributes are harmless.
    """
    allowed = PLAIN.union(others)
    is_safe_attribute, is_safe_callable = (
        environment.is_safe_attribute,
        environment.is_safe_callable,
    )

    def is_plain_attribute(obj: Any, attr: str, value: Any) -> bool:
        known = type(obj) in allowed or isinstance(obj, Undefined)
        return known and is_safe_attribute(obj, attr, value)

    def is_plain_callable(obj: Any) -> bool:
        return (not isinstance(obj, type) or obj in MADE) and is_safe_callable(obj)

    environment.is_safe_attribute = is_plain_attribute  # type: ignore[method-assign]
    environment.is_safe_callable = is_plain_callable  # type: ignore[method-assign]
