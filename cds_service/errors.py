"""What can go wrong in this service's own words: one branch of the exception tree, one stable code a class.

Rooms raise these; only a door turns them into an HTTP status or an exit code (invariant 6). `code` is what an operator
or a client may rely on, `issue` is the nearest FHIR issue type for an OperationOutcome (FHIR R4 IssueType), and the
text is a sentence for the person who set up the connection. No text carries a patient value or a token.
"""

from typing import ClassVar


class ServiceError(Exception):
    """`expression` is where in the request (`context.patientId`); `diagnostics` is what a programmer wants to know."""

    code: ClassVar[str] = "service-error"
    issue: ClassVar[str] = "exception"

    def __init__(self, text: str, *, expression: str = "", diagnostics: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.expression = expression
        self.diagnostics = diagnostics


class RefusedRequest(ServiceError):
    """The client sent something that cannot be taken as it is. Sending it again unchanged will not help."""

    code = "refused-request"
    issue = "invalid"


class MalformedRequest(RefusedRequest):
    """The bytes are not strict JSON (RFC 8259), or not the JSON type that stands at the top of every call."""

    code = "malformed-json"
    issue = "structure"


class InvalidRequest(RefusedRequest):
    """JSON, but not a call of the hook: a field is missing or of the wrong kind."""

    code = "invalid-request"
    issue = "invalid"


class MissingField(InvalidRequest):
    """A field that CDS Hooks requires is not there."""

    code = "missing-field"
    issue = "required"


class BadHookInstance(InvalidRequest):
    """`hookInstance` is not a UUID, so two calls could not be told apart (cds-hooks 27)."""

    code = "bad-hook-instance"
    issue = "value"


class HookMismatch(InvalidRequest):
    """The call names another hook than the service answers (cds-hooks 26)."""

    code = "hook-mismatch"
    issue = "value"


class BadFhirAccess(InvalidRequest):
    """`fhirServer` or `fhirAuthorization` cannot be used as sent (cds-hooks 29, 30)."""

    code = "bad-fhir-access"
    issue = "value"


class TooManyCalls(ServiceError):
    """A registered caller has more calls under way, or in this second, than its entry allows."""

    code = "too-many-calls"
    issue = "throttled"

    def __init__(self) -> None:
        super().__init__("More calls at a time than are agreed on. The call may be sent again in a second.")


class TooManyEntries(RefusedRequest):
    """More Bundle entries than the setting CDS_MAX_ENTRIES allows."""

    code = "too-many-entries"
    issue = "too-costly"


class InvalidFeedback(RefusedRequest):
    """A feedback body without one entry that could be kept (cds-hooks 78 to 82)."""

    code = "invalid-feedback"
    issue = "invalid"


class NotAuthenticated(ServiceError):
    """No token, or none that is good here. One text for every cause: the reason stands in the log only (trust T9)."""

    code = "not-authenticated"
    issue = "login"

    def __init__(self) -> None:
        super().__init__("This call carries no token that this service accepts.")


class NotRegistered(ServiceError):
    """The caller is known, and what it asks for is not agreed with it: its mode is off, or the hook is not its own."""

    code = "not-registered"
    issue = "forbidden"

    def __init__(self) -> None:
        super().__init__("This client is not registered for this service.")


class StoreUnavailable(ServiceError):
    """The database did not take the feedback. Nothing was kept, so the client may send it again."""

    code = "store-unavailable"
    issue = "transient"


class BadAnswer(ServiceError):
    """An answer of our own breaks the response schema (strict setting and tests)."""

    code = "bad-answer"
    issue = "exception"


class StartError(ServiceError):
    """The service cannot start as it is set up."""

    code = "cannot-start"
    issue = "exception"


class BadSetting(StartError):
    """An environment variable has a value that cannot be used; the text names the variable."""

    code = "bad-setting"
    issue = "value"


class BadClients(StartError):
    """The file of clients cannot be used; the text names file, entry and field, and repeats no value."""

    code = "bad-clients-file"
    issue = "value"


class BadContent(StartError):
    """A card, a threshold or a value set cannot be used; the text names the file."""

    code = "bad-content"
    issue = "value"


class UnwritableRelease(ServiceError):
    """An order was to be written in a FHIR release that this service cannot write."""

    code = "unwritable-release"
    issue = "not-supported"


class UnwritableOrder(ServiceError):
    """A draft cannot be rewritten as a valid resource; then no update of it is offered. It never leaves the service."""

    code = "unwritable-order"
    issue = "invalid"
