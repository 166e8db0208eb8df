// The page's words. A language is a column: a word that is missing in one would be seen at once.

export const LANGUAGES = ["fi", "sv", "en"];

const WORDS = {
  title: ["Vie palikkamaailma kotiin", "Ta hem en blockvärld", "Take home a block world"],
  intro: [
    "Valitse osa kaupungista. Siitä tulee maailma peliin Minecraft: Java Edition, yksi palikka metriä kohti.",
    "Välj en del av staden. Den blir en värld för Minecraft: Java Edition, ett block per meter.",
    "Choose a part of the city. It becomes a world for Minecraft: Java Edition, one block a metre.",
  ],
  back: ["Etusivulle", "Till startsidan", "To the front page"],
  language: ["Kieli", "Språk", "Language"],
  where: ["1. Valitse alue", "1. Välj område", "1. Choose the part"],
  collection: ["Kaupunki", "Stad", "City"],
  tools: ["Kartan työkalut", "Kartans verktyg", "Tools of the map"],
  draw: ["Piirrä rajaus", "Rita en ruta", "Draw a box"],
  move: ["Siirrä karttaa", "Flytta kartan", "Move the map"],
  zoomIn: ["Lähennä", "Zooma in", "Zoom in"],
  zoomOut: ["Loitonna", "Zooma ut", "Zoom out"],
  map: ["Kartta ja rajaus", "Karta och ruta", "Map and box"],
  mapHelp: [
    "Kartalla: nuolinäppäimet siirtävät rajausta 16 metriä, vaihtonäppäimen kanssa ne muuttavat sen kokoa; plus ja miinus zoomaavat.",
    "På kartan: piltangenterna flyttar rutan 16 meter, med skift ändrar de dess storlek; plus och minus zoomar.",
    "On the map: arrow keys move the box by 16 metres, with Shift they change its size; plus and minus zoom.",
  ],
  numbers: ["Rajaus numeroina", "Rutan i siffror", "The box in numbers"],
  west: ["Länsi (°)", "Väst (°)", "West (°)"],
  south: ["Etelä (°)", "Syd (°)", "South (°)"],
  east: ["Itä (°)", "Öst (°)", "East (°)"],
  north: ["Pohjoinen (°)", "Nord (°)", "North (°)"],
  sizes: ["Neliön koko", "Kvadratens storlek", "Size of a square"],
  what: ["2. Katso, mitä se vaatii", "2. Se vad det tar", "2. See what it takes"],
  start: ["Tee maailma", "Gör världen", "Make the world"],
  result: ["3. Lataa", "3. Ladda ner", "3. Download"],
  download: ["Lataa maailma", "Ladda ner världen", "Download the world"],
  cancel: ["Peruuta", "Avbryt", "Cancel"],
  install: [
    "Pura zip ja siirrä sen kansio pelin kansioon ”saves”. Ohje on mukana tiedostossa README.txt.",
    "Packa upp zip-filen och flytta dess mapp till spelets mapp ”saves”. Anvisningen följer med i README.txt.",
    "Unpack the zip and move its folder into the game's folder “saves”. README.txt inside says how.",
  ],
  mojang: [
    "Ei virallinen Minecraft-tuote. Mojang tai Microsoft ei ole hyväksynyt sitä eikä liity siihen.",
    "Inte en officiell Minecraft-produkt. Inte godkänd av eller förknippad med Mojang eller Microsoft.",
    "Not an official Minecraft product. Not approved by or associated with Mojang or Microsoft.",
  ],
  estimated: [
    "{width} × {height} m: noin {blocks} palikkaa, {megabytes} Mt, noin {time}.",
    "{width} × {height} m: ungefär {blocks} block, {megabytes} MB, ungefär {time}.",
    "{width} × {height} m: about {blocks} blocks, {megabytes} MB, about {time}.",
  ],
  waits: ["Ennen sitä odotetaan noin {time}.", "Innan dess väntar man ungefär {time}.", "Before that, about {time} of waiting."],
  seconds: ["{n} s", "{n} s", "{n} s"],
  minutes: ["{n} min", "{n} min", "{n} min"],
  reckoning: ["Lasketaan…", "Räknar…", "Working it out…"],
  tooLarge: [
    "Rajaus on {area} km², ja kerralla tehdään enintään {limit} km². Valitse pienempi.",
    "Rutan är {area} km², och högst {limit} km² görs åt gången. Välj en mindre.",
    "The box is {area} km², and at most {limit} km² are made at a time. Choose a smaller one.",
  ],
  noBox: [
    "Itäreunan pitää olla idempänä kuin länsireunan ja pohjoisreunan pohjoisempana kuin eteläreunan.",
    "Öst måste ligga öster om väst, och nord norr om syd.",
    "East must lie east of west, and north to the north of south.",
  ],
  outside: ["Rajaus on kaupungin ulkopuolella.", "Rutan ligger utanför staden.", "The box lies outside the city."],
  busy: [
    "Palvelimella on nyt jonoa. Yritä uudelleen {time} kuluttua.",
    "Servern har kö just nu. Försök igen om {time}.",
    "The server is busy. Try again in {time}.",
  ],
  unreachable: ["Palvelimeen ei saada yhteyttä.", "Servern kan inte nås.", "The server cannot be reached."],
  accepted: ["Odottaa vuoroaan.", "Väntar på sin tur.", "Waiting for its turn."],
  running: ["Tehdään: {n} %, noin {time} jäljellä.", "Görs: {n} %, ungefär {time} kvar.", "Being made: {n} %, about {time} left."],
  spoken: ["{n} prosenttia tehty.", "{n} procent klart.", "{n} per cent done."],
  successful: ["Valmis: {megabytes} Mt.", "Klar: {megabytes} MB.", "Done: {megabytes} MB."],
  failed: ["Maailmaa ei voitu tehdä: {why}", "Världen kunde inte göras: {why}", "The world could not be made: {why}"],
  dismissed: ["Peruutettu.", "Avbruten.", "Cancelled."],
  gone: ["Tulosta ei enää säilytetä. Tee se uudelleen.", "Resultatet finns inte kvar. Gör det på nytt.", "The result is no longer kept. Make it again."],
};

/** The language of the address, of the last visit or of the browser. */
export function chosen() {
  const wishes = [new URLSearchParams(location.search).get("lang"), localStorage.getItem("kortteli-language"), ...navigator.languages];
  const codes = wishes.filter(Boolean).map((wish) => wish.slice(0, 2).toLowerCase());
  return codes.find((code) => LANGUAGES.includes(code)) ?? "en";
}

/** A sentence with its values. Numbers are written as the language does. */
export function sentence(language, key, values = {}) {
  const text = WORDS[key][LANGUAGES.indexOf(language)];
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(language, { maximumFractionDigits: 2 }) : value;
  });
}

/** Puts the language's words on the page. */
export function write(language) {
  document.documentElement.lang = language;
  document.title = sentence(language, "title");
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = sentence(language, element.dataset.text);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", sentence(language, element.dataset.label));
}
