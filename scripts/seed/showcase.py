"""What the example team shows the world: a website, and a portfolio of its works."""

from __future__ import annotations

from typing import Any

from scripts.seed.person import Person

SLUG = "tideway-instruments"
USERNAME = "tideway"
PORTFOLIO = {
    "title": "Tideway Instruments",
    "headline": "Water quality, measured where it flows",
    "about": "We build probes for harbours, basins and rivers, and the software that listens to them.",
    "location": "Rotterdam",
    "is_public": True,
}
PROJECTS: tuple[dict[str, Any], ...] = (
    {
        "slug": "north-basin",
        "title": "North basin",
        "summary": "Forty probes that tell a harbour its turbidity every minute.",
        "tags": ["harbour", "turbidity"],
        "technologies": ["LoRaWAN", "Postgres"],
        "status": "published",
    },
    {
        "slug": "river-watch",
        "title": "River watch",
        "summary": "A buoy that reports pH and oxygen, still on the bench.",
        "tags": ["river", "pH"],
        "technologies": ["Rust"],
    },
)


def plant_showcase(writer: Person, workspace_id: str) -> int:
    """How many things were not there before. Raises SeedFailed."""
    return _site(writer, workspace_id) + _portfolio(writer, workspace_id) + _projects(writer, workspace_id)


def _site(writer: Person, workspace_id: str) -> int:
    if writer.rows("sites", workspace_id=workspace_id, slug=SLUG):
        return 0
    catalogue = writer.rows("templates", name="Small business")
    template = next(row for row in catalogue if row["workspace_id"] is None)
    named = {"template_id": template["id"], "workspace_id": workspace_id, "name": PORTFOLIO["title"]}
    site = writer.rpc("fork_template", **named, slug=SLUG)
    content = writer.rows("site_versions", site_id=site["id"], version=1)[0]["content"]
    content["pages"][0]["blocks"][0]["text"] = PORTFOLIO["headline"]
    writer.rpc("save_site", site_id=site["id"], content=content, expected_version=1)
    writer.rpc("publish_site", site_id=site["id"])
    return 1


def _portfolio(writer: Person, workspace_id: str) -> int:
    if writer.rows("portfolios", workspace_id=workspace_id):
        return 0
    me = writer.rpc("ensure_profile")
    if me["username"] is None:
        writer.update("profiles", {"user_id": me["user_id"]}, username=USERNAME)
    writer.insert("portfolios", workspace_id=workspace_id, **PORTFOLIO)
    return 1


def _projects(writer: Person, workspace_id: str) -> int:
    there = {row["slug"] for row in writer.rows("projects", workspace_id=workspace_id)}
    missing = [project for project in PROJECTS if project["slug"] not in there]
    for project in missing:
        writer.insert("projects", workspace_id=workspace_id, **project)
    return len(missing)
