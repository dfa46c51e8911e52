"""Who calls: one trust record a caller, and what this caller may have asked and shown."""

from dataclasses import dataclass

from cds_service.profiles import STANDARD, Profile


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller as the door has recognised it.

    `tenant` keeps its records apart from others'; empty for the one unnamed caller of a service without a registry.
    `fhir_bases` are the only servers that may be asked for its data; for the unnamed caller, none means this machine's.
    `budget_seconds` is the time from receipt to answer. `fhir_release` (DSTU2, STU3, R4 or R5) is the one it speaks,
    for calls whose resources and server do not tell it; empty where nobody said. `hooks` are those agreed on, None
    stands for all that are offered. `off` stops every answer to it, `silent` shows it none. In each
    worker it may make `rate` calls a second and have `concurrency` under way; 0 is no limit.
    """

    tenant: str = ""
    fhir_bases: tuple[str, ...] = ()
    budget_seconds: float = 2.0
    silent: bool = False
    fhir_release: str = ""
    profile: Profile = STANDARD
    hooks: frozenset[str] | None = None
    off: bool = False
    rate: int = 0
    concurrency: int = 0

    @property
    def named(self) -> bool:
        """Whether this is a caller of the registry, who is asked about nobody else's server."""
        return bool(self.tenant)

    def may_call(self, hook: str) -> bool:
        return not self.off and (self.hooks is None or hook in self.hooks)
