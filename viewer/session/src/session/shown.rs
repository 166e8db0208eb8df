//! The snapshot of a session.

use super::{Selection, Session};
use crate::attributes;
use crate::city::Layer;
use crate::snapshot::{CameraState, LayerState, Selected, Snapshot, TimeState};
use crate::strings::{Language, lookup};
use glam::DVec3;
use tiles::geodesy::Enu;

impl Session {
    /// All that a user interface shows.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            title: self.city.title.clone(),
            language: self.language,
            camera: self.camera_state(),
            time: self.time_state(),
            layers: self.layer_states(),
            selected: self.selection.as_ref().map(|selection| selection.shown(self.language)),
            progress: self.progress,
            flying: self.flight.is_some(),
            settled: self.progress.settled && self.flight.is_none(),
            credits: self.city.credits.clone(),
            error: self
                .error
                .as_ref()
                .map(|error| lookup(self.language, error).unwrap_or(error).to_owned()),
        }
    }

    fn camera_state(&self) -> CameraState {
        let pose = self.camera.pose;
        let geodetic = |point: DVec3| self.city.frame.to_ecef(Enu(point)).to_geodetic();
        let (eye, target) = (geodetic(pose.eye()), geodetic(pose.target));
        let ((lon, lat), (target_lon, target_lat)) = (eye.degrees(), target.degrees());
        CameraState {
            lon,
            lat,
            height: eye.height,
            heading: pose.heading.to_degrees().rem_euclid(360.0),
            pitch: pose.pitch.to_degrees(),
            target: [target_lon, target_lat, target.height],
            distance: pose.distance,
            city_target: self
                .city
                .crs
                .as_ref()
                .map(|crs| crs.project(Enu(pose.target)).to_array()),
        }
    }

    fn time_state(&self) -> TimeState {
        let (clock, sun) = (&self.clock, self.sun());
        TimeState {
            date: (clock.year, clock.month, clock.day),
            hours: clock.hours,
            utc_offset_minutes: clock.utc_offset_minutes,
            iso: clock.iso(),
            sun_altitude: sun.altitude.to_degrees(),
            sun_azimuth: sun.azimuth.to_degrees(),
        }
    }

    fn layer_states(&self) -> Vec<LayerState> {
        let layers = self.city.layers.iter().zip(&self.layers);
        let state = |(layer, visible): (&Layer, &bool)| LayerState {
            name: layer.name.clone(),
            label: attributes::layer_label(&layer.name, self.language),
            visible: *visible,
            count: layer.count,
        };
        layers.map(state).collect()
    }
}

impl Selection {
    fn shown(&self, language: Language) -> Selected {
        Selected {
            id: self.feature.id.clone(),
            title: attributes::title(&self.feature, self.attributes.as_ref(), language),
            rows: attributes::rows(&self.feature, self.attributes.as_ref(), language),
            details: self.details,
            feature: self.feature.clone(),
            point: self.point.map(|point| point.to_array()),
            bbox: self.bbox,
        }
    }
}
