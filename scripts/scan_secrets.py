"""Look for passwords, keys and tokens in everything that git tracks; what nobody reviewed fails.

    .venv/bin/python scripts/scan_secrets.py [--accept]

detect-secrets looks; `.secrets.baseline` holds what was looked at and is none: synthetic keys of tests, for example. It
is compared by file, kind and digest, not by line, so that a file may change around a finding. `--accept` writes what is
found now; review the difference before it is committed.
"""

import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BASELINE = CHECKOUT / ".secrets.baseline"
# Lists of nothing but codes or digests, checked by tests of their own, in which everything looks random.
LISTS = (
    ".csv",
    ".secrets.baseline",
    "package-lock.json",
    *(f"requirements/{name}.txt" for name in ("run", "redis", "test", "docs", "check", "build")),
)
PLUGINS = (
    *("ArtifactoryDetector", "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "CloudantDetector"),
    *("DiscordBotTokenDetector", "GitHubTokenDetector", "GitLabTokenDetector", "JwtTokenDetector", "KeywordDetector"),
    *("NpmDetector", "OpenAIDetector", "PrivateKeyDetector", "PypiTokenDetector", "SendGridDetector", "SlackDetector"),
    *("SquareOAuthDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector"),
)
SETTINGS = {
    "plugins_used": [
        {"name": "Base64HighEntropyString", "limit": 4.5},
        {"name": "HexHighEntropyString", "limit": 3.0},
        *({"name": name} for name in PLUGINS),
    ],
    "filters_used": [
        {"path": f"detect_secrets.filters.heuristic.{name}"}
        for name in (
            "is_sequential_string",
            "is_potential_uuid",
            "is_likely_id_string",
            "is_templated_secret",
            "is_indirect_reference",
            "is_not_alphanumeric_string",
        )
    ],
}


def main(arguments: list[str]) -> int:
    """Exit code 1 where something is found that was not reviewed, or was reviewed and is gone."""
    found = scan(tracked())
    if arguments == ["--accept"]:
        BASELINE.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        return 0
    complaints = judge(found, json.loads(BASELINE.read_text("utf-8")))
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


def tracked() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=True, text=True)
    names = (name for name in listed.stdout.split("\0") if name and not name.endswith(LISTS))
    return sorted(name for name in names if (CHECKOUT / name).is_file())


def scan(names: list[str]) -> dict[str, list[str]]:
    """File to what was found in it, each as kind and digest; the secret itself is repeated nowhere."""
    from detect_secrets.core.secrets_collection import SecretsCollection  # what is judged can be tested without it
    from detect_secrets.settings import transient_settings

    with transient_settings(SETTINGS):
        secrets = SecretsCollection(root=str(CHECKOUT))
        secrets.scan_files(*names)
    found = {name: sorted({f"{one.type}: {one.secret_hash}" for one in secrets[name]}) for name in secrets.files}
    return dict(sorted(found.items()))


def judge(found: dict[str, list[str]], reviewed: dict[str, list[str]]) -> list[str]:
    pairs = {(name, one) for name, ones in found.items() for one in ones}
    known = {(name, one) for name, ones in reviewed.items() for one in ones}
    return [
        *(
            f"{name}: looks like a secret ({one.split(':')[0]}); see scripts/scan_secrets.py"
            for name, one in sorted(pairs - known)
        ),
        *(f"{name}: no longer found, remove from .secrets.baseline ({one})" for name, one in sorted(known - pairs)),
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
