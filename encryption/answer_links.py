"""What stands in a link by which a letter is answered: the notice, sealed, so that nobody can make one."""

import base64
import binascii
from typing import Final

from encryption.ring import KeyRing
from encryption.source_secrets import Unsealable, seal, unseal

_PURPOSE: Final = "answer-link"
_LIMIT: Final = 512


def token_of(ring: KeyRing, notice_id: str) -> str:
    """The last part of the link in a notice's letter; whoever has it answers for the notice's reader."""
    return base64.urlsafe_b64encode(seal(ring, _PURPOSE, "", bytes.fromhex(notice_id))).decode().rstrip("=")


def notice_of(ring: KeyRing, token: str) -> str | None:
    """The notice that a link names; None when we have not made it."""
    if len(token) > _LIMIT:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return unseal(ring, _PURPOSE, "", sealed).hex()
    except (binascii.Error, ValueError, Unsealable):
        return None
