"""Files that a command writes."""

from pathlib import Path

from cds_service.cli.cases import BadInput


def write(name: str | Path, content: bytes) -> None:
    """Raises BadInput where the file cannot be written."""
    try:
        Path(name).write_bytes(content)
    except OSError as fault:
        raise BadInput(f"{name} cannot be written: {fault.strerror}.") from None
