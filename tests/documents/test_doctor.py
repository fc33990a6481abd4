"""`iehe doctor` on documents: the store is asked, and what rows name is looked for."""

from pathlib import Path

from activities.kernel.acting import acting_for
from tests.documents.conftest import Office
from tests.documents.desk import PLAN, png
from workers.diagnostics.documents import documents
from workers.settings import Settings


def settings(office: Office, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", documents=office.folder.as_uri())


async def test_a_store_that_holds_everything_is_well_and_is_left_as_it_was(office: Office, tmp_path) -> None:
    """The probe is taken away again."""
    case_id = await office.request()
    await office.put(case_id)
    with acting_for("*"):
        found = await documents(settings(office, tmp_path), office.pool)
    assert (found.state, found.facts) == ("ok", {"looked_for": 1, "lost": 0})
    assert len(office.objects()) == 1


async def test_a_document_that_is_not_in_the_store_is_named(office: Office, tmp_path) -> None:
    """By its case and name; nobody finds out first by wanting to read it."""
    case_id = await office.request()
    await office.put(case_id)
    for lying in office.objects():
        lying.unlink()
    await office.put(case_id, PLAN, png())
    with acting_for("*"):
        found = await documents(settings(office, tmp_path), office.pool)
    assert (found.state, list(found.named)) == ("problem", [f"{case_id} letter 1"])


async def test_a_store_that_cannot_be_written_is_a_problem(office: Office, tmp_path) -> None:
    """It says which settings to look at."""
    office.folder.rmdir()
    office.folder.touch()
    found = await documents(settings(office, tmp_path), office.pool)
    assert (found.state, "IEHE_DOCUMENTS" in (found.todo or "")) == ("problem", True)
