//! Geoid grids as GeoTIFF, as the PROJ data collection has them (Geodetic TIFF grids, "vertical offset").

use super::Grid;
use std::io::Cursor;
use tiff::decoder::{Decoder, DecodingResult};
use tiff::tags::Tag;

/// `ModelPixelScaleTag`, `ModelTiepointTag` (OGC 19-008r4, 7.1.2) and GDAL's text tags.
const PIXEL_SCALE: Tag = Tag::ModelPixelScaleTag;
const TIE_POINT: Tag = Tag::ModelTiepointTag;
const GEO_KEYS: Tag = Tag::GeoKeyDirectoryTag;
const GDAL_NODATA: Tag = Tag::GdalNodata;
/// `GTRasterTypeGeoKey`: 1, a value belongs to its pixel's area; 2, to a point.
const RASTER_TYPE: u64 = 1025;

/// Reads the first image of a GeoTIFF as a grid.
pub(super) fn parse(bytes: &[u8]) -> Result<Grid, String> {
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(|e| e.to_string())?;
    let (width, height) = decoder.dimensions().map_err(|e| e.to_string())?;
    let scale = doubles(&mut decoder, PIXEL_SCALE)?;
    let tie = doubles(&mut decoder, TIE_POINT)?;
    let (&[step_lon, step_lat, ..], &[i, j, _, lon, lat, ..]) = (&*scale, &*tie) else {
        return Err("its pixel scale or tie point is incomplete".to_owned());
    };
    // A pixel that is an area has its value in its middle.
    let inset = if is_point(&mut decoder) { 0.0 } else { 0.5 };
    let first = [lon + (inset - i) * step_lon, lat - (inset - j) * step_lat];
    let no_data = decoder
        .get_tag_ascii_string(GDAL_NODATA)
        .ok()
        .and_then(|text| text.trim_matches(['\0', ' ']).parse::<f32>().ok());
    let image = decoder.read_image().map_err(|e| e.to_string())?;
    let samples = floats(image)?;
    let pixels = width as usize * height as usize;
    if pixels == 0 || samples.len() % pixels != 0 {
        return Err("its pixels do not fill its size".to_owned());
    }
    let band = samples.len() / pixels;
    let values = samples
        .into_iter()
        .step_by(band)
        .map(|v| if Some(v) == no_data { f32::NAN } else { v })
        .collect();
    Grid::new(first, [step_lon, step_lat], [width as usize, height as usize], values)
        .ok_or_else(|| "its tags do not describe a grid".to_owned())
}

fn doubles(decoder: &mut Decoder<Cursor<&[u8]>>, tag: Tag) -> Result<Vec<f64>, String> {
    decoder
        .get_tag_f64_vec(tag)
        .map_err(|_| "it is a TIFF without georeference".to_owned())
}

fn is_point(decoder: &mut Decoder<Cursor<&[u8]>>) -> bool {
    let keys = decoder.get_tag_u64_vec(GEO_KEYS).unwrap_or_default();
    let (entries, _) = keys.as_chunks::<4>();
    entries.iter().any(|entry| entry[0] == RASTER_TYPE && entry[3] == 2)
}

fn floats(image: DecodingResult) -> Result<Vec<f32>, String> {
    match image {
        DecodingResult::F32(values) => Ok(values),
        DecodingResult::F64(values) => Ok(values.into_iter().map(|v| v as f32).collect()),
        _ => Err("its samples are not heights in metres".to_owned()),
    }
}
