"""The results as a picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from bench.harness import FOLDER, Result

mpl.use("Agg")
import matplotlib.pyplot as plt


def draw(results: list[Result]) -> Path:
    """Bars of each measurement that has peers, Lamina's in colour; each panel in its own unit."""
    shown = [each for each in results if each.peers]
    figure, axes = plt.subplots(len(shown), 1, figsize=(9, 1.1 + 1.5 * len(shown)), squeeze=False)
    for axis, each in zip(axes[:, 0], shown, strict=True):
        values = {"lamina": each.value, **each.peers}
        colours = ["#2f6fde"] + ["#b8bfca"] * len(each.peers)
        bars = axis.barh(list(values), list(values.values()), color=colours)
        axis.bar_label(bars, fmt="{:,.4g}", padding=3, fontsize=8)
        verdict = {True: " – reached", False: " – missed", None: ""}[each.met]
        axis.set_title(
            f"{each.name} ({each.unit}); goal {each.goal or 'none'}{verdict}", fontsize=9, loc="left"
        )
        axis.invert_yaxis()
        axis.margins(x=0.15)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path = FOLDER / "results.png"
    figure.savefig(path, dpi=120)
    return path
