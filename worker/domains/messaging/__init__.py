"""Messages from and to people outside, and copies of them for customers' own systems."""
