"""`iehe admissions`: import applications, enter facts, decide, and what a reviewer sees."""

import typer

from cli.admission import decisions
from cli.admission.facts import event
from cli.admission.importing import import_applications
from cli.admission.reviewing import material
from cli.admission.starting import imports, start_pending

app = typer.Typer(no_args_is_help=True, help="Applications: import, facts that arrive, decisions.")
app.command("import")(import_applications)
app.command("imports")(imports)
app.command("start-pending")(start_pending)
app.command("event")(event)
app.command("material")(material)
app.registered_commands += decisions.app.registered_commands
