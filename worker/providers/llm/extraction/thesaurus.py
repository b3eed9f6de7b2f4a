"""Words that ask for the same thing as others, so that a question finds its answer. Data."""

from __future__ import annotations

from worker.providers.words import plain, stem

_GROUPS = """
cost costs price priced prices fee fees charge charged charges amount amounts sum paid pays pay expense spend
coute couter cout couts coutera prix tarif tarifs montant frais somme
salary wage wages pay paid earn earns remuneration income compensation
salaire remuneration paye revenu
compensation compensate voucher refund refunded indemnity indemnity reimbursement
pay paid pays payment payable due reimbursed reimburse reimbursement
payer paie paye payable paiement regler reglement charge
revenue revenues turnover sales
profit profits earnings income
found founded founder founders founding establish established create created start started set
fonder fonde fondee fondateur creer cree creee creation
begin begins began beginning start starts started commence commences commenced effective launch launched
commencer commence commencement commenceront debut debute demarrer compter
end ends ended ending terminate terminated termination finish finished expire expires expiry
finir fin termine expire expiration echeance
build built building construct constructed construction erected
construire construit construite construction batir bati
invent invented inventor inventors develop developed developer devised
write wrote written writer author authors authored
ecrire ecrit ecrite auteur auteurs redige
lead leads led leader head heads headed chair chairs chaired chairman chairwoman president director
lead leads led head heads headed manager manage manages managed run runs operated operates responsible
diriger dirige directeur directrice presidence preside president responsable
boss manager supervisor
located location situated site sits lies headquarters headquartered based
address street road lane avenue rue adresse strasse
trouve trouver situe situee situes sis siege demeurant
born birth
die died dies death dead
ne nee naissance
mort decede deces
telephone phone tel call extension hotline number
telephone tel appeler numero
email mail e-mail
courriel mail e-mail
doctor medical physician
medecin medical docteur
sick sickness ill illness
holiday holidays vacation leave
conge conges vacances
employee employees staff workers workforce personnel employs employed
employe employes salaries salarie personnel effectif
weigh weighs weight heavy mass kg grams tonnes
poids pese peser lourd kg
height high tall rises
hauteur haut haute eleve
length long
longueur long longue
depth deep
profondeur profond
width wide diameter
largeur large
area surface size large m2 square hectares
surface superficie taille m2 hectares
speed fast quick quickly mph kmh
vitesse rapide
temperature hot cold warm celsius fahrenheit kelvin degrees
percentage percent share proportion pourcentage part
noise loud decibel db sound
capacity volume litres liters
power powered electricity energy
age old aged
contact contacted reach reached
maximum largest most limit maximal greatest
store stored storage save saved written write keep kept
big biggest large largest great greatest main major
small smallest minimum least smaller
bring brought return returned
grand grande plus principal principale
minimum minimal petit
buy bought purchase purchased acquire acquired acquisition
acheter achete achat acquis
sell sold sale
vendre vendu vente
open opened opening opens inaugurated
ouvrir ouvert ouverte ouvrira ouverture inaugure
close closed closes closing shut stopped
fermer ferme fermeture
permit permitted allow allowed may can authorised authorized permission
autorise autorisee autorises autorisation permis interdit
forbidden prohibited banned not
cause caused causes reason reasons due because
cause raison motif explique
increase increases increased rise rises rose rising raised grow grew growth
augmenter augmente augmentation hausse passe
decrease decreased fall fell drop dropped decline declined reduce reduced
baisser baisse diminution reduit
replace replaced replacement succeed succeeded successor
remplacer remplace remplacee remplacement
goal aim aims target targets objective objectives purpose
but objectif objectifs objet finalite
result results finding findings found show shows
keep kept store stored storage hold
stop stopped cease ceased
make makes made manufacture manufactured manufacturer produce produced producer
fabriquer fabrique fabricant produit
use used uses using usage
laptop device devices computer
car vehicle vehicles
duration last lasts lasted long term period
duree durer dure dureront duration
deadline due date
report reported notify notified notifies notification inform announce
notifier notifie notification informer
error errors fault faults fail failure troubleshooting
outage unavailable interruption interrupted down
law laws governed legal jurisdiction
win won winner award awarded recognised
population inhabitants residents
habitants population
rent monthly
landlord lessor owner
bailleur proprietaire
tenant lessee
locataire
deposit guarantee
quick quickly fast soon within
sign signed signatory
leave left bequeath bequeathed bequest inherit inherited donate donated donation gave give given
discount cheaper reduction reduced rebate
borrow borrowed lend lent loan hire
join joined attend participate participated participants part
dig dug digging
grant grants fund funds funded funding finance financed sponsor sponsored
child children kids
cover covered covers insure insured included include
repair repaired fix fixed
cancel cancelled cancellation withdraw withdrawal terminate
choose chosen selected selection pick
check checked examine examined inspect inspected inspection test tested
elect elected election chosen appointed appointment
travel trip trips journey journeys
injured injury injuries hurt wounded
find finds discover discovered discovery detect detected
bring brings brought
send sends sent
lose loses lost loss losses
know known
draw drew drawn
take takes took taken
break broke broken
steal stole stolen theft burglary
speak spoke spoken
teach taught teacher
fight fought
sink sank sunk
answer answered reply response
wage hourly rate
warn warning warned
measure measured measurement
arrive arrived arrival
depart departed departure
mayor
maire
meet meeting held
reunion seance
"""

RELATED: dict[str, frozenset[str]] = {}
"""Stem to the stems it may be answered with."""

for _line in _GROUPS.split("\n"):
    _stems = frozenset(stem(plain(word)) for word in _line.split())
    for _stem in _stems:
        RELATED[_stem] = RELATED.get(_stem, frozenset()) | _stems - {_stem}
