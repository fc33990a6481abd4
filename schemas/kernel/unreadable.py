"""What takes the place of a payload that says to be encrypted and does not open."""

from typing import Final

UNREADABLE: Final = b"binary/unreadable"
"""Its encoding; its data say why, in words without anything of the payload."""


class UnreadablePayloadError(Exception):
    """A payload does not open. Never final for a workflow: the ring may be mended.

    The text holds the key's id and nothing of the payload.
    """
