"""From the Temporal UI to the offices' pages: the workflow of a case says where its page is."""

from typing import Any, Final

from temporalio.client import (
    Interceptor,
    OutboundInterceptor,
    StartWorkflowInput,
    StartWorkflowUpdateWithStartInput,
    WorkflowHandle,
    WorkflowUpdateHandle,
)

from cases.sight import process_of

_SAID: Final = "[案件のページ / The page of the case]({url}/cases/{case_id})"


class PageLinks(Interceptor):
    """Whatever starts the workflow of a case writes the address of its page into the workflow's details.

    Args:
        url: of the pages, without a slash at its end.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - the SDK's name
        """The client that starts workflows."""
        return _Outbound(next, self._url)


class _Outbound(OutboundInterceptor):
    def __init__(self, following: OutboundInterceptor, url: str) -> None:
        super().__init__(following)
        self._url = url

    async def start_workflow(self, input: StartWorkflowInput) -> WorkflowHandle[Any, Any]:  # noqa: A002
        self._tell(input)
        return await super().start_workflow(input)

    async def start_update_with_start_workflow(
        self,
        input: StartWorkflowUpdateWithStartInput,  # noqa: A002
    ) -> WorkflowUpdateHandle[Any]:
        self._tell(input.start_workflow_input)
        return await super().start_update_with_start_workflow(input)

    def _tell(self, start: Any) -> None:
        if start.static_details is None and process_of(start.id) is not None:
            start.static_details = _SAID.format(url=self._url, case_id=start.id)
