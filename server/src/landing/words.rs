//! What the landing page says, in each language.

use crate::language::Language;

/// A mark of the page and what stands there in Finnish, Swedish and English.
const WORDS: &[(&str, [&str; 3])] = &[
    ("in-3d", ["3D-kaupunkimalli", "3D-stadsmodell", "3D city model"]),
    (
        "intro",
        [
            "Avoin kaupunkimalli: katsele sitä, lataa se omaan ohjelmaasi tai vie pala siitä kotiin palikkamaailmana.",
            "En öppen stadsmodell: se på den, ladda den i ditt eget program eller ta hem en bit av den som blockvärld.",
            "An open city model: look at it, load it into your own program, or take a piece of it home as a block world.",
        ],
    ),
    (
        "about-picture",
        [
            "Katselin: Helsingin tuomiokirkko on valittuna, ja sen tiedot näkyvät sivulla.",
            "Visaren: Helsingfors domkyrka är vald, och det som är känt om den syns vid sidan.",
            "The viewer: Helsinki Cathedral is selected, and what is known of it is shown at the side.",
        ],
    ),
    (
        "layers",
        [
            "Tasot ja kohteiden määrät",
            "Lager och antal objekt",
            "Layers and how many features each has",
        ],
    ),
    ("explore", ["Tutki kaupunkia", "Utforska staden", "Explore the city"]),
    (
        "explore-how",
        [
            "Lennä sen läpi selaimessa, napsauta rakennusta ja lue, mitä siitä tiedetään.",
            "Flyg genom den i webbläsaren, klicka på en byggnad och läs vad man vet om den.",
            "Fly through it in your browser, click a building and read what is known of it.",
        ],
    ),
    (
        "explore-missing",
        [
            "Katselinta ei ole asennettu tälle palvelimelle. Katso, miten se tehdään.",
            "Visaren är inte installerad på den här servern. Se hur man gör.",
            "The web viewer is not set up on this server. See how.",
        ],
    ),
    ("fetch", ["Hae ruudut", "Hämta rutorna", "Fetch the tiles"]),
    (
        "fetch-how",
        [
            "3D Tiles 1.1: CesiumJS, Unreal, Unity, three.js. Valmiit esimerkit ovat alempana.",
            "3D Tiles 1.1: CesiumJS, Unreal, Unity, three.js. Färdiga exempel finns längre ner.",
            "3D Tiles 1.1 for CesiumJS, Unreal, Unity and three.js. Examples to copy are below.",
        ],
    ),
    (
        "blocks",
        [
            "Vie palikkamaailma kotiin",
            "Ta hem en blockvärld",
            "Take home a block world",
        ],
    ),
    (
        "blocks-how",
        [
            "Piirrä rajaus kartalle ja lataa se maailmana peliin Minecraft: Java Edition.",
            "Rita en ruta på kartan och ladda ner den som en värld för Minecraft: Java Edition.",
            "Draw a box on the map and download it as a world for Minecraft: Java Edition.",
        ],
    ),
    ("data", ["Aineisto", "Data", "The data"]),
    (
        "geopackage-about",
        [
            "Kaikki kohteet ja ominaisuustiedot (GeoPackage)",
            "Alla objekt och egenskaper (GeoPackage)",
            "Every feature and attribute (GeoPackage)",
        ],
    ),
    (
        "example-about",
        ["Yksi kohde (GeoJSON)", "Ett objekt (GeoJSON)", "One feature (GeoJSON)"],
    ),
    (
        "collection-about",
        ["Tietoja aineistosta", "Om datamängden", "About this collection"],
    ),
    ("extent", ["Laajuus", "Utsträckning", "Extent"]),
    (
        "crs-name",
        [
            "Lähteen koordinaatisto",
            "Källans koordinatsystem",
            "Source coordinates",
        ],
    ),
    ("date-name", ["Aineiston päiväys", "Data från", "Data of"]),
    ("attribution-name", ["Tekijät", "Upphov", "Attribution"]),
    ("snippets", ["Kopioi ja käytä", "Kopiera och använd", "Copy and use"]),
    (
        "snippets-about",
        [
            "Osoitteet ovat tämän palvelimen.",
            "Adresserna är den här serverns.",
            "The addresses are those of this server.",
        ],
    ),
    (
        "snippets-base",
        [
            "Korvaa {base} tämän palvelimen osoitteella.",
            "Ersätt {base} med den här serverns adress.",
            "Put this server's address in place of {base}.",
        ],
    ),
    ("copy", ["Kopioi", "Kopiera", "Copy"]),
    ("copied", ["Kopioitu", "Kopierad", "Copied"]),
    (
        "people",
        [
            "<a href=\"stats\">Käyttö lukuina</a> · <a href=\"privacy\">Yksityisyys</a>",
            "<a href=\"stats\">Användning i siffror</a> · <a href=\"privacy\">Integritet</a>",
            "<a href=\"stats\">Use in figures</a> · <a href=\"privacy\">Privacy</a>",
        ],
    ),
    (
        "programs",
        [
            "Ohjelmille: <a href=\"?f=json\">tämä sivu JSON-muodossa</a>, <a href=\"api\">rajapinta</a>, <a href=\"collections\">aineistot</a>, <a href=\"processes\">tilattavat tuotteet</a>, <a href=\"conformance\">standardit</a>. Palvelimena Kortteli.",
            "För program: <a href=\"?f=json\">den här sidan som JSON</a>, <a href=\"api\">gränssnittet</a>, <a href=\"collections\">datamängderna</a>, <a href=\"processes\">det som kan beställas</a>, <a href=\"conformance\">standarderna</a>. Servern heter Kortteli.",
            "For programs: <a href=\"?f=json\">this page as JSON</a>, <a href=\"api\">the interface</a>, <a href=\"collections\">the collections</a>, <a href=\"processes\">what can be ordered</a>, <a href=\"conformance\">conformance</a>. Served by Kortteli.",
        ],
    ),
];

/// Every mark with its words, as HTML.
pub(super) fn of(language: Language) -> Vec<(&'static str, String)> {
    let column = Language::ALL.iter().position(|known| *known == language).unwrap_or(2);
    WORDS
        .iter()
        .map(|(mark, words)| (*mark, words[column].to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::WORDS;

    #[test]
    fn no_words_are_missing_and_no_mark_is_said_twice() {
        let mut marks = std::collections::BTreeSet::new();
        for (mark, words) in WORDS {
            assert!(marks.insert(mark), "{mark}");
            assert!(words.iter().all(|words| !words.is_empty()), "{mark}");
            let addresses = |text: &str| text.matches("href=\"").count();
            assert!(
                words.iter().all(|text| addresses(text) == addresses(words[0])),
                "{mark}"
            );
        }
    }
}
