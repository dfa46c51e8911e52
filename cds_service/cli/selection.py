"""Which cases are meant: by folder, rule, tag, release and hook."""

from collections.abc import Iterator
from dataclasses import dataclass

from cds_service.cli.cases import BadInput, Case, case_folders, located, read_case
from cds_service.content import fixtures_dir


@dataclass(frozen=True, slots=True)
class Selection:
    """A folder (empty: those shipped); of each other member, any one has to fit, and empty means all.

    A case has to have every one of `tags`.
    """

    directory: str = ""
    rules: tuple[str, ...] = ()
    release: str = ""
    tags: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


def select(selection: Selection) -> list[Case]:
    """Raises BadInput where nothing is selected: an empty run must not look like a passed one."""
    folder = located(selection.directory) if selection.directory else fixtures_dir()
    folders = [
        one for one in case_folders(folder) if not selection.rules or one.resolve().parent.name in selection.rules
    ]
    cases = [case for case in map(read_case, folders) if _fits(case, selection)]
    for rule in selection.rules:
        if not any(case.name.startswith(f"{rule}/") for case in cases):
            raise BadInput(f"no case of the rule {rule} is in {folder}{_narrowed(selection)}.")
    if not cases:
        raise BadInput(f"no case is in {folder}{_narrowed(selection)}.")
    return cases


def tags_of(case: Case) -> set[str]:
    """What a case may be chosen by: its own `tags`, `fires` or `silent`, its shared cases (`C02`), and `server` where
    a record server belongs to it."""
    return set(_tags(case))


def _tags(case: Case) -> Iterator[str]:
    yield case.name.rpartition("/")[2].partition("-")[0]
    yield from case.expected["cases"]
    yield from case.expected.get("tags", ())
    if case.server is not None:
        yield "server"


def _fits(case: Case, selection: Selection) -> bool:
    return (
        selection.release in ("", case.expected["release"])
        and (not selection.hooks or case.request.get("hook") in selection.hooks)
        and set(selection.tags) <= tags_of(case)
    )


def _narrowed(selection: Selection) -> str:
    asked = [
        *(f"release {one}" for one in (selection.release,) if one),
        *(f"hook {one}" for one in selection.hooks),
        *(f"tag {one}" for one in selection.tags),
    ]
    return f" with {', '.join(asked)}" if asked else ""
