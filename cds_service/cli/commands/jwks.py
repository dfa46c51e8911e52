"""Print the public key set of a signing key, to be registered with the service that is called.

The private half never leaves its file.
"""

from argparse import ArgumentParser, Namespace


def options(parser: ArgumentParser) -> None:
    parser.add_argument("key", metavar="KEYFILE", help="private key: PEM, or a JWK")
    parser.add_argument(
        "--new",
        choices=("ES384", "RS384"),
        help="make the key first, for this algorithm; a file that is there is not overwritten",
    )
    parser.add_argument("--json", action="store_true", help="no other form is there; taken for evenness")


def run(asked: Namespace) -> int:
    from pathlib import Path

    from cds_service.cli.signing import new_key, public_jwk, read_key
    from cds_service.cli.terminal import print_json

    path = Path(asked.key)
    key = new_key(path, asked.new) if asked.new else read_key(path)
    print_json({"keys": [public_jwk(key)]})
    return 0
