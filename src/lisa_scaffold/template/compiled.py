"""Compiled Jinja templates, kept between runs: compiling takes longer than rendering.

Jinja's own bytecode cache keys by file name, and the template's files lie in another folder each
time; here the key is what decides the result, the source text and the environment's settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache as remembered
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemBytecodeCache, __version__
from jinja2.bccache import Bucket

from lisa_scaffold.template import cache

if TYPE_CHECKING:
    from copier._jinja_ext import SandboxedEnvironment
    from jinja2 import Environment
    from jinja2 import Template as JinjaTemplate

_SETTINGS = (
    *("block_start_string", "block_end_string", "variable_start_string", "variable_end_string"),
    *("comment_start_string", "comment_end_string", "line_statement_prefix"),
    *("line_comment_prefix", "trim_blocks", "lstrip_blocks", "newline_sequence"),
    *("keep_trailing_newline", "optimized"),
)


MOST_KEPT = 5000
"""Compiled texts that are kept, those used last; a version of our template has about 350 (1 MB)."""


class SourceCache(FileSystemBytecodeCache):
    """Jinja's cache on disk, keyed by the source text and what else decides the compiled code."""

    _grows = False

    def get_bucket(
        self, environment: Environment, name: str, filename: str | None, source: str
    ) -> Bucket:
        """The place of a template's compiled code, filled where it is known already."""
        del filename  # a temporary folder, another one each time
        settings = [getattr(environment, setting) for setting in _SETTINGS]
        decisive = (__version__, name, source, settings, sorted(environment.extensions))
        key = sha256(repr(decisive).encode(errors="surrogatepass")).hexdigest()
        bucket = Bucket(environment, key, self.get_source_checksum(source))
        self.load_bytecode(bucket)
        if bucket.code is not None:
            with suppress(OSError):
                os.utime(self._get_cache_filename(bucket))  # that counts as a use
        return bucket

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled text, and once in a process make room for it."""
        if not self._grows:
            self._grows = True
            cache.prune(Path(self.directory), MOST_KEPT)
        super().dump_bytecode(bucket)


def keep_compiled(environment: SandboxedEnvironment) -> None:
    """Let an environment compile each text once, and not at all where it was seen before.

    Copier compiles an expression at every use. What its ``yield`` tag left behind is cleared as
    each compilation would.
    """
    # Compiled code is run as it is found.
    folder = cache.folder("jinja")
    if folder is not None:
        environment.bytecode_cache = SourceCache(str(folder), "%s.jinja")
    compiled = remembered(_compiler(environment))

    def from_string(source: str) -> JinjaTemplate:
        forget_yield(environment)
        return compiled(source)

    environment.from_string = from_string  # type: ignore[method-assign,assignment]


def forget_yield(environment: SandboxedEnvironment) -> None:
    """Clear what Copier's ``yield`` tag left behind, as a compilation would."""
    from copier._jinja_ext import get_yield_context

    yielded = get_yield_context(environment)
    yielded.yield_name = yielded.yield_iterable = None


def _compiler(environment: SandboxedEnvironment) -> Callable[[str], JinjaTemplate]:
    """What makes a template of a text; Jinja itself keeps only templates that came from a file."""
    plain, kept = environment.from_string, environment.bytecode_cache

    def compiled(source: str) -> JinjaTemplate:
        if kept is None or not isinstance(source, str):
            return plain(source)
        bucket = kept.get_bucket(environment, "<string>", None, source)
        if bucket.code is None:
            bucket.code = environment.compile(source)
            kept.set_bucket(bucket)
        namespace = environment.make_globals(None)
        return environment.template_class.from_code(environment, bucket.code, namespace, None)

    return compiled
