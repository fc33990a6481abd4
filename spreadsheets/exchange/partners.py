"""Check a file of home universities."""

from pathlib import Path
from typing import Final

from schemas.exchange.partners_list import Partner
from spreadsheets.column_words import ColumnWords
from spreadsheets.headers import Form
from spreadsheets.repeats import Repeat
from spreadsheets.rows import Checked, check_table
from spreadsheets.values import choice, email, key, line

_registered = key(r"[a-z][a-z0-9-]{0,31}", "code-invalid")
_WORDS: Final = ColumnWords(Path(__file__).with_name("partners.toml"))
PARTNER_COLUMNS: Final = _WORDS.columns(
    {
        "partner": key(r"[a-z0-9][a-z0-9_.-]{0,31}", "code-invalid"),
        "name": line(100),
        "mail": email,
        "language": choice(_WORDS.choices("language")),
        "base": key(r"https?://[^/?#@\s]+(/[^?#\s]*[^/?#\s])?", "code-invalid"),
        "source": _registered,
        "webhook": _registered,
    }
)
_REPEATS: Final = (Repeat("partner-repeated", "partner", lambda row: row.values.get("partner")),)


def check_partners_file(path: Path) -> Checked[Partner]:
    """Validate a file of home universities without changing anything."""
    return check_table(path, Partner, Form(PARTNER_COLUMNS), row_rules=lambda _row: None, repeats=_REPEATS)
