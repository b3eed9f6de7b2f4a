"""What is sold, kept in step between the database and Stripe."""
