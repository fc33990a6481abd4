"""Database roles, their generated passwords in `home/secrets` (0600), and the addresses made from them."""

import secrets
from typing import Literal
from urllib.parse import quote

from activities.kernel.private_files import write_private
from embedded.home import Home
from schemas.kernel.homes import COMMON, CaseHome

Role = Literal["owner", "worker", "office", "auditor"]

DATABASE = "iehe"
SUPERUSER = "postgres"
ROLES: dict[Role, str] = {
    "owner": "iehe_owner",
    "worker": "iehe_worker",
    "office": "iehe_office",
    "auditor": "iehe_auditor",
}


def login_of(role: Role, of: str = COMMON) -> str:
    """The login of a role; each home of cases has a worker's of its own, all else is for all of them."""
    return CaseHome(of).login if role == "worker" else ROLES[role]


def ensure_secret(home: Home, login: str) -> tuple[str, bool]:
    """Return the password of a login, and whether it was only just made."""
    path = home.secrets / login
    if path.exists():
        return read_secret(home, login), False
    secret = secrets.token_hex(24)
    # one that reached the database but not the disk would lock us out after a power cut
    write_private(path, secret.encode())
    return secret, True


def read_secret(home: Home, login: str) -> str:
    """Return the password of a login. Raises OSError: it is missing or not ours to read."""
    return (home.secrets / login).read_text(encoding="ascii")


def database_url(home: Home, role: Role, database: str = DATABASE, *, of: str = COMMON) -> str:
    """Return the address of a database of the embedded server, for asyncpg, with its password.

    Args:
        home: the stack's folder.
        role: with whose rights.
        database: its name.
        of: the home of cases that a worker works for.

    Raises:
        OSError: the password is missing or not ours to read.
    """
    login = login_of(role, of)
    socket = quote(str(home.socket), safe="/")
    return f"postgresql://{login}:{read_secret(home, login)}@/{quote(database)}?host={socket}&port=5432"
