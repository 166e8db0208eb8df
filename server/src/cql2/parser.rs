//! The grammar: brackets before `NOT`, `NOT` before `AND`, `AND` before `OR`.

use super::token::{Placed, Token};
use super::{MOST_CONDITIONS, MOST_DEPTH, Refused};
use crate::crs::Crs;
use store::{Area, Comparison, Condition, Fold, Operand};

/// The name of the geometry among the queryables.
pub(crate) const GEOMETRY: &str = "geometry";
/// Words that cannot be names without quotes.
const KEYWORDS: [&str; 11] = [
    "AND", "OR", "NOT", "LIKE", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "DIV",
];

pub(super) struct Parser<'a> {
    tokens: Vec<Placed>,
    /// Where the text ends.
    end: usize,
    next: usize,
    depth: usize,
    conditions: usize,
    pub(super) crs: &'a Crs<'a>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: Vec<Placed>, end: usize, crs: &'a Crs<'a>) -> Self {
        Self {
            tokens,
            end,
            next: 0,
            depth: 0,
            conditions: 0,
            crs,
        }
    }

    /// The whole text.
    pub(super) fn filter(mut self) -> Result<Condition, Refused> {
        if self.tokens.is_empty() {
            return Err(self.refused("the filter is empty"));
        }
        let condition = self.any()?;
        match self.peek() {
            None => Ok(condition),
            Some(Token::Sign(")")) => Err(self.refused("this bracket was never opened")),
            Some(_) => Err(self.expected("AND, OR or the end")),
        }
    }

    fn any(&mut self) -> Result<Condition, Refused> {
        let mut parts = vec![self.all()?];
        while self.take_word("OR") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, Refused> {
        let mut parts = vec![self.not()?];
        while self.take_word("AND") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn not(&mut self) -> Result<Condition, Refused> {
        if self.take_word("NOT") {
            return self.deeper(|parser| Ok(Condition::Not(Box::new(parser.not()?))));
        }
        if self.take("(") {
            return self.deeper(|parser| {
                let inner = parser.any()?;
                if parser.arithmetic() {
                    return Err(parser.refused(NO_ARITHMETIC));
                }
                parser.expect(")")?;
                Ok(inner)
            });
        }
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(self.refused(&format!("a filter has at most {MOST_CONDITIONS} conditions")));
        }
        self.predicate()
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Refused>) -> Result<T, Refused> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.refused(&format!("brackets and NOT nest at most {MOST_DEPTH} deep")));
        }
        let outcome = inner(self);
        self.depth -= 1;
        outcome
    }

    fn predicate(&mut self) -> Result<Condition, Refused> {
        if let Some((name, true)) = self.called()
            && !is_value_function(&name)
        {
            return self.function(&name);
        }
        let at = self.at();
        if let Some(Token::Word(word)) = self.peek()
            && word == GEOMETRY
            && self.peek_word_at(1, "IS")
        {
            self.next += 2;
            return self.null_test(Condition::NoFootprint);
        }
        let left = self.operand()?;
        if self.arithmetic() {
            return Err(self.refused(NO_ARITHMETIC));
        }
        if self.take_word("IS") {
            return match left {
                Operand::Property(name) => self.null_test(Condition::IsNull(name)),
                _ => Err(Refused {
                    at,
                    what: "only a property IS NULL or IS NOT NULL".to_owned(),
                }),
            };
        }
        let negated = self.take_word("NOT");
        if let Some(condition) = self.advanced(&left)? {
            return Ok(negated_if(negated, condition));
        }
        if negated {
            return Err(self.expected("LIKE, IN or BETWEEN"));
        }
        match (self.comparison(), left) {
            (Some(comparison), left) => {
                let right = self.value()?;
                Ok(Condition::Compare {
                    left,
                    comparison,
                    right,
                })
            }
            (None, Operand::Boolean(truth)) => Ok(Condition::Always(truth)),
            (None, _) => Err(self.expected("=, <>, <, <=, >, >=, LIKE, IN, BETWEEN or IS NULL")),
        }
    }

    fn null_test(&mut self, condition: Condition) -> Result<Condition, Refused> {
        let negated = self.take_word("NOT");
        if !self.take_word("NULL") {
            return Err(self.expected("NULL or NOT NULL"));
        }
        Ok(negated_if(negated, condition))
    }

    /// `LIKE`, `IN` and `BETWEEN` after a value.
    fn advanced(&mut self, value: &Operand) -> Result<Option<Condition>, Refused> {
        let value = || value.clone();
        if self.take_word("LIKE") {
            let pattern = self.value()?;
            return Ok(Some(Condition::Like {
                value: value(),
                pattern,
            }));
        }
        if self.take_word("IN") {
            self.expect("(")?;
            let mut list = vec![self.value()?];
            while self.take(",") {
                list.push(self.value()?);
            }
            self.expect(")")?;
            return Ok(Some(Condition::In { value: value(), list }));
        }
        if self.take_word("BETWEEN") {
            let low = self.value()?;
            if !self.take_word("AND") {
                return Err(self.expected("AND and the upper bound"));
            }
            let high = self.value()?;
            return Ok(Some(Condition::Between {
                value: value(),
                low,
                high,
            }));
        }
        Ok(None)
    }

    /// A value that no sign of arithmetic follows.
    fn value(&mut self) -> Result<Operand, Refused> {
        let value = self.operand()?;
        if self.arithmetic() {
            return Err(self.refused(NO_ARITHMETIC));
        }
        Ok(value)
    }

    fn operand(&mut self) -> Result<Operand, Refused> {
        if let Some((name, true)) = self.called() {
            return self.value_function(&name);
        }
        match self.peek().cloned() {
            Some(Token::Number(_) | Token::Sign("-" | "+")) => Ok(Operand::Number(self.signed_number()?)),
            Some(Token::Text(text)) => {
                self.next += 1;
                Ok(Operand::Text(text))
            }
            Some(Token::Quoted(name)) => {
                self.next += 1;
                Ok(Operand::Property(name))
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") => {
                self.next += 1;
                Ok(Operand::Boolean(word.eq_ignore_ascii_case("true")))
            }
            Some(Token::Word(word)) if !is_keyword(&word) => {
                self.next += 1;
                Ok(Operand::Property(word))
            }
            Some(Token::Sign("(")) => Err(self.refused(NO_ARITHMETIC)),
            _ => Err(self.expected("a property, a number, a text in single quotes, DATE('...'), TRUE or FALSE")),
        }
    }

    /// A function that gives a value.
    fn value_function(&mut self, name: &str) -> Result<Operand, Refused> {
        let at = self.at();
        let fold = match name.to_ascii_uppercase().as_str() {
            "CASEI" => Fold::Case,
            "ACCENTI" => Fold::Accents,
            "DATE" => {
                self.next += 1;
                return self.date();
            }
            "TIMESTAMP" => {
                let what = "no property here holds a time of day: compare with DATE('...')".to_owned();
                return Err(Refused { at, what });
            }
            _ => return Err(self.no_function(name)),
        };
        self.next += 1;
        self.deeper(|parser| {
            parser.expect("(")?;
            let inner = parser.value()?;
            parser.expect(")")?;
            Ok(Operand::Folded(fold, Box::new(inner)))
        })
    }

    fn date(&mut self) -> Result<Operand, Refused> {
        self.expect("(")?;
        let at = self.at();
        let Some(Token::Text(text)) = self.peek().cloned() else {
            return Err(self.expected("a day in single quotes, as '2021-04-15'"));
        };
        if !crate::datetime::is_day(&text) {
            let what = format!("'{text}' is no day of the calendar; write it as '2021-04-15'");
            return Err(Refused { at, what });
        }
        self.next += 1;
        self.expect(")")?;
        Ok(Operand::Date(text))
    }

    /// A function that is true or false.
    fn function(&mut self, name: &str) -> Result<Condition, Refused> {
        if !name.eq_ignore_ascii_case("S_INTERSECTS") {
            return Err(self.no_function(name));
        }
        self.next += 1;
        self.expect("(")?;
        let mut area = Area::default();
        let first = self.geometry_property();
        if !first {
            self.geometry(&mut area)?;
        }
        self.expect(",")?;
        if first {
            self.geometry(&mut area)?;
        } else if !self.geometry_property() {
            return Err(self.expected("the property geometry"));
        }
        self.expect(")")?;
        Ok(Condition::Intersects(area))
    }

    fn geometry_property(&mut self) -> bool {
        let is = matches!(self.peek(), Some(Token::Word(name) | Token::Quoted(name)) if name == GEOMETRY);
        self.next += usize::from(is);
        is
    }

    fn no_function(&self, name: &str) -> Refused {
        let what = format!("the function {name} is not supported here; S_INTERSECTS, CASEI, ACCENTI and DATE are");
        Refused { at: self.at(), what }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let comparison = match self.peek()? {
            Token::Sign("=") => Comparison::Equal,
            Token::Sign("<>") => Comparison::NotEqual,
            Token::Sign("<") => Comparison::Less,
            Token::Sign("<=") => Comparison::LessOrEqual,
            Token::Sign(">") => Comparison::Greater,
            Token::Sign(">=") => Comparison::GreaterOrEqual,
            _ => return None,
        };
        self.next += 1;
        Some(comparison)
    }

    pub(super) fn signed_number(&mut self) -> Result<f64, Refused> {
        let negative = self.take("-");
        if !negative {
            self.take("+");
        }
        match self.peek() {
            Some(Token::Number(number)) => {
                let number = *number;
                self.next += 1;
                Ok(if negative { -number } else { number })
            }
            _ => Err(self.expected("a number")),
        }
    }

    /// Whether a sign of arithmetic comes next.
    fn arithmetic(&self) -> bool {
        matches!(self.peek(), Some(Token::Sign("+" | "-" | "*" | "/" | "%" | "^"))) || self.peek_word_at(0, "DIV")
    }

    /// The name that comes next, and whether a bracket follows it at once.
    fn called(&self) -> Option<(String, bool)> {
        match self.peek()? {
            Token::Word(word) if !is_keyword(word) => {
                let bracket = matches!(self.tokens.get(self.next + 1), Some((_, Token::Sign("("))));
                Some((word.clone(), bracket))
            }
            _ => None,
        }
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn peek_word_at(&self, ahead: usize, word: &str) -> bool {
        let token = self.tokens.get(self.next + ahead);
        matches!(token, Some((_, Token::Word(found))) if found.eq_ignore_ascii_case(word))
    }

    pub(super) fn next(&mut self) {
        self.next += 1;
    }

    /// Where the next token begins.
    pub(super) fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    pub(super) fn take(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(is);
        is
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let is = self.peek_word_at(0, word);
        self.next += usize::from(is);
        is
    }

    pub(super) fn expect(&mut self, sign: &str) -> Result<(), Refused> {
        if self.take(sign) {
            return Ok(());
        }
        Err(self.expected(sign))
    }

    pub(super) fn expected(&self, what: &str) -> Refused {
        let found = match self.peek() {
            None => "the filter ends".to_owned(),
            Some(Token::Word(word)) => format!("{word} stands"),
            Some(Token::Quoted(name)) => format!("\"{name}\" stands"),
            Some(Token::Text(text)) => format!("'{text}' stands"),
            Some(Token::Number(number)) => format!("{number} stands"),
            Some(Token::Sign(sign)) => format!("{sign} stands"),
        };
        self.refused(&format!("expected {what}, but {found} here"))
    }

    fn refused(&self, what: &str) -> Refused {
        Refused {
            at: self.at(),
            what: what.to_owned(),
        }
    }
}

const NO_ARITHMETIC: &str = "arithmetic is not supported here: compare properties with plain values";

fn is_keyword(word: &str) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

fn is_value_function(name: &str) -> bool {
    ["CASEI", "ACCENTI", "DATE", "TIMESTAMP"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

fn negated_if(negated: bool, condition: Condition) -> Condition {
    if negated {
        Condition::Not(Box::new(condition))
    } else {
        condition
    }
}

fn one_or(mut parts: Vec<Condition>, join: fn(Vec<Condition>) -> Condition) -> Condition {
    if parts.len() == 1 {
        parts.swap_remove(0)
    } else {
        join(parts)
    }
}
