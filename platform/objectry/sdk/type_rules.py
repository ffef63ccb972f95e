"""Whether a plugin's field type says all that a type must say."""

from objectry.metadata.model.definitions import FieldDef
from objectry.metadata.types import COMMON, OPERATORS, FieldType, StorageClass
from objectry.values.names import is_name

_STORED = frozenset(StorageClass) - {StorageClass.NONE}
_FACTS = ("name", "summary", "storage", "kind", "operators", "widget")
# What the engine alone does with a field.
_ENGINE = ("links", "own", "principal", "sealed", "drawn", "priced")


def type_problem(each: object) -> str:
    """What is wrong with a type, empty for nothing."""
    if not isinstance(each, FieldType):
        return "is no FieldType (an instance is needed, not the class)"
    missing = [fact for fact in _FACTS if not hasattr(each, fact)]
    if missing:
        return f"does not say its {', '.join(missing)}"
    if not is_name(each.name):
        return f"is called {each.name!r}, which is no name"
    if each.storage not in _STORED:
        return "has no storage class"
    if not set(each.operators) <= set(OPERATORS):
        return f"has operators that there are not: {sorted(set(each.operators) - set(OPERATORS))}"
    unknown = each.keys - (set(FieldDef.__struct_fields__) - COMMON)
    if unknown:
        return f"takes keys that no field has for it alone: {sorted(unknown)}"
    engine = [fact for fact in _ENGINE if getattr(each, fact)]
    if engine:
        return f"is {', '.join(engine)}, which only types of the engine are"
    if not (each.examples or each.needs) or not each.mistakes:
        return "shows no examples or no mistakes"
    return ""
