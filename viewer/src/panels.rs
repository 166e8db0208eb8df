//! The panels of the desktop window, by egui: the same session that the web page shows as HTML.

use egui::{Align2, RichText};
use session::strings::{Key, Language, fill, text};
use session::{Command, Details, Place, Selected, Snapshot, Step};

/// Seconds that a flight to a feature takes.
const FLIGHT: f64 = 1.2;

/// Draws the panels of a snapshot; what the person does with them comes out as commands.
pub fn show(context: &egui::Context, snapshot: &Snapshot, open: bool) -> Vec<Command> {
    let mut panel = Panels {
        snapshot,
        commands: Vec::new(),
    };
    panel.side(context);
    panel.feature(context);
    panel.credits(context);
    panel.trouble(context, open);
    panel.commands
}

struct Panels<'a> {
    snapshot: &'a Snapshot,
    commands: Vec<Command>,
}

impl Panels<'_> {
    fn say(&self, key: Key) -> &'static str {
        text(self.snapshot.language, key)
    }

    fn number(&self, value: f64, decimals: usize) -> String {
        self.snapshot.language.number(value, decimals)
    }

    /// Title, layers, time and view.
    fn side(&mut self, context: &egui::Context) {
        let title = if self.snapshot.title.is_empty() {
            self.say(Key::Title)
        } else {
            &self.snapshot.title
        };
        egui::Window::new(RichText::new(title).strong())
            .id(egui::Id::unique("side"))
            .anchor(Align2::LEFT_TOP, [12.0, 12.0])
            .default_width(230.0)
            .resizable(false)
            .show(context, |ui| {
                self.language(ui);
                ui.separator();
                self.layers(ui);
                ui.separator();
                self.time(ui);
                ui.separator();
                self.view(ui);
                ui.separator();
                self.progress(ui);
            });
    }

    fn language(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            for (language, key) in [
                (Language::Fi, Key::LanguageFi),
                (Language::Sv, Key::LanguageSv),
                (Language::En, Key::LanguageEn),
            ] {
                if ui
                    .selectable_label(self.snapshot.language == language, self.say(key))
                    .clicked()
                {
                    self.commands.push(Command::SetLanguage { language });
                }
            }
        });
    }

    fn layers(&mut self, ui: &mut egui::Ui) {
        ui.label(RichText::new(self.say(Key::Layers)).strong());
        for layer in &self.snapshot.layers {
            let mut visible = layer.visible;
            let count = fill(
                self.snapshot.language,
                Key::LayerCount,
                &[("n", &layer.count.to_string())],
            );
            if ui.checkbox(&mut visible, &layer.label).on_hover_text(count).changed() {
                self.commands.push(Command::SetLayer {
                    layer: layer.name.clone(),
                    visible,
                });
            }
        }
    }

    fn time(&mut self, ui: &mut egui::Ui) {
        let time = &self.snapshot.time;
        ui.label(RichText::new(self.say(Key::Time)).strong());
        let (mut year, mut month, mut day) = time.date;
        let changed = ui
            .horizontal(|ui| {
                let day = ui.add(egui::DragValue::new(&mut day).range(1..=31).speed(0.1));
                let month = ui.add(egui::DragValue::new(&mut month).range(1..=12).speed(0.05));
                let year = ui.add(egui::DragValue::new(&mut year).range(1900..=2100).speed(0.1));
                day.changed() || month.changed() || year.changed()
            })
            .inner;
        if changed {
            self.commands.push(Command::SetDate { year, month, day });
        }
        let mut hours = time.hours;
        let clock = |hours: f64, _: std::ops::RangeInclusive<usize>| {
            let minutes = (hours * 60.0).round() as i64;
            format!("{:02}:{:02}", minutes / 60, minutes % 60)
        };
        ui.spacing_mut().slider_width = 150.0;
        let slider = egui::Slider::new(&mut hours, 0.0..=24.0)
            .step_by(1.0 / 12.0)
            .custom_formatter(clock);
        if ui.add(slider).changed() {
            self.commands.push(Command::SetTimeOfDay { hours });
        }
        let sun = if time.sun_altitude > 0.0 {
            let [altitude, azimuth] = [time.sun_altitude, time.sun_azimuth].map(|angle| self.number(angle, 0));
            let (high, whither) = (self.say(Key::TimeSunAltitude), self.say(Key::TimeSunAzimuth));
            format!("{high} {altitude}°, {} {azimuth}°", whither.to_lowercase())
        } else {
            self.say(Key::TimeSunBelow).to_owned()
        };
        ui.label(RichText::new(sun).small());
    }

    fn view(&mut self, ui: &mut egui::Ui) {
        ui.label(RichText::new(self.say(Key::Camera)).strong());
        ui.horizontal_wrapped(|ui| {
            if ui.button(self.say(Key::CameraHome)).clicked() {
                self.commands.push(Command::Home { seconds: 1.0 });
            }
            for (key, step) in [(Key::CameraNorth, Step::North), (Key::CameraTop, Step::Top)] {
                if ui.button(self.say(key)).clicked() {
                    self.commands.push(Command::Step { step });
                }
            }
        });
        let camera = &self.snapshot.camera;
        let place = match camera.city_target {
            Some([easting, northing, _]) => format!("E {}  N {}", self.number(easting, 0), self.number(northing, 0)),
            None => format!(
                "{}°  {}°",
                self.number(camera.target[1], 5),
                self.number(camera.target[0], 5)
            ),
        };
        ui.label(RichText::new(place).small().monospace());
    }

    fn progress(&mut self, ui: &mut egui::Ui) {
        let tiles = &self.snapshot.progress.tiles;
        let language = self.snapshot.language;
        let said = if tiles.retrying > 0 {
            self.say(Key::LoadingRetrying).to_owned()
        } else if self.snapshot.settled {
            self.say(Key::LoadingDone).to_owned()
        } else if tiles.missing > 0 {
            fill(language, Key::LoadingTiles, &[("n", &tiles.missing.to_string())])
        } else {
            self.say(Key::Loading).to_owned()
        };
        ui.label(RichText::new(said).small());
        if tiles.failed > 0 {
            ui.label(
                RichText::new(self.say(Key::ErrorTiles))
                    .small()
                    .color(ui.visuals().warn_fg_color),
            );
        }
    }

    /// What is known of the selected feature.
    fn feature(&mut self, context: &egui::Context) {
        let Some(selected) = &self.snapshot.selected else {
            return;
        };
        egui::Window::new(RichText::new(&selected.title).strong())
            .id(egui::Id::unique("feature"))
            .anchor(Align2::RIGHT_TOP, [-12.0, 12.0])
            .default_width(320.0)
            .resizable(false)
            .show(context, |ui| {
                self.attributes(ui, selected);
                ui.separator();
                ui.horizontal(|ui| {
                    if ui.button(self.say(Key::FeatureFlyTo)).clicked() {
                        self.commands.push(Command::FlyTo {
                            place: Place::Selected,
                            seconds: FLIGHT,
                        });
                    }
                    if ui.button(self.say(Key::FeatureClear)).clicked() {
                        self.commands.push(Command::ClearSelection);
                    }
                });
            });
    }

    fn attributes(&self, ui: &mut egui::Ui, selected: &Selected) {
        if selected.feature.merged > 1 {
            ui.label(self.say(Key::FeatureMergedNote));
        }
        egui::ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            egui::Grid::new("attributes")
                .num_columns(2)
                .striped(true)
                .show(ui, |ui| {
                    for row in &selected.rows {
                        ui.label(&row.label).on_hover_text(&row.name);
                        ui.add(egui::Label::new(&row.value).wrap());
                        ui.end_row();
                    }
                });
        });
        match selected.details {
            Details::Wanted => ui.label(RichText::new(self.say(Key::FeatureLoading)).small()),
            Details::Failed => ui.label(RichText::new(self.say(Key::ErrorAttributes)).small()),
            Details::Here => ui.label(""),
        };
    }

    /// Whom to credit: always in sight.
    fn credits(&self, context: &egui::Context) {
        if self.snapshot.credits.is_empty() {
            return;
        }
        egui::Area::new(egui::Id::unique("credits"))
            .anchor(Align2::RIGHT_BOTTOM, [-8.0, -6.0])
            .interactable(true)
            .show(context, |ui| {
                egui::Frame::popup(ui.style()).inner_margin(4.0).show(ui, |ui| {
                    ui.label(RichText::new(self.snapshot.credits.join("  ·  ")).small());
                });
            });
    }

    /// What went wrong, until it is read.
    fn trouble(&mut self, context: &egui::Context, open: bool) {
        let Some(error) = &self.snapshot.error else {
            return;
        };
        egui::Window::new(self.say(Key::Error))
            .id(egui::Id::unique("trouble"))
            .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
            .collapsible(false)
            .resizable(false)
            .show(context, |ui| {
                ui.label(error);
                let key = if open { Key::ErrorDismiss } else { Key::Retry };
                if ui.button(self.say(key)).clicked() {
                    self.commands.push(Command::DismissError);
                }
            });
    }
}
