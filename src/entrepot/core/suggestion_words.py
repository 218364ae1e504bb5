"""What people call the fields of the kinds, and the values of small sets, in English, German, French and Spanish."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

NAMES: Mapping[str, str] = {
    "title": "title, name, task, task name, subject, summary, item; titel, aufgabe, betreff, bezeichnung;"
    " titre, nom, tache, sujet, objet; titulo, nombre, tarea, asunto",
    "name": "name, deal name, dealname, account name, company name, opportunity; firma, geschaft, firmenname;"
    " nom, affaire, raison sociale; nombre, negocio, razon social",
    "description": "description, details, notes, note, comment, comments, text; beschreibung, notiz, notizen,"
    " bemerkung, kommentar, einzelheiten; descriptif, remarque, remarques, commentaire; descripcion, notas, detalles",
    "body": "body, text, content, note, notes; inhalt, notiz, notizen; corps, contenu, texte; cuerpo, contenido, texto",
    "notes": "notes, note, comment, comments, review; notiz, notizen, bemerkung, kommentar; remarque, remarques,"
    " commentaire, avis; notas, comentario, resena",
    "due": "due, due date, deadline, due on, due by; fallig, falligkeit, fallig am, frist, termin, bis;"
    " echeance, date limite, date d echeance; vencimiento, fecha limite, fecha de vencimiento",
    "start": "start, start date, starts, begin, begins, from, date, when; beginn, anfang, startdatum, datum, von;"
    " debut, date de debut, date; inicio, fecha de inicio, comienzo, fecha",
    "progress": "status, state, progress, done, completed, complete, stage; zustand, stand, fortschritt, erledigt;"
    " statut, etat, avancement, fait, termine; estado, progreso, hecho, completado",
    "percentComplete": "percent complete, progress, percent, completion; fortschritt, prozent, erledigt in prozent;"
    " pourcentage, avancement; porcentaje, avance",
    "priority": "priority, prio, importance, urgency; prioritat, wichtigkeit, dringlichkeit; priorite, importance,"
    " urgence; prioridad, importancia, urgencia",
    "keywords": "tags, tag, labels, label, keywords, category, categories; schlagworte, stichworte, kategorie,"
    " kategorien, etiketten; etiquettes, etiquette, mots cles, categorie, categories; etiquetas, etiqueta,"
    " palabras clave, categoria, categorias",
    "tags": "tags, tag, labels, label, keywords, genre, genres, category, categories; schlagworte, stichworte,"
    " kategorie, kategorien; etiquettes, mots cles, genres, categories; etiquetas, generos, palabras clave, categorias",
    "project": "project, list, board; projekt, liste; projet, liste; proyecto, lista",
    "assignees": "assignee, assignees, assigned to, owner, responsible, assign, person, people; zustandig,"
    " verantwortlich, bearbeiter, zugewiesen an; responsable, assigne a, attribue a, personne; responsable, asignado"
    " a, persona",
    "owner": "owner, responsible, account owner, sales rep; verantwortlich, zustandig, besitzer; responsable,"
    " proprietaire; responsable, propietario",
    "estimatedDuration": "estimate, duration, estimated duration; dauer, aufwand, schatzung; duree, estimation;"
    " duracion, estimacion",
    "status": "status, state, list status, reading status, watch status; zustand, stand, lesestatus; statut, etat;"
    " estado",
    "medium": "medium, type, media, media type, format; medium, art, typ; type, support; tipo, medio",
    "score": "score, rating, my rating, stars, my score; bewertung, wertung, punkte, sterne, note; note, evaluation,"
    " etoiles; puntuacion, valoracion, calificacion, nota, estrellas",
    "started": "started, start date, date started, started on, begun; begonnen, angefangen, startdatum, gelesen seit;"
    " commence, commence le, date de debut; empezado, iniciado, fecha de inicio",
    "finished": "finished, finish date, date read, date finished, completed on, end date, date watched, read on;"
    " beendet, fertig, abgeschlossen am, gelesen am, enddatum; termine, termine le, fini, date de fin, lu le;"
    " terminado, acabado, fecha de fin, leido el",
    "repeats": "repeats, times read, read count, rewatched, rereads; wiederholungen; relectures, nombre de lectures;"
    " repeticiones, relecturas",
    "total": "total, episodes, chapters, pages, page count, total episodes; folgen, kapitel, seiten, seitenzahl;"
    " episodes, chapitres, pages; episodios, capitulos, paginas",
    "totalVolumes": "volumes, total volumes; bande; tomes, volumes; tomos, volumenes",
    "created": "created, created at, created time, create date, added, date added, created on; erstellt, angelegt,"
    " erstellt am, hinzugefugt; cree, cree le, date de creation, ajoute le; creado, creado el, fecha de creacion",
    "updated": "updated, updated at, last edited time, last modified, modified, last modified date; geandert,"
    " aktualisiert, geandert am; modifie, modifie le, mis a jour; modificado, actualizado, fecha de modificacion",
    "url": "url, link, website, web page, address; verweis, adresse; lien, adresse; enlace, direccion",
    "links": "url, link, links, website; verweis, verweise; lien, liens; enlace, enlaces, sitio web",
    "links.0": "website, url, homepage, web; webseite, internetseite; site web, site; sitio web, pagina web",
    "name.full": "name, full name, contact, contact name; vollstandiger name, kontakt; nom complet, nom et prenom;"
    " nombre completo, contacto",
    "name.given": "first name, firstname, given name, forename; vorname; prenom; nombre, nombre de pila",
    "name.surname": "last name, lastname, surname, family name; nachname, familienname; nom, nom de famille;"
    " apellido, apellidos",
    "name.title": "salutation, honorific, prefix; anrede; civilite; tratamiento",
    "emails.0.address": "email, e mail, mail, email address, primary email; e mail adresse, mailadresse;"
    " courriel, adresse e mail; correo, correo electronico",
    "phones.0.number": "phone, telephone, phone number, tel, mobile, cell, mobile phone; telefon, telefonnummer, handy,"
    " mobil, rufnummer; portable, numero de telephone; telefono, movil, celular",
    "phone": "phone, telephone, phone number, tel; telefon, telefonnummer; numero de telephone; telefono",
    "organizations.0.name": "company, organization, employer, account, company name; firma, unternehmen, organisation,"
    " arbeitgeber; entreprise, societe, organisation; empresa, organizacion, compania",
    "titles.0": "job title, position, role, title; position, funktion, stelle, beruf; poste, fonction, metier;"
    " cargo, puesto, funcion",
    "addresses.0.street": "street, address, street address, mailing street; strasse, anschrift, adresse; rue, adresse;"
    " calle, direccion",
    "addresses.0.locality": "city, town, mailing city; ort, stadt, wohnort; ville; ciudad, localidad",
    "addresses.0.region": "state, region, province, mailing state; bundesland, land, region; region, departement;"
    " provincia, estado, region",
    "addresses.0.postcode": "zip, postal code, postcode, zip code, mailing postal code; plz, postleitzahl; code postal;"
    " codigo postal",
    "addresses.0.country": "country, mailing country; land, staat; pays; pais",
    "notes.0": "notes, note, comment, description; notiz, notizen, bemerkung; remarque, commentaire; notas, comentario",
    "domain": "domain, website domain, company domain name, website; domane; domaine; dominio",
    "industry": "industry, sector; branche, industrie; secteur, industrie; industria, sector",
    "city": "city, town, billing city; ort, stadt; ville; ciudad, localidad",
    "country": "country, billing country; land, staat; pays; pais",
    "employees": "employees, number of employees, headcount; mitarbeiter, beschaftigte; employes, effectif; empleados",
    "annualRevenue": "annual revenue, revenue, turnover; umsatz, jahresumsatz; chiffre d affaires; ingresos,"
    " facturacion",
    "amount": "amount, value, price, deal value, sum; betrag, summe, wert, preis; montant, valeur, prix, somme;"
    " importe, monto, cantidad, valor, precio",
    "currency": "currency, currency code, currency iso code; wahrung; devise, monnaie; moneda, divisa",
    "stage": "stage, deal stage, phase, status, stage name; phase, stufe; etape, phase; etapa, fase",
    "pipeline": "pipeline; vertriebsprozess; processus; embudo",
    "probability": "probability, likelihood, chance; wahrscheinlichkeit; probabilite; probabilidad",
    "closeDate": "close date, closing date, expected close; abschlussdatum, abschluss; date de cloture, cloture;"
    " fecha de cierre, cierre",
    "lifecycleStage": "lifecycle stage, lead status; lebenszyklus; etape du cycle de vie; etapa del ciclo de vida",
    "author": "author, created by, writer; autor, verfasser, erstellt von; auteur, cree par; autor, creado por",
    "notebook": "notebook, folder; notizbuch, ordner; carnet, dossier; cuaderno, carpeta",
    "bookingDate": "booking date, date, transaction date; buchungstag, buchungsdatum, datum; date, date operation,"
    " date comptable; fecha, fecha de operacion",
    "valueDate": "value date; valuta, wertstellung, valutadatum; date de valeur; fecha valor",
    "counterparty": "payee, counterparty, merchant, recipient; empfanger, auftraggeber, beguenstigter;"
    " beneficiaire, tiers; beneficiario, comercio",
    "remittance": "purpose, reference, memo, payment reference; verwendungszweck, buchungstext; libelle, motif;"
    " concepto, referencia",
    "state": "state, status; zustand; etat, statut; estado",
    "labels": "labels, label, tags; etiketten, schlagworte; etiquettes; etiquetas",
}  # fmt: skip
"""Target → its names: those of a language apart by `;`. Written without accents, as `words_of` makes them."""

VALUES: Mapping[str, Mapping[Any, str]] = {
    "progress": {
        "needs-action": "not started, to do, todo, open, new, backlog, planned, waiting, on hold, deferred, next,"
        " no, false;"
        " offen, neu, geplant, nicht begonnen, zu erledigen, wartet; a faire, non commence, nouveau, ouvert, en"
        " attente;"
        " pendiente, por hacer, sin empezar, nuevo, abierto",
        "in-process": "in progress, doing, started, active, working on it, in review, review;"
        " in arbeit, in bearbeitung, begonnen, lauft; en cours, commence, en revue; en curso, en progreso, en proceso",
        "completed": "done, completed, complete, finished, closed, yes, true; erledigt, fertig, abgeschlossen, ja;"
        " termine, fait, fini, ferme, oui; hecho, completado, terminado, cerrado, si",
        "failed": "failed; gescheitert, fehlgeschlagen; echoue; fallido",
        "cancelled": "cancelled, canceled, dropped, won t do, wont do; abgebrochen, verworfen, storniert; annule,"
        " abandonne;"
        " cancelado, descartado",
    },
    "status": {
        "current": "reading, watching, current, currently reading, in progress, playing; lese ich, lese gerade,"
        " schaue ich,"
        " aktuell, in arbeit; en cours, je lis, je regarde; leyendo, viendo, en curso, jugando",
        "planned": "plan to read, plan to watch, planned, planning, to read, to watch, want to read, want to watch,"
        " wishlist,"
        " not started; geplant, will ich lesen, zu lesen, merkliste; a lire, a voir, prevu, planifie;"
        " por leer, por ver, pendiente, planeado",
        "completed": "completed, read, watched, finished, done; gelesen, gesehen, fertig, beendet, abgeschlossen;"
        " lu, vu, termine, fini; leido, visto, terminado, completado",
        "paused": "paused, on hold; pausiert, unterbrochen; en pause, en attente; en pausa, pausado",
        "dropped": "dropped, abandoned, did not finish, dnf; abgebrochen; abandonne; abandonado, dejado",
        "repeating": "rereading, rewatching, repeating; lese ich wieder; relecture; releyendo, repitiendo",
    },
    "medium": {
        "anime": "anime", "manga": "manga, manhwa, manhua",
        "book": "book, novel, ebook; buch, roman; livre, roman; libro, novela",
        "film": "film, movie; kinofilm; pelicula", "series": "series, tv, tv show, show; serie, fernsehserie; serie",
        "game": "game, video game; spiel, videospiel; jeu, jeu video; juego, videojuego", "podcast": "podcast",
    },
    "state": {
        "open": "open, to do, todo, in progress, new, backlog; offen, neu, in arbeit; ouvert, a faire, en cours;"
        " abierto, pendiente, en curso",
        "closed": "closed, done, completed, resolved; geschlossen, erledigt, fertig; ferme, termine, resolu;"
        " cerrado, hecho, resuelto",
    },
    "priority": {
        1: "highest, urgent, critical, high, p1, very high; hoch, dringend, kritisch, sehr hoch; haute, urgent,"
        " critique,"
        " elevee; alta, urgente, critica",
        3: "p2", 5: "medium, normal, middle, moderate, p3; mittel; moyenne, normale; media, mediana",
        7: "p4", 9: "low, lowest, minor; niedrig, gering; basse, faible; baja",
    },
    "yes": {
        True: "yes, y, true, x, on, done; ja; oui, vrai; si, verdadero",
        False: "no, n, false, off; nein; non, faux; falso",
    },
}  # fmt: skip
"""Field (or `yes` for what is true or false) → our value → what people call it."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def words_of(name: str) -> str:
    """A name as the tables have it: no accents, no case, its words apart. `MailingPostalCode`, `Due_Date__c`."""
    bare = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name).replace("ß", "ss"))
    plain = "".join(sign for sign in bare if not unicodedata.combining(sign)).lower()
    return " ".join(_NO_WORD.split(plain)).strip().removeprefix("hs ").removesuffix(" c")


def names_of(target: str) -> list[str]:
    """Every name of a target, its own among them."""
    last = target.rsplit(".", maxsplit=1)[-1]
    own = [] if last.isdigit() or "." in target else [words_of(last)]
    return [*own, *_listed(NAMES.get(target, ""))]


def meaning(field: str, value: object) -> Any:
    """Our value for what somebody calls it; None where nobody knows. `1 - High` is high."""
    said = words_of(str(value))
    return _meanings(field).get(said, _meanings(field).get(said.lstrip("0123456789 ")))


def _meanings(field: str) -> Mapping[str, Any]:
    return _MEANINGS.get(field, {})


def _listed(text: str) -> list[str]:
    return [each.strip() for each in re.split("[,;]", text) if each.strip()]


_MEANINGS = {
    field: {said: ours for ours, text in table.items() for said in _listed(text)} for field, table in VALUES.items()
}
