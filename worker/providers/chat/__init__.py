"""Messages to people on chat channels such as WhatsApp."""
