"""What can be wrong with an expression: finding codes OBJ0400 to OBJ0499."""

from objectry.findings import code

SYNTAX = code(
    "OBJ0401",
    "This is not an expression",
    "The text can't be read as an expression: a bracket is missing, an operator has no operand, "
    "or a character has no meaning here.",
    wrong="quantity * (unit_price",
    right="quantity * (unit_price)",
)
LIMIT = code(
    "OBJ0402",
    "The expression is too large",
    "Expressions are bounded, so that any of them can be computed at once: 2,000 characters, "
    "50 levels of nesting, 1,000 parts. Give a part of it a formula field of its own.",
)
CONSTRUCT = code(
    "OBJ0403",
    "This is not part of the language",
    "Expressions use a small part of Python's syntax: names, literals, operators, "
    "`x if c else y`, and calls of the listed functions. Loops, lambdas, indexes, methods and "
    "assignments are not in it.",
    wrong="name.upper()",
    right="upper(name)",
)
UNKNOWN_NAME = code(
    "OBJ0404",
    "There is no such name here",
    "An expression names fields of its own object, of records that are linked by a dot, of its "
    "lines inside an aggregate, and of `parent`, `user` or `old` where these exist.",
    wrong="quantitty * unit_price",
    right="quantity * unit_price",
)
UNKNOWN_FUNCTION = code(
    "OBJ0405",
    "There is no such function",
    "Only the functions of the reference can be called.",
    wrong="uppercase(name)",
    right="upper(name)",
)
TYPE = code(
    "OBJ0406",
    "These values do not fit together",
    "An operator or a function got a value of a kind it can't work with. Nothing is converted "
    "silently: `text(…)` and `number(…)` convert.",
    wrong="'Total: ' + net_total",
    right="'Total: ' + text(net_total)",
)
ARGUMENTS = code(
    "OBJ0407",
    "The function is called with the wrong arguments",
    "The number of arguments does not fit, or one that must be written out is computed.",
    wrong="round(price, 2, 3)",
    right="round(price, 2)",
)
LITERAL = code(
    "OBJ0408",
    "This literal is not taken",
    "Numbers are written as plain decimals of at most 38 digits, texts in simple quotes without "
    "prefixes; what a field would refuse in a text is refused here too.",
    wrong="1_000",
    right="1000",
)
LINES = code(
    "OBJ0409",
    "Lines are used where a value is needed",
    "A table field holds many lines. `sum min max avg count any all` make one value of them.",
    wrong="lines.net_amount > 100",
    right="any(lines.net_amount > 100)",
)
LINK = code(
    "OBJ0410",
    "This can't be followed",
    "Only links can be followed by a dot, and only those that point to one object.",
    wrong="offer_date.year",
    right="year(offer_date)",
)
DIGITS = code(
    "OBJ0411",
    "The result could have too many digits",
    "Numbers are exact, so their digits grow with every multiplication. An expression whose result "
    "could need more than 1,000 digits, or a text of more than 10,000,000 characters, is refused. "
    "`round(x, 6)` in between keeps decimal places small.",
)
RESULT = code(
    "OBJ0412",
    "The expression gives another kind of value than is needed here",
    "A check, a guard or a row rule needs true or false; a formula and a default need a value of "
    "their field's kind.",
    wrong="when: count(lines)",
    right="when: count(lines) > 0",
)
POWER = code(
    "OBJ0413",
    "The exponent must be a whole number from 0 to 16",
    "`**` is repeated multiplication, so the exponent is written out.",
    wrong="rate ** periods",
    right="rate ** 2",
)
