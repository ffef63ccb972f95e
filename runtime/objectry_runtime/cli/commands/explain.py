"""`objectry explain`: what a code means, and the same thing written wrong and right."""

import click

from objectry_runtime.cli.options import json_option


@click.command(epilog="Example:  objectry explain OBJ0101")
@click.argument("code")
@json_option
def command(code: str, as_json: bool) -> int:
    """Tell what a code means: OBJ0101 of a finding, or validation_failed of an HTTP error."""
    from objectry_runtime.cli.codes import all_codes, http_codes
    from objectry_runtime.cli.failure import Failure
    from objectry_runtime.cli.output import Output

    found = all_codes().get(code.upper())
    if found is not None:
        parts = [f"{found.code}  {found.title}", "", found.explanation]
        for label, example in (("Wrong", found.wrong), ("Right", found.right)):
            if example:
                parts += ["", f"{label}:", *(f"    {line}" for line in example.splitlines())]
        Output("explain", json=as_json).record(found, "\n".join(parts))
        return 0
    error = http_codes().get(code.lower())
    if error is not None:
        text = f"{error.code}  HTTP {error.status}  {error.title}\n\n{error.advice}"
        Output("explain", json=as_json).record(error, text)
        return 0
    from rapidfuzz import process

    near = process.extractOne(code, [*all_codes(), *http_codes()], score_cutoff=60.0)
    raise Failure(
        f'There is no code "{code}".',
        f"Did you mean {near[0]}?" if near else "Codes are OBJ and four digits, such as OBJ0101.",
    )
