"""Words that carry no meaning of their own, by language; plain (lower case, no accents).

Words that mean something in English ("war", "man", "son") are left out of the other lists, since a text's
language is not always known.
"""

from __future__ import annotations

_LISTS = {
    "en": """
        a about above after again all also actually already although away back because ever however
        still yet though an and any are as at be been being before below between both but by can
        could did do does doing down during each few for from further had has have having he her
        here hers him his how i if in into is it its itself just may me might more most must my no
        nor not of off on once only or other our out over own per same shall she should so some such
        than that the their theirs them then there these they this those through to too under until
        up upon us very was we were what when where which while who whom whose why will with within
        without would you your yours s t
        """,
    "fr": """
        a ai as au aux avec ce ces cet cette ceux d dans de des dont du elle elles en entre est et
        etait etaient ete etre eu eux il ils j je l la le les leur leurs lui m ma mais me mes mon n
        ne nos notre nous on ont ou par pas pour plus qu que quel quelle quelles quels qui quoi s sa
        sans se sera seront ses si sont sous sur t ta te tes toi ton tu un une vos votre vous y
        combien comment quand pourquoi lequel laquelle lesquels selon chez vers
        """,
    "de": """
        aber als am an auch bis viele vielen seit auf aus bei das dass dem den der des die durch ein
        eine einem einen einer eines er es fur haben hatte ich ihr im ist kann mit nach nicht oder
        sich sie sind uber um und unter vom von vor wann waren warum welche welchem welchen welcher
        welches wer werden wie wieviel viele wird wir wo worden wurde wurden zu zum zur
        """,
    "es": """
        al como con cual cuales cuando cuanta cuantas cuanto cuantos de del donde el ella ellos en
        entre era eran es esta este esto fue fueron ha han hasta la las le les lo los mas muy o para
        pero por porque que quien quienes se segun ser si sido sobre su sus un una unas unos y
        """,
    "it": """
        al alla che chi con cosa da dal dalla degli dei del della delle di dove e era erano gli ha
        hanno i il in la le lo nei nel nella per perche quale quali quando quanta quante quanti
        quanto sono stata stato sul sulla tra un una uno
        """,
    "pt": """
        ao aos as com como da das de do dos e em entre era foi foram mas na nas no nos o os ou para
        por porque quais qual quando quanta quantas quanto quantos que quem sao se ser sobre sua
        suas um uma onde
        """,
}

BY_LANGUAGE = {language: frozenset(words.split()) for language, words in _LISTS.items()}

STOP_WORDS = frozenset().union(*BY_LANGUAGE.values())


def language_of(words: list[str]) -> str:
    """The language whose empty words are most frequent among the words; English when none stands out."""
    return max(BY_LANGUAGE, key=lambda language: sum(word in BY_LANGUAGE[language] for word in words))
