"""The tables of docs/api.md that are made from the code: every type with its data, every limit."""

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter

from cases.registry import PROCESSES
from cli import sender, source
from encryption import signatures
from gateway import cloudevents, connections, limits, sources, strict_json
from gateway.admission import start_routes as opening
from gateway.documents.asyncapi import stages_of
from gateway.event_modes import BATCH_LIMIT
from schemas.admission.identifiers import ApplicationNo
from schemas.kernel.identifiers import MessageId, event_type
from schemas.kernel.policies import EventPolicy

_BLOCK: Final = "<!-- {name}: made by `make api` -->\n\n{table}\n<!-- end -->"


def with_tables(page: str) -> str:
    """The page with its tables as the code has them.

    Raises:
        ValueError: the page has no place for one.
    """
    for name, table in (("types", _types()), ("limits", _limits())):
        place = re.compile(rf"<!-- {name}: .*?<!-- end -->", re.DOTALL)
        block = _BLOCK.format(name=name, table=table)
        page, found = place.subn(lambda _, block=block: block, page)
        if found != 1:
            raise ValueError(f"docs/api.md: {found} places for the table {name!r}")
    return page


def _types() -> str:
    rows = [
        (f"`{event_type(name, fact)}`", _data(kind.data), ", ".join(stages_of(process, kind)))
        for name, process in PROCESSES.items()
        for fact, kind in process.events.items()
        if not kind.between_cases
    ]
    return _table(("type", "`data`", "changes a case in the stages"), rows)


def _data(model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    fields: Mapping[str, Any] = schema.get("properties", {})
    required = schema.get("required", [])
    if not fields:
        return "`{}`"
    of_its_own = schema.get("$defs", {})
    told = [
        f"`{name}`{'' if name in required else ' (optional)'}: {_form(each, of_its_own)}"
        for name, each in fields.items()
    ]
    return "; ".join(told) + ". " + inspect.cleandoc(model.__doc__ or "").split("\n")[0]


def _form(field: Mapping[str, Any], of_its_own: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        # a decimal may be written as a number or as a text
        field = next(each for each in field["anyOf"] if each != {"type": "null"})
    if "$ref" in field:
        field = of_its_own[field["$ref"].rpartition("/")[2]]
    if field.get("type") == "array":
        return f"a list of {_form(field['items'], of_its_own)}"
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    form = field.get(
        "format", {"string": "text", "boolean": "true or false"}.get(field["type"], field["type"])
    )
    pattern = f" `{field['pattern']}`" if "pattern" in field else ""
    longest = f", at most {field['maxLength']} characters" if "maxLength" in field else ""
    return f"{form}{pattern}{longest}"


def _limits() -> str:
    names, values = cloudevents._EXTENSION.pattern, cloudevents._EXTENSION_LIMIT
    per_minute = inspect.signature(source.add).parameters["per_minute"].default
    overlap = inspect.signature(source.rotate).parameters["overlap_hours"].default
    years = f"years {cloudevents.YEARS[0]} to {cloudevents.YEARS[-1]}"
    peer, refused = limits.PEER_PER_MINUTE, limits.REFUSED_PER_MINUTE
    held, net = connections.PER_ADDRESS, "an IPv6 /64 counts as one"
    waits = connections.HEADER_SECONDS, connections.ANSWER_SECONDS, connections.REST_SECONDS
    first, longest = sender.FIRST_PAUSE, sender.LONGEST_PAUSE
    told = {
        "`id`": f"`{_pattern(MessageId)}`; never used for another fact",
        "`source`": f"`^{sources.URI.pattern}$`, as registered",
        "`subject`, the application number": f"`{_pattern(ApplicationNo)}`",
        "`time`": f"RFC 3339 with its offset, {years}",
        "names of other attributes": f"`^{names}$`",
        "values of other attributes": f"true, false, whole numbers, or texts of at most {values} characters",
        "texts of attributes": "no control characters",
        "JSON": f"UTF-8, at most {strict_json.DEPTH_LIMIT} levels, numbers up to 2^53, no name twice",
        "a batch": f"1 to {BATCH_LIMIT} events of one source",
        "a body": f"{limits.BODY_LIMIT // 1024} KiB, not compressed, within {limits.BODY_SECONDS:g} s",
        "a signature": f"holds {signatures.TOLERANCE} s before and after `webhook-timestamp`",
        "signatures in one header": f"the first {signatures.SIGNATURES_LIMIT} are looked at",
        "events of a source": f"{per_minute} a minute unless agreed, questions too",
        "requests of an address": f"{peer} a minute; {refused} that are refused with 401",
        "bodies of an address": f"{limits.READING_AT_ONCE} at once",
        "connections of an address": f"{held}, {net}; one more is answered 503 and closed",
        "an idle connection": f"is closed after {connections.KEEP_ALIVE_SECONDS:g} s",
        "headers, an answer with its body, the rest of a body after it": ", ".join(
            f"{each:g} s" for each in waits
        ),
        "an earlier key after a rotation": f"holds {overlap} hours unless agreed",
        "a key or source that was revoked": f"holds {sources.CACHED_FOR:g} s",
        "cases in one `POST /cases/batch`": f"{opening.BATCH_LIMIT}",
        "an event without its case": f"waits {EventPolicy().wait_days} days, or those of the policy",
        "pauses of the reference client": f"{first:g} s, doubled up to {longest:g} s, up to half less",
    }
    rows = told.items()
    return _table(("what", "limit"), rows)


def _pattern(kind: Any) -> str:
    return str(TypeAdapter(kind).json_schema()["pattern"])


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)
