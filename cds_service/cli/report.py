"""What a replay tells on the terminal: a line a case as it is judged, its difference below, the count at the end."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from cds_service.cli.replay import Result
from cds_service.cli.terminal import difference_lines, plain, print_json


class Report:
    """Shows results as they come, and keeps them for the files that are written at the end.

    `comparing`: two services are compared, so that a case changes or stays rather than fails or passes.
    """

    def __init__(self, out: Console, *, as_json: bool, quiet: bool, comparing: bool = False) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._out = out
        self._words = ("same", "DIFF") if comparing else ("pass", "FAIL")
        self._comparing = comparing
        self.results: list[Result] = []

    @property
    def failed(self) -> int:
        return sum(not result.verdict.agrees for result in self.results)

    def add(self, result: Result) -> None:
        self.results.append(result)
        agrees = result.verdict.agrees
        if self._as_json or (self._quiet and agrees):
            return
        style = "green" if agrees else "bold red"
        word = self._words[not agrees]
        self._out.print(Text.assemble((word, style), f"  {plain(result.case.name)}"), soft_wrap=True)
        if not agrees:
            patient = f"Patient/{patient_of(result)}: " if self._comparing else ""
            self._out.print(Text(plain(f"    {patient}{result.case.expected['title']}"), style="italic"))
            for line in difference_lines(result.verdict.difference):
                self._out.print(line, soft_wrap=True)
        for note in result.notes:
            self._out.print(Text(plain(f"    note: {note}"), style="dim"))

    def close(self, cases: int) -> None:
        """The count, or everything as JSON. `cases` is how many were to be judged."""
        not_run = cases - len(self.results)
        if self._as_json:
            print_json(summary(self.results, not_run, comparing=self._comparing))
            return
        passed = len(self.results) - self.failed
        left = f", {not_run} not run" if not_run else ""
        counted = f"{passed} passed, {self.failed} failed{left}"
        if self._comparing:
            counted = f"the cards of {self.failed} of {len(self.results)} patients change{left}"
        self._out.print(Text(counted, style="bold red" if self.failed else "bold green"))


def summary(results: Sequence[Result], not_run: int, *, comparing: bool) -> dict[str, object]:
    """The result as `--json` prints it."""
    rows = [
        {
            "case": result.case.name,
            "patient": patient_of(result),
            "title": result.case.expected["title"],
            "agrees": result.verdict.agrees,
            "difference": list(result.verdict.difference),
            "notes": list(result.notes),
            "seconds": round(result.seconds, 4),
        }
        for result in results
    ]
    failed = sum(not row["agrees"] for row in rows)
    counts: dict[str, object] = {"passed": len(rows) - failed, "failed": failed, "not_run": not_run}
    if comparing:
        counts = {"same": len(rows) - failed, "changed": failed, "not_run": not_run}
    return {**counts, "cases": rows}


def patient_of(result: Result) -> str:
    context = result.case.request.get("context")
    return str(context.get("patientId", "")) if isinstance(context, dict) else ""
