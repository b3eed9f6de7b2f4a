"""What tests of every kind share: a throw-away Postgres, databases from templates, a cast of named people."""
