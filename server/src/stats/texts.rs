//! What the pages of figures and of privacy say, in each language.

use crate::language::Language;
use crate::uses::Kind;

/// The words of the page of figures.
pub(crate) struct StatsTexts {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) collection: &'static str,
    pub(crate) all: &'static str,
    pub(crate) compare: &'static str,
    pub(crate) previous: &'static str,
    pub(crate) year: &'static str,
    pub(crate) show: &'static str,
    pub(crate) count: &'static str,
    pub(crate) before: &'static str,
    pub(crate) change: &'static str,
    pub(crate) new: &'static str,
    pub(crate) day: &'static str,
    pub(crate) by_day: &'static str,
    pub(crate) nothing: &'static str,
    pub(crate) without: &'static str,
    pub(crate) since: &'static str,
    pub(crate) forgotten: &'static str,
    pub(crate) privacy: &'static str,
    pub(crate) home: &'static str,
    pub(crate) json: &'static str,
    pub(crate) language: &'static str,
}

const FINNISH: StatsTexts = StatsTexts {
    title: "Kaupunkimallin käyttö",
    about: "Kuinka paljon mallia käytetään. Luvut ovat pelkkiä määriä päivää kohden: kävijöistä ei tallenneta mitään.",
    from: "Alkaen",
    to: "Päättyen",
    collection: "Aineisto",
    all: "Kaikki",
    compare: "Vertaa",
    previous: "edeltävään yhtä pitkään jaksoon",
    year: "vuoden takaiseen jaksoon (52 viikkoa)",
    show: "Näytä",
    count: "Määrä",
    before: "Vertailujakso",
    change: "Muutos",
    new: "uusi",
    day: "Päivä",
    by_day: "Päivittäin",
    nothing: "Näiltä päiviltä ei ole laskettu mitään.",
    without: "ilman aineistoa",
    since: "Laskettu alkaen",
    forgotten: "Luvut ovat vain muistissa ja alkavat alusta, kun palvelin käynnistetään.",
    privacy: "Mitä tallennetaan ja mitä ei",
    home: "Etusivu",
    json: "Tämä sivu JSON-muodossa",
    language: "Kieli",
};

const SWEDISH: StatsTexts = StatsTexts {
    title: "Användning av stadsmodellen",
    about: "Hur mycket modellen används. Siffrorna är enbart antal per dag: ingenting sparas om besökarna.",
    from: "Från",
    to: "Till",
    collection: "Material",
    all: "Alla",
    compare: "Jämför med",
    previous: "den lika långa perioden före",
    year: "perioden ett år tidigare (52 veckor)",
    show: "Visa",
    count: "Antal",
    before: "Jämförelseperiod",
    change: "Ändring",
    new: "ny",
    day: "Dag",
    by_day: "Per dag",
    nothing: "Inget har räknats för dessa dagar.",
    without: "utan material",
    since: "Räknat sedan",
    forgotten: "Siffrorna finns bara i minnet och börjar om när servern startas.",
    privacy: "Vad som sparas och vad som inte sparas",
    home: "Startsida",
    json: "Den här sidan som JSON",
    language: "Språk",
};

const ENGLISH: StatsTexts = StatsTexts {
    title: "How the city model is used",
    about: "How much the model is used. The figures are counts by day and nothing else: nothing is kept of visitors.",
    from: "From",
    to: "To",
    collection: "Collection",
    all: "All",
    compare: "Compare with",
    previous: "as many days right before",
    year: "the same days a year earlier (52 weeks)",
    show: "Show",
    count: "Count",
    before: "Compared range",
    change: "Change",
    new: "new",
    day: "Day",
    by_day: "By day",
    nothing: "Nothing was counted on these days.",
    without: "no collection",
    since: "Counted since",
    forgotten: "The figures are in memory alone and begin anew when the server starts.",
    privacy: "What is kept and what is not",
    home: "Landing page",
    json: "This page as JSON",
    language: "Language",
};

pub(crate) fn stats(language: Language) -> &'static StatsTexts {
    match language {
        Language::Finnish => &FINNISH,
        Language::Swedish => &SWEDISH,
        Language::English => &ENGLISH,
    }
}

/// What a kind of use is called.
pub(crate) fn kind(language: Language, kind: Kind) -> &'static str {
    let [finnish, swedish, english] = match kind {
        Kind::Viewer => ["Katselin avattu", "Visaren öppnad", "Viewer opened"],
        Kind::Tiles => ["Tiilet haettu", "Rutor hämtade", "Tiles fetched"],
        Kind::Items => ["Kohteet luettu", "Objekt lästa", "Features read"],
        Kind::Downloads => [
            "Koko aineisto ladattu",
            "Hela materialet hämtat",
            "Whole files downloaded",
        ],
        Kind::Extract => [
            "Mallin osa otettu",
            "Del av modellen hämtad",
            "Parts of the model taken",
        ],
        Kind::Blocks => [
            "Palikkamaailma haettu",
            "Blockvärldar hämtade",
            "Block worlds taken home",
        ],
    };
    match language {
        Language::Finnish => finnish,
        Language::Swedish => swedish,
        Language::English => english,
    }
}

/// The heading of the privacy page and its paragraphs: a heading each, and what it says.
pub(crate) struct PrivacyTexts {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) sections: [(&'static str, &'static [&'static str]); 4],
    /// Where counts outlive a restart, and where they do not.
    pub(crate) kept: [&'static str; 2],
    pub(crate) logged: [&'static str; 2],
}

const PRIVACY_FINNISH: PrivacyTexts = PrivacyTexts {
    title: "Mitä tallennetaan ja mitä ei",
    about: "Tämä palvelin ei tunnista kävijöitään. Tältä sivulta näkee tarkasti, mitä se tallentaa.",
    sections: [
        (
            "Laskurit",
            &[
                "Jokaisesta onnistuneesta hausta kasvaa yksi luku: päivä (UTC), aineisto ja käytön laji (katselin, tiilet, kohteet, lataukset, mallin osat, palikkamaailmat). Muuta laskurissa ei ole: ei osoitetta, ei selainta, ei kellonaikaa, ei sitä, mitä kohdetta katsottiin.",
            ],
        ),
        (
            "Loki",
            &[
                "Loki ei sisällä osoitteita, selaimia, evästeitä, hakujen arvoja eikä kohteiden tunnuksia. Virheistä kirjataan, mikä palvelimen oma tiedosto ei ollut luettavissa.",
            ],
        ),
        (
            "Tilatut palikkamaailmat ja mallit",
            &[
                "Tilauksesta säilytetään alue, asetukset, satunnainen tunnus ja valmis tiedosto, kunnes ne vanhenevat. Tilaajasta ei säilytetä mitään; tunnus on vain tilaajalla.",
            ],
        ),
        (
            "Mitä ei ole",
            &[
                "Evästeitä ei aseteta. Sivut eivät lataa mitään muilta palvelimilta. Katselin muistaa valitun kielen vain selaimessa.",
                "Palvelimen edessä oleva välityspalvelin tai verkko voi pitää omaa lokiaan; siitä vastaa sen ylläpitäjä.",
            ],
        ),
    ],
    kept: [
        "Laskurit kirjoitetaan tiedostoon, jotta ne säilyvät uudelleenkäynnistyksen yli.",
        "Laskurit ovat vain muistissa ja häviävät, kun palvelin sammutetaan.",
    ],
    logged: [
        "Jokaisesta pyynnöstä kirjataan rivi: aika, menetelmä, osoitteen malli (ei osoitetta itseään), tila, kesto, tavujen määrä, pakkaus ja hakuparametrien nimet (ei arvoja).",
        "Pyynnöistä ei kirjata rivejä lokiin.",
    ],
};

const PRIVACY_SWEDISH: PrivacyTexts = PrivacyTexts {
    title: "Vad som sparas och vad som inte sparas",
    about: "Den här servern känner inte igen sina besökare. Här står exakt vad den sparar.",
    sections: [
        (
            "Räknare",
            &[
                "För varje lyckad hämtning ökar ett tal: dag (UTC), material och slag av användning (visare, rutor, objekt, hämtningar, delar av modellen, blockvärldar). Inget annat finns i räknaren: ingen adress, ingen webbläsare, inget klockslag, inte vilket objekt som sågs.",
            ],
        ),
        (
            "Logg",
            &[
                "Loggen innehåller inga adresser, webbläsare, kakor, sökvärden eller objektens beteckningar. Om fel antecknas vilken av serverns egna filer som inte kunde läsas.",
            ],
        ),
        (
            "Beställda blockvärldar och modeller",
            &[
                "Av en beställning sparas området, inställningarna, en slumpmässig beteckning och den färdiga filen tills de blir för gamla. Ingenting sparas om den som beställde; beteckningen har bara beställaren.",
            ],
        ),
        (
            "Vad som inte finns",
            &[
                "Inga kakor sätts. Sidorna laddar ingenting från andra servrar. Visaren minns det valda språket endast i webbläsaren.",
                "En proxy eller ett nät framför servern kan föra en egen logg; för den svarar den som driver det.",
            ],
        ),
    ],
    kept: [
        "Räknarna skrivs till en fil så att de finns kvar efter en omstart.",
        "Räknarna finns bara i minnet och försvinner när servern stängs.",
    ],
    logged: [
        "För varje begäran skrivs en rad: tid, metod, adressens mönster (inte adressen själv), status, tid det tog, antal byte, komprimering och namnen på sökparametrarna (inte värdena).",
        "Inga rader skrivs i loggen om begäran.",
    ],
};

const PRIVACY_ENGLISH: PrivacyTexts = PrivacyTexts {
    title: "What is kept and what is not",
    about: "This server does not know its visitors. This page says exactly what it keeps.",
    sections: [
        (
            "Counts",
            &[
                "Each request that gave something raises one number: the day (UTC), the collection and the kind of use (viewer, tiles, features, downloads, parts of the model, block worlds). A count holds nothing else: no address, no browser, no time of day, not which feature was looked at.",
            ],
        ),
        (
            "Log",
            &[
                "The log holds no addresses, browsers, cookies, values of queries or ids of features. Of faults it holds which of the server's own files could not be read.",
            ],
        ),
        (
            "Block worlds and models made to order",
            &[
                "Of an order the area, the settings, a random token and the finished file are kept until they expire. Nothing is kept of who ordered; the token is theirs alone.",
            ],
        ),
        (
            "What there is not",
            &[
                "No cookies are set. The pages load nothing from other servers. The viewer remembers the language you chose in your browser alone.",
                "A proxy or network in front of the server may keep a log of its own; whoever operates it answers for that.",
            ],
        ),
    ],
    kept: [
        "The counts are written to a file, so that they outlive a restart.",
        "The counts are in memory alone and are gone when the server stops.",
    ],
    logged: [
        "Each request has a line: the time, the method, the pattern of the address (not the address), status, duration, number of bytes, compression and the names of the query's parameters (not their values).",
        "Requests have no lines in the log.",
    ],
};

pub(crate) fn privacy(language: Language) -> &'static PrivacyTexts {
    match language {
        Language::Finnish => &PRIVACY_FINNISH,
        Language::Swedish => &PRIVACY_SWEDISH,
        Language::English => &PRIVACY_ENGLISH,
    }
}
