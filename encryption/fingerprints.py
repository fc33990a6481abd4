"""Whether a key ring is the one that the database's cases are encrypted with, by fingerprints noted there.

A process with another ring would write what nobody else can open, and could not open what is there.
"""

from typing import Final

from activities.kernel.database import Connection
from activities.kernel.queries import queries
from encryption.ring import KeyRing, KeyRingError

SQL: Final = queries("kernel/codec")


class StrangeRingError(KeyRingError):
    """The ring belongs to something else, or lacks keys; the text says what to do, and so does `japanese`."""

    def __init__(self, english: str, japanese: str) -> None:
        super().__init__(english)
        self.japanese = japanese


async def check_ring(connection: Connection, ring: KeyRing) -> None:
    """Compare every key of the ring of one home with what is noted of it, and note those that are new.

    Raises:
        StrangeRingError: another key has one of the ids, or the ring lacks a key that is noted.
    """
    async with connection.transaction():
        await connection.execute(SQL["lock_keys"])
        noted = {
            row["key_id"]: row["fingerprint"]
            for row in await connection.fetch(SQL["noted_keys"], ring.home.name)
        }
        own = ring.fingerprints()
        if strange := sorted(key_id for key_id in own.keys() & noted.keys() if own[key_id] != noted[key_id]):
            raise StrangeRingError(
                f"{ring.path} is not the key ring of this database: it has other keys under the ids "
                f"{', '.join(strange)}. Nothing was done with it. Set IEHE_KEY_RING to the ring that belongs "
                "to the database, or restore that one from its backup (iehe keys list shows fingerprints)",
                f"{ring.path} はこのデータベースの鍵束ではありません。同じ鍵 ID（{', '.join(strange)}）で"
                "異なる鍵が入っています。何も処理していません。IEHE_KEY_RING に正しい鍵束を指定するか、"
                "バックアップから復元してください（iehe keys list で指紋を確認できます）",
            )
        if missing := sorted(noted.keys() - own.keys()):
            raise StrangeRingError(
                f"{ring.path} lacks keys that this database's cases are encrypted with: {', '.join(missing)}"
                ". Nothing was done with it. Copy the newest ring here, or restore it from its backup; a key "
                "that is lost for good: iehe keys forget KEY",
                f"{ring.path} には、このデータベースの案件の暗号化に使われた鍵がありません: "
                f"{', '.join(missing)}。何も処理していません。最新の鍵束をコピーするか、"
                "バックアップから復元してください。完全に失われた鍵は iehe keys forget KEY で除外できます",
            )
        new = {key_id: mark for key_id, mark in own.items() if key_id not in noted}
        await connection.execute(SQL["note_keys"], ring.home.name, list(new), list(new.values()))
