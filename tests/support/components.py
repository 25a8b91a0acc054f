"""The CI/CD components of this checkout, and how a pipeline names them."""

from __future__ import annotations

from lisa_scaffold.template import default_source
from lisa_scaffold.template.pristine import component_addresses

from ..conftest import ROOT
from .answers import WITH_COMPONENT

VERSION = default_source().current()
TEXTS = {
    kind: (ROOT / f"templates/{kind}.yml").read_text(encoding="utf-8") for kind in WITH_COMPONENT
}
KNOWN = {
    address: text for kind, text in TEXTS.items() for address in component_addresses(kind, VERSION)
}
