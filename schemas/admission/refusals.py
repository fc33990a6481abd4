"""Why a step of an admission review is not done."""

from typing import Final

from schemas.kernel.refusals import RefusalKind, Texts

_I, _N, _F, _C = (
    RefusalKind.INVALID,
    RefusalKind.NOT_ALLOWED,
    RefusalKind.NOT_FOUND,
    RefusalKind.CONFLICT,
)

TEXTS: Final[Texts] = {
    "no-other-offer": (
        _C,
        "No other offer of this round has been accepted by the applicant.",
        "志願者はこの選抜回の他の合格を受諾していません。",
    ),
    "not-assigned": (
        _N,
        "You are not a reviewer of this case.",
        "あなたはこの案件の審査員に割り当てられていません。",
    ),
    "already-scored": (
        _C,
        "You have already submitted the scores for this case.",
        "この案件の採点は提出済みです。",
    ),
    "score-missing": (
        _I,
        "Every criterion needs a score; missing: {criteria}.",
        "すべての評価項目に点数が必要です。未入力: {criteria}",
    ),
    "score-unknown": (
        _I,
        "The form has no criterion {criteria}; it has {known}.",
        "評価項目 {criteria} はありません。項目: {known}",
        "criteria",
    ),
    "score-out-of-bounds": (
        _I,
        "The score for '{criterion}' must be between {minimum} and {maximum}.",
        "評価項目「{criterion}」の点数は {minimum} から {maximum} の範囲で入力してください。",
    ),
    "too-late": (
        _C,
        (
            "The deadline was {due}. A late one counts only when the office has permitted it "
            "(iehe admission permit-late)."
        ),
        "期限は {due} でした。遅延を認めるには事務局の許可が必要です（iehe admission permit-late）。",
    ),
    "not-a-member": (
        _N,
        "You are not a member of the committee for this case.",
        "あなたはこの案件の委員会の構成員ではありません。",
    ),
    "must-abstain": (
        _N,
        "A conflict of interest is on record for you; you can only abstain.",
        "利益相反が登録されているため、棄権のみ可能です。",
    ),
    "already-voted": (
        _C,
        "You have already voted in this ballot (round {round}).",
        "この投票（第 {round} 回）では投票済みです。",
    ),
    "quorum-missing": (
        _C,
        "{cast} of the {quorum} votes needed have been cast (abstentions do not count).",
        "定足数に達していません（必要 {quorum} 票、現在 {cast} 票。棄権は含みません）。",
    ),
    "no-ballot": (
        _C,
        "No ballot is open now; see the case's tasks for what it waits for.",
        "現在、進行中の投票はありません。案件の作業一覧を確認してください。",
    ),
    "no-tie": (
        _C,
        "The chair's casting vote is only for a tie after {rounds} ballots.",
        "議長の決裁票は、{rounds} 回の投票で可否同数の場合に限ります。",
    ),
    "against-committee": (
        _C,
        "The committee's result is '{result}'; the decision '{decision}' would contradict it.",
        "委員会の結論は「{result}」です。「{decision}」はこれに反します。",
    ),
    "parts-missing": (
        _C,
        "Required parts are missing: {missing}. No decision is possible before they are in.",
        "必要な書類等が不足しています: {missing}。揃うまで決定できません。",
    ),
    "places-full": (
        _C,
        "All {places} places of this programme are offered or taken. Waitlist the applicant instead.",
        "この課程の定員 {places} 名はすべて提示済みまたは確定済みです。補欠としてください。",
    ),
    "places-undeclared": (
        _C,
        "No places are declared for this programme and round (iehe round places).",
        "この課程・選抜回の定員が登録されていません（iehe round places）。",
    ),
    "other-offer-accepted": (
        _C,
        "The applicant has already accepted another offer of this round.",
        "志願者はこの選抜回の別の合格を既に受諾しています。",
    ),
    "reviewer-conflict": (
        _C,
        "{reviewer} has a conflict of interest with this application ({reason}); choose another.",
        "{reviewer} には利益相反（{reason}）があります。別の審査員を選んでください。",
    ),
    "reviewer-near-conflict": (
        _C,
        (
            "{reviewer} may have a conflict of interest with this application ({reason}): what is on record "
            "is nearly the same. Compare both; name the reviewer again with --looked-at when there is none."
        ),
        (
            "{reviewer} には利益相反（{reason}）の可能性があります（登録内容がほぼ一致）。"
            "両者を確認し、利益相反がなければ --looked-at を付けて再度指名してください。"
        ),
    ),
    "declaration-missing": (
        _C,
        (
            "First declare that you have no conflict of interest (iehe admission accept-review CASE "
            "--no-conflict); if you have one: iehe admission decline-review CASE --conflict."
        ),
        (
            "先に利益相反がないことを申告してください（iehe admission accept-review CASE --no-conflict）。"
            "利益相反がある場合は iehe admission decline-review CASE --conflict を行ってください。"
        ),
    ),
    "conflict-unjudged": (
        _C,
        (
            "Whether {member} has a conflict of interest ({reason}) is still to be judged by the office "
            "(iehe admission judge-conflict)."
        ),
        ("{member} の利益相反（{reason}）の有無は事務局が確認中です（iehe admission judge-conflict）。"),
    ),
    "no-near-conflict": (
        _C,
        "No possible conflict of interest of {member} is to be judged; see the case's tasks.",
        "{member} について確認すべき利益相反の可能性はありません。案件の作業一覧を確認してください。",
    ),
    "reviewer-unknown": (
        _F,
        "{reviewer} is not an active reviewer.",
        "{reviewer} は有効な審査員ではありません。",
        "reviewer",
    ),
    "reviewer-full": (
        _C,
        "{reviewer} already has {cap} open reviews.",
        "{reviewer} の担当件数は上限 {cap} 件に達しています。",
    ),
    "reviewer-assigned-already": (
        _C,
        "{reviewer} is, or has been, a reviewer of this case.",
        "{reviewer} は既にこの案件に割り当てられています（または割り当てられていました）。",
    ),
    "reviewers-too-many": (
        _C,
        "The case needs {wanted} more reviewers; {given} were named.",
        "必要な審査員はあと {wanted} 名です（指定 {given} 名）。",
    ),
    "review-running": (
        _C,
        "You have accepted this review already.",
        "この審査は受諾済みです。",
    ),
    "no-duplicate": (
        _C,
        "No possible duplicate is open for this case.",
        "この案件に確認待ちの重複候補はありません。",
    ),
    "duplicate-unnamed": (
        _I,
        "There is more than one candidate ({candidates}); name whose applicant it is (duplicate_of).",
        "候補が複数あります（{candidates}）。同一の志願者の案件を指定してください（duplicate_of）。",
    ),
    "unknown-duplicate": (
        _F,
        "'{duplicate}' is not among the candidates: {candidates}.",
        "「{duplicate}」は重複候補にありません。候補: {candidates}",
        "duplicate",
    ),
    "no-finding": (
        _C,
        "Nothing has been found about a duplicate of this case that could be taken back.",
        "この案件に取り消せる重複確認の結果はありません。",
    ),
    "finding-followed": (
        _C,
        "An offer of the same applicant's has been accepted since; the finding can no longer be taken back.",
        "同一志願者の合格受諾が既に行われているため、重複確認の結果は取り消せません。",
    ),
    "duplicate-open": (
        _C,
        "A possible duplicate must be resolved first (iehe admission resolve-duplicate).",
        "先に重複候補を確認してください（iehe admission resolve-duplicate）。",
    ),
    "no-accommodation": (
        _C,
        "No accommodation request is waiting for a decision.",
        "審査待ちの受験上の配慮申請はありません。",
    ),
    "accommodation-late": (
        _C,
        "The request came after {due} without a sudden cause; permit it first (iehe admission permit-late).",
        (
            "申請は期限 {due} 後で、突発的な事由もありません。先に遅延を許可してください"
            "（iehe admission permit-late）。"
        ),
    ),
    "unknown-item": (
        _F,
        "This route asks for no '{item}'; it asks for {known}.",
        "この選抜では「{item}」は不要です。必要なもの: {known}",
        "item",
    ),
    "unknown-application": (
        _F,
        "There is no application '{application}'.",
        "出願「{application}」はありません。",
    ),
}
