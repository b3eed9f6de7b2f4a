"""Customer service: moods of messages and tickets, and the clocks of what was promised."""
