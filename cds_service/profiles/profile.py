"""One kind of EHR, as plain values. What each means for an answer is written here; where it was read, in the file."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Profile:
    """How an answer is dressed for one kind of EHR, and what its calls are like. The defaults are CDS Hooks' own.

    `actions` is the most actions that one suggestion may hold, 0 for any number. `selection` are the values of
    `selectionBehavior` that the client takes. `preselects` is true where a recommended suggestion comes ticked.
    `spoken` says which words of a suggestion a user reads, `keeps_details` whether a created order keeps its dose and
    dates. `detail` is the kind of text that is rendered, `detail_extension` the extension that announces plain text
    (empty: none), `detail_characters` the most of it (0: no limit). `topic` is the spelling of `source.topic.code`,
    `topic_characters` the most of them. `override_reasons` says how they are sent. `links` are the kinds of links
    that are shown, `app_context` whether a SMART link may carry one.

    `reads_discovery` is false where somebody types our templates in by hand. `prefetch_keys` are those that may be
    hoped for, empty for all that are offered. `renamed` are patterns of key names, with `{key}` where ours stands.

    `jwt_seconds` is the longest life of the JWT of a call, `token_seconds` that of the token for the FHIR server,
    `budget_seconds` the time from receipt to answer. `release` is the FHIR release it speaks, empty where that varies.
    """

    name: str = "standard"
    title: str = "CDS Hooks 2.0"
    actions: int = 0
    selection: tuple[str, ...] = ("at-most-one", "any")
    preselects: bool = False
    spoken: str = "label"
    keeps_details: bool = True
    detail: str = "markdown"
    detail_extension: str = ""
    detail_characters: int = 0
    topic: str = "rule"
    topic_characters: int = 100
    override_reasons: str = "coding"
    links: tuple[str, ...] = ("absolute", "smart")
    app_context: bool = True
    reads_discovery: bool = True
    prefetch_keys: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()
    jwt_seconds: int = 300
    token_seconds: int = 300
    budget_seconds: float = 2.0
    release: str = ""
    as_made: bool = field(init=False, default=True)
    """Whether cards leave as they were made: then dressing costs nothing."""

    def __post_init__(self) -> None:
        worn = (
            self.actions, self.selection, self.preselects, self.spoken, self.keeps_details, self.detail,
            self.detail_characters, self.topic, self.override_reasons, self.links, self.app_context,
        )  # fmt: skip
        object.__setattr__(self, "as_made", worn == _AS_MADE)


_AS_MADE = (
    0,
    ("at-most-one", "any"),
    False,
    "label",
    True,
    "markdown",
    0,
    "rule",
    "coding",
    ("absolute", "smart"),
    True,
)
STANDARD = Profile()
