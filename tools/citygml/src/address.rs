//! Postal addresses: xAL, which nests them in a dozen ways.
//!
//! CityGML 1 and 2 use xAL 2 (`ThoroughfareName`), CityGML 3 xAL 3 (`Thoroughfare/NameElement`). Only five of its fields are
//! kept; where a field is written twice (a dependent locality inside a locality), the outer one, which comes first, holds.

use crate::Address;
use crate::cursor::{Cursor, Stop};

/// What a name or number is of, where xAL 3 says it only by nesting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Nothing,
    Country,
    Locality,
    Thoroughfare,
    PostCode,
    Premises,
}

/// Reads the property `address` (or any element around an address) that the cursor stands on.
pub(crate) fn read(cursor: &mut Cursor) -> Result<Option<Address>, Stop> {
    let mut address = Address::default();
    part(cursor, Of::Nothing, &mut address)?;
    Ok((address != Address::default()).then_some(address))
}

fn part(cursor: &mut Cursor, of: Of, address: &mut Address) -> Result<(), Stop> {
    while cursor.child()? {
        if let Some(field) = field(cursor.local(), of, address) {
            let text = cursor.text()?;
            if field.is_none() && !text.is_empty() {
                *field = Some(text.to_owned());
            }
            continue;
        }
        match cursor.local() {
            b"Country" => part(cursor, Of::Country, address)?,
            b"Locality" => part(cursor, Of::Locality, address)?,
            b"Thoroughfare" => part(cursor, Of::Thoroughfare, address)?,
            b"PostCode" | b"PostalCode" => part(cursor, Of::PostCode, address)?,
            b"Premise" | b"Premises" => part(cursor, Of::Premises, address)?,
            b"ThoroughfareNumberRange" => range(cursor, address)?,
            // A second name of a place inside the first, and where the address is.
            b"DependentLocality" | b"SubLocality" | b"DependentThoroughfare" => part(cursor, Of::Nothing, address)?,
            b"multiPoint" => cursor.skip()?,
            _ => part(cursor, of, address)?,
        }
    }
    Ok(())
}

fn field<'a>(local: &[u8], of: Of, address: &'a mut Address) -> Option<&'a mut Option<String>> {
    match (local, of) {
        (b"CountryName" | b"CountryNameCode", _) | (b"NameElement", Of::Country) => Some(&mut address.country),
        (b"LocalityName", _) | (b"NameElement", Of::Locality) => Some(&mut address.locality),
        (b"ThoroughfareName", _) | (b"NameElement", Of::Thoroughfare) => Some(&mut address.street),
        (b"ThoroughfareNumber" | b"PremiseNumber", _) | (b"Number", Of::Thoroughfare | Of::Premises) => {
            Some(&mut address.number)
        }
        (b"PostalCodeNumber", _) | (b"Identifier" | b"NameElement", Of::PostCode) => Some(&mut address.postal_code),
        _ => None,
    }
}

/// `1` to `3` becomes `1-3`.
fn range(cursor: &mut Cursor, address: &mut Address) -> Result<(), Stop> {
    let mut ends = Vec::new();
    while cursor.child()? {
        let mut end = Address::default();
        part(cursor, Of::Thoroughfare, &mut end)?;
        ends.extend(end.number);
    }
    if address.number.is_none() && !ends.is_empty() {
        address.number = Some(ends.join("-"));
    }
    Ok(())
}
