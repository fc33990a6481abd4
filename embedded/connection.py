"""How other commands reach the databases: by settings, or by the running embedded stack's secrets."""

from embedded.credentials import Role, database_url
from embedded.faults import StackNotRunning, UnusableHome
from embedded.home import Home
from embedded.lock import Holder, holder_of
from schemas.kernel.homes import COMMON, CaseHome
from workers.settings import Settings


class Embedded:
    """Connection addresses for every role; nothing is connected here."""

    def __init__(self, settings: Settings) -> None:
        self.home = Home(settings.home)
        self._settings = settings
        self._set: dict[Role, str | None] = {
            "office": settings.office_database_url,
            "auditor": settings.auditor_database_url,
            "owner": settings.owner_database_url,
        }

    def url(self, role: Role, of: str = COMMON) -> str:
        """Return the database address of a role: the one that is set, otherwise the embedded server's.

        Args:
            role: with whose rights.
            of: the home of cases that a worker works for.

        Raises:
            SettingsError: the server is elsewhere, and how to reach it as this home's worker is not set.
            StackNotRunning: the embedded server is meant and does not run.
            UnusableHome: the home belongs to another account.
        """
        configured = self._settings.database_url_of(CaseHome(of)) if role == "worker" else self._set[role]
        if configured is not None:
            return configured
        self.require_running()
        try:
            return database_url(self.home, role, of=of)
        except FileNotFoundError:
            raise StackNotRunning("the stack is just being set up: try again in a few seconds") from None
        except OSError as error:
            raise self._not_ours(error) from None

    def require_running(self) -> Holder:
        """Return who runs the stack.

        Raises:
            StackNotRunning: nobody does.
            UnusableHome: the home belongs to another account.
        """
        try:
            holder = holder_of(self.home)
        except OSError as error:
            raise self._not_ours(error) from None
        if holder is None:
            raise StackNotRunning(f"the stack is not running on {self.home.root}: make run")
        return holder

    def _not_ours(self, error: OSError) -> UnusableHome:
        return UnusableHome(
            f"{error.filename}: {error.strerror}; use the account that runs the stack, or set IEHE_HOME"
        )
