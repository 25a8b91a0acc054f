"""Compiled Jinja templates, kept between runs: compiling takes longer than rendering.

Jinja's own bytecode cache keys by file name, and the template's files lie in another folder each
time. It also distinguishes too little: here the key is everything that decides what the compiled
code does, and the code is the same for everybody, without values that a filter gave when the text
was compiled.
"""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from functools import cache as remembered
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING

from jinja2 import nodes
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.compiler import CodeGenerator, Frame

from lisa_scaffold.template import cache

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2 import Template as JinjaTemplate

    from lisa_scaffold.template.copier_api import SandboxedEnvironment

MOST_KEPT = 5000
"""Compiled texts that are kept, those used last; a version of our template has about 350 (1 MB)."""

_FORM = 1
"""Part of every key: code that was compiled in another way is never taken for ours."""

SETTINGS = (
    *("block_start_string", "block_end_string", "variable_start_string", "variable_end_string"),
    *("comment_start_string", "comment_end_string", "line_statement_prefix"),
    *("line_comment_prefix", "trim_blocks", "lstrip_blocks", "newline_sequence"),
    *("keep_trailing_newline", "optimized", "undefined", "finalize", "autoescape", "is_async"),
)
"""The settings in a template's ``_envops`` that determine the compiled code."""

_EXTENSIONS = {
    "jinja2_ansible_filters.AnsibleCoreFiltersExtension",
    "copier._jinja_ext.YieldExtension",
}
"""Copier's own, whose version is in the key; what another one does may change at any time."""

_PLAIN = {bool, float, int, str, type(None)}
_PACKAGES = ("copier", "jinja2", "jinja2-ansible-filters", "markupsafe")


class PlainCodeGenerator(CodeGenerator):
    """Jinja's compiler, without computing values beforehand.

    For ``{{ "$HOME"|expandvars }}`` Jinja writes this user's present value into the code. Here
    every filter, test and attribute is looked up whenever the text is rendered.
    """

    def _output_child_to_const(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> str:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_EvalContextModifier(  # noqa: N802 - Jinja's name
        self, node: nodes.EvalContextModifier, frame: Frame
    ) -> None:
        """Let ``{% autoescape … %}`` hold as its expression says when the text is rendered."""
        super().visit_EvalContextModifier(node, frame)
        if not all(isinstance(option.value, nodes.Const) for option in node.options):
            frame.eval_ctx.volatile = True


class SourceCache(BytecodeCache):
    """Jinja's cache on disk, keyed by the source text and what else decides the compiled code.

    Parameters
    ----------
    folder
        Where it is; compiled code is run as it is found.
    decisive
        What decides the code beside the text.
    """

    def __init__(self, folder: Path, decisive: str) -> None:
        self._folder = folder
        self._decisive = sha256(decisive.encode())
        self._written = 0

    def get_bucket(
        self, environment: Environment, name: str, filename: str | None, source: str
    ) -> Bucket:
        """The place of a template's compiled code, filled where it is known already."""
        del filename  # a temporary folder, another one each time
        key = self._decisive.copy()
        key.update(repr((name, source)).encode())  # which escapes what cannot be encoded
        bucket = Bucket(environment, key.hexdigest(), "")
        self.load_bytecode(bucket)
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket, where its code was kept."""
        content = cache.read(self._place(bucket))
        with suppress(EOFError, TypeError, ValueError):
            code = marshal.loads(content or b"")  # noqa: S302 - written here, and nowhere else
            bucket.code = code if isinstance(code, CodeType) else None

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled text, as long as there is room; the first in a process makes some."""
        if not self._written:
            cache.prune(self._folder, MOST_KEPT)
        if self._written < MOST_KEPT:
            self._written += 1
            cache.write(self._place(bucket), marshal.dumps(bucket.code))

    def _place(self, bucket: Bucket) -> Path:
        return self._folder / f"{bucket.key}.code"


def keep_compiled(environment: SandboxedEnvironment) -> None:
    """Let an environment compile each text once, and not at all where it was seen before.

    Copier compiles an expression at every use. What its ``yield`` tag left behind is cleared as
    each compilation would.
    """
    environment.code_generator_class = PlainCodeGenerator
    environment.optimized = False
    decisive = _find_decisive(environment)
    folder = cache.folder("jinja") if decisive else None
    if folder and decisive:
        environment.bytecode_cache = SourceCache(folder, decisive)
    make_template, kept = environment.from_string, environment.bytecode_cache

    @remembered
    def compiled(source: str) -> JinjaTemplate:
        # Jinja itself keeps only templates that came from a file.
        if kept is None or not isinstance(source, str):
            return make_template(source)
        bucket = kept.get_bucket(environment, "<string>", None, source)
        if bucket.code is None:
            bucket.code = environment.compile(source)
            kept.set_bucket(bucket)
        namespace = environment.make_globals(None)
        return environment.template_class.from_code(environment, bucket.code, namespace, None)

    def from_string(source: str) -> JinjaTemplate:
        forget_yield(environment)
        return compiled(source)

    environment.from_string = from_string  # type: ignore[method-assign,assignment]


def forget_yield(environment: SandboxedEnvironment) -> None:
    """Clear what Copier's ``yield`` tag left behind, as a compilation would."""
    from lisa_scaffold.template.copier_api import get_yield_context

    yielded = get_yield_context(environment)
    yielded.yield_name = yielded.yield_iterable = None


def _find_decisive(environment: SandboxedEnvironment) -> str | None:
    """Everything that decides compiled code beside the text; None where that is unknown."""
    if environment.extensions.keys() != _EXTENSIONS:
        return None
    # Settings in words that mean the same in every process.
    named = []
    for value in (type(environment), *(getattr(environment, name) for name in SETTINGS)):
        if isinstance(value, type):
            named.append(f"{value.__module__}.{value.__qualname__}")
        elif type(value) in _PLAIN:
            named.append(repr(value))
        else:
            return None
    # The code calls a filter by its name, with what that one wants beside its arguments.
    called = [
        sorted((name, str(getattr(each, "jinja_pass_arg", None))) for name, each in group.items())
        for group in (environment.filters, environment.tests)
    ]
    python = (MAGIC_NUMBER, sys.implementation.cache_tag, sys.flags.optimize)
    return repr((_FORM, python, _versions(), named, called))


@remembered
def _versions() -> tuple[str, ...]:
    from importlib.metadata import version

    return tuple(version(name) for name in _PACKAGES)
