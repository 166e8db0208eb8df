//! Which language a page speaks.

use axum::http::{HeaderMap, header};

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Finnish,
    Swedish,
    English,
}

impl Language {
    /// Every language, in the order in which a page offers them.
    pub(crate) const ALL: [Self; 3] = [Self::Finnish, Self::Swedish, Self::English];

    /// Its code (BCP 47).
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Finnish => "fi",
            Self::Swedish => "sv",
            Self::English => "en",
        }
    }

    /// What its speakers call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Finnish => "Suomi",
            Self::Swedish => "Svenska",
            Self::English => "English",
        }
    }

    /// The language of this code.
    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The language that the client likes best (RFC 9110, 12.5.4); English where it likes none of ours.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_LANGUAGE).into_iter();
        let members = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let liked = members.filter_map(|member| {
            let mut parts = member.split(';').map(str::trim);
            let code = parts.next()?.split('-').next()?.to_ascii_lowercase();
            let weight: f32 = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |weight| weight.parse().ok())?;
            Some((Self::of(&code)?, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        // The first of those that are liked equally.
        let best = liked.reduce(|best, next| if next.1 > best.1 { next } else { best });
        best.map_or(Self::English, |(language, _)| language)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests say what they expect by failing")]
mod tests {
    use super::*;

    #[test]
    fn the_client_chooses_the_language() {
        for (accept, expected) in [
            ("", Language::English),
            ("fi", Language::Finnish),
            ("sv-FI,sv;q=0.9,fi;q=0.8,en;q=0.7", Language::Swedish),
            ("de,et;q=0.9", Language::English),
            ("en;q=0.5, FI-fi", Language::Finnish),
            ("fi;q=0, sv;q=0.1", Language::Swedish),
            ("fi;q=x", Language::English),
            ("*", Language::English),
            (";;,,-", Language::English),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accept.parse().unwrap());
            assert_eq!(Language::accepted(&headers), expected, "{accept}");
        }
    }
}
