"""What can keep the embedded stack from running, each with the exit code that the command line gives."""

from collections.abc import Sequence
from typing import ClassVar


class StackFault(Exception):  # noqa: N818 - named for what happened, as its subclasses are
    """A fault of the embedded stack whose text says what to do; its base class is never raised itself."""

    exit_code: ClassVar[int] = 10
    japanese: ClassVar[str] = "単体構成を起動できません"
    """What happened, for a reader of Japanese; the text with the particulars follows it."""


class StackNotRunning(StackFault):
    """The command needs the embedded stack and nothing runs on this home."""

    exit_code = 7
    japanese = "システムが起動していません（make run で起動してください）"


class UnusableHome(StackFault):
    """The home folder, or the account that PostgreSQL shall run under, cannot be used as it is set."""

    exit_code = 8
    japanese = "データフォルダー（IEHE_HOME）を使用できません"


class PortsTaken(StackFault):
    """Ports that cannot be listened on, each as (setting, port, reason); names all of them at once."""

    exit_code = 8
    japanese = "ポートを使用できません"

    def __init__(self, taken: Sequence[tuple[str, int, str]]) -> None:
        lines = (f"port {port}: {reason}; set {setting} to another one" for setting, port, reason in taken)
        super().__init__("\n".join(lines))


class AlreadyRunning(StackFault):
    """Another supervisor holds this home; it was left alone."""

    exit_code = 9
    japanese = "システムは既に起動しています"


class ChildDied(StackFault):
    """A child process ended on its own; names the child, how it ended and its log."""

    exit_code = 10
    japanese = "サーバーまたは処理プロセスが停止しました（ログを確認してください）"


class ServerStartFailed(StackFault):
    """A server runs but did not become ready within its deadline."""

    exit_code = 10
    japanese = "サーバーが時間内に起動しませんでした（ログを確認してください）"
