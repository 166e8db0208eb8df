//! From pointers, wheel and keys to what they mean.
//!
//! Mouse, pen, one finger, two fingers and keys arrive from winit on the desktop and from DOM events on the web. Both
//! are fed in here as they come, so that the city moves under the hand alike everywhere, and tests need no screen.
//!
//! | what | does |
//! |---|---|
//! | left drag, one finger | pan: the point taken hold of stays under the pointer |
//! | right or middle drag, ctrl or shift + left drag | orbit about the point where it began |
//! | alt + left drag | look around |
//! | wheel | zoom to the pointer |
//! | two fingers | zoom, turn and pan together; both up or down: tilt |
//! | click, tap | select |
//! | arrows, W A S D | move; `+` `-` zoom; Q E turn; R F tilt, as do shift + arrows; N north; T from above; Home |

use glam::DVec2;
use session::Step;

/// What a person means. Places are physical pixels from the picture's top left corner.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    /// Takes hold of the city at a place.
    PanStart(DVec2),
    /// Drags what was taken hold of to a place.
    PanTo(DVec2),
    /// Lets go.
    PanEnd,
    /// Begins to turn about what is at a place.
    OrbitStart(DVec2),
    /// Turns by so many pixels.
    OrbitBy(DVec2),
    /// Turns the head by so many pixels.
    LookBy(DVec2),
    /// Multiplies the distance to what is at a place.
    Zoom(DVec2, f64),
    /// Puts two fingers on the city, with this place between them.
    PinchStart(DVec2),
    /// Two fingers moved from places to places.
    Pinch([DVec2; 2], [DVec2; 2]),
    /// Chose what is at a place.
    Click(DVec2),
    /// Points at a place without pressing; none when the pointer has left.
    Hover(Option<DVec2>),
    /// Pressed a key.
    Step(Step),
    /// Wants to see the beginning again.
    Home,
    /// Wants nothing to be selected.
    Escape,
}

/// What points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PointerKind {
    /// A mouse or a pen: there is one, and it hovers.
    Mouse,
    /// A finger.
    Touch,
}

/// What a pointer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// A button or finger goes down.
    Down,
    /// It moves, pressed or not.
    Move,
    /// It goes up.
    Up,
    /// The system takes it away.
    Cancel,
}

/// Keys held beside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Modifiers {
    /// Shift.
    pub shift: bool,
    /// Ctrl, or Command.
    pub ctrl: bool,
    /// Alt, or Option.
    pub alt: bool,
}

/// One event of one pointer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointerEvent {
    /// What happened.
    pub phase: Phase,
    /// Which pointer; fingers have different ones.
    pub id: i64,
    /// What points.
    pub kind: PointerKind,
    /// Which button of a mouse went down: 0 left, 1 middle, 2 right.
    pub button: u8,
    /// Where, in physical pixels.
    pub at: DVec2,
    /// Keys held beside.
    pub modifiers: Modifiers,
}

/// What a drag does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drag {
    Pan,
    Orbit,
    Look,
}

/// What two fingers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// Not far enough yet to tell.
    Undecided,
    Pinch,
    /// Both up or down together.
    Tilt,
}

/// A pointer that is down.
#[derive(Debug, Clone, Copy)]
struct Held {
    id: i64,
    began: DVec2,
    at: DVec2,
}

/// How far one finger, or a mouse, may move and still click, in pixels of the page.
const SLOP: [f64; 2] = [10.0, 4.0];

/// Tells what pointers mean. Feed it every event in order.
#[derive(Debug)]
pub struct Gestures {
    held: Vec<Held>,
    drag: Drag,
    pair: Pair,
    /// Whether the drag has begun, so that letting go is no click.
    moved: bool,
    /// Physical pixels a pixel of the page.
    scale: f64,
    zoom_left: f64,
}

impl Default for Gestures {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            drag: Drag::Pan,
            pair: Pair::Undecided,
            moved: false,
            scale: 1.0,
            zoom_left: 0.0,
        }
    }
}

impl Gestures {
    /// How many physical pixels a pixel of the page or window has.
    pub fn set_scale(&mut self, scale: f64) {
        if scale.is_finite() && scale > 0.0 {
            self.scale = scale;
        }
    }

    /// Whether something is pressed.
    pub fn is_active(&self) -> bool {
        !self.held.is_empty()
    }

    /// What an event means, in order.
    pub fn pointer(&mut self, event: PointerEvent) -> Vec<Intent> {
        if !event.at.is_finite() {
            return Vec::new();
        }
        match event.phase {
            Phase::Down => self.down(event),
            Phase::Move => self.moved(event),
            Phase::Up => self.up(event, true),
            Phase::Cancel => self.up(event, false),
        }
    }

    fn down(&mut self, event: PointerEvent) -> Vec<Intent> {
        if self.held.len() >= 2 || self.held.iter().any(|held| held.id == event.id) {
            return Vec::new();
        }
        self.held.push(Held {
            id: event.id,
            began: event.at,
            at: event.at,
        });
        if let [first, second] = &mut self.held[..] {
            let middle = (first.at + second.at) * 0.5;
            first.began = first.at;
            let panned = self.moved && self.drag == Drag::Pan;
            self.moved = true;
            self.pair = Pair::Undecided;
            let end = panned.then_some(Intent::PanEnd);
            return end.into_iter().chain([Intent::PinchStart(middle)]).collect();
        }
        let keys = event.modifiers;
        self.moved = false;
        self.drag = match event.button {
            0 if keys.alt => Drag::Look,
            0 if !keys.ctrl && !keys.shift => Drag::Pan,
            _ => Drag::Orbit,
        };
        Vec::new()
    }

    fn moved(&mut self, event: PointerEvent) -> Vec<Intent> {
        let Some(index) = self.held.iter().position(|held| held.id == event.id) else {
            let hovers = event.kind == PointerKind::Mouse && self.held.is_empty();
            return hovers.then_some(Intent::Hover(Some(event.at))).into_iter().collect();
        };
        if self.held.len() == 2 {
            return self.pair_moved(index, event.at);
        }
        let before = self.held[index].at;
        let began = self.held[index].began;
        let slop = SLOP[usize::from(event.kind == PointerKind::Mouse)] * self.scale;
        if !self.moved && (event.at - began).length() < slop {
            return Vec::new();
        }
        self.held[index].at = event.at;
        let mut intents = Vec::new();
        if !self.moved {
            self.moved = true;
            match self.drag {
                Drag::Pan => intents.push(Intent::PanStart(began)),
                Drag::Orbit => intents.push(Intent::OrbitStart(began)),
                Drag::Look => {}
            }
        }
        intents.push(match self.drag {
            Drag::Pan => Intent::PanTo(event.at),
            Drag::Orbit => Intent::OrbitBy(event.at - before),
            Drag::Look => Intent::LookBy(event.at - before),
        });
        intents
    }

    /// One of two fingers moved.
    fn pair_moved(&mut self, index: usize, at: DVec2) -> Vec<Intent> {
        let before = [self.held[0].at, self.held[1].at];
        self.held[index].at = at;
        let after = [self.held[0].at, self.held[1].at];
        match self.pair {
            Pair::Pinch => vec![Intent::Pinch(before, after)],
            Pair::Tilt => vec![Intent::OrbitBy(DVec2::new(0.0, (at - before[index]).y * 0.5))],
            Pair::Undecided => self.decide(after),
        }
    }

    /// Tells a pinch from a tilt once the fingers have moved far enough.
    fn decide(&mut self, now: [DVec2; 2]) -> Vec<Intent> {
        let began = [self.held[0].began, self.held[1].began];
        let moved = [now[0] - began[0], now[1] - began[1]];
        let slop = SLOP[0] * self.scale;
        let [one, other] = moved.map(DVec2::length);
        if one.max(other) < 2.0 * slop && one.min(other) < slop {
            return Vec::new();
        }
        let upright = |by: DVec2| by.y.abs() > 1.5 * by.x.abs() && by.y.abs() > 0.4 * slop;
        if moved.into_iter().all(upright) && moved[0].y * moved[1].y > 0.0 {
            self.pair = Pair::Tilt;
            let by = DVec2::new(0.0, (moved[0].y + moved[1].y) * 0.5);
            return vec![Intent::OrbitStart((began[0] + began[1]) * 0.5), Intent::OrbitBy(by)];
        }
        self.pair = Pair::Pinch;
        vec![Intent::Pinch(began, now)]
    }

    fn up(&mut self, event: PointerEvent, wanted: bool) -> Vec<Intent> {
        let count = self.held.len();
        self.held.retain(|held| held.id != event.id);
        if self.held.len() == count {
            let left = event.phase == Phase::Cancel && self.held.is_empty();
            return left.then_some(Intent::Hover(None)).into_iter().collect();
        }
        if let [left] = &mut self.held[..] {
            // One of two fingers stays: it pans on from where it is.
            left.began = left.at;
            self.drag = Drag::Pan;
            self.moved = true;
            return vec![Intent::PanStart(left.at)];
        }
        if !self.moved {
            let click = wanted && self.drag == Drag::Pan;
            return click.then_some(Intent::Click(event.at)).into_iter().collect();
        }
        self.moved = false;
        if self.drag == Drag::Pan {
            vec![Intent::PanEnd]
        } else {
            Vec::new()
        }
    }

    /// What the wheel means: `pixels` of the page that it would scroll, downward positive. 100 pixels go away by a
    /// quarter; fine movements of a touch pad add up.
    pub fn wheel(&mut self, at: DVec2, pixels: f64) -> Vec<Intent> {
        if !pixels.is_finite() || !at.is_finite() || self.is_active() {
            return Vec::new();
        }
        self.zoom_left += pixels.clamp(-1000.0, 1000.0);
        if self.zoom_left.abs() < 1.0 {
            return Vec::new();
        }
        let factor = 1.25_f64.powf(self.zoom_left / 100.0);
        self.zoom_left = 0.0;
        vec![Intent::Zoom(at, factor)]
    }

    /// What a key means, by its place on the keyboard (`KeyboardEvent.code`); nothing for a key of others.
    pub fn key(code: &str, modifiers: Modifiers) -> Option<Intent> {
        if modifiers.ctrl || modifiers.alt {
            return None;
        }
        let step = match code {
            "ArrowUp" if modifiers.shift => Step::TiltUp,
            "ArrowDown" if modifiers.shift => Step::TiltDown,
            "ArrowLeft" if modifiers.shift => Step::TurnLeft,
            "ArrowRight" if modifiers.shift => Step::TurnRight,
            "ArrowUp" | "KeyW" => Step::Forward,
            "ArrowDown" | "KeyS" => Step::Back,
            "ArrowLeft" | "KeyA" => Step::Left,
            "ArrowRight" | "KeyD" => Step::Right,
            "Equal" | "NumpadAdd" | "PageUp" => Step::ZoomIn,
            "Minus" | "NumpadSubtract" | "PageDown" | "Slash" => Step::ZoomOut,
            "KeyQ" => Step::TurnLeft,
            "KeyE" => Step::TurnRight,
            "KeyR" => Step::TiltUp,
            "KeyF" => Step::TiltDown,
            "KeyN" => Step::North,
            "KeyT" => Step::Top,
            "Home" => return Some(Intent::Home),
            "Escape" => return Some(Intent::Escape),
            _ => return None,
        };
        Some(Intent::Step(step))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "a test may panic")]
    use super::*;

    fn event(phase: Phase, id: i64, x: f64, y: f64) -> PointerEvent {
        PointerEvent {
            phase,
            id,
            kind: if id == 0 {
                PointerKind::Mouse
            } else {
                PointerKind::Touch
            },
            button: 0,
            at: DVec2::new(x, y),
            modifiers: Modifiers::default(),
        }
    }

    #[test]
    fn a_press_that_hardly_moves_is_a_click() {
        let mut gestures = Gestures::default();
        assert!(gestures.pointer(event(Phase::Down, 0, 10.0, 10.0)).is_empty());
        assert!(gestures.pointer(event(Phase::Move, 0, 12.0, 11.0)).is_empty());
        let intents = gestures.pointer(event(Phase::Up, 0, 12.0, 11.0));
        assert_eq!(intents, [Intent::Click(DVec2::new(12.0, 11.0))]);
    }

    #[test]
    fn a_drag_takes_hold_where_it_began() {
        let mut gestures = Gestures::default();
        gestures.pointer(event(Phase::Down, 0, 10.0, 10.0));
        let intents = gestures.pointer(event(Phase::Move, 0, 30.0, 10.0));
        let (from, to) = (DVec2::new(10.0, 10.0), DVec2::new(30.0, 10.0));
        assert_eq!(intents, [Intent::PanStart(from), Intent::PanTo(to)]);
        assert_eq!(gestures.pointer(event(Phase::Up, 0, 30.0, 10.0)), [Intent::PanEnd]);
        assert!(!gestures.is_active());
    }

    #[test]
    fn the_second_button_and_ctrl_orbit_by_every_pixel_moved() {
        for (button, ctrl) in [(2, false), (1, false), (0, true)] {
            let mut gestures = Gestures::default();
            let modifiers = Modifiers {
                ctrl,
                ..Modifiers::default()
            };
            gestures.pointer(PointerEvent {
                button,
                modifiers,
                ..event(Phase::Down, 0, 0.0, 0.0)
            });
            let first = gestures.pointer(event(Phase::Move, 0, 9.0, 0.0));
            let second = gestures.pointer(event(Phase::Move, 0, 9.0, 5.0));
            assert_eq!(
                first,
                [Intent::OrbitStart(DVec2::ZERO), Intent::OrbitBy(DVec2::new(9.0, 0.0))]
            );
            assert_eq!(second, [Intent::OrbitBy(DVec2::new(0.0, 5.0))]);
            assert!(gestures.pointer(event(Phase::Up, 0, 9.0, 5.0)).is_empty(), "no click");
        }
    }

    #[test]
    fn two_fingers_pinch_and_the_one_that_stays_pans_on() {
        let mut gestures = Gestures::default();
        gestures.pointer(event(Phase::Down, 1, 100.0, 100.0));
        let start = gestures.pointer(event(Phase::Down, 2, 200.0, 100.0));
        assert_eq!(start, [Intent::PinchStart(DVec2::new(150.0, 100.0))]);
        let [a, b, c] = [100.0, 200.0, 260.0].map(|x| DVec2::new(x, 100.0));
        assert_eq!(
            gestures.pointer(event(Phase::Move, 2, 260.0, 100.0)),
            [Intent::Pinch([a, b], [a, c])]
        );
        assert_eq!(
            gestures.pointer(event(Phase::Up, 1, 100.0, 100.0)),
            [Intent::PanStart(c)]
        );
        let on = gestures.pointer(event(Phase::Move, 2, 262.0, 100.0));
        assert_eq!(on, [Intent::PanTo(DVec2::new(262.0, 100.0))]);
        assert_eq!(
            gestures.pointer(event(Phase::Up, 2, 262.0, 100.0)),
            [Intent::PanEnd],
            "no click after a pinch"
        );
    }

    #[test]
    fn two_fingers_up_or_down_together_tilt() {
        let mut gestures = Gestures::default();
        gestures.pointer(event(Phase::Down, 1, 100.0, 100.0));
        gestures.pointer(event(Phase::Down, 2, 200.0, 110.0));
        assert!(gestures.pointer(event(Phase::Move, 1, 101.0, 112.0)).is_empty());
        let intents = gestures.pointer(event(Phase::Move, 2, 199.0, 122.0));
        let (middle, by) = (DVec2::new(150.0, 105.0), DVec2::new(0.0, 12.0));
        assert_eq!(intents, [Intent::OrbitStart(middle), Intent::OrbitBy(by)]);
        let on = gestures.pointer(event(Phase::Move, 2, 190.0, 130.0));
        assert_eq!(
            on,
            [Intent::OrbitBy(DVec2::new(0.0, 4.0))],
            "half of what one of the two moves"
        );
    }

    #[test]
    fn two_fingers_apart_or_around_pinch_even_if_one_goes_up() {
        let mut gestures = Gestures::default();
        gestures.pointer(event(Phase::Down, 1, 100.0, 100.0));
        gestures.pointer(event(Phase::Down, 2, 200.0, 100.0));
        assert!(gestures.pointer(event(Phase::Move, 1, 100.0, 88.0)).is_empty());
        let intents = gestures.pointer(event(Phase::Move, 2, 200.0, 112.0));
        assert!(matches!(intents[..], [Intent::Pinch(..)]), "{intents:?}");
    }

    #[test]
    fn a_second_finger_ends_the_pan_of_the_first() {
        let mut gestures = Gestures::default();
        gestures.pointer(event(Phase::Down, 1, 0.0, 0.0));
        gestures.pointer(event(Phase::Move, 1, 50.0, 0.0));
        let intents = gestures.pointer(event(Phase::Down, 2, 150.0, 0.0));
        assert_eq!(intents, [Intent::PanEnd, Intent::PinchStart(DVec2::new(100.0, 0.0))]);
    }

    #[test]
    fn a_wheel_notch_and_its_reverse_cancel_out() {
        let mut gestures = Gestures::default();
        let there = gestures.wheel(DVec2::ONE, 100.0);
        let back = gestures.wheel(DVec2::ONE, -100.0);
        let ([Intent::Zoom(_, there)], [Intent::Zoom(_, back)]) = (&there[..], &back[..]) else {
            panic!("{there:?} {back:?}");
        };
        assert!((there * back - 1.0).abs() < 1e-12);
        assert!(*there > 1.0, "downward goes away");
        assert!(gestures.wheel(DVec2::ONE, f64::NAN).is_empty());
    }

    #[test]
    fn a_cancelled_press_selects_nothing() {
        let mut gestures = Gestures::default();
        gestures.pointer(event(Phase::Down, 1, 5.0, 5.0));
        assert!(gestures.pointer(event(Phase::Cancel, 1, 5.0, 5.0)).is_empty());
        assert!(!gestures.is_active());
    }

    #[test]
    fn keys_with_ctrl_are_left_to_the_browser() {
        let ctrl = Modifiers {
            ctrl: true,
            ..Modifiers::default()
        };
        assert_eq!(Gestures::key("KeyR", ctrl), None);
        assert_eq!(
            Gestures::key("KeyQ", Modifiers::default()),
            Some(Intent::Step(Step::TurnLeft))
        );
        assert_eq!(Gestures::key("Tab", Modifiers::default()), None);
    }
}
