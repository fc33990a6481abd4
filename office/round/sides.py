"""What is looked at while somebody decides about a round: files beside last year's, lists with cut lines."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from cases.administration import roles_for
from cases.round import boards, disclosures, lists, outputs, rejudgments, scores
from cases.round.rounds import READ, round_of
from office.case import Seen
from office.case_parts import Side, beside, parts
from office.context import office_of
from office.pages import Reader
from office.tables import Section, table
from schemas.kernel.case import Command
from schemas.round import commands, rejudgment
from schemas.round.dates import MoveDates
from workflows.kernel.sight import Field

ROOM: Final = "round"


async def _files(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """Each file that waits to be accepted: its counts, and its distribution beside last year's."""
    if not _may(reader, seen):
        return []
    pool, t, found = office_of(request).gateway.pool, reader.tongue, list[Section]()
    for each in await scores.list_scores(pool, seen.case_id):
        if each["state"] == "loaded":
            told = await scores.show(pool, seen.case_id, each["batch"])
            title = f"{told['kind']} {told['hash'][:12]}"
            compared = tuple((t.word(ROOM, name), str(count)) for name, count in told["counts"].items())
            found.append(Section(title, lines=compared))
            found.append(table(t, ROOM, title, told["parts"]))
    return found


def _lists(*states: str, of_first_stage: str) -> Side:
    """Lists as they stand, and of those that the decision can be about counts and cut lines: they are opened,
    which is noted. On those of a first stage nobody judges.
    """

    async def shown(request: Request, reader: Reader, seen: Seen) -> list[Section]:
        if not _may(reader, seen):
            return []
        pool, t = office_of(request).gateway.pool, reader.tongue
        rows = await lists.lists(pool, seen.case_id)
        state, _ = await round_of(pool, seen.row)
        cuts: list[dict[str, Any]] = []
        for each in rows:
            first = each["programme"] in state.first_stage
            if each["state"] in ((of_first_stage,) if first else states):
                name, number = each["programme"], each["number"]
                opened = await lists.open_list(pool, reader.actor.id, seen.case_id, name, number)
                cuts += [{"programme": name, **frame} for frame in lists.frames_told(opened.made)]
        standing = [{name: each[name] for name in _STANDING} for each in rows]
        found = [table(t, ROOM, t("Lists"), standing)] if standing else []
        return [*found, table(t, ROOM, t("Cut lines"), cuts)] if cuts else found

    return shown


async def _missing(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """What is missing, by part."""
    if not _may(reader, seen):
        return []
    told = await boards.missing(office_of(request).gateway.pool, seen.case_id)
    t = reader.tongue
    return [table(t, ROOM, t("What is missing"), told["parts"])] if told["parts"] else []


async def _rejudgment(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """Who was wronged and what changes, of the latest re-judgment: it is opened, which is noted."""
    if not _may(reader, seen):
        return []
    pool, t = office_of(request).gateway.pool, reader.tongue
    if not await rejudgments.rejudgments(pool, seen.case_id):
        return []
    told = await rejudgments.show(pool, reader.actor.id, seen.case_id)
    found = (
        (t("The wronged"), told["wronged_ones"]),
        (t("What changes"), told["changed"]),
        (t("Other rounds"), told["siblings"]),
    )
    return [table(t, ROOM, title, rows) for title, rows in found if rows]


async def _checked(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """Columns that are being checked, without a score: a column is opened by itself, which is noted."""
    if not _may(reader, seen):
        return []
    rows = await disclosures.columns_checked(office_of(request).gateway.pool, seen.case_id)
    t = reader.tongue
    return [table(t, ROOM, t("Columns being checked"), rows)] if rows else []


async def _ending(request: Request, reader: Reader, seen: Seen) -> list[Section]:
    """How far the end has come: what is open, in its order; what was compared; the sums, once there are."""
    if not _may(reader, seen):
        return []
    pool, t = office_of(request).gateway.pool, reader.tongue
    told = await outputs.ending(pool, seen.case_id)
    found = [table(t, ROOM, t("What is still open"), told["open"])]
    if told["compared"]:
        rows = [{name: each[name] for name in _COMPARED} for each in told["compared"]]
        found.append(table(t, ROOM, t("Outputs that were compared"), rows))
    if told["summary"] is not None:
        sums = (await outputs.summary(pool, seen.case_id))["sums"]
        found.append(Section(t("Sums"), lines=tuple((t.word(ROOM, name), str(sums[name])) for name in sums)))
    return found


def _may(reader: Reader, seen: Seen) -> bool:
    """Whether who looks may open lists: who may decide is not always who may read."""
    allowed = roles_for(READ, seen.process.name)
    return Field.WORK in seen.fields and not allowed.isdisjoint(reader.actor.roles)


_COMPARED: Final = ("output", "content", "compared_by", "compared_at")
_STANDING: Final = ("programme", "number", "state", "hash", "applicants", "ranked", "admitted", "waitlisted")
SIDES: Final[Mapping[type[Command], Side]] = {
    commands.FixRules: parts(
        "year", "route", "closes_at", "exam_on", "make_up_on", "first_stage_at", "release_at", "enrol_by"
    ),
    MoveDates: parts(
        *("closes_at", "exam_on", "make_up_on", "common_test_due"),
        *("first_stage_at", "release_at", "enrol_by"),
    ),
    commands.AcceptBatch: beside(_files, _missing),
    commands.SetOfferLimit: parts("limits"),
    commands.PrepareList: _lists("made", of_first_stage="made"),
    commands.RecordJudgement: _lists("prepared", "judged", of_first_stage=""),
    commands.ConfirmList: _lists("judged", of_first_stage="prepared"),
    commands.ScheduleRelease: parts("first_stage_at", "release_at", "enrol_by", "lists"),
    rejudgment.ConfirmRejudgment: _rejudgment,
    commands.HoldRelease: parts("first_stage_at", "release_at", "lists"),
    commands.HandOverEnrolled: _ending,
    commands.CompareOutput: _ending,
    commands.CloseRound: _ending,
    commands.DoubtScore: _checked,
    commands.ConfirmColumn: _checked,
}
