"""The settings of a command: from the environment, or an answer that names what is missing."""

import typer
from pydantic import ValidationError

from tyokyky_bridge.settings import Settings

EX_CONFIG = 78


def read_settings() -> Settings:
    """The settings of this process. Exits with `EX_CONFIG`, naming each variable that is missing or wrong."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # from the environment
    except ValidationError as error:
        for e in error.errors(include_input=False):
            name = "TYOKYKY_" + "_".join(str(part) for part in e["loc"]).upper()
            typer.echo(f"{name}: {e['msg']}", err=True)
        typer.echo("see docs/how-to/run.md for every setting, or start with: tyokyky-bridge demo", err=True)
        raise typer.Exit(EX_CONFIG) from error
