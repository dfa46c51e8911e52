"""One run of `cds-service replay`: cases chosen, services asked, results shown and written."""

import os
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from rich.text import Text

from cds_service.cli.asking import Ask, Client, here
from cds_service.cli.cases import BadInput, Case
from cds_service.cli.files import write
from cds_service.cli.html_report import html_report
from cds_service.cli.junit import junit
from cds_service.cli.record_server import RecordServer
from cds_service.cli.replay import Judge, against_another, against_expectation, judged
from cds_service.cli.report import Report
from cds_service.cli.selection import Selection, select
from cds_service.cli.signing import Signer, read_key
from cds_service.cli.terminal import console, plain, progress
from cds_service.cli.updating import updated, write_expectation
from cds_service.present.dress import topic_code
from cds_service.profiles import STANDARD, Profile, profile_of
from cds_service.settings import Settings

_CALLS_AT_ONCE = 4
# What a profile may change of a card; its findings, their urgency and the headline it may not.
_DRESS = frozenset({"says", "never_says", "recommended", "suggestions", "override_reasons"})


def replay(asked: Namespace) -> int:
    """Exit code 0 where all agree, 1 where one does not. Raises BadInput, also where no case is left to judge."""
    _refuse_what_cannot_go_together(asked)
    chosen = Selection(
        asked.directory, tuple(asked.rule), asked.release, tags=tuple(asked.tag), hooks=tuple(asked.hook)
    )
    profile = profile_of(asked.profile) if asked.profile else STANDARD
    cases = [undressed(case, profile) for case in select(chosen)]
    out = console()
    report = Report(out, as_json=asked.json, quiet=asked.quiet, comparing=bool(asked.against))
    over_http = bool(asked.url) or _is_address(asked.against)
    day = asked.today if asked.today is not None or not over_http else date.today
    at_once = asked.concurrency or (_CALLS_AT_ONCE if over_http else 1)
    with _judging(asked, over_http, profile) as judge, progress(out, quiet_out=asked.json) as bar:
        task = bar.add_task("cases", total=len(cases))
        for result in judged(cases, judge, day, at_once=at_once):
            report.add(result)
            bar.advance(task)
            if asked.fail_fast and not result.verdict.agrees:
                break
    _write_files(asked, report)
    if asked.update:
        _update(asked, report)
    report.close(len(cases))
    return 1 if report.failed else 0


def _refuse_what_cannot_go_together(asked: Namespace) -> None:
    if asked.update and (asked.url or asked.today or asked.against):
        raise BadInput(
            "--update writes what this service says on a case's own day: not with --url, --today, --against."
        )
    if asked.profile and asked.update:
        raise BadInput("--profile leaves out what a client is shown: there is nothing to be written with --update.")
    if bool(asked.sign) != bool(asked.issuer):
        raise BadInput("--sign and --issuer belong together: a signed call says who signs.")
    if asked.sign and not (asked.url or _is_address(asked.against)):
        raise BadInput("--sign needs --url: nothing is signed in this process.")
    if asked.service and not asked.url:
        raise BadInput("--service needs --url.")


def undressed(case: Case, profile: Profile) -> Case:
    """The case with what its cards say in every dress: cases are written for the standard one."""
    if profile.as_made and profile.topic == STANDARD.topic:
        return case
    cards = [
        {name: part for name, part in card.items() if name not in _DRESS}
        | {"leader": topic_code(card["leader"], profile)}
        for card in case.expected["cards"]
    ]
    return replace(case, expected={**case.expected, "cards": cards})


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


@contextmanager
def _judging(asked: Namespace, over_http: bool, profile: Profile) -> Iterator[Judge]:
    signer = None
    if asked.sign:
        key = read_key(Path(asked.sign))
        signer = Signer(key, asked.issuer, asked.kid, asked.jku, asked.tenant, asked.subject)
    settings = Settings.read(os.environ)
    with RecordServer() if over_http else nullcontext() as records:
        first: Ask
        if asked.url:
            assert records is not None  # nosec B101  # for mypy
            first = Client(asked.url, records, signer, asked.service).ask
        else:
            first = here(settings, profile)
        if not asked.against:
            yield against_expectation(first)
        elif _is_address(asked.against):
            assert records is not None  # nosec B101  # for mypy
            yield against_another(first, Client(asked.against, records, signer).ask)
        else:
            yield against_another(first, here(replace(settings, cards_dir=asked.against), profile))


def _write_files(asked: Namespace, report: Report) -> None:
    if asked.junit:
        write(asked.junit, junit(report.results))
    if asked.html:
        whom = " and ".join(one for one in (asked.url or "this service, in process", asked.against) if one)
        page = html_report(report.results, asked=whom, made=datetime.now(), comparing=bool(asked.against))
        write(asked.html, page.encode())


def _update(asked: Namespace, report: Report) -> None:
    """Every difference has been shown by now."""
    out = console()
    for result in report.results:
        if result.verdict.agrees or result.reply is None or result.reply.fault:
            continue
        write_expectation(result.case, updated(result.case.expected, result.reply.cards, result.reply.request))
        if not asked.json:
            out.print(Text(plain(f"written: {result.case.name}/expected.json"), style="yellow"), soft_wrap=True)
