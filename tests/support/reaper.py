"""Waits until the test run is over, however it ended, then stops its servers and deletes their folder."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path

from scripts.stack.cluster import Cluster


def main(root: Path) -> None:
    sys.stdin.read()
    for version in (16, 18):
        port_file = root / f"pg{version}.port"
        if port_file.exists():
            with contextlib.suppress(Exception):
                Cluster(root / f"pg{version}", version=version, port=int(port_file.read_text())).stop(
                    "immediate"
                )
    shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
