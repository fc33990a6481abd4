"""`iehe admissions`: import applications, enter facts, decide, and what a reviewer sees."""

import typer

from workers.cli import decisions
from workers.cli.events import event
from workers.cli.importing import import_applications
from workers.cli.reviewing import material
from workers.cli.starting import imports, start_pending

app = typer.Typer(no_args_is_help=True, help="Applications: import, facts that arrive, decisions.")
app.command("import")(import_applications)
app.command("imports")(imports)
app.command("start-pending")(start_pending)
app.command("event")(event)
app.command("material")(material)
app.registered_commands += decisions.app.registered_commands
