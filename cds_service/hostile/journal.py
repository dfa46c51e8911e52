"""Who came to the hostile EHR, so that a test can say that nobody went where nobody should."""

import threading
from dataclasses import dataclass

HERE, ELSEWHERE = "ehr", "elsewhere"


@dataclass(frozen=True, slots=True)
class Arrival:
    """`where` is the EHR or a listener elsewhere; `what` is `connection`, `request`, `tls` or `no http`.

    `authorised`: an Authorization header came with the request. Its value is kept nowhere.
    """

    where: str
    what: str
    target: str = ""
    authorised: bool = False


class Journal:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: list[Arrival] = []

    def note(self, arrival: Arrival) -> None:
        with self._lock:
            self._arrivals.append(arrival)

    def arrivals(self) -> list[Arrival]:
        with self._lock:
            return list(self._arrivals)

    def clear(self) -> None:
        with self._lock:
            self._arrivals.clear()
