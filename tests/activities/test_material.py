"""What a reviewer is shown (rule A9): canaries in every personal value, and in every spelling of them."""

import json
from datetime import date

import pytest

from activities.admission.material import review_material
from activities.admission.redaction import MASK, Redactor
from schemas.kernel.refusals import Refusal
from tests.cli.command_line import CommandLine, environment, iehe  # noqa: F401
from tests.office import Case, Institute, person
from tests.workflows.conftest import institute, notices, pool, vacant, worker_pool  # noqa: F401

# ruff: noqa: F811 - fixtures are imported and asked for by name

PERSON = {
    "family_name": "髙橋",
    "given_name": "翔太",
    "family_kana": "タカハシ",
    "given_kana": "ショウタ",
    "birth_date": date(2008, 4, 1),
    "email": "shota.t2008@example.com",
    "phone": "09012345678",
    "postal_code": "980-8576",
    "address": "宮城県仙台市青葉区片平2-1-1 メゾン青空101",
    "guardian_name": "髙橋 健一",
    "account": "p0000123",
    "application_no": "A2027-000001",
    "school_name": "宮城県立杜都台高等学校",
    "school_code": "X00012",
    "school_contact_email": "office@mototodai-hs.example.jp",
    "related_staff": "理学部 鈴木一朗教授の甥",
    "submitted_on": date(2026, 10, 1),
}

TRACES = (
    *(
        "髙橋翔太",
        "高橋 翔太",
        "高 橋　翔・太",
        "高\u200b橋 翔\n太",
        "翔太",
        "たかはし",
        "ﾀｶﾊｼ ｼｮｳﾀ",
        "ショータ",
        "しょうた",
    ),
    *(
        "Takahashi Shota",
        "SHOTA TAKAHASHI",
        "Shouta",
        "Shōta",
        "Syôta",
        "takahashi_shota",
        "ＴＡＫＡＨＡＳＨＩ",
    ),
    *(
        "2008年4月1日",
        "２００８／０４／０１",
        "2008-4-1",
        "20080401",
        "平成20年4月1日",
        "平成二十年四月一日",
        "H20.4.1",
    ),
    *(
        "二〇〇八年四月一日",
        "㍻20年4月1日",
        "4月1日",
        "April 1, 2008",
        "1 April 2008",
        "1st of April",
        "04/01/2008",
    ),
    *("2008年生まれ", "平成20年生まれ", "18歳", "十八歳", "18 years old"),
    *("杜都台高等学校", "杜都台高校", "宮城県立杜都台", "杜 都 台", "X00012"),
    *("090-1234-5678", "０９０１２３４５６７８", "+81 90 1234 5678", "980-8576", "〒９８０ー８５７６"),
    *(
        "shota.t2008@example.com",
        "ＳＨＯＴＡ．Ｔ２００８＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "somebody.else@example.net",
    ),
    *("宮城県", "仙台", "片平2-1-1", "片平", "メゾン青空", "青葉区"),
    *("髙橋健一", "健一", "鈴木一朗", "鈴木先生", "鈴木教授", "p0000123", "A2027-000001", "mototodai"),
    *("女子校", "as a woman", "@shota_0401", "https://example.com/shota"),
)


@pytest.mark.parametrize("trace", TRACES)
def test_trace_is_masked(trace: str) -> None:
    """Whatever spelling tells who it is goes, and the words around it stay."""
    masked = Redactor(PERSON)(f"研究、{trace}。以上")

    assert masked is not None
    assert masked.startswith("研究、")
    assert masked.endswith("以上")
    left = masked.removeprefix("研究、").removesuffix("。以上").replace(MASK, "")
    assert not any(character.isalnum() for character in left.replace("高校", "").replace("高等学校", "")), (
        left
    )


@pytest.mark.parametrize(
    "text",
    [
        "2018年の論文を読み、12月4日に実験を始めた。",
        "3歳のころから物理に関心があり、国際的な活動をしたい。",
        "I want to study physics, because it explains the world.",
        "水素とヘリウムの原子核について、第20回大会で発表した。",
    ],
)
def test_other_words_stay(text: str) -> None:
    """What tells nothing about the applicant is left as it was written."""
    assert Redactor(PERSON)(text) == text


def test_short_names() -> None:
    """Names of one character or syllable neither slip through nor destroy the text."""
    short = PERSON | {"family_name": "李", "given_name": "愛", "family_kana": "リ", "given_kana": "アイ"}
    masked = Redactor(short)("李愛です。リ・アイ、Ai Ri。理論にひかれ、森の中であそぶ。I see air.")

    assert masked is not None
    assert not set("李愛") & set(masked)
    assert "アイ" not in masked
    assert "Ai" not in masked
    assert masked.endswith("理論にひかれ、森の中であそぶ。I see air.")


CANARIES = {
    "family_name": "金糸雀",
    "given_name": "鳴子",
    "family_kana": "カナリヤ",
    "given_kana": "ナルコ",
    "birth_date": date(2008, 7, 13),
    "sex": "female",
    "email": "canary.mail@example.com",
    "phone": "09099998888",
    "postal_code": "555-1234",
    "address": "鳥籠県止木市羽根町7-7-7",
    "school_name": "鳥籠県立止木高等学校",
    "school_code": "CANARY1",
    "school_contact_email": "canary-school@birds.example.jp",
    "guardian_name": "金糸雀 親鳥",
    "related_staff": "雲雀教授の姪",
    "applicant_account": "canary-account-1",
}
SPELLED = (
    *(
        "金糸雀",
        "鳴子",
        "カナリヤ",
        "かなりや",
        "ナルコ",
        "なるこ",
        "Kanariya",
        "Naruko",
        "2008年7月13日",
        "平成20年7月13日",
    ),
    *(
        "2008-07-13",
        "canary.mail",
        "09099998888",
        "090-9999-8888",
        "555-1234",
        "鳥籠県",
        "止木",
        "羽根町",
        "7-7-7",
    ),
    *("CANARY1", "canary-school", "birds", "親鳥", "雲雀", "canary-account", "18歳", "female"),
)


async def canary(institute: Institute) -> tuple[Case, str]:
    statement = "志望理由は物理です。" + "、".join(word for word in SPELLED if word != "female") + "。終わり"
    case = await institute.apply(person(**CANARIES, statement=statement))
    reviewers = await case.to_review()
    return case, reviewers[0]


def silent(text: str) -> None:
    folded = text.casefold()
    assert [word for word in SPELLED if word.casefold() in folded] == []


async def test_material(institute: Institute, iehe: CommandLine) -> None:
    """A reviewer gets programme, form, deadline and the masked statement, and no canary with them."""
    case, reviewer = await canary(institute)
    words = ("admission", "material", case.row.application_no)

    shown = await iehe.ok(*words, by=reviewer)
    printed = await iehe(*words, by=reviewer)

    assert set(shown) == {"case_id", "programme", "round_id", "review", "due_at", "criteria", "statement"}
    assert [line["key"] for line in shown["criteria"]] == ["academic", "motivation", "activities"]
    assert (shown["criteria"][0]["maximum"], shown["criteria"][0]["weight"]) == (10, 3)
    assert shown["statement"].startswith("志望理由は物理です。")
    assert shown["statement"].endswith("終わり")
    assert "academic" in printed.out
    silent(json.dumps(shown, ensure_ascii=False))
    silent(printed.out + printed.err)


async def test_only_for_reviewers_of_the_case(institute: Institute, iehe: CommandLine, pool) -> None:
    """Nobody else gets it: not the office, not another reviewer, not one who has declined."""
    case, reviewer = await canary(institute)
    words = ("admission", "material", case.row.application_no)
    chosen = (await case.state())["reviews"]
    other = next(f"reviewer-{n}" for n in range(1, 7) if f"reviewer-{n}" not in chosen)

    for by, code, error in (
        ("office-1", 6, "not-assigned"),
        (other, 4, "no-such-case"),
        ("nobody-1", 6, "actor-unknown"),
        (None, 6, "actor-missing"),
    ):
        assert await iehe.refused(*words, by=by) == (code, error)
    assert await iehe.refused("admission", "material", "A0000-404", by=reviewer) == (4, "no-such-case")
    await iehe.ok("admission", "decline-review", case.case_id, "--conflict", by=reviewer)
    assert await iehe.refused(*words, by=reviewer) == (4, "no-such-case")
    async with pool.acquire() as connection:
        with pytest.raises(Refusal):
            await review_material(connection, case.case_id, reviewer)


async def test_nothing_else_a_reviewer_calls_tells(institute: Institute, iehe: CommandLine) -> None:
    """No list, page, history or error that a reviewer can get holds a canary."""
    case, reviewer = await canary(institute)
    number = case.row.application_no
    await iehe.ok("admission", "accept-review", number, "--no-conflict", by=reviewer)
    await iehe.ok(
        "admission", "submit-scores", number, "academic=8", "motivation=7", "activities=6", by=reviewer
    )
    notice = (await case.notices())[0]["notice_id"]

    for words, by in (
        (("case", "show", number), None),
        (("case", "list"), None),
        (("case", "history", number), None),
        (("case", "diagram", number), None),
        (("case", "deadline", number), None),
        (("tasks",), None),
        (("notices", "list", number), None),
        (("notices", "show", notice), None),
        (("notices", "show", notice, "--personal"), reviewer),
        (("case", "show", number, "--personal"), reviewer),
        (("admission", "submit-scores", number, "academic=8"), reviewer),
        (("admission", "submit-scores", number, "academic=金"), reviewer),
        (("admission", "cast-vote", number, "admit", "--reason", "x"), reviewer),
        (("admission", "event", number, "document-received", "item=diary"), None),
        (("admission", "imports"), None),
    ):
        for more in ((), ("--json",)):
            ended = await iehe(*words, *more, by=by)
            silent(ended.out + ended.err)


async def test_unmaskable_statement_is_withheld(institute: Institute, monkeypatch, pool) -> None:
    """When masking does not come to rest the statement is withheld, not shown half masked."""
    case, reviewer = await canary(institute)
    monkeypatch.setattr("activities.admission.redaction.ROUNDS", 0)

    async with pool.acquire() as connection:
        shown = await review_material(connection, case.case_id, reviewer)

    silent(shown.model_dump_json())
    assert shown.statement is not None
    assert "withheld" in shown.statement
