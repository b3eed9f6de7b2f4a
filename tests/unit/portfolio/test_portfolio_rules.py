"""Addresses, paths and QR codes."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID
from xml.etree import ElementTree

import pytest
import segno
from PIL import Image

from worker.domains.portfolio.rules import code_path, draw_code, project_address

ADDRESS = "https://example.com/p/ada/engine"


@pytest.mark.parametrize("site", ["https://example.com", "https://example.com/"])
def test_an_address_is_under_the_site(site: str) -> None:
    assert project_address(site, "ada", "engine") == ADDRESS


def test_nothing_of_a_name_leaves_its_place() -> None:
    assert (
        project_address("https://example.com", "a/../b?", "x#y")
        == "https://example.com/p/a%2F..%2Fb%3F/x%23y"
    )


def test_codes_lie_where_members_cannot_write() -> None:
    workspace, project = UUID(int=1), UUID(int=2)
    assert code_path(workspace, project, "png") == f"{workspace}/{project}/codes/qr.png"


def test_the_picture_has_the_codes_modules_and_a_quiet_zone() -> None:
    code = segno.make_qr(ADDRESS, error="m")
    size = len(code.matrix) + 8
    with Image.open(BytesIO(draw_code(ADDRESS, "png"))) as opened:
        picture = opened.convert("L")
    assert picture.size == (size * 12, size * 12)
    modules = [[picture.getpixel((x * 12 + 6, y * 12 + 6)) for x in range(size)] for y in range(size)]
    assert all(value == 255 for value in (*modules[3], *(row[3] for row in modules)))
    assert [[int(value == 0) for value in row[4:-4]] for row in modules[4:-4]] == [
        list(row) for row in code.matrix
    ]


def test_the_drawing_is_xml_on_white() -> None:
    root = ElementTree.fromstring(draw_code(ADDRESS, "svg"))
    paths = [element for element in root.iter() if element.get("d")]
    assert paths[0].get("fill") == "#fff"
    assert paths[1].get("stroke") == "#000"
