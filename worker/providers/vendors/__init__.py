"""What several capabilities share about one vendor: its client and the meaning of its faults."""
