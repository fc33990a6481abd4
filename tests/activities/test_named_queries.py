"""The loader of named queries."""

import pytest

from activities.kernel.queries import parse, queries


def test_queries_by_name() -> None:
    """A file's queries are found by name, without what stands before the first of them."""
    found = parse("x.sql", "-- about the file\n\n-- name: one\nSELECT 1;\n-- why\n\n-- name: two\nSELECT 2\n")
    assert dict(found) == {"one": "SELECT 1;\n-- why", "two": "SELECT 2"}
    assert len(found) == 2
    assert "one" in found
    assert "three" not in found


def test_unknown_query_names_its_file() -> None:
    """A name that the file does not hold is an error that says which file."""
    with pytest.raises(KeyError, match=r"x\.sql holds no query named two"):
        parse("x.sql", "-- name: one\nSELECT 1")["two"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("SELECT 1", "no query"),
        ("-- name: one\nSELECT 1\n-- name: one\nSELECT 2", "one twice"),
        ("-- name: one\n-- name: two\nSELECT 2", "no text for one"),
    ],
)
def test_faulty_files(text, fault) -> None:
    """A file without queries, with a name twice or with an empty query is refused when it is read."""
    with pytest.raises(ValueError, match=fault):
        parse("x.sql", text)


def test_reads_the_package() -> None:
    """The files are found inside the package, each read once."""
    assert queries("kernel/notices")["claim"].startswith("-- Right before")
    assert queries("kernel/notices") is queries("kernel/notices")
