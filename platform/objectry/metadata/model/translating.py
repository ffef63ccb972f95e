"""Translated values: the usual language in the field itself, all others beside it."""

from objectry.metadata.model.definitions import FieldDef, PermissionDef, Right

TRANSLATED = ("text", "long_text", "markdown")  # the types that may have a text per language


def beside(field: str) -> str:
    """The field that holds the texts of the other languages, by language."""
    return f"{field}_translations"


def field_beside(field: FieldDef) -> FieldDef:
    """The companion of a translated field."""
    return FieldDef(
        name=beside(field.name),
        type="json",
        label=f"{field.label or field.name.replace('_', ' ').capitalize()}: translations",
        hidden=True,
        when=field.when,
        read_only=field.read_only,
        was=beside(field.was) if field.was else "",
    )


def right_beside(grant: PermissionDef, field: str) -> Right | None:
    """The right on a companion: that of the field, of which no mask is made."""
    right = grant.fields.get(field)
    return "none" if right == "mask" else right
