"""What a file is, by its content."""

import io
import zipfile

import pytest

from cases.document_types import extension_of, type_of
from tests.documents.desk import jpeg, pdf, png

MEDIA = ("application/pdf", "image/jpeg", "image/png")


def archive() -> bytes:
    """A ZIP with one file."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as opened:
        opened.writestr("run.sh", "#!/bin/sh")
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "media"), [(pdf(), "application/pdf"), (jpeg(), "image/jpeg"), (png(), "image/png")]
)
def test_a_file_is_what_its_content_says(content, media) -> None:
    """Taken where it is allowed, and nowhere else."""
    assert type_of(content, MEDIA) == media
    assert type_of(content, [each for each in MEDIA if each != media]) is None


@pytest.mark.parametrize(
    "content",
    [
        b"MZ\x90\0" + b"\0" * 200,
        b"\x7fELF\x02\x01\x01" + b"\0" * 60,
        b"#!/bin/sh\nexit 0\n",
        archive(),
        b"<html><script>alert(1)</script></html>",
        b"plain words",
        b"\0" * 64,
    ],
    ids=["exe", "elf", "script", "zip", "html", "text", "nothing"],
)
def test_a_program_or_a_page_is_no_document(content) -> None:
    """Whatever it is called."""
    assert type_of(content, MEDIA) is None


@pytest.mark.parametrize(
    "content",
    [
        b"<html>" + pdf(),
        b"\n" + pdf(),
        b"MZ\x90\0" + pdf(),
        pdf() + archive(),
        png() + archive(),
        jpeg() + archive(),
        png() + b"<script>",
        pdf() + b"\0" * 4096,
    ],
    ids=["html-pdf", "shifted-pdf", "exe-pdf", "pdf-zip", "png-zip", "jpeg-zip", "png-html", "pdf-tail"],
)
def test_a_file_that_is_two_things_is_none(content) -> None:
    """What begins or ends as something else is refused."""
    assert type_of(content, MEDIA) is None


@pytest.mark.parametrize("content", [pdf()[:-40], png()[:-6], jpeg()[:-2]], ids=["pdf", "png", "jpeg"])
def test_a_file_that_is_cut_off_is_none(content) -> None:
    """Half a document is not shown to anybody as one."""
    assert type_of(content, MEDIA) is None


def test_the_name_of_a_file_ends_as_its_type() -> None:
    """Also for types that the host has no word for."""
    ends = [extension_of(each) for each in (*MEDIA, "text/csv", "application/x-unheard-of")]
    assert ends == ["pdf", "jpg", "png", "csv", "bin"]
