"""Field types: one class of facts each, over a closed set of storage classes."""

from objectry.metadata.types.catalogue import SYSTEM_TYPES, TYPES, type_of
from objectry.metadata.types.field_type import FieldType, Reader, Scalar
from objectry.metadata.types.files import IMAGES
from objectry.metadata.types.limits import ROWS_MAX
from objectry.metadata.types.money import OWN
from objectry.metadata.types.refusal import Refused, named
from objectry.metadata.types.secret import SHOWN
from objectry.metadata.types.storage import BELOW, COMMON, OPERATORS, StorageClass
from objectry.metadata.types.use import Reference, Rule, Schema, Use

__all__ = [
    "BELOW",
    "COMMON",
    "IMAGES",
    "OPERATORS",
    "OWN",
    "ROWS_MAX",
    "SHOWN",
    "SYSTEM_TYPES",
    "TYPES",
    "FieldType",
    "Reader",
    "Reference",
    "Refused",
    "Rule",
    "Scalar",
    "Schema",
    "StorageClass",
    "Use",
    "named",
    "type_of",
]
