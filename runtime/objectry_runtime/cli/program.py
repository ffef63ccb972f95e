"""The program: commands by name, loaded when asked for; every user's mistake becomes a message."""

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

import click

from objectry_runtime.cli.failure import LOCKED, PROBLEMS, USAGE, Failure

# Name → summary. A command's module is imported only when it runs or shows its own help: the
# start of `objectry --help` should not pay for a web server.
COMMANDS = {
    "init": "Make a new project.",
    "new": "Write a new definition into the project.",
    "validate": "Find all mistakes in the definitions.",
    "test": "Tell the project's scenarios on a throw-away database.",
    "fmt": "Format the definitions' YAML.",
    "plan": "Show what publishing would do to the database.",
    "apply": "Publish the definitions: do what `plan` shows.",
    "serve": "Serve the live release over HTTP.",
    "up": "Run all services as processes of their own behind one gateway.",
    "schema": "Print JSON Schemas of definitions or of an object's records.",
    "openapi": "Print the OpenAPI document.",
    "key": "Make, list and revoke API keys.",
    "explain": "Tell what an error code means.",
    "doctor": "Check the environment and say how to mend it.",
    "verify": "Check every invariant of the stored data.",
}


class Program(click.Group):
    """A group whose commands live one to a module in `cli.commands`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which a project meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"objectry_runtime.cli.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with "did you mean" for a mistyped command."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            from rapidfuzz import process

            near = process.extractOne(name, list(COMMANDS), score_cutoff=60.0)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {name!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands from the table above, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start here:  objectry serve --demo",
)
@click.version_option(package_name="objectry")
def program() -> None:
    """Objectry: business objects declared in YAML become tables, APIs, workflow and events."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 fine, 1 problems, 2 bad usage, 3 refused, 4 locked."""
    code = run(arguments)
    # The interpreter is about to look for garbage among everything once more: it all goes anyway.
    gc.disable()
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        result = program.main(args=arguments, prog_name="objectry", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return USAGE if isinstance(error, click.UsageError) else error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return 130
    except BrokenPipeError:
        # Whoever read our output left (`objectry … | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PROBLEMS
    except Exception as error:  # the edge: known mistakes become a message, ours a traceback
        failure = explain_exception(error)
        if failure is None:
            raise
        click.echo(f"Error: {failure.message}", err=True)
        if failure.hint:
            click.echo(failure.hint, err=True)
        return failure.exit_code
    return result if isinstance(result, int) else 0


def explain_exception(error: Exception) -> Failure | None:
    """The message for an exception that a user can cause, None for a defect of ours."""
    if isinstance(error, Failure):
        return error
    # Only on the way out: a command that went well never pays for these imports.
    from objectry_runtime.host import PluginProblem
    from objectry_runtime.problems import Problem
    from objectry_runtime.publishing import PublishConflict, PublishError
    from objectry_runtime.services.runtime import NothingPublished
    from objectry_runtime.services.secret import SecretProblem
    from objectry_runtime.services.server import PortProblem
    from objectry_runtime.services.settings import SettingsProblem
    from objectry_runtime.store.database import DatabaseUnusable
    from objectry_runtime.store.executor import DatabaseUnavailable

    doctor = "`objectry doctor` checks the whole environment."
    match error:
        case SettingsProblem() | PluginProblem():
            return Failure(f"The settings have mistakes.\n{error}")
        case DatabaseUnusable() | DatabaseUnavailable():
            return Failure(_sentence(str(error)), doctor)
        case PublishConflict():
            return Failure(_sentence(str(error)), exit_code=LOCKED)
        case PublishError():
            return Failure(_sentence(str(error)))
        case NothingPublished():
            return Failure(_sentence(str(error)), "`objectry serve` or `objectry apply` does.")
        case Problem():  # of the demo data, on a project that can't take it
            return Failure(f"{error.title} {error}")
        case PortProblem() | SecretProblem():
            return Failure(_sentence(str(error)))
        case OSError(strerror=str(reason)):
            where = f": {error.filename}" if error.filename else ""
            return Failure(f"{reason}{where}", doctor)
        case _:
            return None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
