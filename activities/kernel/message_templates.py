"""The words of every message: which facts each one tells, and how it is rendered for its reader."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

import jinja2

from activities.kernel.wording import blocks, day, linked, when

LANGUAGES: Final = ("ja", "en")


@dataclass(frozen=True)
class Message:
    """Whom a message is for (`staff`, or a kind of reader of the process) and the facts that it tells.

    `due_at`, `answer_by`: ISO date and time with offset; `due_on`: ISO date. `task`: kind of task or
    deadline.
    `overdue_days`: whole number. `case`: the case id, which the delivery itself puts in.
    """

    to: str
    facts: frozenset[str]
    outside: frozenset[str] = frozenset()
    """Those that a gateway outside the house is told as well: codes and numbers alone, or `case`."""


def message(to: str, *facts: str, outside: Collection[str] = ()) -> Message:
    """A message to a kind of reader, with the facts that it tells."""
    return Message(to, frozenset(facts), frozenset(outside))


class NotRenderedError(Exception):
    """A message that cannot be written; `reason` is `unknown-message`, `missing-fact` or `words-sealed`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Office:
    """Where to ask (`contact`) and where to sign in; empty is left out. Who signs is said by the room."""

    contact: str = ""
    portal: str = ""


@dataclass(frozen=True)
class Reader:
    """Who reads it: `kind` as in the notice; `subject` of the case is told to who is no staff."""

    kind: str
    name: str
    language: str
    subject: str | None = None
    why: str | None = None
    """Of staff: by which code of `iehe.notices.why` they get it."""


@dataclass(frozen=True)
class Rendered:
    """A message in one language; `html` says what `text` says, `body` the same without name and signature."""

    subject: str
    text: str
    html: str
    body: str


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("activities", ""),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when_ja": partial(when, language="ja"),
        "when_en": partial(when, language="en"),
        "day_ja": partial(day, language="ja"),
        "day_en": partial(day, language="en"),
        "linked": linked,
    }
    return environment


def as_html(subject: str, text: str, language: str) -> str:
    """A plain text as a page that says the same."""
    layout = _environment().get_template("kernel/templates/layout.html")
    return layout.render(language=language, subject=subject, blocks=blocks(text))


def render(
    room: str,
    message: str,
    told_facts: frozenset[str],
    facts: Mapping[str, Any],
    reader: Reader,
    office: Office,
    link: str | None = None,
    own_words: str | None = None,
) -> Rendered:
    """One message for one reader; facts that the message does not tell are not shown to its template.

    `link`: where it is answered, for its reader alone. `own_words`: the office's, before its own.

    Raises NotRenderedError.
    """
    told = {key: value for key, value in facts.items() if key in told_facts}
    return _framed(room, f"templates/{message}", {"facts": told, "link": link}, reader, office, own_words)


def render_together(room: str, letter: str, items: Sequence[Any], reader: Reader, office: Office) -> Rendered:
    """A letter of the host about several things, `overnight` or `digest`, in the frame of a room or `kernel`.

    Raises NotRenderedError.
    """
    told = {"items": items, "link": None}
    return _framed(room, f"templates/{letter}", told, reader, office)


def _framed(
    room: str,
    folder: str,
    told: Mapping[str, Any],
    reader: Reader,
    office: Office,
    own_words: str | None = None,
) -> Rendered:
    context = {**told, "recipient": reader, "office": office, "language": reader.language}
    environment = _environment()
    try:
        # a room may say a message of the host in its own words
        places = [f"{each}/{folder}/{reader.language}.txt" for each in dict.fromkeys((room, "kernel"))]
        template = environment.select_template(places)
        # Subjects lie open in mail logs and on locked screens: they are given nothing they could tell.
        subject = "".join(template.blocks["subject"](template.new_context({}))).strip()
        letter = environment.get_template(f"{room}/templates/letter.{reader.language}.txt")
        context["signature"] = "".join(letter.blocks["office"](letter.new_context({}))).strip()
        body = "".join(template.blocks["body"](template.new_context(context))).strip()
        body = body if own_words is None else f"{own_words}\n\n{body}"
        text = letter.render(context, body=body).strip() + "\n"
        html = as_html(subject, text, reader.language)
    except (jinja2.UndefinedError, TypeError, ValueError):
        raise NotRenderedError("missing-fact") from None
    except (jinja2.TemplateNotFound, KeyError):
        raise NotRenderedError("unknown-message") from None
    return Rendered(subject, text, html, body)
