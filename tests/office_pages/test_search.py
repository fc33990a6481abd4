"""Search: found however it is written, by who sees it, and by nobody else."""

from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.office_pages.house import House, cases_on, house, main_of  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

ONE = {
    "family_name": "河合",
    "given_name": "岳",
    "family_kana": "カワイ",
    "given_kana": "ガク",
    "email": "Gaku@Example.com",
}


async def found(house: House, staff_id: str, text: str) -> set[str]:
    reader = await house.reader(staff_id)
    return cases_on(await reader.text(f"/search?q={quote(text)}"))


@pytest.mark.parametrize(
    "text",
    [
        *("A2027-000777", "a2027-000777", "Ａ２０２７－０００７７７", "27-0007", "admission/A2027-000777"),
        *("河合", "河合岳", "河合 岳", "河合　岳", "岳 河合"),
        *("カワイガク", "かわい がく", "ｶﾜｲ ｶﾞｸ", "カワイ カク", "がわい", "ワイガ"),
        *("gaku@example.com", "ＧＡＫＵ@", "example"),
    ],
)
async def test_a_case_is_found_however_it_is_written(house: House, text: str) -> None:
    """Number or a part, name and reading in any kana, width and case, with or without marks and spaces."""
    case_id = await house.applies("A2027-000777", **ONE)
    await house.applies("B2027-000001", family_kana="ベツ", email="other@sample.org")
    assert await found(house, "office-1", text) == {case_id}


@pytest.mark.parametrize("text", ["", "  ", "%", "_", "'", "河合カワイ", "x" * 201, "カワイガクgaku"])
async def test_what_nobody_is_called_finds_nothing(house: House, text: str) -> None:
    """Neither a wildcard of the database nor the end of one thing with the beginning of another."""
    await house.applies("A2027-000777", **ONE)
    assert await found(house, "office-1", text) == set()


async def test_a_reviewer_finds_their_cases_by_number_alone(house: House) -> None:
    """No name finds anything, no name is shown, and cases of others are not there."""
    own, other = await house.applies("A2027-000777", **ONE), await house.applies("A2027-000778")
    await house.concern(own, "reviewer-1", "reviewer")
    await house.task(own, "review:1", "reviewer", "reviewer-1", timedelta(days=1))
    assert await found(house, "reviewer-1", "A2027") == {own}
    assert "Found: 1" in await (await house.reader("reviewer-1")).text("/search?q=A2027")
    for text in ("河合", "カワイ", "gaku@example.com"):
        page = main_of(await (await house.reader("reviewer-1")).text(f"/search?q={quote(text)}"))
        assert "Found: 0" in page
    page = await (await house.reader("reviewer-1")).text("/search?q=A2027")
    assert "河合" not in page
    assert await found(house, "office-1", "A2027") == {own, other}


@pytest.mark.parametrize("staff_id", ["exchange-1", "admin-1", "nobody-1"])
async def test_who_is_of_another_office_finds_nothing(house: House, staff_id: str) -> None:
    """Neither by number nor by name, and no count tells of it."""
    await house.applies("A2027-000777", **ONE)
    reader = await house.reader(staff_id)
    for text in ("A2027-000777", "河合"):
        assert "Found: 0" in await reader.text(f"/search?q={quote(text)}")


async def test_an_auditor_finds_numbers_and_is_told_no_name(house: House) -> None:
    """Who sees where every case stands, and not whom it is about."""
    case_id = await house.applies("A2027-000777", **ONE)
    assert await found(house, "auditor-1", "000777") == {case_id}
    assert await found(house, "auditor-1", "河合") == set()
    assert "河合" not in await (await house.reader("auditor-1")).text("/search?q=000777")


async def test_they_stand_in_the_order_of_their_readings(house: House) -> None:
    """Kana without voicing marks first: ガイ before カウ."""
    for number, kana in (("A-0003", "カウ"), ("A-0002", "ガイ"), ("A-0001", "カン")):
        await house.applies(number, family_kana=kana, given_kana="ア", email=f"{number}@same.example")
    page = await (await house.reader("office-1")).text("/search?q=same.example")
    places = [page.index(f"/cases/admission/A-000{n}") for n in (2, 3, 1)]
    assert places == sorted(places)


async def test_a_mobility_is_found_by_name_and_student_number(house: House) -> None:
    """Accents and the order of names make no difference; once erased, nothing finds it but its number."""
    case_id = await house.nominated("27S-X-1", "Müller", "Åsa", "asa@home.example", "E10077")
    for text in ("muller", "MÜLLER ÅSA", "asa muller", "e10077", "10077", "27s-x"):
        assert await found(house, "exchange-1", text) == {case_id}, text
    await house.rows.execute(
        "UPDATE iehe.exchange_mobilities SET family = NULL, given = NULL, mail = NULL, erased_at = now()"
    )
    assert await found(house, "exchange-1", "muller") == set()
    assert await found(house, "exchange-1", "27S-X-1") == {case_id}


async def test_what_is_corrected_is_found_as_it_is_now(house: House) -> None:
    """And what goes is found no more."""
    case_id = await house.applies("A2027-000777", **ONE)
    await house.rows.execute("UPDATE iehe.people SET family_name = '川合', email = 'new@example.org'")
    assert await found(house, "office-1", "川合") == {case_id}
    assert await found(house, "office-1", "河合") == set()
    await house.rows.execute("DELETE FROM iehe.import_rows; DELETE FROM iehe.applications")
    assert await house.rows.fetchval("SELECT count(*) FROM iehe.search_texts") == 0


async def test_a_confidential_case_is_found_by_the_whole_number_alone(house: House) -> None:
    """By its counsellor, who is noted as having read it; by no other one, and by no part of the number."""
    case_id = await house.referred("AAAA1111", "S2301234", "counsellor-1")
    other = await house.referred("BBBB2222", "S2301234")
    assert await found(house, "counsellor-1", "S2301234") == {case_id}
    assert await found(house, "counsellor-1", "Ｓ２３０１２３４") == {case_id}
    assert await found(house, "counsellor-1", "S230123") == set()
    assert await found(house, "counsellor-1", "AAAA") == {case_id}
    assert await found(house, "counsellor-1", other) == set()
    reads = await house.rows.fetch("SELECT DISTINCT staff_id, case_id, what FROM iehe.case_reads")
    assert [tuple(row) for row in reads] == [("counsellor-1", case_id, "search")]
    # triage sees where each stands, and not whom it is about
    assert await found(house, "triage-1", "S2301234") == set()
    assert await found(house, "office-1", "S2301234") == set()


async def test_more_are_counted_than_are_shown(house: House) -> None:
    """Fifty rows, and how many there are."""
    for number in range(53):
        await house.case(f"admission/M{number:04}", "admission-review", "review")
    page = await (await house.reader("office-1")).text("/search?q=M00")
    assert len(cases_on(page)) == 50
    assert "Found: 53" in page
