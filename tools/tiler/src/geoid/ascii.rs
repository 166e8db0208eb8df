//! ESRI ASCII grids: six lines of header, then rows of numbers from the north.

use super::Grid;

/// Reads an ESRI ASCII grid.
pub(super) fn parse(bytes: &[u8]) -> Result<Grid, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text".to_owned())?;
    let mut words = text.split_ascii_whitespace().peekable();
    let mut header = Header::default();
    while let Some(word) = words.peek() {
        if !word.starts_with(|c: char| c.is_ascii_alphabetic()) || is_number(word) {
            break;
        }
        let key = word.to_ascii_lowercase();
        words.next();
        let value = words
            .next()
            .and_then(|v| v.parse::<f64>().ok())
            .ok_or_else(|| format!("no number follows {key}"))?;
        header.set(&key, value)?;
    }
    let mut values = Vec::new();
    for word in words {
        let value: f32 = word.parse().map_err(|_| format!("{word:?} is not a number"))?;
        values.push(if value == header.no_data { f32::NAN } else { value });
    }
    header.grid(values)
}

/// `nan` is a number, not a key.
fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

struct Header {
    columns: f64,
    rows: f64,
    west: f64,
    south: f64,
    /// Whether the corner is that of the first node rather than of the cell around it.
    centre: bool,
    step: f64,
    no_data: f32,
}

impl Default for Header {
    fn default() -> Self {
        Self {
            columns: 0.0,
            rows: 0.0,
            west: f64::NAN,
            south: f64::NAN,
            centre: false,
            step: f64::NAN,
            no_data: -9999.0,
        }
    }
}

impl Header {
    fn set(&mut self, key: &str, value: f64) -> Result<(), String> {
        match key {
            "ncols" => self.columns = value,
            "nrows" => self.rows = value,
            "xllcenter" => (self.west, self.centre) = (value, true),
            "yllcenter" => (self.south, self.centre) = (value, true),
            "xllcorner" => (self.west, self.centre) = (value, false),
            "yllcorner" => (self.south, self.centre) = (value, false),
            "cellsize" => self.step = value,
            "nodata_value" => self.no_data = value as f32,
            other => return Err(format!("{other} is not a key of an ESRI ASCII grid")),
        }
        Ok(())
    }

    fn grid(&self, values: Vec<f32>) -> Result<Grid, String> {
        let inset = if self.centre { 0.0 } else { self.step / 2.0 };
        let expected = self.columns * self.rows;
        if values.len() as f64 != expected {
            return Err(format!(
                "it has {} values, its header says {} x {}",
                values.len(),
                self.columns,
                self.rows
            ));
        }
        let north = self.south + inset + self.step * (self.rows - 1.0);
        Grid::new(
            [self.west + inset, north],
            [self.step, self.step],
            [self.columns as usize, self.rows as usize],
            values,
        )
        .ok_or_else(|| "its header does not describe a grid".to_owned())
    }
}
