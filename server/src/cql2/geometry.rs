//! Geometries as well-known text, and `BBOX`.

use super::Refused;
use super::parser::Parser;
use super::token::Token;
use store::Area;

/// The words that begin a geometry.
const WORDS: [&str; 8] = [
    "POINT",
    "LINESTRING",
    "POLYGON",
    "MULTIPOINT",
    "MULTILINESTRING",
    "MULTIPOLYGON",
    "GEOMETRYCOLLECTION",
    "BBOX",
];

/// The word, if it begins a geometry.
pub(super) fn word(token: Option<&Token>) -> Option<&'static str> {
    match token {
        Some(Token::Word(word)) => WORDS.into_iter().find(|known| known.eq_ignore_ascii_case(word)),
        _ => None,
    }
}

type Points = Vec<[f64; 2]>;

impl Parser<'_> {
    /// A geometry, added to `area`.
    pub(super) fn geometry(&mut self, area: &mut Area) -> Result<(), Refused> {
        let at = self.at();
        let Some(kind) = word(self.peek()) else {
            return Err(self.expected("a geometry as well-known text, or BBOX(west, south, east, north)"));
        };
        self.next();
        if kind != "BBOX" && (self.take_word("Z") || self.take_word("M") || self.take_word("ZM")) {
            // What is said of height is left out: footprints have none.
        }
        match kind {
            "BBOX" => {
                let numbers = self.listed(Self::signed_number)?;
                let bounds = self.crs.area_of_box(&numbers).map_err(|what| Refused { at, what })?;
                area.boxes.extend(bounds.boxes);
                area.polygons.extend(bounds.polygons);
            }
            "POINT" => {
                let points = self.points()?;
                area.points.extend(points);
            }
            "MULTIPOINT" => {
                let points = self.listed(Self::bracketed_point)?;
                area.points.extend(points);
            }
            "LINESTRING" => {
                let line = self.points()?;
                area.lines.push(line);
            }
            "MULTILINESTRING" => {
                let lines = self.listed(Self::points)?;
                area.lines.extend(lines);
            }
            "POLYGON" => {
                let rings = self.listed(Self::ring)?;
                area.polygons.push(rings);
            }
            "MULTIPOLYGON" => {
                let polygons = self.listed(|parser| parser.listed(Self::ring))?;
                area.polygons.extend(polygons);
            }
            _ => {
                self.listed(|parser| {
                    if word(parser.peek()) == Some("GEOMETRYCOLLECTION") {
                        return Err(parser.expected("no collection within a collection"));
                    }
                    parser.geometry(area)
                })?;
            }
        }
        Ok(())
    }

    /// `( one, one, ... )`
    fn listed<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Refused>) -> Result<Vec<T>, Refused> {
        self.expect("(")?;
        let mut list = vec![one(self)?];
        while self.take(",") {
            list.push(one(self)?);
        }
        self.expect(")")?;
        Ok(list)
    }

    fn points(&mut self) -> Result<Points, Refused> {
        self.listed(Self::point)
    }

    /// At least four points, of which the last is the first.
    fn ring(&mut self) -> Result<Points, Refused> {
        let at = self.at();
        let ring = self.points()?;
        if ring.len() < 4 || ring.first() != ring.last() {
            let what = "a ring has at least four points and ends where it begins".to_owned();
            return Err(Refused { at, what });
        }
        Ok(ring)
    }

    /// A point of a MULTIPOINT, which may stand in brackets of its own.
    fn bracketed_point(&mut self) -> Result<[f64; 2], Refused> {
        if self.take("(") {
            let point = self.point()?;
            self.expect(")")?;
            return Ok(point);
        }
        self.point()
    }

    /// Two numbers; a third and a fourth are read and left out. As longitude and latitude.
    fn point(&mut self) -> Result<[f64; 2], Refused> {
        let at = self.at();
        let first = self.signed_number()?;
        let second = self.signed_number()?;
        for _ in 0..2 {
            if matches!(self.peek(), Some(Token::Number(_) | Token::Sign("-" | "+"))) {
                self.signed_number()?;
            }
        }
        self.crs.point([first, second]).map_err(|what| Refused { at, what })
    }
}
