//! What winit says becomes pointers, wheel and keys of the viewer, unless a panel takes it.

use super::Shown;
use crate::gesture::{Modifiers, Phase, PointerEvent, PointerKind};
use glam::DVec2;
use winit::event::{ElementState, MouseButton, MouseScrollDelta, Touch, TouchPhase, WindowEvent};
use winit::keyboard::PhysicalKey;

/// A mouse's number; fingers count from 1.
const MOUSE: i64 = 0;
/// What a notch of a wheel is in pixels of a page.
const NOTCH: f64 = 100.0;

impl Shown {
    /// Something happened to the window.
    pub(super) fn input(&mut self, event: &WindowEvent) {
        let response = self.panels.on_window_event(&self.window, event);
        if response.repaint {
            self.window.request_redraw();
        }
        match event {
            WindowEvent::Resized(size) => self.resize(*size),
            WindowEvent::ScaleFactorChanged { .. } => self.resize(self.window.inner_size()),
            WindowEvent::ModifiersChanged(modifiers) => self.modifiers = modifiers.state(),
            WindowEvent::CursorMoved { position, .. } => {
                self.pointer = DVec2::new(position.x, position.y);
                let over = self.panels.egui_ctx().egui_wants_pointer_input();
                let held = self.panels.is_any_pointer_button_down();
                if !over || held {
                    self.mouse(Phase::Move, 0);
                } else {
                    self.mouse(Phase::Cancel, 0);
                }
            }
            WindowEvent::CursorLeft { .. } if !self.panels.is_any_pointer_button_down() => self.mouse(Phase::Cancel, 0),
            // A button that went down over the city comes up for it too, wherever the pointer is by then.
            WindowEvent::MouseInput {
                state: ElementState::Released,
                button,
                ..
            } => {
                self.mouse(Phase::Up, number(*button));
            }
            event if !response.consumed => self.steer(event),
            _ => {}
        }
        if self.viewer.wants_drawing() {
            self.window.request_redraw();
        }
    }

    /// Input that no panel took.
    fn steer(&mut self, event: &WindowEvent) {
        match event {
            WindowEvent::MouseInput {
                state: ElementState::Pressed,
                button,
                ..
            } => {
                self.mouse(Phase::Down, number(*button));
            }
            WindowEvent::MouseWheel { delta, .. } => {
                let pixels = match delta {
                    MouseScrollDelta::LineDelta(_, lines) => -f64::from(*lines) * NOTCH,
                    MouseScrollDelta::PixelDelta(by) => -by.y / self.window.scale_factor(),
                };
                self.viewer.wheel(self.pointer, pixels);
            }
            WindowEvent::KeyboardInput { event, .. } if event.state == ElementState::Pressed => {
                if let PhysicalKey::Code(code) = event.physical_key {
                    // winit names keys as the W3C's KeyboardEvent.code does.
                    self.viewer.key(&format!("{code:?}"), self.held());
                }
            }
            WindowEvent::Touch(touch) => self.touch(touch),
            _ => {}
        }
    }

    fn held(&self) -> Modifiers {
        Modifiers {
            shift: self.modifiers.shift_key(),
            ctrl: self.modifiers.control_key() || self.modifiers.super_key(),
            alt: self.modifiers.alt_key(),
        }
    }

    fn mouse(&mut self, phase: Phase, button: u8) {
        self.viewer.pointer(PointerEvent {
            phase,
            id: MOUSE,
            kind: PointerKind::Mouse,
            button,
            at: self.pointer,
            modifiers: self.held(),
        });
    }

    fn touch(&mut self, touch: &Touch) {
        let phase = match touch.phase {
            TouchPhase::Started => Phase::Down,
            TouchPhase::Moved => Phase::Move,
            TouchPhase::Ended => Phase::Up,
            TouchPhase::Cancelled => Phase::Cancel,
        };
        self.viewer.pointer(PointerEvent {
            phase,
            id: touch.id.cast_signed().saturating_add(1),
            kind: PointerKind::Touch,
            button: 0,
            at: DVec2::new(touch.location.x, touch.location.y),
            modifiers: self.held(),
        });
    }
}

/// A button's number, as in `MouseEvent.button`.
fn number(button: MouseButton) -> u8 {
    match button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
        MouseButton::Back => 3,
        MouseButton::Forward => 4,
        MouseButton::Other(_) => 5,
    }
}
