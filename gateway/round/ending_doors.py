"""The doors of a round's end: what goes out as files, their comparison, what is open, what it sums up to."""

from http import HTTPStatus
from typing import Final

from cases.round import outputs
from cases.round.rounds import READ, RESULTS
from gateway.door import Asked, Door, GivenFile
from gateway.operation import Operation
from gateway.responses import Answer
from gateway.round.asking import round_asked

CHARSETS: Final = {"utf-8": "utf-8", "cp932": "windows-31j"}
"""Encodings of files as they are called in HTTP."""


class OutputTold(Answer):
    """What goes out, line by line; `content`: SHA-256 of its rows."""

    case_id: str
    output: str
    rows: int
    content: str
    lines: tuple[dict[str, str], ...]


class OutputCompared(Answer):
    """A file beside what is out; `content` is there when it says the same, for the decision."""

    case_id: str
    output: str
    rows: int
    wanted: int
    same: bool
    differing: int
    content: str | None
    lines: tuple[dict[str, str], ...]


class PartOpen(Answer):
    """How many of a part of the end are open."""

    part: str
    open: int


class ComparisonTold(Answer):
    """Who has compared what was put out."""

    output: str
    content: str
    compared_by: str
    compared_at: str


class EndTold(Answer):
    """What is still open, in the order in which a round ends."""

    case_id: str
    open: tuple[PartOpen, ...]
    handed_over: int | None
    summary: str | None
    compared: tuple[ComparisonTold, ...]


class SummaryTold(Answer):
    """What a round has come to: figures alone, in persons."""

    case_id: str
    hash: str
    year: int
    route: str
    rules: str
    made_at: str
    programmes: tuple[dict[str, int | str], ...]
    sums: dict[str, int]


async def _output(asked: Asked) -> OutputTold:
    row = await round_asked(asked)
    made = await outputs.make(asked.pool, asked.actor.id, row, asked.path["output"])
    return OutputTold.model_validate(made.told(row["case_id"]))


async def _put_out(asked: Asked) -> GivenFile:
    row, output = await round_asked(asked), asked.path["output"]
    made = await outputs.make(asked.pool, asked.actor.id, row, output)
    name = f"{row['case_id'].partition('/')[2]}-{output}.csv"
    return GivenFile(name, f"text/csv; charset={CHARSETS[made.form.encoding]}", made.body)


async def _compare(asked: Asked) -> OutputCompared:
    assert asked.file is not None  # noqa: S101 - its operation has one
    row, output = await round_asked(asked), asked.path["output"]
    ought, found = await outputs.compare(asked.pool, asked.actor.id, row, output, asked.file.read_bytes())
    return OutputCompared.model_validate(outputs.compared_told(ought, found, row["case_id"]))


async def _ending(asked: Asked) -> EndTold:
    row = await round_asked(asked)
    told = await outputs.ending(asked.pool, row["case_id"])
    compared = [{**each, "compared_at": each["compared_at"].isoformat()} for each in told["compared"]]
    return EndTold.model_validate({**told, "compared": compared})


async def _summary(asked: Asked) -> SummaryTold:
    row = await round_asked(asked)
    return SummaryTold.model_validate(await outputs.summary(asked.pool, row["case_id"]))


ENDING_DOORS: Final = (
    # before the shorter path, which would take the last part for the output
    Door(
        Operation(
            "GET",
            "/round/output/{case_id}/{output}/file",
            "put-out-round-output",
            "Put out a file of a round as its receiver reads it: board, portal, letters, hand-over.",
            gives_file=True,
            responses={HTTPStatus.OK: None},
        ),
        _put_out,
        act=RESULTS,
    ),
    Door(
        Operation(
            "GET",
            "/round/output/{case_id}/{output}",
            "make-round-output",
            "Make what goes out of a round from what is out: board, portal, letters, the registrar's file.",
            responses={HTTPStatus.OK: OutputTold},
        ),
        _output,
        act=RESULTS,
    ),
    Door(
        Operation(
            "POST",
            "/round/output/{case_id}/{output}/comparison",
            "compare-round-output",
            "Compare a file that was put out with what is out, line by line.",
            file=True,
            responses={HTTPStatus.OK: OutputCompared},
            more_problems=(HTTPStatus.CONFLICT,),
        ),
        _compare,
        act=RESULTS,
    ),
    Door(
        Operation(
            "GET",
            "/round/ending/{case_id}",
            "show-round-ending",
            "Show how far the end of a round has come: what is still open, in its order.",
            responses={HTTPStatus.OK: EndTold},
        ),
        _ending,
        act=READ,
    ),
    Door(
        Operation(
            "GET",
            "/round/summary/{case_id}",
            "show-round-summary",
            "Show the summary of a round: applicants, admitted, promoted, enrolled, declined.",
            responses={HTTPStatus.OK: SummaryTold},
        ),
        _summary,
        act=READ,
    ),
)
