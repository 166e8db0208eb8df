//! Facade pictures for the synthetic city, and where they go on a wall.

use super::template::Template;
use anyhow::Context as _;
use image::{Rgb, RgbImage};
use std::fmt::Write as _;
use std::path::Path;

/// How many different pictures there are.
pub(crate) const PICTURES: u64 = 8;
/// Width and height of what one picture shows, in metres: a bay of one storey.
const BAY: [f64; 2] = [4.0, 3.5];

/// Writes the pictures into `textures/` beside the city: a wall colour with a window, 64 by 64 pixels.
///
/// # Errors
/// When the folder or a file cannot be written.
pub(crate) fn write_pictures(folder: &Path) -> anyhow::Result<()> {
    let folder = folder.join("textures");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for number in 0..PICTURES {
        let picture = RgbImage::from_fn(64, 64, |x, y| {
            let window = (16..48).contains(&x) && (14..50).contains(&y);
            let grain = ((x * 7 + y * 13 + number as u32 * 5) % 9) as u8;
            if window {
                Rgb([60 + grain, 80 + grain, 100 + grain])
            } else {
                Rgb([
                    150 + (number * 11) as u8 + grain,
                    140 + (number * 7) as u8 + grain,
                    110 + grain,
                ])
            }
        });
        let path = folder.join(format!("facade_{number}.png"));
        picture
            .save(&path)
            .with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// The textures of one copy: every wall gets the picture, repeated by storey and bay.
pub(crate) fn on_walls(template: &Template, suffix: &str, picture: u64) -> String {
    let mut out = format!(
        "<app:appearance><app:Appearance><app:theme>facades</app:theme><app:surfaceDataMember><app:ParameterizedTexture>\
         <app:imageURI>textures/facade_{picture}.png</app:imageURI><app:mimeType>image/png</app:mimeType>\
         <app:wrapMode>wrap</app:wrapMode>\n"
    );
    for (id, ring) in &template.walls {
        let _ = write!(
            out,
            "<app:target uri=\"#{id}{suffix}\"><app:TexCoordList><app:textureCoordinates ring=\"#{id}_ring{suffix}\">"
        );
        let start = ring.first().copied().unwrap_or_default();
        for (i, point) in ring.iter().enumerate() {
            let along = (point[0] - start[0]).hypot(point[1] - start[1]);
            let space = if i == 0 { "" } else { " " };
            let _ = write!(out, "{space}{:.3} {:.3}", along / BAY[0], point[2] / BAY[1]);
        }
        out.push_str("</app:textureCoordinates></app:TexCoordList></app:target>\n");
    }
    out.push_str("</app:ParameterizedTexture></app:surfaceDataMember></app:Appearance></app:appearance>\n");
    out
}
