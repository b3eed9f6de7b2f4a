"""Marketing of the example team: who it writes as, three people of whom two agreed, a segment and a draft."""

from __future__ import annotations

from typing import Any

from scripts.seed.person import Person

SENDER = {
    "sender_name": "Tideway Instruments",
    "reply_to": "hello@tideway.example",
    "postal_address": "Waterstraat 7, 3011 Rotterdam",
}
PEOPLE: tuple[dict[str, Any], ...] = (
    {"name": "Ines Okafor", "email": "ines@harbour.example", "company": "Port of Lagos", "language": "en"},
    {"name": "Luc Martel", "email": "luc@bassin.example", "company": "Bassin Nord", "language": "fr"},
    {"name": "Mira Lindqvist", "email": "mira@fjord.example", "company": "Fjord Lab", "language": "en"},
)
AGREED = ("ines@harbour.example", "luc@bassin.example")
SOURCE = "Stand at the water fair"
SEGMENT = "Met at the water fair"
FILTER = {"field": "tags", "op": "has_any", "value": ["water fair"]}
CAMPAIGN = {
    "name": "Calibration in spring",
    "subject": "{{first_name|Hello}}, your probes before the season",
    "body": (
        "# Ready for spring\n\nDear {{name|friend of clean water}},\n\nbefore the season begins we calibrate"
        " probes of **every make** at half price.\n\n- two days in our workshop\n- a log for your auditor\n\n"
        "[Book a date](https://tideway.example/calibration)"
    ),
}


def plant_campaign(seller: Person, marketer: Person, workspace_id: str) -> int:
    """What was not there before; the draft is not sent. Raises SeedFailed."""
    new = sum(_person(seller, workspace_id, one) for one in PEOPLE)
    known = marketer.rows("contacts", workspace_id=workspace_id)
    ids = [row["id"] for row in known if row["email"] in AGREED and row["email_consent"] == "unknown"]
    if ids:
        marketer.rpc("set_contact_consent", contact_ids=ids, consent="granted", source=SOURCE)
    new += _missing(marketer, "marketing_settings", {"workspace_id": workspace_id}, SENDER)
    new += _missing(marketer, "segments", {"workspace_id": workspace_id, "name": SEGMENT}, {"filter": FILTER})
    segment = marketer.rows("segments", workspace_id=workspace_id, name=SEGMENT)[0]["id"]
    draft = {"workspace_id": workspace_id, "name": CAMPAIGN["name"]}
    return new + _missing(marketer, "campaigns", draft, {**CAMPAIGN, "segment_id": segment})


def _person(seller: Person, workspace_id: str, one: dict[str, Any]) -> bool:
    key = {"workspace_id": workspace_id, "email": one["email"]}
    return _missing(seller, "contacts", key, {**one, "tags": ["water fair"], "source": "fair"})


def _missing(person: Person, table: str, key: dict[str, str], row: dict[str, Any]) -> bool:
    """Writes a row unless there is one with this key; True when it wrote."""
    if person.rows(table, **key):
        return False
    person.insert(table, **{**row, **key})
    return True
