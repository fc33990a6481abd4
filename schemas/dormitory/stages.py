"""Where the allocation of a house and term stands, and the codes of rooms, needs and reasons."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a run stands."""

    COLLECTING = "collecting"
    FROZEN = "frozen"
    CONFIRMED = "confirmed"
    OFFERING = "offering"
    SETTLED = "settled"
    CLOSED = "closed"


class RoomKind(StrEnum):
    """Kinds of rooms; what is given is always a bed (X20)."""

    SINGLE = "single"
    UNIT = "unit"
    """A room of one's own, in a unit of eight that share the rest."""
    SHARED = "shared"
    COUPLE = "couple"
    FAMILY = "family"
    ACCESSIBLE = "accessible"


class Gender(StrEnum):
    """As stated by the person, never from a name (X25)."""

    WOMAN = "woman"
    MAN = "man"
    OTHER = "other"
    UNDISCLOSED = "undisclosed"


class Status(StrEnum):
    """Of residence: who has none, and expects none, gets no bed (X24)."""

    HELD = "held"
    EXPECTED = "expected"
    NONE = "none"


class Need(StrEnum):
    """What a bed must be fit for, as a code."""

    ACCESSIBLE = "accessible"
    FAMILY = "family"


class Reason(StrEnum):
    """Why somebody has no bed, or a free bed nobody."""

    NOT_ACCEPTED = "not-accepted"
    CONDUCT = "conduct"
    ARREARS = "arrears"
    NO_STATUS = "no-status"
    PARTNER_MISSING = "partner-missing"
    PARTNER_UNPROVEN = "partner-unproven"
    PARTNER_LEFT = "partner-left"
    FAMILY_UNKNOWN = "family-unknown"
    STAY_TOO_LONG = "stay-too-long"
    GENDER_ASKED = "gender-asked"
    GENDER_UNFIT = "gender-unfit"
    NO_BED_OF_KIND = "no-bed-of-kind"
    ACCESSIBLE_KEPT = "accessible-kept"
    MOVE_NOT_PROMISED = "move-not-promised"
    RESERVE_KEPT = "reserve-kept"
    FRAME_FULL = "frame-full"
    HOUSE_FULL = "house-full"
    WAITLIST_OVER = "waitlist-over"
    ROOM_CLOSED = "room-closed"
    SWAPPED = "swapped"
    RELOCATED = "relocated"
    NOT_ANSWERED = "not-answered"
