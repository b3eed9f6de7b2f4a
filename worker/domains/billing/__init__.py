"""Money in, use out: Stripe's events, sessions, meter events, reconciliation."""
