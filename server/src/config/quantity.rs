//! Sizes as people write them.

/// A size in bytes: a number, or text with K, M or G for KiB, MiB or GiB.
pub(crate) mod size {
    use serde::de::{self, Deserializer, Visitor};
    use serde::ser::Serializer;
    use std::fmt;

    const UNITS: [(char, usize); 3] = [('G', 1 << 30), ('M', 1 << 20), ('K', 1 << 10)];

    /// The largest unit that divides it, so that it reads back as the same number.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field by reference")]
    pub(crate) fn serialize<S: Serializer>(size: &usize, serializer: S) -> Result<S::Ok, S::Error> {
        for (letter, unit) in UNITS {
            if *size >= unit && size.is_multiple_of(unit) {
                return serializer.collect_str(&format_args!("{}{letter}", size / unit));
            }
        }
        serializer.collect_str(size)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_any(SizeVisitor)
    }

    struct SizeVisitor;

    impl Visitor<'_> for SizeVisitor {
        type Value = usize;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a number of bytes, or one with K, M or G as \"64K\"")
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<usize, E> {
            usize::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<usize, E> {
            usize::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<usize, E> {
            let unit = UNITS.iter().find(|(letter, _)| text.ends_with(*letter));
            let digits = unit.map_or(text, |_| &text[..text.len() - 1]);
            let number = digits.trim().parse::<usize>().ok();
            number
                .and_then(|number| number.checked_mul(unit.map_or(1, |(_, unit)| *unit)))
                .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
}
