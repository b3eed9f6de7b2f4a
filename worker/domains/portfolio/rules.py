"""Decisions of the portfolio domain; no I/O."""

from __future__ import annotations

from io import BytesIO
from typing import Literal
from urllib.parse import quote
from uuid import UUID

import segno

PIXELS_PER_MODULE = 12
QUIET_ZONE = 4
"""Modules of white around the code, as ISO/IEC 18004 wants them."""

Format = Literal["png", "svg"]


def project_address(site_url: str, username: str, slug: str) -> str:
    """Where the frontend shows a published project."""
    return f"{site_url.rstrip('/')}/p/{quote(username, safe='')}/{quote(slug, safe='')}"


def code_path(workspace_id: UUID, project_id: UUID, kind: Format) -> str:
    """Where a project's code lies in the bucket; only the worker may write there."""
    return f"{workspace_id}/{project_id}/codes/qr.{kind}"


def draw_code(address: str, kind: Format) -> bytes:
    """The address as a QR code, black on white, readable with 15 % of it damaged."""
    drawn = BytesIO()
    code = segno.make_qr(address, error="m")
    code.save(drawn, kind=kind, scale=PIXELS_PER_MODULE, border=QUIET_ZONE, light="white")
    return drawn.getvalue()
