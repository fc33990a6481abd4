"""What a process has beside its cases: boards as tables, acts as forms, files; each from its door."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from cases.administration import note
from cases.people import person_seen
from cases.refusal_words import PAGE
from cases.registry import PROCESSES
from gateway.door import Asked, Door, GivenFile
from gateway.file_doors import FaultyFile
from gateway.operation import Operation
from gateway.problems import Problem
from gateway.responses import Answer
from gateway.rooms import FILE_LIMIT
from office.board_files import by_code, of_file
from office.context import office_of
from office.exports import MOST, file_answer
from office.forms import Form, Input
from office.once import once
from office.options import staff_for
from office.pages import Reader, page, reader_of
from office.posted import file_in, form_of, key_in, new_key, step_in
from office.rights import boards_of
from office.room_pages import pages_of
from office.table_writers import CsvWriter
from office.tables import ON_A_PAGE, Section, faults_of, sections_of_answer
from schemas.kernel.refusals import Refusal
from spreadsheets.spool import NamelessFile
from workflows.kernel.choices import Choice
from workflows.kernel.process import Process

FAULTS_SHOWN: Final = 200
_PARAMETER: Final = re.compile(r"{(\w+)}")


AS: Final = "as"
"""Of an address: what a board is to be answered as."""
CSV: Final = "csv"


@dataclass(frozen=True)
class Board:
    """A door of a process, for one reader."""

    reader: Reader
    process: Process[Any]
    door: Door
    choices: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in addresses."""
        return self.door.operation.operation_id

    @property
    def title(self) -> str:
        """What it is called."""
        return self.reader.tongue.title(self.process.room, self.door.operation.summary)

    @property
    def href(self) -> str:
        """Where it is."""
        return f"/boards/{self.process.room}/{self.name}"

    @property
    def parameters(self) -> list[str]:
        """What its address has to be given."""
        return _PARAMETER.findall(self.door.operation.path)

    @property
    def reads(self) -> bool:
        """Whether it only shows."""
        return self.door.operation.method == "GET"

    @property
    def forms(self) -> tuple[Form, Form]:
        """What it is asked by, and what it takes."""
        operation, room, t = self.door.operation, self.process.room, self.reader.tongue
        query = operation.query.model_fields if operation.query is not None else {}
        body = operation.request.model_fields if operation.request is not None else {}
        # whether a file is only checked is said by the button that sends it
        apart = {"cursor", "check"} if operation.file else {"cursor"}
        shown = {name: each for name, each in query.items() if name not in apart}
        return Form(t, room, shown), Form(t, room, body, choices=self.choices)

    def path_inputs(self, given: Mapping[str, Any], faults: Mapping[str, str]) -> list[Input]:
        """The parameters of its address as fields."""
        t, room = self.reader.tongue, self.process.room
        return [
            Input(
                name,
                "text",
                t.word(room, name),
                required=True,
                value=given.get(name, ""),
                fault=faults.get(name, ""),
            )
            for name in self.parameters
        ]


async def index(request: Request) -> Response:
    """Everything that a process has beside its cases, for who has something to do with it."""
    reader = await reader_of(request)
    process = _process(request)
    boards = [Board(reader, process, door) for door in boards_of(reader.actor, process.name)]
    own = pages_of(reader.actor, process.room)
    if not boards and not own:
        raise HTTPException(404)
    files = [each for each in boards if each.door.operation.file or each.door.operation.gives_file]
    others = [each for each in boards if each not in files]
    shown = [each for each in others if each.reads and not each.parameters]
    acts = [each for each in others if not each.reads]
    asked = [each for each in others if each.reads and each.parameters]
    return page(
        request,
        reader,
        "boards.html",
        title=reader.tongue.pair(process.title),
        own=[{"href": each.path, "title": reader.tongue(each.title)} for each in own],
        groups=[("Boards", [*shown, *asked]), ("Actions", acts), ("Files", files)],
    )


async def show(request: Request) -> Response:
    """A board, or the form of an act."""
    reader, board = await _board(request)
    query, _ = board.forms
    given = FormData([*request.query_params.multi_items()])
    if not board.reads:
        return _ask(request, board, given if request.query_params else None, key=new_key())
    faults = query.unreadable(given)
    path = {name: str(given.get(name, "")) for name in board.parameters}
    if faults or not all(path.values()):
        return _ask(request, board, given if any(path.values()) else None, faults)
    try:
        model = board.door.operation.query
        asked = model.model_validate(query.values(given)) if model is not None else None
    except ValidationError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _ask(request, board, given, query.faults(error), status=status)
    try:
        answer = await board.door.work(
            Asked(office_of(request).gateway, board.process.name, reader.actor, path, query=asked)
        )
    except (Refusal, Problem) as error:
        return await _refused(request, board, given, error, key="")
    if isinstance(answer, GivenFile):
        return answer.response()
    inputs = [*board.path_inputs(path, {}), *query.inputs(given if request.query_params else None)]
    return await _shown(request, board, answer, inputs, as_csv=given.get(AS) == CSV)


async def _shown(
    request: Request, board: Board, answer: Answer, inputs: list[Input], *, as_csv: bool
) -> Response:
    """What a board answers: as a page, or its longest table whole as a file."""
    reader = board.reader
    most = MOST if as_csv else ON_A_PAGE
    sections = sections_of_answer(reader.tongue, board.process.room, answer.model_dump(), most)
    longest = max(range(len(sections)), key=lambda at: len(sections[at].rows), default=None)
    if as_csv and longest is not None:
        return await _handed_out(request, board, sections[longest])
    return page(
        request,
        reader,
        "board.html",
        board=board,
        inputs=inputs,
        sections=_linked(board, sections),
        longest=longest,
        whole=f"{board.href}?{urlencode([*request.query_params.multi_items(), (AS, CSV)])}",
        print_title=board.title,
    )


async def _handed_out(request: Request, board: Board, section: Section) -> Response:
    """A table as a file, on record before it leaves."""
    kept = NamelessFile()
    writer = CsvWriter(kept)
    writer.row([words for _, words in section.columns])
    for row in section.rows:
        writer.row([row[name] for name, _ in section.columns])
    writer.close()
    count = len(section.rows)
    await note(
        office_of(request).gateway.pool, board.reader.actor.id, "export", f"{board.name}.csv", rows=count
    )
    return file_answer(kept, f"{board.name}.csv", writer.media_type)


async def act(request: Request) -> Response:
    """What a form of an act has sent: checked once more, and then done."""
    reader, board = await _board(request)
    if board.reads:
        raise HTTPException(404)
    operation = board.door.operation
    given = await form_of(request, reader, file_bytes=FILE_LIMIT if operation.file else 0)
    key, step = key_in(given), step_in(given)
    query, body = board.forms
    faults = query.unreadable(given) | body.unreadable(given)
    path = {name: str(given.get(name, "")).strip() for name in board.parameters}
    faults |= {name: reader.tongue("Give this.") for name, each in path.items() if not each}
    asked = Asked(office_of(request).gateway, board.process.name, reader.actor, path)
    if not faults:
        try:
            only = {"check": step == "check"} if operation.file and _can_check(operation) else {}
            asked = replace(asked, query=_made(operation.query, query.values(given) | only))
            asked = replace(asked, body=_made(operation.request, body.values(given)))
        except ValidationError as error:
            faults = body.faults(error)
    if faults or step == "change":
        status = HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK
        return _ask(request, board, given, faults, key=key, status=status)
    if step != "do" and not operation.file:
        inputs = [*board.path_inputs(path, {}), *query.inputs(given), *body.inputs(given)]
        return page(
            request, reader, "board_check.html", title=board.title, board=board, inputs=inputs, key=key
        )
    if operation.file:
        sent = await file_in(given)
        if sent is None:
            fault = {"file": reader.tongue("Give this.")}
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            return _ask(request, board, given, fault, key=key, status=status)
        asked = replace(asked, file=sent[1].path)
        if step == "check":
            return await _checked(request, board, given, asked)
    return await _done(request, board, given, asked, key)


async def _worked(board: Board, asked: Asked) -> Answer:
    """What an act has come to."""
    answer = await board.door.work(asked)
    assert not isinstance(answer, GivenFile)  # noqa: S101 - only what is read is a file
    return answer


def _can_check(operation: Operation) -> bool:
    return operation.query is not None and "check" in operation.query.model_fields


async def _checked(request: Request, board: Board, given: FormData, asked: Asked) -> Response:
    """What a file would do; nothing is taken."""
    t = board.reader.tongue
    if not _can_check(board.door.operation):
        raise HTTPException(404)
    try:
        answer = await _worked(board, asked)
    except (Refusal, Problem) as error:
        return await _refused(request, board, given, error, key=new_key())
    told = t("Checked only: nothing was taken. To take it, choose the file again.")
    sections = of_file(t, board.process.room, answer.model_dump())
    return page(request, board.reader, "board_done.html", board=board, told=told, sections=sections)


async def _done(request: Request, board: Board, given: FormData, asked: Asked, key: str) -> Response:
    t, pool = board.reader.tongue, office_of(request).gateway.pool
    sent = repr(
        sorted(
            (name, str(value))
            for name, value in given.multi_items()
            if isinstance(value, str) and name != "csrf"
        )
    )
    try:
        async with once(pool, board.reader.actor.id, key, board.name, sent.encode()) as wanted:
            answer = await _worked(board, asked) if wanted else None
    except (Refusal, Problem) as error:
        return await _refused(request, board, given, error, key=new_key())
    if answer is not None and board.door.operation.file:
        sections = of_file(t, board.process.room, answer.model_dump())
    else:
        sections = [] if answer is None else sections_of_answer(t, board.process.room, answer.model_dump())
    told = t("This was done before; nothing was done twice.") if answer is None else t("Done")
    return page(
        request, board.reader, "board_done.html", board=board, told=told, sections=_linked(board, sections)
    )


def _made(model: type[BaseModel] | None, values: dict[str, Any]) -> Any:
    return None if model is None else model.model_validate(values)


async def _refused(
    request: Request, board: Board, given: FormData, error: Exception, *, key: str
) -> Response:
    t = board.reader.tongue
    found: Section | None = None
    about = ""
    if isinstance(error, Refusal):
        general: tuple[str, ...] = (PAGE.text(error, t.language),)
        status = HTTPStatus.CONFLICT
        about = await _seen_in(request, board.reader, error)
    else:
        assert isinstance(error, Problem)  # noqa: S101 - caught as one of the two
        general = (error.japanese if t.language == "ja" else error.english,)
        status = error.status
        if isinstance(error, FaultyFile):
            general = (t("Nothing was taken: the file has {count} errors.", count=len(error.found)),)
            found = faults_of(t, error.found[:FAULTS_SHOWN])
        elif error.faults:
            found = by_code(t, error.faults, "Error")
    told: dict[str, Any] = {"status": status, "general": general, "found": found, "about": about}
    return _ask(request, board, given, {}, key=key or new_key(), **told)


async def _seen_in(request: Request, reader: Reader, refusal: Refusal) -> str:
    """Whom of the staff a refusal is about: their page may help. Nobody whom the reader is not shown."""
    staff_id = refusal.params.get("staff_id", "")
    pool = office_of(request).gateway.pool
    return staff_id if staff_id and await person_seen(pool, reader.actor, staff_id) else ""


def _ask(
    request: Request,
    board: Board,
    given: FormData | None,
    faults: Mapping[str, str] | None = None,
    *,
    key: str = "",
    status: HTTPStatus = HTTPStatus.OK,
    general: tuple[str, ...] = (),
    found: Section | None = None,
    about: str = "",
) -> Response:
    query, body = board.forms
    typed = given if given is not None else FormData()
    inputs = [
        *board.path_inputs(typed, faults or {}),
        *query.inputs(given, faults),
        *body.inputs(given, faults),
    ]
    return page(
        request,
        board.reader,
        "board_form.html",
        status,
        board=board,
        inputs=inputs,
        key=key,
        general=general,
        found=found,
        about=about,
        can_check=_can_check(board.door.operation),
        file_fault=(faults or {}).get("file", ""),
        megabytes=FILE_LIMIT // (1024 * 1024),
    )


def _linked(board: Board, sections: list[Section]) -> list[Section]:
    """The sections with, for each row, the acts and boards that its values name."""
    others = [
        Board(board.reader, board.process, door) for door in boards_of(board.reader.actor, board.process.name)
    ]
    return [replace(each, links=tuple(_links(others, row) for row in each.raw)) for each in sections]


def _links(others: list[Board], row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    found = []
    for other in others:
        names = other.parameters
        if names and all(row.get(name) is not None for name in names):
            query = urlencode({name: row[name] for name in names})
            found.append((f"{other.href}?{query}", other.title))
    return tuple(found)


def _process(request: Request) -> Process[Any]:
    room = request.path_params["room"]
    process = next((each for each in PROCESSES.values() if each.room == room), None)
    if process is None:
        raise HTTPException(404)
    return process


async def _board(request: Request) -> tuple[Reader, Board]:
    reader = await reader_of(request)
    process, name = _process(request), request.path_params["name"]
    door = next(
        (each for each in boards_of(reader.actor, process.name) if each.operation.operation_id == name), None
    )
    if door is None:
        raise HTTPException(404)
    model = door.operation.request
    choices = await staff_for(
        office_of(request).gateway.pool, process, model.model_fields if model is not None else {}
    )
    return reader, Board(reader, process, door, choices)
