"""`iehe admission` beside its decisions and facts: imports, material; rounds and samples."""

import typer

from cli.admission import rounds, sample
from cli.admission.importing import import_applications
from cli.admission.imports import imports
from cli.admission.reviewing import material

app = typer.Typer(no_args_is_help=True)
app.command("import")(import_applications)
app.command("imports")(imports)
app.command("material")(material)
app.add_typer(rounds.app, name="round")
GROUPS = {"sample": sample.app}
