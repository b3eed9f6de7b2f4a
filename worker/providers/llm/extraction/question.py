"""What a question asks for: the kind of answer, the words that matter, the names it depends on. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from worker.providers.llm.extraction.kinds import Kind
from worker.providers.stopwords import BY_LANGUAGE, language_of
from worker.providers.words import plain, stem, tokens

_ASKED_BY: dict[Kind, tuple[str, ...]] = {
    Kind.REASON: (r"^why\b|is the reason\b", r"\bpourquoi\b|\bwarum\b|\bpor que\b|\bperche\b"),
    Kind.DATE: (
        r"\bwhen\b",
        r"\b(?:what|which) (?:date|year|day|month|time)\b",
        r"\bwhat (?:is|was) the (?:date|deadline)",
        r"\bquand\b",
        r"\bquel(?:le)? (?:date|annee|jour|mois)\b",
        r"\bquelle est la date\b",
        r"\ba quelle heure\b",
        r"\bwann\b|\bin welchem jahr\b",
        r"\bcuando\b|\bquando\b|\ben que (?:ano|fecha)\b",
    ),
    Kind.DURATION: (
        r"\bhow (?:long|often|soon|quickly|fast|frequently)\b",
        r"\bwhat is the duration\b",
        r"\bcombien de temps\b|\bquelle est la duree\b|\ba quelle frequence\b",
        r"\bwie (?:lange|oft)\b|\bcuanto tiempo\b|\bquanto tempo\b",
    ),
    Kind.MONEY: (
        r"\bhow much (?:do|does|did|is|are|was|were|will|must|should|would|money|revenue|rent)\b",
        r"\b(?:what|which)\b.{0,40}\b(?:price|costs?|fee|salary|rent|dividend|revenue|turnover|budget|deposit)\b",
        r"\bcombien (?:coute\w*|s'eleve|vaut|paie)\b",
        r"\bquel(?:le)?\b.{0,40}\b(?:loyer|prix|montant|salaire|tarif|budget|cout)\b",
        r"\bwas kostet\b|\bwie viel kostet\b|\bcuanto cuesta\b|\bquanto costa\b",
    ),
    Kind.CONTACT: (
        r"\b(?:tele)?phone (?:number|extension)\b|\be-?mail address\b|\bwebsite\b|\bweb address\b",
        r"\b(?:contact|reach|call)\b.{0,40}\b(?:support|service|office|company|customer|centre|center|line|claim)",
        r"\bnumero de telephone\b|\badresse (?:e-?mail|electronique)\b|\btelefonnummer\b",
    ),
    Kind.NUMBER: (
        r"\bhow (?:many|much|old|tall|high|deep|far|heavy|large|big|wide|hot|loud|thick)\b",
        r"\b(?:what|which) (?:percentage|share|proportion|number|diameter|temperature|age|size)\b",
        r"\bby how much\b",
        r"\bwhat (?:is|was) the (?:\w+ )?(?:weight|height|length|width|depth|diameter|capacity|temperature|"
        r"distance|speed|voltage|size|area|frequency|resolution)\b",
        r"\bcombien\b",
        r"\bquelle est la (?:surface|superficie|hauteur|longueur|taille|vitesse|temperature)\b",
        r"\bwie ?viele?\b|\bwie (?:hoch|gross|schwer|alt|weit)\b|\bcuant[oa]s?\b|\bquant[oaie]s?\b",
    ),
    Kind.PERSON: (
        r"\bwho\b|\bwhom\b|\bwhose\b",
        r"^qui\b|\b(?:par|de|a) qui\b",
        r"\bwer\b|\bwem\b|\bquien\b|\bchi\b|\bquem\b",
    ),
    Kind.PLACE: (
        r"^where\b|\bwhere (?:is|are|was|were|does|do|did|can|will)\b",
        r"\b(?:in|at|from) (?:which|what) (?:cit|countr|town|place|building|room|street)",
        r"\bwhat (?:is|was) the address\b|\bquelle est l'adresse\b|\bdans quelle ville\b",
        r"^ou\b|\bou (?:se|est|sont|seront|a|ont|peut|doit|etait|habite|les|la|le)\b",
        r"^wo\b|\bdonde\b|^dove\b|^onde\b",
    ),
    Kind.METHOD: (r"^how\b|^comment\b|^wie\b|^como\b|^come\b",),
    Kind.DEFINITION: (
        r"\bwhat does .{1,60} mean\b|\bwhat is meant by\b|^define\b",
        r"^what (?:is|are) (?:an? )?[\w-]+(?: [\w-]+)?\s*\?*$",
        r"\bqu'est-ce qu|\bque signifie\b|^was ist (?:ein|eine)\b|\bwas bedeutet\b|\bque es\b|\bche cos",
    ),
    Kind.YES_NO: (
        r"^(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have|had)\b",
        r"^est-ce qu|\b\w+-(?:t-)?(?:il|elle|ils|elles|on)\b",
        r"^(?:ist|sind|kann|darf|muss|hat)\b",
    ),
}
_KINDS = [(kind, re.compile("|".join(forms))) for kind, forms in _ASKED_BY.items()]

_SHORT_FORMS = {
    "ceo": "chief executive",
    "cfo": "chief financial officer",
    "cto": "chief technology officer",
    "hr": "human resources",
    "pdg": "président directeur général",
}

_VAGUE_WORDS = """
happen city country town take get thing kind type mention include contain name call say state describe
explain mean give given many much long often soon quickly quick fast far need want possible people person
place time year date day month number amount total current currently new first last use used using receive
provide apply list exist come go see look find tell about company report article paper author main work
percentage share exactly annee jour mois nombre nom faire fait faut peut doit eleve montant existe nouveau
nouvelle total actuel every each chaque run hold put guarantee guaranteed affect possede compte nobody
anyone know see heisst gibt name jahr tag weeks
"""
_LIGHT_WORDS = """
accept add agree allow ask attract avoid become began belong borrow bring build call carry cause change
choose close consider consist contact continue decide deliver describe develop differ dig discuss do draw
drive drop eat enter expect explain fail feel fill find follow get give go good great grow handle help
hear hold identify include increase join keep kind large leave left let like little live long look lose
love make matter mean meet mention miss move necessary need normal obtain occur offer open order
particular play point possible prefer prepare present prevent produce provide put reach read reason
recommend relate remain remove require result return right run same save send serve set short show store
simple sit small special specific speak spend stand start stay step stop suggest support take talk think
touch travel treat try turn typical understand usual visit wait walk want watch wear win wish write wrong
young took taken gave went gone got made came held kept met saw seen said sent spent stood told thought
begun became brought built grew knew lost meant put ran rose won wrote part bad best better big aller
arriver attendre bien bon changer contenir demander devenir devoir donner entrer envoyer garder grand
laisser mettre montrer obtenir passer perdre permettre petit porter pouvoir prendre prevoir quitter
recevoir rendre rester servir sortir suivre tenir utiliser venir voir vouloir befindet benutzen besteht
bleiben bringen brauchen darf finden geben gehen gross halten hoch klein kommen lassen liegt machen mussen
nehmen sehen stehen
"""
_VAGUE = frozenset(stem(word) for word in _VAGUE_WORDS.split())
_LIGHT = frozenset(stem(word) for word in _LIGHT_WORDS.split()) - _VAGUE
_VAGUE_WEIGHT, _LIGHT_WEIGHT = 0.35, 0.6
_ASKING = frozenset({"many", "much", "often", "soon", "quickly", "mean"})
"""Stems that only ask; the kind already says what they say."""

_ASKS_FOR = re.compile(
    r"\bhow (?:many|much)\b|\b(?:what|which)\b|\bcombien d[e']|\bquel(?:le)?s?\b|\bwie ?viele?\b|"
    r"\bwelche[rsnm]?\b|\bcuant[oa]s?\b|\bquant[ie]\b|\bcual(?:es)?\b|\bquale\b"
)
_LEANS = re.compile(
    r"^(?:and|but|so|et|mais|und|aber|y|e)\b|\b(?:it|its|they|them|their|he|she|him|his|her|there|those|il|"
    r"elle|ils|elles|celui-ci|celle-ci|er|sie|deren|dessen)\b"
)
_NAME = re.compile(r"\b(?:[A-ZÀ-Ý][\w’'-]*|\w*\d[\w.:/-]*)")


@dataclass(frozen=True, slots=True)
class Question:
    """`terms` maps each stem that matters to its weight (0 to 1); `names` are stems the answer depends on."""

    text: str
    kind: Kind
    terms: dict[str, float]
    names: frozenset[str]
    focus: str
    """The stem that names what is asked for ("how many *labourers*", "which *law*"); "" when unclear."""

    figures: frozenset[str]
    """Years, codes and numbers of the question; they must stand where the answer stands."""


def analyse(text: str, asked_before: str = "") -> Question:
    """Reads a question; never fails, at worst all words weigh the same.

    Words of the question before it, if given, count half.
    """
    kind = _kind(text)
    words = [part for word in tokens(text) for part in _SHORT_FORMS.get(word, word).split()]
    language = language_of(words)
    stop = BY_LANGUAGE[language] | BY_LANGUAGE["en"]
    kept = [stem(word) for word in words if word not in stop]
    terms = {word: _weight(word) for word in kept}
    for word in _ASKING & terms.keys():
        if len(terms) > 1:
            del terms[word]
    if asked_before:
        earlier = analyse(asked_before)
        terms = {word: weight / 2 for word, weight in earlier.terms.items() if not word.isdigit()} | terms
    figures = frozenset(word for word in terms if any(char.isdigit() for char in word))
    names = frozenset() if language == "de" else _names(text) & terms.keys()
    return Question(text, kind, terms, names - figures, _focus(text, terms), figures)


def _focus(text: str, terms: dict[str, float]) -> str:
    asked = _ASKS_FOR.search(plain(text))
    if asked is None:
        return ""
    after = [stem(word) for word in tokens(plain(text)[asked.end() :])]
    return next((word for word in after if terms.get(word, 0.0) == 1.0), "")


def _weight(word: str) -> float:
    if word in _VAGUE:
        return _VAGUE_WEIGHT
    return _LIGHT_WEIGHT if word in _LIGHT else 1.0


def needs_context(text: str) -> bool:
    """Whether a question leans on the one before it: "And in 2023?", "When was it built?"."""
    return bool(_LEANS.search(plain(text))) or len(analyse(text).terms) < 2


def _kind(text: str) -> Kind:
    asked = " ".join(plain(text).replace("’", "'").split())
    return next((kind for kind, pattern in _KINDS if pattern.search(asked)), Kind.OTHER)


def _names(text: str) -> frozenset[str]:
    """Stems of capitalised words; not the first word, which is capitalised anyway."""
    found = [match for match in _NAME.finditer(text) if match.start() > 0]
    return frozenset(stem(word) for match in found for word in tokens(match.group()))
