"""Pure facts about field types, over a closed set of storage classes."""

from objectry.metadata.types.facts import OPERATORS, TYPES, FieldType, StorageClass

__all__ = ["OPERATORS", "TYPES", "FieldType", "StorageClass"]
