"""`cds-service hostile-ehr`: the record of a case behind a FHIR server that misbehaves as it is told."""

import os
import shlex
import signal
import sys
from datetime import datetime

import orjson
from rich.table import Table
from rich.text import Text

from cds_service.cli.cases import BadInput, located, read_case
from cds_service.cli.moved_dates import moved
from cds_service.cli.terminal import console
from cds_service.hooks.prefetch import TEMPLATES
from cds_service.hooks.services import SERVICES
from cds_service.hostile.desk import listing
from cds_service.hostile.ehr import HostileEhr, UnknownFault
from cds_service.hostile.fault import Place, faults
from cds_service.hostile.records import Records
from cds_service.running import zone_of
from cds_service.settings import Settings

SHOWN = "opioid-active/fires-c02-oxycodone-statement-active"


def list_faults(*, as_json: bool) -> int:
    if as_json:
        rows = [
            {"name": name, "sentence": one.sentence, "expects": one.expects.name.lower(), "place": one.place.value}
            for name, one in faults().items()
        ]
        print(orjson.dumps({"faults": rows}, option=orjson.OPT_INDENT_2).decode())
        return 0
    table = Table("fault", "what the server does", "a careful client", box=None, pad_edge=False, title_justify="left")
    for name, one in faults().items():
        table.add_row(name, one.sentence, one.expects.name.lower())
    out = console()
    out.print(table)
    out.print()
    for expects in dict.fromkeys(one.expects for one in faults().values()):
        out.print(Text(f"{expects.name.lower()}: {expects.value}"))
    return 0


def hostile_ehr(fault: str, on: str, case: str, port: int, *, as_json: bool) -> int:
    """Serve until told to stop. Raises BadInput for a fault, data, case or port that cannot be used."""
    ehr = _ehr(case or SHOWN, port)
    data = tuple(on.split(","))
    try:
        base = ehr.base(fault, data)
        if faults()[fault].place is Place.ANSWER:
            ehr.use(fault, data)
            base = f"{ehr.address}/fhir"
    except UnknownFault as unknown:
        ehr.close()
        raise BadInput(f"{unknown}. `cds-service hostile-ehr --list` shows all faults.") from None
    with ehr:
        if as_json:
            print(orjson.dumps({**listing(ehr), "base": base}, option=orjson.OPT_INDENT_2).decode(), flush=True)
        else:
            print(welcome(ehr, base, fault, data, Settings.read(os.environ).base_url), flush=True)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        while True:
            signal.pause()


def _ehr(name: str, port: int) -> HostileEhr:
    case = read_case(located(name))
    today = datetime.now(zone_of(Settings.read(os.environ))).date()
    today_case, _ = moved(case, today)
    records = Records.of_case(today_case.request, today_case.server, str(case.expected["release"]))
    try:
        return HostileEhr(records, names=TEMPLATES, request=today_case.request, port=port)
    except OSError as fault:
        raise BadInput(f"cannot listen on port {port} ({fault.strerror}); choose another with --port.") from None


def welcome(ehr: HostileEhr, base: str, fault: str, on: tuple[str, ...], service: str) -> str:
    """Where everything is, and a call that works as printed against a service on this machine."""
    hook = ehr.request.get("hook")
    name = next((one.id for one in SERVICES.values() if one.hook == hook), "")
    asked = "" if base == f"{ehr.address}/fhir" else f"?fault={fault}&on={','.join(on)}"
    fetch = shlex.join(["curl", "-sS", f"{ehr.address}/_request{asked}"])
    post = ["curl", "-sS", "-H", "content-type: application/json", "--data-binary", "@-"]
    return f"""\
FHIR base: {base}
Fault:     {fault} on {", ".join(on)}. {faults()[fault].sentence}
Key set:   {ehr.key_set()}
Try it:    {fetch} | {shlex.join([*post, f"{service}/cds-services/{name}"])}
Any fault: {ehr.address}/FAULT/DATA/fhir is a base with that fault; {ehr.address}/_faults lists them,
           {ehr.address}/_faults?use=FAULT&on=DATA gives it to {ehr.address}/fhir
Who came:  {ehr.address}/_arrivals
Synthetic data only, for this machine only. Stop with Ctrl-C."""
