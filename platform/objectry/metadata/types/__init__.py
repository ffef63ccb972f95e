"""Pure facts about field types, over a closed set of storage classes."""

from objectry.metadata.types.facts import (
    COMMON,
    OPERATORS,
    SYSTEM_TYPES,
    TYPES,
    FieldType,
    StorageClass,
)

__all__ = ["COMMON", "OPERATORS", "SYSTEM_TYPES", "TYPES", "FieldType", "StorageClass"]
