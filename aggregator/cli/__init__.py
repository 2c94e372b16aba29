"""The command line. Results on stdout; progress, logs and errors on stderr.

Exit codes: 0 done · 1 done in part · 2 wrong usage or configuration.
"""

import os
import sys

import click

from aggregator import __version__
from aggregator.cli.common import Place
from aggregator.cli.common import importing
from aggregator.errors import AggregatorError
from aggregator.errors import ConfigError

# Where each command lives; imported only when it is called, so that starting is quick.
COMMANDS = {
    "check": "telling",
    "sources": "telling",
    "items": "telling",
    "explain": "explaining",
    "relabel": "correcting",
    "correct": "correcting",
    "corrections": "correcting",
    "duplicates": "joining",
    "units": "units",
    "pull": "pulling",
    "run": "running",
    "serve": "running",
    "work": "running",
    "demo": "showing",
    "alerts": "alerting",
    "migrate": "running",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        home = f"aggregator.cli.{COMMANDS[cmd_name]}"
        with importing():
            module = __import__(home, fromlist=[cmd_name])
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    envvar="AGGREGATOR_CONFIG",
    default="feeds.toml",
    show_default=True,
    metavar="FILE",
    help="The file that names authorities and sources.",
)
@click.option(
    "--database",
    envvar="AGGREGATOR_DATABASE_URL",
    metavar="URL",
    help="SQLite or PostgreSQL.  [default: SQLite in var/ beside the config file]",
)
@click.version_option(__version__, prog_name="aggregator")
@click.pass_context
def cli(ctx: click.Context, config: str, database: str | None) -> None:
    """Pull the education sector's feeds, clean and file them, publish them again."""
    ctx.obj = Place(config=config, database=database)


def main() -> None:
    """Run the command line; turn our errors into sentences and exit codes."""
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the results has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or 1
    sys.exit(code)


def _run() -> int:
    try:
        cli.main(prog_name="aggregator", standalone_mode=False)
        return 0
    except SystemExit as exit_:
        return int(exit_.code or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    except AggregatorError as error:
        print(f"aggregator: {error}", file=sys.stderr)
        return 2
