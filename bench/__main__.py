"""``python -m bench [section …] [--rounds N]``: queues, knowledge, retrieval, webhooks; all of them by default."""

from __future__ import annotations

import argparse
import logging

import structlog

from bench import knowledge, queues, retrieval, webhooks
from bench.harness import console, save, server
from bench.plot import draw

SECTIONS = {
    "queues": queues.measure,
    "knowledge": knowledge.measure,
    "retrieval": retrieval.measure,
    "webhooks": webhooks.measure,
}


def main() -> None:
    """Measures, prints, writes results.json, and results.png when everything was measured."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("sections", nargs="*", default=list(SECTIONS))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    results = []
    with server() as cluster:
        for section in arguments.sections:
            results += SECTIONS[section](cluster, arguments.rounds)
    console.print(f"\n{save(results)}")
    if set(arguments.sections) == set(SECTIONS):
        console.print(draw(results))
    missed = [each.name for each in results if each.met is False]
    console.print(
        f"{sum(each.met is True for each in results)} goals reached, {len(missed)} missed: {', '.join(missed) or 'none'}"
    )


if __name__ == "__main__":
    main()
