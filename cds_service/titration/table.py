"""A table of the clinicians' file that knows where it stands, so that every complaint can say so."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from cds_service.errors import BadContent

FILE = "order-set/titration.toml"


class Table:
    """Each method gives what has a name in it, or raises BadContent where it is missing or of another kind."""

    def __init__(self, content: Mapping[str, Any], place: str) -> None:
        self._content = content
        self._place = place

    def wrong(self, name: str, reason: str) -> BadContent:
        return BadContent(f"{FILE}: {self._at(name)} {reason}.")

    def _at(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def _get(self, name: str, wanted: str, fits: Callable[[Any], bool]) -> Any:
        if name not in self._content:
            raise self.wrong(name, "is missing")
        if not fits(self._content[name]):
            raise self.wrong(name, f"is not {wanted}")
        return self._content[name]

    def __contains__(self, name: str) -> bool:
        return name in self._content

    def text(self, name: str) -> str:
        return str(self._get(name, "a sentence", lambda value: isinstance(value, str) and bool(value.strip())))

    def texts(self) -> dict[str, str]:
        return {name: self.text(name) for name in self._content}

    def flag(self, name: str) -> bool:
        return bool(self._get(name, "true or false", lambda value: isinstance(value, bool)))

    def count(self, name: str, least: int = 1) -> int:
        def fits(value: Any) -> bool:
            return isinstance(value, int) and not isinstance(value, bool) and value >= least

        return int(self._get(name, f"a whole number from {least} up", fits))

    def amount(self, name: str) -> Decimal:
        def fits(value: Any) -> bool:
            return isinstance(value, int | Decimal) and not isinstance(value, bool) and value > 0

        return Decimal(self._get(name, "a number above zero", fits))

    def words(self, name: str) -> tuple[str, ...]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and all(isinstance(word, str) for word in value)

        return tuple(self._get(name, "a list of words", fits))

    def table(self, name: str) -> "Table":
        return Table(self._get(name, "a table", lambda value: isinstance(value, dict)), self._at(name))

    def tables(self) -> list[tuple[str, "Table"]]:
        return [(name, self.table(name)) for name in self._content]

    def list_of_tables(self, name: str) -> list["Table"]:
        def fits(value: Any) -> bool:
            return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)

        rows = self._get(name, "a list of tables", fits)
        return [Table(row, f"{self._at(name)}[{position}]") for position, row in enumerate(rows, start=1)]
