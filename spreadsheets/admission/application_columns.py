"""The columns of an application file, each with the headers that offices give it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from schemas.admission.applications import (
    ACCOUNT_PATTERN,
    APPLICATION_NO_PATTERN,
    PROGRAMME_PATTERN,
    ROUND_ID_PATTERN,
    SCHOOL_CODE_PATTERN,
    STATEMENT_LIMIT,
    Sex,
)
from schemas.kernel.people import LINE_LIMIT, NAME_LIMIT
from spreadsheets.dates import read_date
from spreadsheets.headers import Column, Form, Split
from spreadsheets.values import choice, email, kana, key, line, phone, postal_code, prose

SEXES: Final = {
    **dict.fromkeys(("female", "f", "女", "女性", "2"), Sex.FEMALE),
    **dict.fromkeys(("male", "m", "男", "男性", "1"), Sex.MALE),
    **dict.fromkeys(("other", "その他", "9"), Sex.OTHER),
    **dict.fromkeys(("unspecified", "無回答", "回答しない", "未回答", "0"), Sex.UNSPECIFIED),
}
LANGUAGES: Final = {
    **dict.fromkeys(("ja", "日本語", "japanese"), "ja"),
    **dict.fromkeys(("en", "英語", "english"), "en"),
}
FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "y", "1", "はい", "有", "有り", "あり", "○", "〇"), True),
    **dict.fromkeys(("false", "no", "n", "0", "いいえ", "無", "無し", "なし", "×"), False),
}


def application_columns(*, round_required: bool) -> tuple[Column, ...]:
    """All columns; the round is one of them only where the import itself does not name it."""
    return tuple(
        replace(column, required=True) if round_required and column.field == "round_id" else column
        for column in _COLUMNS
    )


def application_form(
    *,
    round_required: bool,
    given: Mapping[str, str] | None = None,
    kept: Mapping[str, Mapping[str, str]] | None = None,
) -> Form:
    """The columns with what offices put into one or spread over several, and the mappings they gave."""
    return Form(application_columns(round_required=round_required), SPLITS, given or {}, kept or {})


SPLITS: Final = (
    Split(
        ("family_name", "given_name"),
        (
            "氏名",
            "志願者氏名",
            "受験者氏名",
            "出願者氏名",
            "本人氏名",
            "姓名",
            "お名前",
            "名前",
            "full name",
            "name",
        ),
    ),
    Split(
        ("family_kana", "given_kana"),
        (
            "フリガナ",
            "氏名フリガナ",
            "カナ氏名",
            "志願者氏名フリガナ",
            "名前フリガナ",
            "姓名フリガナ",
            "name kana",
        ),
    ),
)
"""Whole names in one column; フリガナ stands for ふりがな, カナ, よみ, よみがな and 読み仮名 too."""
_name = line(NAME_LIMIT)
_kana = kana(NAME_LIMIT)

_COLUMNS: Final = (
    Column(
        "application_no",
        key(APPLICATION_NO_PATTERN, "application-no-invalid"),
        (
            "受験番号",
            "application no",
            "application number",
            "志願番号",
            "出願番号",
            "整理番号",
            "受付番号",
            "受験No",
        ),
        required=True,
    ),
    Column(
        "round_id",
        key(ROUND_ID_PATTERN, "round-invalid", fold=str.lower),
        ("選抜区分", "round", "入試区分", "募集区分"),
    ),
    Column(
        "programme",
        key(PROGRAMME_PATTERN, "programme-invalid", fold=str.lower),
        (
            "学部コード",
            "programme",
            "program",
            "programme code",
            "志望学部コード",
            "学部",
            "志望学部",
            "募集単位",
        ),
        required=True,
    ),
    Column(
        "applicant_account",
        key(ACCOUNT_PATTERN, "code-invalid"),
        ("ポータルID", "account", "portal account", "ポータルアカウント", "アカウント", "ユーザーID"),
    ),
    Column(
        "family_name",
        _name,
        ("姓", "family name", "last name", "surname", "氏", "名字", "苗字"),
        required=True,
    ),
    Column("given_name", _name, ("名", "given name", "first name", "名前"), required=True),
    Column(
        "family_kana",
        _kana,
        (
            "セイ",
            "family kana",
            "family name kana",
            "姓フリガナ",
            "氏フリガナ",
        ),
        required=True,
    ),
    Column(
        "given_kana",
        _kana,
        (
            "メイ",
            "given kana",
            "given name kana",
            "名フリガナ",
        ),
        required=True,
    ),
    Column(
        "birth_date",
        read_date,
        ("生年月日", "birth date", "date of birth", "birthday", "誕生日"),
        required=True,
    ),
    Column("sex", choice(SEXES), ("性別", "sex", "gender")),
    Column(
        "email",
        email,
        ("メールアドレス", "email", "e-mail", "email address", "メール", "eメール", "本人メールアドレス"),
        required=True,
    ),
    Column(
        "phone",
        phone,
        ("電話番号", "phone", "telephone", "phone number", "電話", "TEL", "連絡先電話番号"),
        spare=(
            "携帯電話番号",
            "携帯電話",
            "携帯番号",
            "携帯",
            "mobile",
            "mobile phone",
            "自宅電話番号",
            "自宅電話",
        ),
    ),
    Column(
        "postal_code",
        postal_code,
        ("郵便番号", "postal code", "zip", "zip code", "postcode", "〒"),
        required=True,
    ),
    Column(
        "address",
        line(LINE_LIMIT, break_is_space=True),
        ("住所", "address", "現住所"),
        required=True,
        pieces={
            **dict.fromkeys(
                ("住所1", "都道府県", "都道府県名", "市区町村", "市町村", "町域", "町名番地", "番地"), ""
            ),
            **dict.fromkeys(("住所2", "住所3", "建物名", "建物名・部屋番号", "マンション名", "方書"), " "),
        },
    ),
    Column(
        "school_name",
        _name,
        (
            "出身学校名",
            "school",
            "school name",
            "出身学校",
            "出身高校",
            "出身高校名",
            "高等学校名",
            "学校名",
            "出身学校名称",
            "在籍校",
        ),
        required=True,
    ),
    Column(
        "school_code",
        key(SCHOOL_CODE_PATTERN, "code-invalid", fold=str.upper),
        ("学校コード", "school code", "高校コード", "出身学校コード", "出身高校コード"),
    ),
    Column(
        "school_contact_email",
        email,
        (
            "学校連絡先メール",
            "school contact email",
            "referee email",
            "学校メールアドレス",
            "推薦者メールアドレス",
        ),
    ),
    Column("guardian_name", _name, ("保護者氏名", "guardian", "guardian name", "保護者名", "保護者")),
    Column(
        "related_staff",
        line(LINE_LIMIT, break_is_space=True, marks=True),
        ("教職員・卒業生との関係", "related staff", "関係者", "縁故関係", "教職員との関係"),
    ),
    Column("language", choice(LANGUAGES), ("連絡言語", "language", "言語", "使用言語")),
    Column(
        "submitted_on",
        read_date,
        (
            "出願日",
            "submitted on",
            "submission date",
            "提出日",
            "申込日",
            "受付日",
            "出願年月日",
            "出願日時",
            "提出日時",
            "申込日時",
            "受付日時",
            "タイムスタンプ",
            "timestamp",
        ),
        required=True,
    ),
    Column(
        "accommodation_requested_on",
        read_date,
        ("受験上の配慮申請日", "accommodation requested on", "配慮申請日", "合理的配慮申請日"),
    ),
    Column(
        "accommodation_sudden",
        choice(FLAGS),
        ("突発の事情", "accommodation sudden", "配慮突発", "突発的事情", "急な負傷・疾病"),
    ),
    Column(
        "statement",
        prose(STATEMENT_LIMIT),
        ("志望理由", "statement", "statement of purpose", "志望動機", "志望理由書"),
    ),
)
