"""The model: definitions as frozen values, and what follows from them."""

from objectry.metadata.model.catalog import Catalog, ComputedFact
from objectry.metadata.model.definitions import Definitions, FieldDef, ObjectDef
from objectry.metadata.model.duplicates import MatchDef
from objectry.metadata.model.model import Model
from objectry.metadata.model.resolved import (
    ACTIONS,
    CheckModel,
    ConversionLinesModel,
    ConversionModel,
    CurrencySource,
    Derivation,
    FieldModel,
    ImmutableModel,
    NumberingModel,
    ObjectModel,
    PermissionModel,
    RowRule,
    TransitionModel,
    WorkflowModel,
)

__all__ = [
    "ACTIONS",
    "Catalog",
    "CheckModel",
    "ComputedFact",
    "ConversionLinesModel",
    "ConversionModel",
    "CurrencySource",
    "Definitions",
    "Derivation",
    "FieldDef",
    "FieldModel",
    "ImmutableModel",
    "MatchDef",
    "Model",
    "NumberingModel",
    "ObjectDef",
    "ObjectModel",
    "PermissionModel",
    "RowRule",
    "TransitionModel",
    "WorkflowModel",
]
