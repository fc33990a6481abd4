"""What the office reads about each fault, in Japanese and English; no message ever quotes a value."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from spreadsheets.codes import WARNINGS, Code, Fault, Severity

MESSAGES: Final[dict[Code, tuple[str, str]]] = {
    Code.FILE_UNREADABLE: (
        "ファイルを開けません(存在しない、フォルダーである、または権限がありません)",
        "the file cannot be opened: it is missing, a folder, or not permitted",
    ),
    Code.FILE_EMPTY: ("ファイルが空です", "the file is empty"),
    Code.FILE_TOO_LARGE: ("ファイルが{limit} MiBを超えています", "the file is larger than {limit} MiB"),
    Code.FILE_UNSUPPORTED: (
        "CSVでもXLSXでもありません(旧形式の.xlsとパスワード付きは.xlsxで保存し直してください)",
        "neither CSV nor XLSX; save an old .xls or a password-protected workbook as plain .xlsx",
    ),
    Code.FILE_BINARY: (
        "テキストに使えないNUL文字があります。CSVとして保存し直してください",
        "the text contains a NUL character; save the file as CSV again",
    ),
    Code.ENCODING_UNKNOWN: (
        "文字コードを判別できません。「CSV UTF-8」で保存し直してください",
        "the character encoding is not known; save the file as CSV UTF-8",
    ),
    Code.CSV_BROKEN: (
        'CSVの引用符(")が閉じていないか、位置が正しくありません',
        "a quotation mark of the CSV is not closed or stands in the wrong place",
    ),
    Code.WORKBOOK_BROKEN: ("ブックが壊れています", "the workbook is damaged"),
    Code.WORKBOOK_TOO_DEMANDING: (
        (
            "ブックの読み込みが制限({memory} MiB、{seconds}秒)を超えました。"
            "必要なシートだけを新しいブックに貼り付けて保存し直してください"
        ),
        "reading the workbook exceeded {memory} MiB or {seconds} s; paste the sheet into a new workbook",
    ),
    Code.TABLE_TOO_LARGE: (
        "表が大きすぎます({rows}行未満、{columns}列まで)",
        "the table is too large: fewer than {rows} rows and at most {columns} columns",
    ),
    Code.HEADER_MISSING: ("見出し行が見つかりません", "no header row was found"),
    Code.NO_ROWS: ("データ行がありません", "there are no data rows"),
    Code.COLUMN_MISSING: ("必須の列がありません", "a required column is missing"),
    Code.COLUMN_DUPLICATE: ("同じ項目の列が複数あります", "two columns hold the same item"),
    Code.COLUMN_UNKNOWN: ("不明な列のため取り込みません", "unknown column, not imported"),
    Code.COLUMN_HIDDEN: ("非表示の列も取り込みます", "a hidden column, imported all the same"),
    Code.MAPPED_COLUMN_MISSING: (
        "--map で指定した列が見出しにありません",
        "no header has the name that --map gives",
    ),
    Code.SHEETS_IGNORED: (
        "最初の表示シートだけを取り込みます",
        "only the first visible sheet is imported",
    ),
    Code.ROW_HIDDEN: (
        "非表示の行です(フィルターを含む)。再表示するか、行を削除してください",
        "a hidden row, by a filter perhaps; show it or delete it",
    ),
    Code.CELL_ERROR: (
        (
            "数式のエラー(#N/A、#REF! など)か、計算されていない数式か、列幅が足りない「####」です。"
            "値を入力し直してください"
        ),
        "an error such as #N/A, a formula never calculated, or the #### of a narrow column; enter the value",
    ),
    Code.TOO_MANY_CELLS: (
        "見出しより右に値があります(カンマの引用符漏れの可能性)",
        "there is a value beyond the last header; an unquoted comma may have shifted the row",
    ),
    Code.CELL_TOO_LONG: ("セルが{limit}文字を超えています", "the cell is longer than {limit} characters"),
    Code.REQUIRED: ("必須項目が空です", "a required value is missing"),
    Code.TEXT_TOO_LONG: ("{limit}文字を超えています", "longer than {limit} characters"),
    Code.CONTROL_CHARACTER: (
        "改行、制御文字、見えない文字または文字化けがあります",
        "contains a line break, a control or invisible character, or a damaged character",
    ),
    Code.CHARACTER_LOST: (
        (
            "保存時に失われた文字(?、〓、●、□ など)があります。元の文字を入力し直し、"
            "「CSV UTF-8」かXLSXで保存してください"
        ),
        "a character was lost in saving (? 〓 ● □); enter it again and save the file as CSV UTF-8 or XLSX",
    ),
    Code.GAIJI_CHARACTER: (
        "外字があります。他のシステムでは表示できません",
        "contains a user-defined character (gaiji) that other systems cannot show",
    ),
    Code.FORMULA_CHARACTER: (
        "先頭に「=」「+」「-」「@」は使えません",
        "must not begin with one of = + - @",
    ),
    Code.NUMBER_NOT_TEXT: (
        "数値として保存され、先頭の0が失われた可能性があります。列の書式を「文字列」にして入力し直してください",
        "stored as a number, so leading zeros may be lost; format the column as text and enter it again",
    ),
    Code.NUMBER_INVALID: (
        "{low}から{high}までの整数ではありません",
        "not a whole number from {low} to {high}",
    ),
    Code.APPLICATION_NO_INVALID: (
        "受験番号は半角の英大文字・数字・ハイフンで4から24文字です",
        "an application number is 4 to 24 capital letters, digits and hyphens",
    ),
    Code.APPLICATION_NO_WITHOUT_DIGIT: (
        "受験番号に数字がありません(氏名を使わないでください)",
        "the application number has no digit; it must not be a name",
    ),
    Code.APPLICATION_NO_REPEATED: (
        "同じ受験番号が他の行にもあります(行: {rows})",
        "the same application number stands in other rows too: {rows}",
    ),
    Code.ROUND_INVALID: (
        "選抜区分は半角の英小文字・数字・ハイフンで3から32文字です",
        "a round is 3 to 32 small letters, digits and hyphens",
    ),
    Code.ROUND_MISMATCH: ("取り込み先と異なる選抜区分です", "belongs to another round than this import"),
    Code.PROGRAMME_INVALID: (
        "学部コードは半角の英小文字・数字・ハイフンで2から32文字です",
        "a programme code is 2 to 32 small letters, digits and hyphens",
    ),
    Code.PROGRAMME_UNKNOWN: ("登録されていない学部コードです", "the programme code is not registered"),
    Code.CODE_INVALID: ("コードの形式が正しくありません", "the code has the wrong form"),
    Code.CHOICE_UNKNOWN: ("選択肢にない値です", "not one of the possible values"),
    Code.NAME_NOT_SPLIT: (
        "姓と名の間に空白を一つ入れるか、列を分けてください",
        "put one space between family name and given name, or give each a column",
    ),
    Code.KANA_INVALID: ("カタカナで入力してください", "must be written in katakana"),
    Code.EMAIL_INVALID: ("メールアドレスの形式が正しくありません", "not a valid e-mail address"),
    Code.PHONE_INVALID: (
        "電話番号の形式が正しくありません(0から始まる10・11桁、または+国番号)",
        "not a telephone number: 10 or 11 digits beginning with 0, or + and a country code",
    ),
    Code.POSTAL_CODE_INVALID: (
        "郵便番号は7桁(123-4567)です",
        "a postal code has 7 digits (123-4567)",
    ),
    Code.DATE_INVALID: ("存在する日付ではありません", "not a date that exists"),
    Code.WEEKDAY_MISMATCH: ("曜日が日付と合いません", "the weekday is not that of the date"),
    Code.ERA_OUT_OF_BOUNDS: ("元号の期間外の日付です", "the date lies outside the era's bounds"),
    Code.DATE_IN_FUTURE: ("未来の日付です", "the date is in the future"),
    Code.DATE_ORDER: ("終了日が開始日より前です", "the end lies before the beginning"),
    Code.AGE_IMPLAUSIBLE: (
        "入学時の年齢が{low}歳未満または{high}歳超になります",
        "the age at entry would be under {low} or over {high}",
    ),
    Code.ACCOMMODATION_DATE_MISSING: (
        "突発の事情による配慮申請には申請日が必要です",
        "a sudden accommodation request needs the date of the request",
    ),
    Code.ACCOUNT_CONTRADICTION: (
        "同じポータルIDの行で氏名カナまたは生年月日が異なります(行: {rows})",
        "rows with the same portal account differ in reading or date of birth: {rows}",
    ),
    Code.PERSON_REPEATED: (
        "同一人物の可能性がある行があります(行: {rows})",
        "these rows may be the same person: {rows}",
    ),
    Code.STAFF_ID_REPEATED: (
        "同じ教職員IDが他の行にもあります(行: {rows})",
        "the same staff id stands in other rows too: {rows}",
    ),
}


@lru_cache(maxsize=256)
def _filled(code: Code, parameters: tuple[tuple[str, object], ...]) -> tuple[str, str]:
    # A file of 200,000 rows can have millions of faults: they share their texts.
    japanese, english = MESSAGES[code]
    values = dict(parameters)
    return japanese.format(**values), english.format(**values)


def fault(
    code: Code,
    *,
    row: int | None = None,
    column: str | None = None,
    position: int | None = None,
    parameters: Mapping[str, object] | None = None,
) -> Fault:
    """Make the fault of a code at a place, its messages filled with the parameters."""
    japanese, english = _filled(code, tuple((parameters or {}).items()))
    severity: Severity = "warning" if code in WARNINGS else "error"
    return Fault(row, column, code, japanese, english, severity, position)
