"""The CI/CD components of this checkout, and how a pipeline names them."""

from __future__ import annotations

from lisa_scaffold.template import find_default_source
from lisa_scaffold.template.pristine import list_component_addresses

from ..conftest import ROOT

VERSION = find_default_source().current()
NAMES = ("package", "compiled", "image", "pipeline", "service", "fleet")
TEXTS = {name: (ROOT / f"templates/{name}.yml").read_text(encoding="utf-8") for name in NAMES}
KNOWN = {
    address: text
    for name, text in TEXTS.items()
    for address in list_component_addresses(name, VERSION, "gitlab.in2p3.fr")
}
