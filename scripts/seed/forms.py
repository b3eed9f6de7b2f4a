"""Forms of the example team's website, and a visitor who wrote through one."""

from __future__ import annotations

from typing import Any

import httpx

from scripts.seed.person import Person, SeedFailed

FORMS: tuple[dict[str, Any], ...] = (
    {
        "name": "Newsletter",
        "statement": "Tideway Instruments may write to me about water and probes; I can leave at any time.",
    },
    {"name": "Contact us", "makes_lead": True},
)
VISITOR = {
    "name": "Tomas Brandt",
    "email": "t.brandt@stadtwerke.example",
    "company": "Stadtwerke Elbe",
    "language": "de",
    "message": "We have eleven probes of two makes. Do you calibrate on site?",
}


def plant_forms(marketer: Person, url: str, workspace_id: str) -> int:
    """What was not there before. Raises SeedFailed."""
    new = 0
    for form in FORMS:
        if marketer.rows("forms", workspace_id=workspace_id, name=form["name"]):
            continue
        marketer.insert("forms", workspace_id=workspace_id, **form)
        new += 1
        if form.get("makes_lead"):
            _write(url, marketer.rows("forms", workspace_id=workspace_id, name=form["name"])[0]["id"])
    return new


def _write(url: str, form_id: str) -> None:
    """As the website's page sends it: with neither key nor session."""
    try:
        answer = httpx.post(f"{url}/functions/v1/forms/{form_id}", json=VISITOR, timeout=30)
    except httpx.HTTPError as error:
        raise SeedFailed("The visitor did not reach the function forms.") from error
    if not answer.is_success:
        raise SeedFailed(f"The function forms refused the visitor: HTTP {answer.status_code}.")
