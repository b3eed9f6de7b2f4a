"""What the example team watches: a public repository, and a LinkedIn page that nobody gave a token for."""

from __future__ import annotations

from scripts.seed.person import Person

ACCOUNTS = (
    ("github", "repo", "octocat/Hello-World"),
    ("github", "user", "octocat"),
    ("linkedin", "organization", "urn:li:organization:1337"),
)
"""Platform, kind and name there. GitHub's own examples; without a network their figures are unavailable."""


def plant_accounts(writer: Person, workspace_id: str) -> int:
    """How many of them were not watched before. Raises SeedFailed."""
    watched = {row["subject"] for row in writer.rows("social_accounts", workspace_id=workspace_id)}
    missing = [account for account in ACCOUNTS if account[2] not in watched]
    for platform, kind, subject in missing:
        writer.rpc(
            "add_social_account", workspace_id=workspace_id, platform=platform, kind=kind, subject=subject
        )
    return len(missing)
