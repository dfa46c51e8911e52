"""JSON for reading: what fits on one line stands on one line."""

import json
from typing import Any


def written(value: Any, indent: str = "", room: int = 110) -> str:
    """The value with objects and lists broken only where they are too long for a line of `room` characters."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= room or not isinstance(value, dict | list) or not value:
        return line
    deeper = indent + "  "
    if isinstance(value, list):
        parts = [f"{deeper}{written(part, deeper, room)}" for part in value]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    parts = [f"{deeper}{json.dumps(name)}: {written(part, deeper, room)}" for name, part in value.items()]
    return "{\n" + ",\n".join(parts) + f"\n{indent}}}"


def filed(value: Any) -> bytes:
    """As the files of the fixtures are written, so that a rewritten one shows only what changed."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()
