"""The six tables that stand beside the stages of a mobility."""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.exchange.roles import Role
from schemas.exchange.stages import Agreement, Coe, Housing, Scholarship, Track, Tutor, Visa
from workflows.kernel.lifecycle import By, Lifecycle, StageInfo, Step, step

OFFICE: Final = frozenset({Role.OFFICE, Role.HEAD})
HEAD: Final = frozenset({Role.HEAD})
FACULTY: Final = frozenset({Role.COORDINATOR})


def _both(decision: str, fact: str, at: Iterable[str], to: Iterable[str] = ()) -> tuple[Step, ...]:
    """What the office enters, or another system tells."""
    at, to = tuple(at), tuple(to)
    return step(decision, at=at, by=OFFICE, to=to), step(fact, at=at, by=By.EVENT, to=to)


_COE: Final = ("", *Coe)
COE: Final = Lifecycle(
    {
        Coe.NOT_NEEDED: StageInfo("不要", "not needed"),
        Coe.DATA_DUE: StageInfo("資料待ち", "data due", "student"),
        Coe.DATA_RECEIVED: StageInfo("資料受領", "data received", Role.OFFICE),
        Coe.FILED: StageInfo("申請中", "filed", "immigration"),
        Coe.MORE_DOCUMENTS: StageInfo("追加資料", "more documents", "student"),
        Coe.ISSUED: StageInfo("交付", "issued", "student"),
        Coe.DENIED: StageInfo("不交付", "denied", Role.HEAD),
        Coe.EXPIRED: StageInfo("期限切れ", "expired", Role.HEAD),
        Coe.WITHDRAWN: StageInfo("取下げ", "withdrawn"),
    },
    (
        *_both("answer-offer", "offer-answered", _COE, [Coe.NOT_NEEDED, Coe.DATA_DUE]),
        step("record-coe-data", at=[Coe.DATA_DUE], by=OFFICE, to=[Coe.DATA_RECEIVED]),
        step("file-coe", at=[Coe.DATA_RECEIVED, Coe.MORE_DOCUMENTS], by=OFFICE, to=[Coe.FILED]),
        *_both(
            "record-coe-result",
            "coe-result",
            [Coe.FILED, Coe.MORE_DOCUMENTS, Coe.ISSUED],
            [Coe.ISSUED, Coe.DENIED, Coe.MORE_DOCUMENTS, Coe.EXPIRED],
        ),
        step("coe-over", at=[Coe.ISSUED], by=By.CLOCK, to=[Coe.EXPIRED]),
        step("choose-after-denial", at=_COE, by=HEAD, to=[Coe.FILED]),
        step("undo", at=_COE, by=By.SYSTEM, to=[Coe.WITHDRAWN]),
    ),
)

_VISA: Final = ("", *Visa)
VISA: Final = Lifecycle(
    {
        Visa.NOT_NEEDED: StageInfo("不要", "not needed"),
        Visa.WAITING_COE: StageInfo("在留資格認定証明書待ち", "waiting for the certificate"),
        Visa.APPLIED: StageInfo("申請中", "applied", "embassy"),
        Visa.GRANTED: StageInfo("発給", "granted"),
        Visa.REFUSED: StageInfo("拒否", "refused", Role.HEAD),
    },
    (
        *_both("answer-offer", "offer-answered", _VISA, [Visa.NOT_NEEDED, Visa.WAITING_COE]),
        *_both(
            "record-visa-result",
            "visa-result",
            [Visa.WAITING_COE, Visa.APPLIED],
            [Visa.APPLIED, Visa.GRANTED, Visa.REFUSED],
        ),
        step("coe-over", at=_VISA, by=By.CLOCK, to=[Visa.WAITING_COE]),
        step("choose-after-denial", at=_VISA, by=HEAD, to=[Visa.WAITING_COE]),
    ),
)

_DORMITORY: Final = ("", *Housing)
_UNHOUSED: Final = (
    Housing.NOT_APPLIED,
    Housing.REQUESTED,
    Housing.WAITLISTED,
    Housing.OFFERED,
    Housing.LAPSED,
    Housing.RELEASED,
)
DORMITORY: Final = Lifecycle(
    {
        Housing.NOT_APPLIED: StageInfo("未申請", "not applied", "student"),
        Housing.REQUESTED: StageInfo("入居希望", "requested", "dormitory"),
        Housing.WAITLISTED: StageInfo("空き待ち", "waitlisted", "dormitory"),
        Housing.OFFERED: StageInfo("入居内定", "offered", "student"),
        Housing.LAPSED: StageInfo("内定失効", "lapsed", "dormitory"),
        Housing.CONFIRMED: StageInfo("入居決定", "confirmed"),
        Housing.CHECKED_IN: StageInfo("入居中", "checked in"),
        Housing.CHECKED_OUT: StageInfo("退去", "checked out"),
        Housing.ALTERNATIVE: StageInfo("他の住居", "alternative housing"),
        Housing.RELEASED: StageInfo("取消", "released", Role.OFFICE),
    },
    (
        step("open", at=[""], by=By.SYSTEM, to=[Housing.NOT_APPLIED]),
        step(
            "dormitory-requested",
            at=[Housing.NOT_APPLIED, Housing.RELEASED],
            by=By.EVENT,
            to=[Housing.REQUESTED],
        ),
        step("bed-offered", at=[Housing.REQUESTED, Housing.WAITLISTED], by=By.EVENT, to=[Housing.OFFERED]),
        step(
            "bed-changed",
            at=[
                Housing.REQUESTED,
                Housing.OFFERED,
                Housing.WAITLISTED,
                Housing.LAPSED,
                Housing.CONFIRMED,
                Housing.CHECKED_IN,
            ],
            by=By.EVENT,
            to=[Housing.WAITLISTED, Housing.LAPSED, Housing.CONFIRMED, Housing.RELEASED],
        ),
        *_both("answer-offer", "offer-answered", _DORMITORY, [Housing.CONFIRMED, Housing.RELEASED]),
        step("find-housing", at=_UNHOUSED, by=OFFICE, to=[Housing.ALTERNATIVE]),
        step("checked-in", at=[Housing.CONFIRMED], by=By.EVENT, to=[Housing.CHECKED_IN]),
        step("checked-out", at=[Housing.CHECKED_IN], by=By.EVENT, to=[Housing.CHECKED_OUT]),
        step("record-early-return", at=_DORMITORY, by=OFFICE, to=[Housing.CHECKED_OUT]),
        step("undo", at=_DORMITORY, by=By.SYSTEM, to=[Housing.RELEASED, Housing.CHECKED_OUT]),
    ),
)

_SCHOLARSHIP: Final = ("", *Scholarship)
SCHOLARSHIP: Final = Lifecycle(
    {
        Scholarship.NOT_REQUESTED: StageInfo("希望なし", "not requested"),
        Scholarship.INTEREST: StageInfo("希望", "interest", Role.OFFICE),
        Scholarship.NOMINATED: StageInfo("推薦", "nominated", "foundation"),
        Scholarship.SUBSTITUTE: StageInfo("補欠", "on the substitute list", "foundation"),
        Scholarship.GRANTED: StageInfo("採用", "granted"),
        Scholarship.NOT_GRANTED: StageInfo("不採用", "not granted"),
        Scholarship.ACTIVE: StageInfo("支給中", "active"),
        Scholarship.SUSPENDED: StageInfo("停止中", "suspended"),
        Scholarship.RETURN_DUE: StageInfo("返納", "to be returned", Role.OFFICE),
        Scholarship.ENDED: StageInfo("終了", "ended"),
    },
    (
        step("open", at=[""], by=By.SYSTEM, to=[Scholarship.NOT_REQUESTED]),
        step(
            "apply-scholarship",
            at=[Scholarship.NOT_REQUESTED, Scholarship.INTEREST],
            by=OFFICE,
            to=[Scholarship.INTEREST, Scholarship.NOMINATED],
        ),
        *_both(
            "record-scholarship",
            "scholarship-result",
            [
                Scholarship.NOMINATED,
                Scholarship.SUBSTITUTE,
                Scholarship.GRANTED,
                Scholarship.ACTIVE,
                Scholarship.SUSPENDED,
            ],
            [
                Scholarship.GRANTED,
                Scholarship.SUBSTITUTE,
                Scholarship.NOT_GRANTED,
                Scholarship.ACTIVE,
                Scholarship.SUSPENDED,
            ],
        ),
        step("begin-term", at=_SCHOLARSHIP, by=By.SYSTEM, to=[Scholarship.ACTIVE]),
        step("month-over", at=_SCHOLARSHIP, by=By.CLOCK, to=[Scholarship.SUSPENDED]),
        *_both("record-signature", "enrolment-signed", _SCHOLARSHIP, [Scholarship.ACTIVE]),
        step("grant-leave", at=_SCHOLARSHIP, by=OFFICE, to=[Scholarship.ACTIVE, Scholarship.SUSPENDED]),
        step(
            "undo",
            at=_SCHOLARSHIP,
            by=By.SYSTEM,
            to=[Scholarship.RETURN_DUE, Scholarship.ENDED, Scholarship.NOT_GRANTED],
        ),
        step("return-scholarship", at=[Scholarship.RETURN_DUE], by=OFFICE, to=[Scholarship.ENDED]),
        step(
            "record-departure",
            at=[
                "",
                Scholarship.NOT_REQUESTED,
                Scholarship.NOT_GRANTED,
                Scholarship.RETURN_DUE,
                Scholarship.ENDED,
            ],
            by=OFFICE,
        ),
        step(
            "record-departure",
            at=[Scholarship.INTEREST, Scholarship.NOMINATED, Scholarship.SUBSTITUTE],
            by=OFFICE,
            to=[Scholarship.NOT_GRANTED],
        ),
        step(
            "record-departure",
            at=[Scholarship.GRANTED, Scholarship.ACTIVE, Scholarship.SUSPENDED],
            by=OFFICE,
            to=[Scholarship.ENDED],
        ),
    ),
)

_SIGNABLE: Final = (Agreement.PROPOSED, Agreement.CHANGE_PROPOSED)
AGREEMENT: Final = Lifecycle(
    {
        Agreement.NONE: StageInfo("未作成", "none", "student"),
        Agreement.PROPOSED: StageInfo("提出", "proposed", "coordinator"),
        Agreement.COMMENTED: StageInfo("差戻し", "commented", "student"),
        Agreement.APPROVED: StageInfo("承認", "approved"),
        Agreement.CHANGE_PROPOSED: StageInfo("変更提出", "change proposed", "coordinator"),
    },
    (
        step("open", at=[""], by=By.SYSTEM, to=[Agreement.NONE]),
        step("agreement-proposed", at=tuple(Agreement), by=By.EVENT, to=_SIGNABLE),
        step("agreement-signed", at=_SIGNABLE, by=By.EVENT),
        step("agreement-commented", at=_SIGNABLE, by=By.EVENT, to=[Agreement.COMMENTED]),
        step("sign-agreement", at=_SIGNABLE, by=FACULTY, to=[Agreement.APPROVED, Agreement.COMMENTED]),
    ),
)

_TUTOR: Final = ("", *Tutor)
TUTOR: Final = Lifecycle(
    {
        Tutor.UNASSIGNED: StageInfo("未定", "unassigned", Role.OFFICE),
        Tutor.ASSIGNED: StageInfo("決定", "assigned"),
        Tutor.GUIDED: StageInfo("面談済", "guided"),
        Tutor.ENDED: StageInfo("終了", "ended"),
    },
    (
        step("open", at=[""], by=By.SYSTEM, to=[Tutor.UNASSIGNED]),
        step(
            "assign-tutor",
            at=[Tutor.UNASSIGNED, Tutor.ASSIGNED, Tutor.GUIDED],
            by=OFFICE,
            to=[Tutor.ASSIGNED],
        ),
        step("record-guidance", at=[Tutor.ASSIGNED], by=OFFICE, to=[Tutor.GUIDED]),
        step("undo", at=_TUTOR, by=By.SYSTEM, to=[Tutor.ENDED]),
        step("record-departure", at=_TUTOR, by=OFFICE, to=[Tutor.ENDED]),
    ),
)

TRACKS: Final[Mapping[str, Lifecycle]] = {
    Track.COE: COE,
    Track.VISA: VISA,
    Track.DORMITORY: DORMITORY,
    Track.SCHOLARSHIP: SCHOLARSHIP,
    Track.AGREEMENT: AGREEMENT,
    Track.TUTOR: TUTOR,
}
