"""`iehe exchange …`: what the office has beside the decisions and facts of mobilities."""

import typer

from cli.exchange.partners import partners, refresh

app = typer.Typer(no_args_is_help=True)
app.add_typer(partners, name="partners")
app.command("refresh")(refresh)
