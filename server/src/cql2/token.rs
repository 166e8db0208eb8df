//! A filter's words, numbers, texts and signs.

use super::Refused;

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// A name in double quotes, never a keyword.
    Quoted(String),
    Number(f64),
    Text(String),
    /// `( ) , = < > <= >= <>` and the signs of arithmetic.
    Sign(&'static str),
}

/// A token and where it begins, counted in letters from 1.
pub(super) type Placed = (usize, Token);

/// The signs, the longer ones first.
const SIGNS: [&str; 15] = [
    "<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ",", "+", "*", "/", "%", "^",
];

/// All of them.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Refused> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let begin = at;
        let rest = &letters[at..];
        let token = if letter.is_whitespace() {
            at += 1;
            continue;
        } else if letter == '\'' || letter == '"' {
            let (inner, length) = quoted(rest, letter).ok_or_else(|| Refused {
                at: begin + 1,
                what: format!("this {letter} is never closed"),
            })?;
            at += length;
            if letter == '"' {
                Token::Quoted(inner)
            } else {
                Token::Text(inner)
            }
        } else if begins_number(rest) {
            let (number, length) = number(rest).ok_or_else(|| Refused {
                at: begin + 1,
                what: "this is no number".to_owned(),
            })?;
            at += length;
            Token::Number(number)
        } else if is_name_start(letter) {
            let length = rest.iter().take_while(|letter| is_name_part(**letter)).count();
            at += length;
            Token::Word(rest[..length].iter().collect())
        } else if let Some(sign) = sign(rest) {
            at += sign.len();
            Token::Sign(sign)
        } else {
            return Err(Refused {
                at: begin + 1,
                what: format!("{letter:?} has no meaning here"),
            });
        };
        tokens.push((begin + 1, token));
    }
    Ok(tokens)
}

fn sign(rest: &[char]) -> Option<&'static str> {
    if rest.first() == Some(&'-') {
        return Some("-");
    }
    SIGNS
        .into_iter()
        .find(|sign| rest.iter().copied().take(sign.len()).eq(sign.chars()))
}

/// What stands between quotes, two of which mean one, and how many letters it took.
fn quoted(rest: &[char], quote: char) -> Option<(String, usize)> {
    let mut inner = String::new();
    let mut at = 1;
    loop {
        match (rest.get(at)?, rest.get(at + 1)) {
            (letter, Some(next)) if *letter == quote && *next == quote => {
                inner.push(quote);
                at += 2;
            }
            (letter, _) if *letter == quote => return Some((inner, at + 1)),
            (letter, _) => {
                inner.push(*letter);
                at += 1;
            }
        }
    }
}

fn begins_number(rest: &[char]) -> bool {
    let digit = |at: usize| rest.get(at).is_some_and(char::is_ascii_digit);
    digit(0) || rest[0] == '.' && digit(1)
}

/// A number without its sign, and how many letters it took.
fn number(rest: &[char]) -> Option<(f64, usize)> {
    let digits = |from: usize| {
        rest[from.min(rest.len())..]
            .iter()
            .take_while(|letter| letter.is_ascii_digit())
            .count()
    };
    let mut length = digits(0);
    if rest.get(length) == Some(&'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(rest.get(length), Some('e' | 'E')) {
        let sign = usize::from(matches!(rest.get(length + 1), Some('+' | '-')));
        let exponent = digits(length + 1 + sign);
        if exponent == 0 {
            return None;
        }
        length += 1 + sign + exponent;
    }
    if rest.get(length).copied().is_some_and(is_name_start) {
        return None;
    }
    let text: String = rest[..length].iter().collect();
    let number: f64 = text.parse().ok()?;
    number.is_finite().then_some((number, length))
}

/// A name begins with a letter, `_` or `:` and goes on with digits and dots too (21-065r2, annex B).
fn is_name_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_' || letter == ':'
}

fn is_name_part(letter: char) -> bool {
    is_name_start(letter) || letter.is_numeric() || letter == '.'
}
