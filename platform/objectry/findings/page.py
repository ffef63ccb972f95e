"""The reference page of all codes, made from the registry that `objectry explain` reads."""

from objectry.findings.codes import CODES, Code

_FAMILIES = {
    "OBJ01": "YAML",
    "OBJ02": "Shape",
    "OBJ03": "Meaning",
    "OBJ04": "Expressions",
    "OBJ05": "Dependencies",
    "OBJ06": "Shapes of objects",
    "OBJ08": "Settings and plugins",
}
_INTRODUCTION = """\
# Findings

What is wrong with definitions, settings or plugins is reported as a *finding*: the place
(`file:line:column`), a stable code, what is wrong and what would be right. `objectry validate`
reports all findings of a project in one run; `objectry explain CODE` prints the entry of this
page. Codes are never reused. A warning does not keep definitions from being published.

This page is made from the registry of codes.
"""


def findings_page() -> str:
    """The page in Markdown, over all codes registered so far (import what registers them first)."""
    parts = [_INTRODUCTION]
    family = ""
    for number in sorted(CODES):
        if not number.startswith(family) or not family:
            family = number[:5]
            parts.append(f"## {_FAMILIES.get(family, 'Other')}\n")
        parts.append(_entry(CODES[number]))
    return "\n".join(parts)


def _entry(code: Code) -> str:
    lines = [f"### {code.code}: {code.title}", "", code.explanation, ""]
    for name, example in (("Wrong", code.wrong), ("Right", code.right)):
        if example:
            language = "yaml" if "\n" in example or example.startswith("#") else "text"
            lines += [f"{name}:", "", f"```{language}", example, "```", ""]
    return "\n".join(lines)
