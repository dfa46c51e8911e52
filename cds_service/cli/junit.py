"""The result of a replay as JUnit XML, which continuous integration servers show: a suite a rule, a test a case."""

from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as XML  # nosec B405  # written here, never read

from cds_service.cli.replay import Result
from cds_service.cli.terminal import plain


def junit(results: Sequence[Result]) -> bytes:
    """UTF-8 with a declaration. Characters that XML cannot hold are replaced."""
    suites = XML.Element("testsuites", _counts(results), name="cds-service replay")
    for rule, group in groupby(results, key=lambda result: result.case.name.partition("/")[0]):
        members = list(group)
        suite = XML.SubElement(suites, "testsuite", _counts(members), name=plain(rule))
        for result in members:
            _case(suite, rule, result)
    XML.indent(suites)
    written: bytes = XML.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written


def _case(suite: XML.Element, rule: str, result: Result) -> None:
    name = result.case.name.partition("/")[2]
    case = XML.SubElement(suite, "testcase", classname=plain(rule), name=plain(name), time=f"{result.seconds:.3f}")
    if not result.verdict.agrees:
        failure = XML.SubElement(case, "failure", message=plain(result.case.expected["title"]), type="difference")
        failure.text = plain("\n".join(result.verdict.difference))
    if result.notes:
        XML.SubElement(case, "system-out").text = plain("\n".join(result.notes))


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(not result.verdict.agrees for result in results)
    seconds = sum(result.seconds for result in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
