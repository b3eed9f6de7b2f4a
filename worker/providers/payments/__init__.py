"""Taking money: Stripe, or the local stand-in that speaks its API."""
