"""What a step tells other processes, and what it knows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from schemas.kernel.case import FactOrigin
from schemas.kernel.identifiers import event_type
from schemas.kernel.payload import Payload
from schemas.kernel.transition import FactForAll
from workflows.kernel import links

if TYPE_CHECKING:
    from workflows.kernel.draft import Draft


class Facts:
    """Facts between the case that a draft changes and those of other processes: docs/links.md."""

    def __init__(self, draft: Draft[Any], origin: FactOrigin | None) -> None:
        self._draft = draft
        self.origin = origin
        """Of which revision of which fact of another process this step comes; None: of none."""
        self.told: list[FactForAll] = []

    def tell(
        self,
        fact: str,
        data: Payload | Mapping[str, JsonValue],
        key: str = "",
        *,
        revision: int | None = None,
        withdrawn: bool = False,
    ) -> None:
        """Tell every process that takes it a fact, which is stored with this step or not at all.

        Told again as it was it adds nothing; otherwise it is a correction.

        Args:
            fact: its name in what the process tells.
            data: its listed fields.
            key: what identifies it beside this case.
            revision: None: the next one.
            withdrawn: what it told holds no more.

        Raises:
            Refusal: it has another field, or the revision has been told otherwise.
        """
        draft, origin = self._draft, self.origin
        tells, case_id = draft.process.tells[fact], draft.state.case_id
        kind = event_type(draft.process.name, fact)
        listed = links.listed(tells, kind, data)
        chain = list(draft.look_up("chain", case_id=case_id)) if origin is None else links.chain_after(origin)
        if len(chain) >= links.CHAIN_LIMIT:
            draft.details["chain_too_long"] = fact
            draft.open_task(links.CHAIN_TOO_LONG, draft.process.office, whose=fact, keep=True)
            return
        self.told.append(
            FactForAll(
                fact_id=links.fact_id(case_id, kind, key),
                type=kind,
                key=key,
                revision=revision,
                withdrawn=withdrawn,
                data=listed,
                chain=tuple(chain),
                occurred_at=draft.happened_at,
                keep_days=tells.keep.days,
                expected=tells.expected,
            )
        )

    def standing(self, kind: str, key: str | None = None, **where: JsonValue) -> dict[str, Any] | None:
        """The newest fact of a type that is kept for cases that open later; None: there is none, or no more.

        Args:
            kind: the type as the process takes it.
            key: of the fact.
            where: fields of its data with these values.

        Returns:
            Its `data`, `fact_id`, `revision` and `occurred_at`.
        """
        draft = self._draft
        found: dict[str, Any] | None = draft.look_up(
            "standing",
            case_id=draft.state.case_id,
            process=draft.process.name,
            type=kind,
            key=key,
            where=where,
            at=draft.now.isoformat(),
        )
        return found
