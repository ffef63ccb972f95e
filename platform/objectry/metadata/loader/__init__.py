"""The loader: YAML files → definitions with exact positions, and every finding about their form."""

from objectry.metadata.loader.formatting import format_text
from objectry.metadata.loader.shapes import KINDS, kind_example, kind_schema
from objectry.metadata.loader.sources import Source, Sources
from objectry.metadata.loader.tree import Loaded, load_documents, load_tree

__all__ = [
    "KINDS",
    "Loaded",
    "Source",
    "Sources",
    "format_text",
    "kind_example",
    "kind_schema",
    "load_documents",
    "load_tree",
]
