"""Files of a case on its page: what cannot be kept is told beside the field that took it."""

import pytest

from tests.office_pages.institute import House, house

__all__ = ["house"]

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"of no type that is taken", "none of:")],
    ids=["empty", "other"],
)
async def test_a_file_that_is_not_taken_is_told_beside_its_field(
    house: House, content: bytes, said: str
) -> None:
    """422 on the page of the documents, by the name of the document; nothing is kept."""
    person, case_id = await house.at("exchange-1"), house.cases["exchange"]
    answer = await person.post(f"/cases/{case_id}/documents/passport", files={"file": ("x.pdf", content)})
    assert answer.status_code == 422
    fault = answer.text.partition('id="file-passport-fault"')[2].partition("</p>")[0]
    assert said in fault
    assert "passport" in fault.lower()
    assert 'href="#file-passport"' in answer.text
    assert answer.text.count("aria-invalid") == 1
    kept = "SELECT count(*) FROM iehe.documents WHERE case_id = $1 AND name = 'passport'"
    assert await house.owner.fetchval(kept, case_id) == 0
