"""What users are told: e-mails written, sent once, and what became of them."""
