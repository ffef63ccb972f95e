"""Codes of the loader: OBJ01xx for what is wrong with the YAML, OBJ02xx with its shape."""

from objectry.findings import code

YAML_SYNTAX = code(
    "OBJ0101",
    "Not valid YAML",
    "The file can't be read as YAML from this place on. Often a colon, comma or bracket inside an "
    "expression is the cause: quote the expression. What follows in the file was not checked.",
    wrong="object: offer\nservice: offers\nfields: {total: {type: money, formula: [1}}",
    right="object: offer\nservice: offers\nfields: {total: {type: money, formula: '1'}}",
)
DUPLICATE_KEY = code(
    "OBJ0102",
    "Duplicate key",
    "A mapping has the same key twice. One of the two would be lost silently, so neither is taken "
    "for granted: remove or rename one.",
    wrong="object: offer\nservice: offers\nlabel: Offer\nlabel: Quotation",
    right="object: offer\nservice: offers\nlabel: Offer",
)
ANCHOR = code(
    "OBJ0103",
    "Anchors and aliases are not allowed",
    "`&name` and `*name` make one text stand in two places, so that a change here moves something "
    "there. Definitions are written out. A text that begins with `*` or `&` is quoted.",
    wrong="object: offer\nservice: offers\nlabel: &label Offer\nhelp: *label",
    right="object: offer\nservice: offers\nlabel: Offer\nhelp: Offer",
)
TAG = code(
    "OBJ0104",
    "Tags are not allowed",
    "`!name` would ask the reader to build something other than text, numbers, lists and mappings. "
    "A text that begins with `!` is quoted.",
    wrong="object: offer\nservice: offers\nlabel: !upper Offer",
    right="object: offer\nservice: offers\nlabel: OFFER",
)
TOO_LARGE = code(
    "OBJ0105",
    "File too large",
    "A file of definitions may have at most 1 MB. Split it: one object per file reads best.",
    wrong="# a file of more than 1 MB",
    right="# several smaller files",
)
TOO_DEEP = code(
    "OBJ0106",
    "Nested too deeply",
    "A definition may nest at most 20 levels. No key needs more than six.",
    wrong="object: offer\nservice: offers\nfields: [[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]",
    right="object: offer\nservice: offers\nfields: {subject: {type: text}}",
)
KEY_NOT_TEXT = code(
    "OBJ0107",
    "Key is not a plain text",
    "Keys are names; a list or mapping can't be one. An unquoted `{…}` in the place of a name is "
    "the usual cause.",
    wrong="object: offer\nservice: offers\nfields: {{subject}: {type: text}}",
    right="object: offer\nservice: offers\nfields: {subject: {type: text}}",
)
UNREADABLE = code(
    "OBJ0108",
    "File can't be read as text",
    "Files of definitions are UTF-8 without control characters.",
    wrong="# a file in another encoding than UTF-8",
    right="# the same file saved as UTF-8",
)
CHARACTER = code(
    "OBJ0109",
    "Character that no text may hold",
    "Texts of definitions follow the rules that texts of records do: no control characters, no "
    "halves of surrogate pairs, nothing that changes the reading direction. What a person can't "
    "see could never be typed in, and a rule could read otherwise than it works.",
    wrong='object: offer\nservice: offers\nlabel: "Offer\\u202E"',
    right="object: offer\nservice: offers\nlabel: Offer",
)
NOT_A_DEFINITION = code(
    "OBJ0201",
    "Not a definition",
    "A YAML document is one definition: a mapping whose first key is its kind and the value its "
    "name.",
    wrong="- object: offer\n- service: offers",
    right="object: offer\nservice: offers",
)
UNKNOWN_KIND = code(
    "OBJ0202",
    "Unknown kind",
    "The first key of a document is its kind: service, object, role, layout or sequence.",
    wrong="label: Offer\nobject: offer\nservice: offers",
    right="object: offer\nservice: offers\nlabel: Offer",
)
UNKNOWN_KEY = code(
    "OBJ0203",
    "Unknown key",
    "The key means nothing here, so what it says would be ignored. The message names the keys that "
    "are possible, or a near one.",
    wrong="object: offer\nservice: offers\nlable: Offer",
    right="object: offer\nservice: offers\nlabel: Offer",
)
MISSING_KEY = code(
    "OBJ0204",
    "Missing key",
    "Something that has no default was left out.",
    wrong="object: offer\nservice: offers\nfields: {subject: {label: Subject}}",
    right="object: offer\nservice: offers\nfields: {subject: {type: text, label: Subject}}",
)
WRONG_TYPE = code(
    "OBJ0205",
    "Wrong type of value",
    "A text, number, list or mapping stands where another is wanted. Only `true` and `false` are "
    "booleans (`yes`, `no`, `on` and `off` are texts); a number that is meant as text is quoted.",
    wrong="object: offer\nservice: offers\nfields: {subject: {type: text, required: yes}}",
    right="object: offer\nservice: offers\nfields: {subject: {type: text, required: true}}",
)
NOT_ALLOWED = code(
    "OBJ0206",
    "Not one of the allowed values",
    "The key takes one of a fixed list of words, which the message names.",
    wrong="object: offer\nservice: offers\nfields: {subject: {type: txt}}",
    right="object: offer\nservice: offers\nfields: {subject: {type: text}}",
)
OUT_OF_BOUNDS = code(
    "OBJ0207",
    "Value out of bounds",
    "The value is too small, too large, empty or not of the form that the key wants.",
    wrong="service: shop\nport: 70000",
    right="service: shop\nport: 3001",
)
DEFINED_TWICE = code(
    "OBJ0210",
    "Defined twice",
    "Two documents of the same kind have the same name. Only one of them can be meant; the message "
    "says where the other stands.",
    wrong="object: offer\nservice: offers\n---\nobject: offer\nservice: offers",
    right="object: offer\nservice: offers",
)
