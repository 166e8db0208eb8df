//! Date and time, and where the sun stands.
//!
//! Planners set the clock of the place they look at, summer time and all, and want to see the shadows that fall then.
//! The sun comes from NREL's Solar Position Algorithm (Reda and Andreas, Solar Energy 76, 2004; good to 0.0003 degrees)
//! in the crate `solar-positioning`. Which offset from universal time holds where and when is a question for a time
//! zone database, which the host has (a browser, an operating system): it says so by
//! [`crate::Command::SetUtcOffset`]; until then the offset is the whole hour nearest to the longitude.

use glam::DVec3;
use serde::{Deserialize, Serialize};
use solar_positioning::time::JulianDate;
use solar_positioning::{Location, SolarPositions, delta_t};
use tiles::geodesy::Geodetic;

/// A civil date and time of day at a place.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// Year of the Gregorian calendar.
    pub year: i32,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hours since midnight, local time, 0 to 24.
    pub hours: f64,
    /// Minutes that local time is ahead of universal time.
    pub utc_offset_minutes: i32,
}

/// Where the sun stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sun {
    /// Clockwise from north, radians.
    pub azimuth: f64,
    /// Above the horizon, radians; negative at night. Refraction is left out: it lifts the sun by half a degree at the
    /// horizon and by less than a fiftieth of a degree above 45 degrees.
    pub altitude: f64,
}

impl Sun {
    /// Towards the sun: east, north, up, of length 1.
    pub fn direction(&self) -> DVec3 {
        let ((sin_z, cos_z), (sin_a, cos_a)) = (self.azimuth.sin_cos(), self.altitude.sin_cos());
        DVec3::new(sin_z * cos_a, cos_z * cos_a, sin_a)
    }
}

impl Clock {
    /// An afternoon in June: long shadows, none of them endless. The offset is the one nearest to the longitude.
    pub fn at(place: Geodetic) -> Self {
        let hours = (place.lon.to_degrees() / 15.0).round();
        Self {
            year: 2026,
            month: 6,
            day: 21,
            hours: 15.0,
            utc_offset_minutes: hours as i32 * 60,
        }
    }

    /// Whether the calendar has the day.
    pub fn is_date(year: i32, month: u8, day: u8) -> bool {
        (-1999..=5999).contains(&year) && (1..=12).contains(&month) && (1..=days(year, month)).contains(&day)
    }

    /// Where the sun stands then.
    pub fn sun(&self, place: Geodetic) -> Sun {
        // With the numbers a Clock may have nothing can fail; night is the answer nobody will be misled by.
        self.position(place).unwrap_or(Sun {
            azimuth: 0.0,
            altitude: -std::f64::consts::FRAC_PI_2,
        })
    }

    fn position(&self, place: Geodetic) -> Option<Sun> {
        let delta_t = delta_t::estimate_from_date(self.year, u32::from(self.month)).ok()?;
        let midnight = JulianDate::from_utc(
            self.year,
            u32::from(self.month),
            u32::from(self.day),
            0,
            0,
            0.0,
            delta_t,
        );
        let hours = self.hours - f64::from(self.utc_offset_minutes) / 60.0;
        let moment = JulianDate::new(midnight.ok()?.julian_date() + hours / 24.0, delta_t).ok()?;
        let (longitude, latitude) = place.degrees();
        let location = Location { latitude, longitude };
        let sun = SolarPositions::new()
            .at_from_julian(moment, location, place.height, None)
            .ok()?;
        Some(Sun {
            azimuth: sun.azimuth().to_radians(),
            altitude: sun.elevation_angle().to_radians(),
        })
    }

    /// As ISO 8601 writes it, to the minute: `2026-06-21T15:00+03:00`.
    pub fn iso(&self) -> String {
        let minutes = (self.hours * 60.0).round().clamp(0.0, 1439.0) as u32;
        let (sign, offset) = (
            if self.utc_offset_minutes < 0 { '-' } else { '+' },
            self.utc_offset_minutes.unsigned_abs(),
        );
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}{sign}{:02}:{:02}",
            self.year,
            self.month,
            self.day,
            minutes / 60,
            minutes % 60,
            offset / 60,
            offset % 60
        )
    }
}

/// How many days the month has.
fn days(year: i32, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helsinki() -> Geodetic {
        Geodetic::from_degrees(24.9522, 60.1705, 20.0)
    }

    #[test]
    fn nrels_own_example_comes_out() {
        // NREL/TP-560-34302, appendix A.5: 17 October 2003, 12:30:30 at UTC-7, 39.742476 N 105.1786 W, 1830.14 m;
        // azimuth 194.340241 degrees, zenith 50.111622 with 0.016 degrees of refraction in it.
        let place = Geodetic::from_degrees(-105.1786, 39.742476, 1830.14);
        let hours = 12.0 + 30.0 / 60.0 + 30.0 / 3600.0;
        let clock = Clock {
            year: 2003,
            month: 10,
            day: 17,
            hours,
            utc_offset_minutes: -420,
        };
        let sun = clock.sun(place);
        assert!((sun.azimuth.to_degrees() - 194.34024).abs() < 0.001, "{sun:?}");
        assert!((90.0 - sun.altitude.to_degrees() - 50.1280).abs() < 0.001, "{sun:?}");
    }

    #[test]
    fn at_midsummer_noon_the_sun_stands_in_the_south_of_helsinki() {
        // Solar noon on 21 June is 12:00 + (30 - 24.9522) * 4 min + 1.8 min of the equation of time, at UTC+2; the
        // altitude is 90 - latitude + obliquity.
        let clock = Clock {
            year: 2026,
            month: 6,
            day: 21,
            hours: 12.0 + 22.0 / 60.0,
            utc_offset_minutes: 120,
        };
        let sun = clock.sun(helsinki());
        assert!(
            (sun.azimuth.to_degrees() - 180.0).abs() < 0.3,
            "{}",
            sun.azimuth.to_degrees()
        );
        assert!(
            (sun.altitude.to_degrees() - (90.0 - 60.1705 + 23.436)).abs() < 0.02,
            "{}",
            sun.altitude.to_degrees()
        );
        let direction = sun.direction();
        assert!(
            direction.y < -0.5 && direction.z > 0.75 && direction.x.abs() < 0.01,
            "{direction}"
        );
    }

    #[test]
    fn the_offset_moves_the_sun_and_the_morning_sun_is_in_the_east() {
        let summer = Clock {
            year: 2026,
            month: 6,
            day: 21,
            hours: 7.0,
            utc_offset_minutes: 180,
        };
        let winter = Clock {
            hours: 6.0,
            utc_offset_minutes: 120,
            ..summer
        };
        assert!((summer.sun(helsinki()).altitude - winter.sun(helsinki()).altitude).abs() < 1e-9);
        assert!(summer.sun(helsinki()).direction().x > 0.7);
        assert!(Clock { hours: 1.0, ..summer }.sun(helsinki()).altitude < 0.0);
    }

    #[test]
    fn hours_before_universal_midnight_belong_to_the_day_before() {
        let east = Clock {
            year: 2026,
            month: 3,
            day: 1,
            hours: 1.0,
            utc_offset_minutes: 120,
        };
        let utc = Clock {
            month: 2,
            day: 28,
            hours: 23.0,
            utc_offset_minutes: 0,
            ..east
        };
        assert!((east.sun(helsinki()).azimuth - utc.sun(helsinki()).azimuth).abs() < 1e-7);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert!(Clock::is_date(2024, 2, 29) && Clock::is_date(2000, 2, 29));
        assert!(!Clock::is_date(2026, 2, 29) && !Clock::is_date(1900, 2, 29));
        assert!(!Clock::is_date(2026, 0, 1) && !Clock::is_date(2026, 13, 1) && !Clock::is_date(2026, 4, 31));
    }

    #[test]
    fn the_time_is_written_with_its_offset() {
        let clock = Clock {
            year: 2026,
            month: 6,
            day: 1,
            hours: 9.5,
            utc_offset_minutes: -210,
        };
        assert_eq!(clock.iso(), "2026-06-01T09:30-03:30");
    }
}
