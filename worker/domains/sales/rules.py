"""How likely a contact is to buy, 0 to 100: rules of ours, not a trained model. Pure.

Every factor has a name, points and a detail for people; the points add up to the score before it is cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

RULES_VERSION = 1
MESSAGE_HALF_LIFE_DAYS = 14.0
OPINION_HALF_LIFE_DAYS = 30.0
_SECONDS_PER_DAY = 86_400.0

_DECIDES = re.compile(
    r"\b(ceo|cto|cfo|coo|cmo|founder|co-?founder|owner|president|partner|director|head|vp|chief|manager"
    r"|fondat(?:eur|rice)|directeur|directrice|g[ée]rante?|pr[ée]sidente?|pdg|associ[ée]e?|responsable|chef)\b",
    re.IGNORECASE,
)
_INTEREST = {"new": 10, "working": 15, "qualified": 25}
_NO_INTEREST = -15


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a contact at `now`. `deals` are (kind of stage, its probability in percent)."""

    now: datetime
    has_email: bool = False
    has_phone: bool = False
    has_company: bool = False
    job_title: str | None = None
    last_activity_at: datetime | None = None
    leads: Sequence[str] = ()
    deals: Sequence[tuple[str, int]] = ()
    messages: Sequence[datetime] = ()
    opinion: tuple[int, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Factor:
    """One reason; `points` may be negative."""

    name: str
    points: int
    detail: str


@dataclass(frozen=True, slots=True)
class Score:
    """`value` is 0 to 100."""

    value: int
    factors: tuple[Factor, ...]


def to_facts(row: Mapping[str, Any]) -> Facts:
    """From a row of the statement `get_facts`."""
    opinion = None if row["opinion_points"] is None else (row["opinion_points"], row["opinion_at"])
    return Facts(
        now=row["read_at"],
        has_email=row["has_email"],
        has_phone=row["has_phone"],
        has_company=row["has_company"],
        job_title=row["job_title"],
        last_activity_at=row["last_activity_at"],
        leads=row["leads"],
        deals=[(deal["kind"], deal["probability"]) for deal in row["deals"]],
        messages=row["messages"],
        opinion=opinion,
    )


def score(facts: Facts) -> Score:
    """The same facts always give the same score. Time alone lowers it, but for a bad opinion, which fades."""
    factors = [*_profile(facts), *_interest(facts), *_deals(facts), *_messages(facts), *_recency(facts)]
    factors += _opinion(facts)
    kept = tuple(factor for factor in factors if factor.points)
    return Score(max(0, min(100, sum(factor.points for factor in kept))), kept)


def _profile(facts: Facts) -> list[Factor]:
    known = [name for name in ("email", "phone", "company") if getattr(facts, f"has_{name}")]
    factors = [Factor("profile", 4 * len(known), f"known: {', '.join(known)}")]
    if facts.job_title and _DECIDES.search(facts.job_title):
        factors.append(Factor("decides", 8, facts.job_title))
    return factors


def _interest(facts: Facts) -> list[Factor]:
    """The best open lead counts; one that came to nothing counts when there is no other."""
    best = max((_INTEREST[status] for status in facts.leads if status in _INTEREST), default=0)
    if best:
        return [Factor("interest", best, f"{sum(status in _INTEREST for status in facts.leads)} open leads")]
    if "unqualified" in facts.leads and "converted" not in facts.leads:
        return [Factor("no_interest", _NO_INTEREST, "every lead came to nothing")]
    return []


def _deals(facts: Facts) -> list[Factor]:
    chances = [probability for kind, probability in facts.deals if kind == "open"]
    kinds = [kind for kind, _ in facts.deals]
    factors = []
    if chances:
        factors.append(Factor("open_deal", 15 + max(chances) // 5, f"best chance {max(chances)} %"))
    if "won" in kinds:
        factors.append(Factor("bought_before", 10, f"{kinds.count('won')} deals won"))
    elif "lost" in kinds and not chances:
        factors.append(Factor("lost", -5, f"{kinds.count('lost')} deals lost"))
    return factors


def _messages(facts: Facts) -> list[Factor]:
    weight = sum(_halved(_days(facts.now, at), MESSAGE_HALF_LIFE_DAYS) for at in facts.messages)
    return [Factor("messages", min(20, round(4 * weight)), f"{len(facts.messages)} in 90 days")]


def _recency(facts: Facts) -> list[Factor]:
    """10 points in the first week, fewer until day 60; after 90 days of silence some are taken away."""
    if facts.last_activity_at is None:
        return []
    days = _days(facts.now, facts.last_activity_at)
    points = 10 if days <= 7 else round(10 * (60 - days) / 53) if days < 60 else 0 if days <= 90 else -10
    return [Factor("recency", points, f"last active {int(days)} days ago")]


def _opinion(facts: Facts) -> list[Factor]:
    if facts.opinion is None:
        return []
    points, at = facts.opinion
    weighed = round(points * _halved(_days(facts.now, at), OPINION_HALF_LIFE_DAYS))
    return [Factor("opinion", weighed, "a language model's")]


def _days(now: datetime, at: datetime) -> float:
    return max(0.0, (now - at).total_seconds() / _SECONDS_PER_DAY)


def _halved(days: float, half_life: float) -> float:
    weight: float = 0.5 ** (days / half_life)
    return weight
