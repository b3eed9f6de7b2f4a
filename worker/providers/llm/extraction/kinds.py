"""Kinds of answers, and how to recognise each in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum


class Kind(Enum):
    """What a question wants to hear."""

    DATE = "date"
    DURATION = "duration"
    NUMBER = "number"
    MONEY = "money"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    CONTACT = "contact"
    METHOD = "method"
    DEFINITION = "definition"
    YES_NO = "yes_no"
    OTHER = "other"


STRICT = frozenset({Kind.DATE, Kind.DURATION, Kind.NUMBER, Kind.MONEY})
"""Kinds that cannot be answered without an expression of that kind."""


def _any_of(words: str) -> str:
    return "|".join(words.split())


_MONTH = _any_of(
    """
    january february march april may june july august september october november december janvier
    février fevrier mars avril mai juin juillet août aout septembre octobre novembre décembre decembre
    januar februar märz juni juli oktober dezember enero febrero marzo abril mayo junio julio agosto
    septiembre octubre noviembre diciembre gennaio febbraio aprile maggio giugno luglio settembre
    ottobre dicembre janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    """
)
MONTH = re.compile(rf"(?:{_MONTH})\b", re.IGNORECASE)
"""A month at the beginning of a text."""

_DAY = _any_of(
    """
    monday tuesday wednesday thursday friday saturday sunday lundi mardi mercredi jeudi vendredi samedi
    dimanche montag dienstag mittwoch donnerstag freitag samstag sonntag
    """
)
_COUNT = _any_of(
    """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty thirty thirty-six forty fifty sixty seventy eighty ninety hundred
    thousand million half twice once none nobody zero single one dozen double triple deux trois quatre
    cinq sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt
    trente quarante cinquante soixante cent mille aucun aucune un une zwei drei vier fünf sechs sieben
    acht neun zehn elf zwölf dos tres cuatro cinco seis siete ocho nueve diez due tre quattro cinque sei
    sette otto nove dieci
    """
)
_ORDINAL = _any_of(
    """
    first second third fourth fifth sixth seventh eighth ninth tenth last premier première deuxième
    troisième quatrième cinquième dernier dernière
    """
)
_UNIT_OF_TIME = _any_of(
    """
    seconds? minutes? hours? days? weeks? months? years? nights? decades? centur(?:y|ies) quarters?
    secondes? heures? jours? semaines? mois ans? années? siècles? sekunden? minuten stunden? tagen? tage
    wochen? monaten? monate jahren? jahre días? semanas? meses mes años? horas? giorni settimane mesi
    anni ore
    """
)
_UNIT_OF_LENGTH = "km|m|cm|mm|kilomet\\w+|met(?:er|re)s?|mètres?|miles?|feet|characters?|pages?|words?"
_CURRENCY = (
    r"(?:[€£$¥₹]|\b(?:EUR|USD|GBP|CHF|NOK|SEK|DKK|JPY|CAD|AUD|euros?|dollars?|pounds?|francs?|cents?|kroner|yen|"
    r"rupees?|pence|centimes?)\b)"
)
_FIGURE = r"\d+(?:[.,\u00a0\u202f ]\d+)*"
_YEAR = r"\b(?:1[0-9]|20)\d\d\b(?![.,]\d)"
_AMOUNT = rf"(?:{_FIGURE}|\b(?:{_COUNT})\b)"
_TIME_SPAN = rf"{_AMOUNT}(?:\s+[^\W\d]+)?\s*-?\s*(?:{_UNIT_OF_TIME})\b"

_NUMBERING = re.compile(r"\(?\d{1,3}(?:\.\d{1,3})*[.)]\s|\d{1,2}(?:\.\d{1,2})+\s(?=[^\W\d])")

_FORMS: dict[Kind, tuple[str, ...]] = {
    Kind.DATE: (
        _YEAR,
        rf"\b(?:{_DAY})\b",
        rf"(?<![^\W\d])(?:{_MONTH})\s+\d",
        rf"\d\s*(?:st|nd|rd|th|er|\.)?\s*(?:of\s+|de\s+)?(?:{_MONTH})\b",
        rf"\b(?:in|en|by|until|since|before|after|im|from)\s+(?:{_MONTH})\b",
        r"\b\d{1,2}(?::|\s?h\s?)\d{2}\b",
        r"\b\d{1,2}\s?(?:a\.?m\.?|p\.?m\.?|uhr|heures)\b",
        r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b",
        rf"{_TIME_SPAN}\s+(?:after|before|following|prior|from|of receipt|après|avant|nach|vor)\b",
        rf"\b(?:after|within|in|dans|après|sous|nach|innerhalb)\s+(?:\w+\s+)?{_TIME_SPAN}",
        rf"\b(?:{_ORDINAL}|\d+(?:st|nd|rd|th|e|er))\s+(?:{_UNIT_OF_TIME}|day|week|month|year|jour|mois)\b",
        r"\ble\s+\d{1,2}\s+de\s+chaque\b",
        r"\b(?:century|siècle|today|tomorrow|annually|monthly|weekly|when|quand|lorsque|once|upon)\b",
    ),
    Kind.DURATION: (
        _TIME_SPAN,
        r"\b\d+\s*(?:h|min|s)\b",
        r"\b(?:daily|weekly|monthly|yearly|annually|quarterly|immediately|permanently|indefinitely)\b",
        r"\b(?:every|each|chaque|per|once|twice)\s+\w+",
        rf"{_AMOUNT}\s*(?:{_UNIT_OF_LENGTH})\b",
    ),
    Kind.NUMBER: (rf"(?!{_YEAR})(?<![\d:.]){_AMOUNT}(?![\d]*[:\d])(?!\.\d)(?!\.?\)?\s+(?:st|nd|rd|th)\b)",),
    Kind.MONEY: (
        rf"{_CURRENCY}\s*{_FIGURE}",
        rf"{_FIGURE}\s*(?:(?:millions?|billion|milliards?|thousand|bn|m|k)\s+)?(?:d'|de\s+)?{_CURRENCY}",
        r"\b(?:free of charge|for free|gratuit\w*|kostenlos)\b",
    ),
    Kind.PERSON: (
        r"(?<=[\w,;:)] )[A-ZÀ-Ý][a-zß-ÿ][\w'’-]*",
        r"\b[A-ZÀ-Ý][a-zß-ÿ'’-]+(?:\s+(?:de|von|van|der|di|da|du|la|le))?\s+[A-ZÀ-Ý][\w'’-]+",
    ),
    Kind.PLACE: (
        r"\b(?:in|at|near|on|from|to|inside|outside|behind|along|between|north|south|east|west|to the)\s+\S",
        r"\b(?:à|au|aux|en|dans|près|sur|chez|im|am|bei|nahe|en el|en la|nel|nella)\s+\S",
        r"\b(?:rue|avenue|place|street|road|lane|strasse|straße|calle|via|piazza|rua)\b",
    ),
    Kind.CONTACT: (
        r"[\w.+-]+@[\w-]+\.[\w.-]+|\bhttps?://\S+|\bwww\.\S+",
        r"(?<![\d.,])\+?\(?\d{1,4}\)?(?:[ \u00a0./-]\(?\d{2,5}\)?){2,5}(?![\d.,]\d)|(?<!\d)\+?\d{8,14}(?!\d)",
        r"\b(?:extension|ext\.|poste)\s+\d+|\bP\.?O\.? Box\b",
    ),
    Kind.REASON: (
        r"\b(?:because|since|due to|owing to|as a result|in order to|so that|therefore|reason|caused)\b",
        r"\bthanks to\b",
        r"\bwhich (?:made|led|means|doubled|caused)\b|\bso\s\w+\sthat\b|\bfor fear\b",
        r"\bto (?:reduce|avoid|prevent|protect|improve|save|ensure|make|keep|allow|increase|carry|help)\b",
        r"\b(?:parce que|car|afin de?|en raison|puisque|grâce à|à cause|s'explique|pour\s+\w+[eio]r)\b",
        r"\b(?:weil|da|damit|wegen|aufgrund|porque|debido|perch[eé])\b",
    ),
}


def _compiled(forms: Iterable[str], flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{form})" for form in forms), flags)


_PATTERNS = {
    kind: _compiled(forms, re.RegexFlag(0) if kind is Kind.PERSON else re.IGNORECASE)
    for kind, forms in _FORMS.items()
}


def expressions(kind: Kind, text: str) -> list[re.Match[str]]:
    """Where the text holds something of the kind; nothing for kinds without a form of their own.

    The number of a clause or step at the beginning does not count.
    """
    pattern = _PATTERNS.get(kind)
    numbering = _NUMBERING.match(text)
    return list(pattern.finditer(text, numbering.end() if numbering else 0)) if pattern else []


def has_form(kind: Kind) -> bool:
    """Whether answers of the kind can be told by their form."""
    return kind in _PATTERNS
