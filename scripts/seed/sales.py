"""Sales of the example team: a board, contacts with their interest, and deals in every state."""

from __future__ import annotations

from typing import NamedTuple

from scripts.seed.person import Person

PIPELINE = "Instruments"
CONTACTS = (
    {"name": "Ines Duarte", "email": "ines.duarte@porto-aqua.example", "company": "Porto Aqua",
     "job_title": "Head of Operations", "country": "PT", "tags": ["water works"]},
    {"name": "Bram de Wit", "email": "b.dewit@delta-labs.example", "company": "Delta Labs",
     "job_title": "Laboratory engineer", "country": "NL", "tags": ["laboratory"]},
    {"name": "Claire Fontaine", "email": "claire@eaux-vives.example", "company": "Eaux Vives",
     "job_title": "Directrice", "country": "FR", "language": "fr", "tags": ["water works", "fair"]},
    {"name": "Tom Hale", "email": "tom.hale@harbour-trust.example", "phone": "+44 20 7946 0011",
     "country": "GB"},
)  # fmt: skip


class Sale(NamedTuple):
    """What somebody wants; a stage makes a deal of it."""

    email: str
    interest: str
    amount: int
    currency: str
    close: str
    stage: str = ""


SALES = (
    Sale("ines.duarte@porto-aqua.example", "24 turbidity probes", 31_200, "EUR", "2027-02-15", "Offer sent"),
    Sale(
        "b.dewit@delta-labs.example", "Calibration service for a year", 4_800, "EUR", "2027-01-20", "In talks"
    ),
    Sale("claire@eaux-vives.example", "pH sensors for two basins", 7_450, "EUR", "2026-12-10", "Won"),
    Sale("tom.hale@harbour-trust.example", "A tide gauge", 0, "GBP", "2027-04-01"),
)


def plant_sales(seller: Person, workspace_id: str) -> int:
    """What was not there before. Raises SeedFailed."""
    imported = seller.rpc(
        "import_contacts", workspace_id=workspace_id, contacts=list(CONTACTS), source="fair"
    )
    new = int(imported["created"])
    if not seller.rows("pipelines", workspace_id=workspace_id, name=PIPELINE):
        seller.rpc("create_pipeline", workspace_id=workspace_id, name=PIPELINE)
        new += 1
    pipeline = seller.rows("pipelines", workspace_id=workspace_id, name=PIPELINE)[0]
    stages = {row["name"]: row["id"] for row in seller.rows("stages", pipeline_id=pipeline["id"])}
    return new + sum(_sale(seller, workspace_id, sale, stages) for sale in SALES)


def _sale(seller: Person, workspace_id: str, sale: Sale, stages: dict[str, str]) -> int:
    """How much of it was not there before: the lead, and its deal."""
    contact = seller.rows("contacts", workspace_id=workspace_id, email=sale.email)[0]
    lead = {"workspace_id": workspace_id, "contact_id": contact["id"], "interest": sale.interest}
    new = 0
    if not seller.rows("leads", **lead):
        seller.insert("leads", **lead, source="fair")
        new += 1
    row = seller.rows("leads", **lead)[0]
    if sale.stage and row["status"] != "converted":
        seller.rpc(
            "convert_lead",
            lead_id=row["id"],
            amount=sale.amount,
            currency=sale.currency,
            expected_close=sale.close,
            stage_id=stages[sale.stage],
        )
        new += 1
    return new
