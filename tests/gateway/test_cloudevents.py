"""Reading events: every fault by its place in each mode, and one event is the same in all of them."""

import json
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from gateway.cloudevents import Arrival, Invalid, arrival_of
from gateway.event_modes import BATCH_LIMIT, Mode, attributes_id, mode_of, read_message
from gateway.problems import Problem
from gateway.strict_json import DEPTH_LIMIT

TYPE = "jp.ac.iehe.admission-review.document-received"
EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "urn:example:portal",
    "type": TYPE,
    "subject": "A27-0001",
    "time": "2027-01-15T09:30:00+09:00",
    "data": {"item": "transcript"},
}
ABSENT = object()


def changed(**changes: object) -> dict[str, object]:
    return {name: value for name, value in (EVENT | changes).items() if value is not ABSENT}


def structured(text: str | bytes) -> Arrival:
    body = text if isinstance(text, bytes) else text.encode()
    (arrival,) = read_message(Mode.STRUCTURED, [], body).arrivals()
    return arrival


def binary(data: object, **attributes: str) -> Arrival:
    headers = [(f"CE-{name}".encode(), value.encode()) for name, value in attributes.items()]
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    (arrival,) = read_message(Mode.BINARY, headers, body).arrivals()
    return arrival


def attributes(**changes: object) -> dict[str, str]:
    return {name: str(value) for name, value in changed(data=ABSENT, **changes).items()}


def faults(read: object, *given: object, **named: object) -> tuple[list[tuple[str, str]], bool]:
    with pytest.raises(Invalid) as refused:
        read(*given, **named)  # type: ignore[operator]
    return [(fault.at, fault.code) for fault in refused.value.faults], refused.value.data_only


FAULTS = [
    ({"specversion": "0.3"}, "specversion", "literal_error"),
    ({"specversion": ABSENT}, "specversion", "missing"),
    ({"id": ""}, "id", "string_pattern_mismatch"),
    ({"id": "e 1"}, "id", "string_pattern_mismatch"),
    ({"id": "e" * 129}, "id", "string_pattern_mismatch"),
    ({"id": ABSENT}, "id", "missing"),
    ({"source": "urn:example:門"}, "source", "string_pattern_mismatch"),
    ({"source": "u" * 129}, "source", "string_too_long"),
    ({"type": TYPE + "x"}, "type", "unknown_type"),
    ({"type": "document-received"}, "type", "unknown_type"),
    ({"type": "t" * 129}, "type", "string_too_long"),
    ({"type": ABSENT}, "type", "missing"),
    ({"subject": ABSENT}, "subject", "missing"),
    ({"subject": "a27-0001"}, "subject", "not_a_business_key"),
    ({"subject": "A27"}, "subject", "not_a_business_key"),
    ({"subject": "A27-0001 "}, "subject", "not_a_business_key"),
    ({"subject": "A" * 25}, "subject", "not_a_business_key"),
    ({"subject": "A" * 65}, "subject", "string_too_long"),
    ({"time": "2027-01-15T09:30:00"}, "time", "value_error"),
    ({"time": "2027-01-15"}, "time", "value_error"),
    ({"time": "2027-02-30T09:30:00Z"}, "time", "value_error"),
    ({"time": "2027-01-15T09:30:00+25:00"}, "time", "value_error"),
    ({"time": "1899-12-31T00:00:00Z"}, "time", "value_error"),
    ({"time": "2200-01-01T00:00:00Z"}, "time", "value_error"),
    ({"time": "９９９９-01-01T00:00:00Z"}, "time", "value_error"),
    ({"dataschema": "no uri"}, "dataschema", "string_pattern_mismatch"),
    ({"data_base64": "AAAA"}, None, "not_an_attribute"),
    ({"x" * 21: "long"}, None, "not_an_attribute"),
    ({"traceparent": "0" * 1025}, "traceparent", "not_an_attribute_value"),
]
TYPED = [
    ({"id": "e-1\n"}, "id", "string_pattern_mismatch"),
    ({"traceparent": "a\nb"}, "traceparent", "not_an_attribute_value"),
    ({"traceparent": "a\x7f"}, "traceparent", "not_an_attribute_value"),
    ({"traceparent": "\x85"}, "traceparent", "not_an_attribute_value"),
    ({"traceparent": "\U0001ffff"}, "traceparent", "not_an_attribute_value"),
    ({"datacontenttype": "application/json\n"}, "datacontenttype", "not_an_attribute_value"),
    ({"id": 1}, "id", "string_type"),
    ({"id": None}, "id", "string_type"),
    ({"type": ["x"]}, "type", "string_type"),
    ({"subject": {"no": 1}}, "subject", "string_type"),
    ({"time": 1_800_000_000}, "time", "value_error"),
    ({"datacontenttype": "text/plain"}, "datacontenttype", "value_error"),
    ({"datacontenttype": "application/json; charset=shift_jis"}, "datacontenttype", "value_error"),
    ({"data": []}, "data", "dict_type"),
    ({"data": "text"}, "data", "dict_type"),
    ({"traceparent": {"no": 1}}, "traceparent", "not_an_attribute_value"),
    ({"rate": 0.5}, "rate", "not_an_attribute_value"),
    ({"Upper": "x"}, "Upper", "not_an_attribute"),
]


@pytest.mark.parametrize(("changes", "at", "code"), [*FAULTS, *TYPED])
def test_a_fault_in_structured_mode_is_told_by_its_pointer(changes, at, code):
    """The pointer is the attribute's, as it stands in the document."""
    found, data_only = faults(arrival_of, changed(**changes))
    expected = f"/{at or next(iter(changes))}"
    assert ((expected, code) in found, data_only) == (True, False), found


@pytest.mark.parametrize(("changes", "at", "code"), FAULTS)
def test_a_fault_in_binary_mode_is_told_by_its_header(changes, at, code):
    """The same faults, each at the header that a sender wrote."""
    sent = {name: quote(value, safe="") for name, value in attributes(**changes).items()}
    found, data_only = faults(binary, {"item": "transcript"}, **sent)
    expected = f"header:ce-{at or next(iter(changes))}"
    assert ((expected, code) in found, data_only) == (True, False), found


def test_faults_of_a_batch_are_told_by_number():
    """Every event of a batch is judged, and each fault has the number of its event."""
    batch = [EVENT, changed(subject="x"), changed(data={"item": "transcript", "colour": 1})]
    message = read_message(Mode.BATCH, [], json.dumps(batch).encode())
    found, data_only = faults(message.arrivals)
    assert found == [("/1/subject", "not_a_business_key"), ("/2/data/colour", "extra_forbidden")]
    assert not data_only


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({}, ("", "list_type")),
        ([], ("", "too_short")),
        ([EVENT] * (BATCH_LIMIT + 1), ("", "too_long")),
        ([EVENT, {}], ("/1/source", "missing")),
        ([EVENT, "x"], ("/1/source", "missing")),
        ([EVENT, changed(source=7)], ("/1/source", "string_type")),
        ([EVENT, changed(source="urn:example:other")], ("/1/source", "another_source")),
    ],
)
def test_a_batch_is_a_list_of_one_source(document, fault):
    """A batch holds 1 to 100 events, and all of them name the same source."""
    assert faults(read_message, Mode.BATCH, [], json.dumps(document).encode()) == ([fault], False)


@pytest.mark.parametrize(
    ("data", "at", "code"),
    [
        ({}, "/item", "missing"),
        ({"item": 5}, "/item", "string_type"),
        ({"item": "Transcript!"}, "/item", "string_pattern_mismatch"),
        ({"item": "transcript", "refrence": "x"}, "/refrence", "extra_forbidden"),
        ({"item": "transcript", "山田 太郎": "x"}, "", "extra_forbidden"),
        ({"item": "transcript", "reference": "x" * 65}, "/reference", "string_too_long"),
    ],
)
def test_data_that_do_not_fit_are_told_apart_from_a_form_that_does_not(data, at, code):
    """Such an event is well-formed: the door answers 422 and points into the data as they were sent."""
    assert faults(arrival_of, changed(data=data)) == ([(f"/data{at}", code)], True)
    assert faults(binary, data, **attributes()) == ([(at, code)], True)


def test_a_form_fault_beside_a_data_fault_is_a_form_fault():
    """Both are told at once."""
    found, data_only = faults(arrival_of, changed(subject="x", data={}))
    assert found == [("/subject", "not_a_business_key"), ("/data/item", "missing")]
    assert not data_only


def test_data_are_taken_as_json_means_them():
    """A date is its text and a truth value itself; nothing is converted from something else."""
    kind = TYPE.replace("document-received", "accommodation-requested")
    taken = arrival_of(changed(type=kind, data={"requested_on": "2027-01-15", "sudden": True}))
    assert taken.data == {"requested_on": "2027-01-15", "sudden": True}
    for data, at in (({"sudden": "true"}, "sudden"), ({"sudden": 1}, "sudden"), ({"requested_on": 5}, None)):
        found, data_only = faults(arrival_of, changed(type=kind, data=data))
        assert (found[0][0], data_only) == (f"/data/{at or 'requested_on'}", True)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b'{"id": "a", "id": "b"}', ("", "duplicate_name")),
        (b'{"data": {"item": "a", "\\u0069tem": "b"}}', ("", "duplicate_name")),
        (b'{"a": NaN}', ("", "number_out_of_range")),
        (b'{"a": -Infinity}', ("", "number_out_of_range")),
        (b'{"a": 1e999}', ("", "number_out_of_range")),
        (b'{"a": 9007199254740993}', ("", "number_out_of_range")),
        (b'{"a": ' + b"9" * 100_000 + b"}", ("", "number_out_of_range")),
        (b"[" * 100_000, ("", "too_deep")),
        (b'{"a":' * 50_000, ("", "too_deep")),
        (b"[" * 50 + b"]" * 50, ("", "too_deep")),
        (b'{"data": {"item": "a\\u0000"}}', ("/data/item", "unstorable_text")),
        (b'{"data": {"a\\u0000": "b"}}', ("/data", "unstorable_text")),
        (b'{"data": ["\\ud800"]}', ("/data/0", "unstorable_text")),
        (b'{"id": "\xff"}', ("", "json_invalid")),
        (b'\xef\xbb\xbf{"id": "a"}', ("", "json_invalid")),
        (b'{"id": "a\0"}', ("", "json_invalid")),
        (b'{"id": "a",}', ("", "json_invalid")),
        (b'{"id": 01}', ("", "json_invalid")),
        (b"", ("", "json_invalid")),
        (b'{"id": "a"} {}', ("", "json_invalid")),
    ],
    ids=lambda value: None if isinstance(value, tuple) else repr(value[:24]),
)
def test_json_that_readers_take_differently_is_no_json(body, fault):
    """One name twice, NaN, numbers beyond 2^53, texts that PostgreSQL does not store, nesting bombs."""
    found, data_only = faults(structured, body)
    assert (found[0], data_only) == (fault, False)
    if body:
        assert faults(binary, body, **attributes())[0][0] == fault


def test_nesting_is_taken_up_to_its_limit():
    """A document just within the limit is judged by its data, one beyond it is not read."""

    def nested(levels: int) -> dict[str, object]:
        value: object = "deep"
        for _ in range(levels):
            value = [value]
        return changed(data={"item": value})

    within, beyond = (json.dumps(nested(DEPTH_LIMIT - 2 + more)) for more in (0, 1))
    assert faults(structured, within) == ([("/data/item", "string_type")], True)
    assert faults(structured, beyond) == ([("", "too_deep")], False)


def test_the_same_event_by_three_modes_is_the_same():
    """Structured, batch and binary mode say the same of the same case."""
    body = json.dumps(EVENT)
    one = structured(body)
    (of_batch,) = read_message(Mode.BATCH, [], f"[{body}]".encode()).arrivals()
    of_binary = binary(EVENT["data"], **attributes())
    assert one.case_id == of_batch.case_id == of_binary.case_id == "admission/A27-0001"
    assert one.said == of_batch.said == of_binary.said
    assert one.data == of_batch.data == of_binary.data
    assert one.envelope(datetime.now(UTC)).occurred_at == datetime(2027, 1, 15, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "same",
    [
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"sequence": 7},
        {"partitioned": True},
        {"datacontenttype": "application/json; charset=UTF-8"},
        {"dataschema": "https://example.ac.jp/schema.json"},
        {"time": "2027-01-15T00:30:00Z"},
        {"time": "2027-01-15t00:30:00.000z"},
        {"time": "2027-01-15T09:30:01+09:00"},
        {"time": ABSENT},
    ],
)
def test_what_a_library_adds_does_not_change_what_is_said(same):
    """Tracing, a media type spelt otherwise and a time that was set anew are the same event."""
    assert arrival_of(changed(**same)).said == arrival_of(EVENT).said


@pytest.mark.parametrize(
    "other",
    [
        {"subject": "A27-0002"},
        {"type": TYPE.replace("received", "revoked")},
        {"data": {"item": "essay"}},
        {"data": {"item": "transcript", "reference": "r-1"}},
    ],
)
def test_another_type_subject_or_data_is_another_event(other):
    """Whatever the sender means by it is compared."""
    assert arrival_of(changed(**other)).said != arrival_of(EVENT).said


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("A27-0001", "A27-0001"),
        ("%4127-0001", "A27-0001"),
        ('"A27-0001"', "A27-0001"),
        (r'"A27\-0001"', "A27-0001"),
        ("  A27-0001 ", "A27-0001"),
    ],
)
def test_header_values_are_decoded_once(written, meant):
    """Percent-encoding and quotation marks are the HTTP binding's; neither is part of a value."""
    assert binary(EVENT["data"], **attributes() | {"subject": written}).event.subject == meant


@pytest.mark.parametrize(
    "written", ["%FF", "%00", "%ED%A0%80", "山", "x%0Atime:y", "x%7F", "%C2%85", "%EF%BF%BE"]
)
def test_header_values_that_are_no_text_are_refused(written):
    """Not UTF-8, a control character, no character: told at its header, before it is asked who sent it."""
    found = faults(binary, EVENT["data"], **attributes() | {"subject": written})
    assert found == ([("header:ce-subject", "not_a_header_value")], False)


def test_a_percent_sign_is_not_decoded_twice():
    """%2541 is the text %41, which is no business key."""
    found, _ = faults(binary, EVENT["data"], **attributes() | {"subject": "%254127-0001"})
    assert found == [("header:ce-subject", "not_a_business_key")]


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ([(b"ce-source", b"a"), (b"Ce-Source", b"b")], ("header:ce-source", "duplicate_name")),
        ([(b"ce-source", b"a"), (b"ce-data", b"b")], ("header:ce-data", "not_an_attribute")),
        (
            [(b"ce-source", b"a"), (b"ce-datacontenttype", b"b")],
            ("header:ce-datacontenttype", "not_an_attribute"),
        ),
        ([(b"ce-id", b"a")], ("header:ce-source", "missing")),
        ([], ("header:ce-source", "missing")),
    ],
)
def test_headers_that_contradict_each_other_are_refused(headers, fault):
    """One value for each attribute; data and their media type are the body's and its header's."""
    assert faults(read_message, Mode.BINARY, headers, b"{}") == ([fault], False)


def test_an_empty_body_in_binary_mode_has_no_data():
    """It is the same event as the one that leaves `data` out."""
    kind = TYPE.replace("document-received", "fee-paid")
    without = arrival_of(changed(type=kind, data=ABSENT))
    assert binary(b"", **attributes(type=kind)).said == without.said
    assert without.data == {}


def test_the_id_of_a_signed_binary_message_covers_every_attribute():
    """Another value, another name or one attribute more is another id; their order is not."""
    given = {"id": "e-1", "subject": "A27-0001"}
    message_id = attributes_id(given)
    assert message_id.startswith("ce_")
    assert attributes_id(dict(reversed(given.items()))) == message_id
    for other in ({"id": "e-1"}, given | {"subject": "A27-0002"}, given | {"time": "x"}):
        assert attributes_id(other) != message_id
    assert attributes_id({"id": "e-1\nsubject:A27-0001"}) != message_id
    assert attributes_id({"id": 'e-1","subject":"A27-0001'}) != message_id
    headers = [(f"ce-{name}".encode(), value.encode()) for name, value in attributes().items()]
    assert read_message(Mode.BINARY, headers, b"{}").signed_id == attributes_id(attributes())


@pytest.mark.parametrize(
    ("content_type", "encoding", "mode"),
    [
        ("application/cloudevents+json", "", Mode.STRUCTURED),
        ("Application/CloudEvents+JSON; charset=UTF-8", "identity", Mode.STRUCTURED),
        ("application/cloudevents-batch+json", "", Mode.BATCH),
        ('application/json;charset="utf-8"', "", Mode.BINARY),
        ("application/json; charset=shift_jis", "", None),
        ("application/cloudevents+json", "gzip", None),
        ("application/cloudevents+avro", "", None),
        ("", "", None),
    ],
)
def test_the_media_type_says_the_mode(content_type, encoding, mode):
    """Anything else, another character set and a compressed body are 415 with what is taken."""
    if mode is not None:
        assert mode_of(content_type, encoding) is mode
        return
    with pytest.raises(Problem) as refused:
        mode_of(content_type, encoding)
    assert (refused.value.status, refused.value.headers["Accept"]) == (415, ", ".join(Mode))
