"""Why a document could not be read or something stopped, in other languages than English. Pure.

The worker writes an error's sentence in English once, with its code; a mail in another language says the
code's sentence here, and the English one for a code that has none.
"""

from __future__ import annotations

from collections.abc import Mapping

_REASONS: Mapping[str, Mapping[str, str]] = {
    "fr": {
        "document.bomb": "Le lire demande trop de temps ou de mémoire.",
        "document.damaged": "Le PDF est endommagé : enregistrez-le ou exportez-le de nouveau.",
        "document.encrypted": "Le PDF est protégé par un mot de passe.",
        "document.file_missing": "Le fichier n’est plus là.",
        "document.no_text": (
            "Le PDF ne contient que des images de texte : faites-en d’abord reconnaître le texte (OCR)."
        ),
        "document.not_a_pdf": "Le fichier n’est pas un PDF.",
        "document.too_large": "Le fichier est trop grand.",
        "document.too_many_pages": "Le PDF a trop de pages.",
        "email.sender_refused": "Le service d’envoi n’accepte pas l’adresse de l’expéditeur.",
        "plan.not_entitled": "Votre formule ne le comprend plus.",
        "provider.no_credit": "Le compte chez le prestataire n’a plus de crédit.",
        "provider.timeout": "Le prestataire n’a pas répondu à temps.",
        "provider.unauthorised": "Le service n’accepte pas la clé.",
        "provider.unavailable": "Le prestataire est indisponible.",
        "social.not_found": "La plateforme ne connaît pas ce nom.",
        "social.token_expired": "Le jeton d’accès a expiré.",
        "quota.exceeded": "La limite de votre formule est atteinte.",
    },
}


def reason(code: object, locale: str) -> str | None:
    """The sentence of an error code in this language; None where the worker's own must do."""
    return _REASONS.get(locale, {}).get(code) if isinstance(code, str) else None
