"""Measurements against the peers: ``make bench``. Ratios within one run count; absolute times are this machine's."""
