"""Who is calling, asked before a body is read."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from flask import request

from cds_service.callers import Caller
from cds_service.callers.fetching import fetch_key_set
from cds_service.callers.reception import Anyone, Reception
from cds_service.callers.replay import Uses
from cds_service.callers.replay_stores import shared_uses
from cds_service.running import terms_of, unnamed_caller
from cds_service.settings import Settings
from cds_service.web.sharing.turns import aside
from cds_service.web.sharing.turnstile import Turnstile


class Recognising(Protocol):
    """What the door needs to know who calls."""

    def recognise(self, authorization: str, path: str, admit: Callable[[Caller], None] = ...) -> Caller: ...

    def condition(self) -> Mapping[str, str]: ...


def reception_of(settings: Settings) -> Recognising:
    """Of the file of clients where there is one. Raises BadClients or BadSetting where it cannot be used."""
    if settings.development:
        return Anyone(unnamed_caller(settings))
    uses = Uses(shared_uses(settings.replay_store))
    return Reception(Path(settings.clients_file), os.environ, terms_of(settings), fetch_key_set, uses, aside=aside)


def caller_at(reception: Recognising, path: str, turnstile: Turnstile) -> Caller:
    """The caller of the present request to an endpoint. Raises NotAuthenticated, and TooManyCalls for a proved one."""
    return reception.recognise(request.headers.get("Authorization", ""), path, turnstile.look)


def whose(caller: Caller) -> dict[str, str]:
    """The tenant, for the log; nothing in development mode, where nobody is told apart."""
    return {"tenant": caller.tenant} if caller.named else {}
