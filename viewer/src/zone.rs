//! Which clock the city goes by, on the desktop.
//!
//! A session knows the longitude and not the time zone, so that its clock is an hour off in summer. The computer knows
//! its own zone, with summer time; most people look at a city near them. So the computer's offset is taken where it can be
//! the city's, as on the web (`setUtcOffset` in `web/app.js`); who looks at the other side of the earth keeps the sun's time
//! there. A computer that goes by universal time says nothing of where it is: nobody's civil time is called so.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use session::{Command, Snapshot};

/// How far civil time may be from the sun's: China's far west has its noon three hours late, most of the world not two.
const FARTHEST: f64 = 150.0;

/// What sets the session's clock to the computer's zone on the session's date; none where the city is not near.
pub(crate) fn offset(snapshot: &Snapshot) -> Option<Command> {
    let (year, month, day) = snapshot.time.date;
    let zone = Some(TimeZone::system()).filter(|zone| !is_universal(zone))?;
    let minutes = minutes(&zone, year, month, day)?;
    near(minutes, snapshot.camera.lon).then_some(Command::SetUtcOffset { minutes })
}

fn is_universal(zone: &TimeZone) -> bool {
    let names = [
        "UTC",
        "UCT",
        "Universal",
        "Zulu",
        "Etc/UTC",
        "Etc/UCT",
        "Etc/Universal",
        "Etc/Zulu",
    ];
    zone.is_unknown() || zone == &TimeZone::UTC || zone.iana_name().is_some_and(|name| names.contains(&name))
}

/// How many minutes the zone is ahead of universal time at noon of a day.
fn minutes(zone: &TimeZone, year: i32, month: u8, day: u8) -> Option<i32> {
    let date = Date::new(i16::try_from(year).ok()?, month as i8, day as i8).ok()?;
    let noon = date.at(12, 0, 0, 0).to_zoned(zone.clone()).ok()?;
    Some(noon.offset().seconds() / 60)
}

/// Whether a place at this longitude, in degrees, may go by a clock so many minutes ahead of universal time.
fn near(minutes: i32, longitude: f64) -> bool {
    (f64::from(minutes) - longitude * 4.0).abs() <= FARTHEST
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn helsinki_has_summer_time_in_june_and_none_in_december() {
        // The rule in POSIX's words, so that the test needs no database: last Sundays of March and October.
        let helsinki = TimeZone::posix("EET-2EEST,M3.5.0/3,M10.5.0/4").unwrap();
        assert_eq!(minutes(&helsinki, 2026, 6, 21), Some(180));
        assert_eq!(minutes(&helsinki, 2026, 12, 21), Some(120));
        assert_eq!(minutes(&helsinki, 2026, 2, 30), None);
    }

    #[test]
    fn a_computer_on_universal_time_does_not_say_where_it_is() {
        assert!(is_universal(&TimeZone::UTC) && is_universal(&TimeZone::unknown()));
        assert!(
            !is_universal(&TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").unwrap()),
            "London"
        );
    }

    #[test]
    fn a_clock_is_the_citys_where_its_noon_is_about_the_suns() {
        assert!(near(180, 24.95), "Helsinki in summer");
        assert!(near(120, -3.7), "Madrid in summer");
        assert!(!near(540, 24.95), "Tokyo's clock is not Helsinki's");
        assert!(!near(-300, 24.95), "nor New York's");
    }
}
