"""What to reply to words that greet or thank and ask nothing, without a model. Pure."""

from __future__ import annotations

from worker.providers.words import tokens

_GREETINGS = {
    "en": ("hello", "hello there", "hi", "hi there", "hey", "good morning", "good afternoon", "good evening"),
    "fr": ("bonjour", "bonjour a tous", "bonsoir", "salut", "coucou"),
    "de": ("hallo", "guten morgen", "guten tag", "guten abend"),
    "es": ("hola", "buenos dias", "buenas tardes"),
    "it": ("ciao", "buongiorno", "buonasera"),
    "pt": ("ola", "bom dia", "boa tarde"),
}
_THANKS = {
    "en": ("thanks", "thank you", "thanks a lot", "thank you very much"),
    "fr": ("merci", "merci beaucoup", "merci bien"),
    "de": ("danke", "vielen dank", "danke schon"),
    "es": ("gracias", "muchas gracias"),
    "it": ("grazie", "grazie mille"),
    "pt": ("obrigado", "obrigada", "muito obrigado"),
}
_HELLO = {
    "en": "Hello! How can I help you?",
    "fr": "Bonjour ! Comment puis-je vous aider ?",
    "de": "Guten Tag! Wie kann ich Ihnen helfen?",
    "es": "¡Hola! ¿En qué puedo ayudarle?",
    "it": "Buongiorno! Come posso aiutarla?",
    "pt": "Olá! Como posso ajudar?",
}
_WELCOME = {
    "en": "You are welcome! Is there anything else?",
    "fr": "Avec plaisir ! Puis-je vous aider pour autre chose ?",
    "de": "Gern geschehen! Kann ich sonst noch helfen?",
    "es": "¡De nada! ¿Puedo ayudarle en algo más?",
    "it": "Prego! Posso aiutarla in altro?",
    "pt": "De nada! Posso ajudar em mais alguma coisa?",
}
_REPLIES = {
    phrase: replies[language]
    for phrases, replies in ((_GREETINGS, _HELLO), (_THANKS, _WELCOME))
    for language, ways in phrases.items()
    for phrase in ways
}


def courtesy(text: str) -> str | None:
    """The reply to a text that is nothing but a greeting or thanks, in its language; None for any other."""
    return _REPLIES.get(" ".join(tokens(text)))
