"""Say how to point the public CDS Hooks Sandbox, Inferno and a Postman or Bruno collection at this service."""

from argparse import ArgumentParser, Namespace

from cds_service.cli.arguments import as_json


def options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--base-url", default="", metavar="URL", help="where the service is reached (default: CDS_BASE_URL)"
    )
    parser.add_argument(
        "--collection", default="", metavar="FILE", help="write the Postman collection for that address"
    )
    parser.add_argument("--openapi", default="", metavar="FILE", help="write the OpenAPI document for that address")
    as_json(parser)


def run(asked: Namespace) -> int:
    from cds_service.cli.sandbox import sandbox

    return sandbox(asked.base_url, asked.collection, asked.openapi, as_json=asked.json)
