"""The table of functions as the documentation shows it."""

from objectry.expressions.functions import FUNCTIONS


def functions_table() -> str:
    """Markdown: every function, how it is written, what it gives."""
    rows = [
        f"| `{function.usage}` | {function.summary} |" for _, function in sorted(FUNCTIONS.items())
    ]
    return "\n".join(["| function | gives |", "| --- | --- |", *rows])
