"""Write docs/reference/ldn-cds.postman_collection.json from the OpenAPI document of the service with default settings.

    python scripts/write_collection.py

A test compares the file with what this script would write.
"""

from pathlib import Path

from cds_service.cli.collection import collection
from cds_service.cli.json_text import filed
from cds_service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[1]
FILE = CHECKOUT / "docs" / "reference" / "ldn-cds.postman_collection.json"


def content() -> bytes:
    return filed(collection(Settings()))


if __name__ == "__main__":
    FILE.write_bytes(content())
