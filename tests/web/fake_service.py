"""A service of a few lines, so that only the door is tried."""

from typing import Any
from uuid import uuid4

from cds_service.callers import Caller
from cds_service.feedback.store import IssuedCard
from cds_service.hooks.request import HookRequest
from cds_service.service import Answer


class FakeService:
    """Answers every call with one card, or breaks if it is told to."""

    def __init__(self) -> None:
        self.asked: list[HookRequest] = []
        self.received: list[float | None] = []
        self.callers: list[Caller | None] = []
        self.fault: BaseException | None = None
        self.more: dict[str, Any] = {}

    def answer(
        self, request: HookRequest, received: float | None = None, caller: Caller | None = None, *_: Any
    ) -> Answer:
        self.asked.append(request)
        self.callers.append(caller)
        self.received.append(received)
        if self.fault:
            raise self.fault
        return self._card("opioid-active", request, at=received)

    def did_not_run(self, request: HookRequest, caller: Caller | None = None) -> Answer:
        return self._card("data-not-checked", request)

    def _card(self, rule: str, request: HookRequest, **log: Any) -> Answer:
        uuid = str(uuid4())
        source = {"label": "LDN checks", "topic": {"code": rule, "system": "urn:ldn-cds:rule"}}
        card = {"uuid": uuid, "summary": "A card.", "indicator": "warning", "source": source, **self.more}
        issued = IssuedCard(uuid, rule, "warning", (rule,), (), request.hook, request.instance, "test")
        return Answer([card], (issued,), {"knowledge": "test", **log})
