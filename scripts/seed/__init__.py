"""What ``lamina seed`` plants: a team, documents and a conversation, through the doors a user has."""
