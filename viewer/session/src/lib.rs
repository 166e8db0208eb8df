//! The one state of a viewing session, without graphics.
//!
//! The same city is looked at through two user interfaces, HTML around a canvas and egui on the desktop, by mouse,
//! touch and keys, and by tests that have no screen at all. If each of them kept its own camera, its own idea of what
//! is selected and its own words, they would drift apart. So everything that a session *is* lives here: a user
//! interface turns what a person does into a [`Command`], [`Session::apply`]s it, and shows the [`Snapshot`] that
//! comes out. Both are plain data (serde), so a session can be recorded, replayed and sent through a wire.
//!
//! What needs pixels or a network stays outside: the host finds the point under the cursor and the clicked feature,
//! and fetches attributes; commands carry the results in.
//!
//! * [`Camera`]: where the eye is, in `f64`, and what it sees; matrices relative to a near origin.
//! * [`Clock`]: date, time and where the sun stands.
//! * [`strings`]: every word that a user reads, in Finnish, Swedish and English.

mod attributes;
mod camera;
mod city;
mod clock;
mod command;
mod flight;
mod rig;
mod session;
mod snapshot;
pub mod strings;

pub use camera::{Camera, Pose, Ray, Viewport};
pub use city::{City, Error, Layer};
pub use clock::{Clock, Sun};
pub use command::{Command, Place, Step};
pub use session::Session;
pub use snapshot::{AttributeRow, CameraState, Details, LayerState, Progress, Selected, Snapshot, TimeState};
