//! Which grid belongs to which vertical reference system.

use super::{Error, Grid};

/// A vertical reference system and the grid that leads from it to the ellipsoid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerticalCrs {
    /// EPSG code.
    pub epsg: u32,
    /// Its name in the EPSG registry.
    pub name: &'static str,
    /// The file in the PROJ data collection (<https://cdn.proj.org>).
    pub grid: &'static str,
}

const CATALOGUE: [VerticalCrs; 22] = {
    const fn row(epsg: u32, name: &'static str, grid: &'static str) -> VerticalCrs {
        VerticalCrs { epsg, name, grid }
    }
    [
        row(3855, "EGM2008 height", "us_nga_egm08_25.tif"),
        row(3900, "N2000 height", "fi_nls_fin2023n2000.tif"),
        row(5613, "RH2000 height", "se_lantmateriet_SWEN17_RH2000.tif"),
        row(5621, "EVRF2007 height", "eu_nkg_evrf2007.tif"),
        row(5701, "ODN height", "uk_os_OSGM15_GB.tif"),
        row(5703, "NAVD88 height", "us_noaa_g2018u0.tif"),
        row(5709, "NAP height", "nl_nsgi_nlgeo2018.tif"),
        row(5710, "Ostend height", "be_ign_hBG18.tif"),
        row(5711, "AHD height", "au_ga_AUSGeoid2020_20180201.tif"),
        row(5717, "N60 height", "fi_nls_fin2000.tif"),
        row(5720, "NGF-IGN69 height", "fr_ign_RAF20.tif"),
        row(5728, "LN02 height", "ch_swisstopo_chgeo2004_ETRS89_LN02.tif"),
        row(5773, "EGM96 height", "us_nga_egm96_15.tif"),
        row(5776, "NN54 height", "no_kv_HREF2018B_NN2000_EUREF89.tif"),
        row(5778, "GHA height", "at_bev_GV_Hoehengrid_V1.tif"),
        row(5783, "DHHN92 height", "de_bkg_gcg2011.tif"),
        row(5799, "DVR90 height", "dk_sdfe_dvr90_2013.tif"),
        row(5941, "NN2000 height", "no_kv_HREF2018B_NN2000_EUREF89.tif"),
        row(6695, "JGD2011 (vertical) height", "jp_gsi_gsigeo2011.tif"),
        row(7837, "DHHN2016 height", "de_bkg_gcg2016.tif"),
        row(9651, "EVRF2007-PL height", "pl_gugik_geoid2021_PL-EVRF2007-NH.tif"),
        row(9663, "EH2000 height", "ee_maaamet_EST-GEOID2017.tif"),
    ]
};

/// What is known of a vertical reference system.
pub fn vertical_crs(epsg: u32) -> Option<VerticalCrs> {
    CATALOGUE.into_iter().find(|row| row.epsg == epsg)
}

/// The same by its name in the EPSG registry.
pub(crate) fn vertical_crs_named(name: &str) -> Option<VerticalCrs> {
    CATALOGUE.into_iter().find(|row| row.name == name)
}

/// The credit that the shipped N2000 grid asks for.
const N2000_CREDIT: &str = "FIN2023N2000 geoid: National Land Survey of Finland, CC BY 4.0";

/// The grid that the program carries for this vertical reference system, and the credit it asks for.
///
/// # Errors
/// When the shipped grid is broken, which a test rules out.
pub fn shipped(epsg: u32) -> Result<Option<(Grid, &'static str)>, Error> {
    if epsg != 3900 {
        return Ok(None);
    }
    let bytes = include_bytes!("../../../../assets/geoid/geoid-n2000-helsinki.asc");
    Ok(Some((Grid::parse("geoid-n2000-helsinki.asc", bytes)?, N2000_CREDIT)))
}
