"""Make a case folder from a patient's Bundle and a few answers.

The order and the patient's data become request.json. What the service answers is shown and becomes expected.json; a
case that is to fire and does not, or the other way round, is not written. What is not given as an option is asked for
at the terminal. Synthetic patients only.
"""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json, day

HOOKS = ("order-sign", "order-select", "medication-prescribe")


def options(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="FHIR Bundle of one patient (JSON; DSTU2, STU3, R4 or R5)")
    parser.add_argument(
        "--out", metavar="DIR", default=".", help="folder below which <rule>/<case> is made (default: here)"
    )
    parser.add_argument("--rule", default="", help="rule that the case is about, or no-rule")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--fires", action="store_const", const="fires", dest="kind", help="the rule must speak")
    which.add_argument("--silent", action="store_const", const="silent", dest="kind", help="the rule must not speak")
    parser.add_argument("--name", default="", help="what the case differs in, such as last-dose-eight-days-ago")
    parser.add_argument("--title", default="", help="one sentence: the situation and what must happen")
    parser.add_argument("--hook", choices=HOOKS, default="", help="the hook that is called (default: order-sign)")
    parser.add_argument("--drug", default="", help='what is ordered, such as "naltrexone 1.5 mg capsule"')
    parser.add_argument("--dose", default="", help='how it is taken, such as "1 capsule (1.5 mg) at bedtime"')
    parser.add_argument(
        "--as-of", type=day, metavar="DATE", help="the day on which the call is judged (default: today)"
    )
    parser.add_argument("--patient", default="", help="id of the patient, where the Bundle holds several")
    parser.add_argument(
        "--release", choices=("R4", "STU3", "DSTU2", "R5"), default="", help="default: what it looks like"
    )
    parser.add_argument("-y", "--yes", action="store_true", help="ask nothing; write at once")
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.new_case import new_case

    return new_case(asked, HOOKS)
