//! Going somewhere by itself.
//!
//! A jump loses the viewer; a straight line crosses kilometres of rooftops too fast to see. The way here rises, travels
//! and sinks so that the picture flows at an even pace (van Wijk and Nuij, "Smooth and efficient zooming and panning",
//! IEEE Symposium on Information Visualization 2003, section 3).

use crate::camera::Pose;
use std::f64::consts::{PI, TAU};

/// How much of the way is spent zooming rather than panning; the paper's users liked 1.42.
const RHO: f64 = 1.42;

/// A camera on its way.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Flight {
    from: Pose,
    to: Pose,
    seconds: f64,
    elapsed: f64,
}

impl Flight {
    /// From one pose to another in so many seconds.
    pub(crate) fn new(from: Pose, to: Pose, seconds: f64) -> Self {
        Self {
            from,
            to,
            seconds,
            elapsed: 0.0,
        }
    }

    /// Where the camera is after so many further seconds, and whether it has arrived.
    pub(crate) fn advance(&mut self, seconds: f64) -> (Pose, bool) {
        self.elapsed += seconds.max(0.0);
        let part = self.elapsed / self.seconds;
        if part < 1.0 {
            (self.at(part), false)
        } else {
            (self.to, true)
        }
    }

    /// The pose at a part of the time, from 0 to 1.
    fn at(&self, part: f64) -> Pose {
        let (from, to) = (&self.from, &self.to);
        let eased = part * part * (3.0 - 2.0 * part);
        let (distance, travelled) = self.path(eased);
        Pose {
            target: from.target.lerp(to.target, travelled),
            distance,
            heading: (from.heading + shorter(to.heading - from.heading) * eased).rem_euclid(TAU),
            pitch: from.pitch + (to.pitch - from.pitch) * eased,
        }
    }

    /// Distance, and the part of the way over ground that is done, at a part of the path (the paper's w(s) and u(s)).
    fn path(&self, part: f64) -> (f64, f64) {
        let (w0, w1) = (self.from.distance, self.to.distance);
        let way = self.from.target.distance(self.to.target);
        if way < 1e-3 * w0.min(w1) {
            return (w0 * (w1 / w0).powf(part), part);
        }
        let rho2 = RHO * RHO;
        let b = |w: f64, sign: f64| (w1 * w1 - w0 * w0 + sign * rho2 * rho2 * way * way) / (2.0 * w * rho2 * way);
        // asinh instead of the paper's logarithm: that loses all digits for large b.
        let (r0, r1) = ((-b(w0, 1.0)).asinh(), (-b(w1, -1.0)).asinh());
        let r = r0 + (r1 - r0) * part;
        let distance = w0 * r0.cosh() / r.cosh();
        let travelled = w0 / rho2 * (r0.cosh() * r.tanh() - r0.sinh());
        (distance, (travelled / way).clamp(0.0, 1.0))
    }
}

/// The same turn the short way round.
fn shorter(angle: f64) -> f64 {
    (angle + PI).rem_euclid(TAU) - PI
}

#[cfg(test)]
mod tests {
    use super::*;
    use glam::DVec3;

    fn pose(east: f64, distance: f64, heading: f64) -> Pose {
        Pose {
            target: DVec3::new(east, 0.0, 5.0),
            distance,
            heading,
            pitch: -0.6,
        }
    }

    #[test]
    fn a_flight_begins_and_ends_where_it_should() {
        let (from, to) = (pose(0.0, 300.0, 6.0), pose(4000.0, 80.0, 0.5));
        let flight = Flight::new(from, to, 2.0);
        for (part, end) in [(0.0, from), (1.0, to)] {
            let there = flight.at(part);
            assert!(there.target.distance(end.target) < 1e-6, "{there:?}");
            assert!((there.distance - end.distance).abs() < 1e-6, "{there:?}");
            assert!(shorter(there.heading - end.heading).abs() < 1e-9);
        }
    }

    #[test]
    fn a_long_flight_rises_and_a_short_one_hardly() {
        let highest = |to: Pose| {
            let flight = Flight::new(pose(0.0, 200.0, 0.0), to, 1.0);
            (0..=100)
                .map(|i| flight.at(f64::from(i) / 100.0).distance)
                .fold(0.0, f64::max)
        };
        assert!(highest(pose(5000.0, 200.0, 0.0)) > 2000.0);
        assert!(highest(pose(20.0, 200.0, 0.0)) < 205.0);
    }

    #[test]
    fn a_turn_goes_the_short_way() {
        let flight = Flight::new(pose(0.0, 10.0, 0.1), pose(0.0, 10.0, TAU - 0.1), 1.0);
        assert!(shorter(flight.at(0.5).heading).abs() < 1e-9);
    }

    #[test]
    fn time_decides_when_it_arrives() {
        let mut flight = Flight::new(pose(0.0, 10.0, 0.0), pose(50.0, 20.0, 1.0), 2.0);
        assert!(!flight.advance(1.9).1);
        assert_eq!(flight.advance(0.2), (pose(50.0, 20.0, 1.0), true));
    }
}
