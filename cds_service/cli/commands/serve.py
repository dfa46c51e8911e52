"""Serve the hooks over HTTP until told to stop."""

from argparse import ArgumentParser, Namespace


def options(parser: ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: CDS_HOST, else this machine only)")
    parser.add_argument("--port", help="port to listen on (default: CDS_PORT, else 8080)")


def run(asked: Namespace) -> int:
    from cds_service.cli.serve import serve

    return serve(asked.host, asked.port)
