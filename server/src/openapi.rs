//! What may be asked of the server, as `OpenAPI` 3.1.
//!
//! A description that is written beside the code is wrong within a month. So every handler carries its own note, the
//! router takes handlers with notes alone, and the document is put together from them when it is first asked for. What
//! holds of every address (problems, answers without a body) is added here, so that no handler has to say it again.

#![allow(unused_qualifications, reason = "what `utoipa` derives names types by their path")]

use crate::app;
use axum::body::Bytes;
use axum::http::HeaderValue;
use std::sync::LazyLock;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{
    ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, ResponseBuilder, ServerBuilder,
};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// `application/vnd.oai.openapi+json;version=3.1`, as OGC API - Common asks.
pub(crate) const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.oai.openapi+json;version=3.1");
/// The status codes of answers that are problems (RFC 9457).
const PROBLEMS: [(&str, &str); 2] = [
    ("4XX", "What was wrong with the request, and what is allowed"),
    ("5XX", "The answer cannot be given now"),
];

/// `f` where there is only JSON.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct JsonOnly {
    /// The format of the answer.
    #[param(inline)]
    f: Option<JsonFormat>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "the document alone reads it")]
enum JsonFormat {
    Json,
}

/// `f` where there is a page for people too.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct JsonOrHtml {
    /// The format of the answer, whatever `Accept` says.
    #[param(inline)]
    f: Option<PageFormat>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[allow(dead_code, reason = "the document alone reads it")]
enum PageFormat {
    Json,
    Html,
}

/// An address below a collection.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct CollectionPath {
    /// The collection's name, as `/collections` lists it.
    collectionId: String,
}

/// The address of a feature.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct FeaturePath {
    /// The collection's name, as `/collections` lists it.
    collectionId: String,
    /// The feature's id: its `gml:id`.
    featureId: String,
}

/// The address of a file.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct FilePath {
    /// The collection's name, as `/collections` lists it.
    collectionId: String,
    /// The file's name, as the tileset or a link gives it.
    name: String,
}

/// A link (RFC 8288), relative to the address of the document it stands in.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Link {
    /// Where it leads.
    href: String,
    /// What is there.
    rel: String,
    /// Its media type.
    r#type: Option<String>,
    /// What it is called.
    title: Option<String>,
}

/// A document that leads on.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Links {
    /// Where it leads.
    links: Vec<Link>,
}

/// What may be asked of `/collections`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct CollectionsParameters {
    /// Only collections that meet this box: west, south, east, north in degrees; or, with heights, west, south, lowest,
    /// east, north, highest.
    #[param(style = Form, explode = false, min_items = 4, max_items = 6)]
    bbox: Option<Vec<f64>>,
    /// The most collections.
    #[param(minimum = 1, maximum = 10000)]
    limit: Option<u32>,
    /// The format of the answer.
    #[param(inline)]
    f: Option<JsonFormat>,
}

/// What may be asked of `/items`, besides the properties.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct ItemsParameters {
    /// Only features whose footprint meets this box: west, south, east, north; or, with heights, west, south, lowest,
    /// east, north, highest. In the order of the axes of `bbox-crs`.
    #[param(style = Form, explode = false, min_items = 4, max_items = 6)]
    bbox: Option<Vec<f64>>,
    /// The reference system of `bbox`; CRS84 where nothing is said.
    #[param(rename = "bbox-crs", format = "uri")]
    bbox_crs: Option<String>,
    /// The reference system of the answer's coordinates, one that the collection lists; CRS84 where nothing is said.
    #[param(format = "uri")]
    crs: Option<String>,
    /// The most features of a page. Who asks for more than the greatest gets the greatest.
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: Option<u32>,
    /// Where the page before ended, from its `next` link.
    cursor: Option<String>,
    /// Only features that fulfil this condition, in CQL2 text.
    filter: Option<String>,
    /// The language of `filter`. `cql-text` is what drafts of the standard called it.
    #[param(rename = "filter-lang", inline)]
    filter_lang: Option<FilterLanguage>,
    /// The reference system of the geometries in `filter`; CRS84 where nothing is said.
    #[param(rename = "filter-crs", format = "uri")]
    filter_crs: Option<String>,
    /// Only features whose name, address or id hold words that begin with these, the best first.
    #[param(max_length = 200)]
    q: Option<String>,
    /// The properties to show.
    #[param(style = Form, explode = false)]
    properties: Option<Vec<String>>,
    /// Whether geometries are left out.
    skipGeometry: Option<bool>,
    /// A date, a time or an interval. Features have no temporal geometry, so every one matches.
    datetime: Option<String>,
    /// The format of the answer.
    #[param(inline)]
    f: Option<JsonFormat>,
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
enum FilterLanguage {
    #[schema(rename = "cql2-text")]
    Cql2Text,
    #[schema(rename = "cql-text")]
    CqlText,
}

/// The properties that the features of every collection may have, as parameters: only features with this value.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are CityGML's"
)]
pub(crate) struct CommonProperties {
    /// The `gml:id`.
    id: Option<String>,
    /// The layer.
    layer: Option<String>,
    /// The class of CityGML, for example `Building`.
    kind: Option<String>,
    /// The first `gml:name`.
    name: Option<String>,
    /// Street, number, postal code and town on one line.
    address: Option<String>,
    /// The id of what it is a part of.
    parent: Option<String>,
    /// The CityGML attribute `class`.
    class: Option<String>,
    /// The CityGML attribute `function`.
    function: Option<String>,
    /// The CityGML attribute `usage`.
    usage: Option<String>,
    /// The CityGML attribute `roofType`.
    roofType: Option<String>,
    /// The year of construction.
    yearOfConstruction: Option<i32>,
    /// The number of storeys above ground.
    storeysAboveGround: Option<i32>,
    /// The measured height in metres.
    measuredHeight: Option<f64>,
    /// The lowest point in metres in the city's vertical reference.
    ground: Option<f64>,
    /// The highest point in metres in the city's vertical reference.
    top: Option<f64>,
}

/// What may be asked of one feature.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct FeatureParameters {
    /// The reference system of the answer's coordinates, one that the collection lists; CRS84 where nothing is said.
    #[param(format = "uri")]
    crs: Option<String>,
    /// The format of the answer.
    #[param(inline)]
    f: Option<JsonFormat>,
}

/// The collections.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Collections {
    /// Where it leads.
    links: Vec<Link>,
    /// The collections, in the order of their names.
    collections: Vec<Collection>,
}

/// A collection: a city with its layers.
#[derive(ToSchema)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct Collection {
    /// Its name in addresses.
    id: String,
    /// Its title for people.
    title: String,
    /// Whom to credit.
    attribution: String,
    /// The licence, where it is known.
    license: Option<String>,
    /// `feature`
    itemType: String,
    /// How many features it has.
    itemCount: u64,
    /// Where it is.
    extent: Extent,
    /// The reference systems in which it can be asked for.
    crs: Vec<String>,
    /// The one in which it is stored.
    storageCrs: String,
    /// The one in which the city was given.
    sourceCrs: String,
    /// The layers and how many features each has.
    layers: Vec<Layer>,
    /// The date of the data, where it is known.
    updated: Option<String>,
    /// Where it leads.
    links: Vec<Link>,
}

/// Where a collection is.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Extent {
    /// In space.
    spatial: SpatialExtent,
}

/// Where a collection is in space.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct SpatialExtent {
    /// West, south, lowest, east, north, highest.
    bbox: Vec<Vec<f64>>,
    /// The reference system.
    crs: String,
}

/// A layer of a collection.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Layer {
    /// Its name.
    name: String,
    /// How many features it has.
    count: u64,
}

/// A page of features (RFC 7946, 3.3; OGC 17-069r4, 7.16).
#[derive(ToSchema)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct FeatureCollection {
    /// `FeatureCollection`
    #[schema(pattern = "^FeatureCollection$")]
    r#type: String,
    /// How many features this page has.
    numberReturned: u64,
    /// How many features match in all, where that is known.
    numberMatched: Option<u64>,
    /// The features.
    features: Vec<ListedFeature>,
    /// Where it leads.
    links: Vec<Link>,
}

/// A feature of a page (RFC 7946, 3.2).
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct ListedFeature {
    /// `Feature`
    #[schema(pattern = "^Feature$")]
    r#type: String,
    /// Its `gml:id`.
    id: String,
    /// West, south, lowest, east, north, highest: degrees, and metres above the ellipsoid.
    bbox: Option<Vec<f64>>,
    /// A `MultiPolygon`: what it covers of the ground.
    #[schema(required = true)]
    geometry: Option<std::collections::BTreeMap<String, serde_json::Value>>,
    /// What it says of itself; see the collection's schema.
    properties: std::collections::BTreeMap<String, serde_json::Value>,
}

/// A feature with where it leads: its parts, and the tiles that show it.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Feature {
    /// `Feature`
    #[schema(pattern = "^Feature$")]
    r#type: String,
    /// Its `gml:id`.
    id: String,
    /// West, south, lowest, east, north, highest: degrees, and metres above the ellipsoid.
    bbox: Option<Vec<f64>>,
    /// A `MultiPolygon`: what it covers of the ground.
    #[schema(required = true)]
    geometry: Option<std::collections::BTreeMap<String, serde_json::Value>>,
    /// What it says of itself; see the collection's schema.
    properties: std::collections::BTreeMap<String, serde_json::Value>,
    /// Where it leads.
    links: Vec<Link>,
}

/// What the server conforms to.
#[derive(ToSchema)]
#[allow(
    dead_code,
    non_snake_case,
    reason = "the document alone reads it; the names are OGC's"
)]
pub(crate) struct Conformance {
    /// Addresses of conformance classes.
    conformsTo: Vec<String>,
}

/// How the server is.
#[derive(ToSchema)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct Health {
    /// One word.
    status: String,
}

/// An error (RFC 9457).
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "the document alone reads it")]
pub(crate) struct ProblemDetails {
    /// What kind of problem; `about:blank` where the status says all.
    r#type: String,
    /// The status in words.
    title: String,
    /// The status code.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What was wrong and what is allowed.
    detail: String,
    /// The parameter that was wrong, where it was one.
    parameter: Option<String>,
    /// The address of the process that does what was asked for, where it can be ordered.
    process: Option<String>,
}

/// The document before any address is in it.
pub(crate) fn begun() -> OpenApi {
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").build();
    let info = InfoBuilder::new()
        .title("Kortteli")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "A 3D city as OGC 3D Tiles 1.1, every feature of it as GeoJSON, and downloads made of it. Every GET has a \
             HEAD. The licence of the data is that of each collection.",
        ))
        .license(Some(license))
        .build();
    let server = ServerBuilder::new()
        .url("./")
        .description(Some("Beside this document"))
        .build();
    OpenApiBuilder::new().info(info).servers(Some([server])).build()
}

/// The whole document.
fn document() -> OpenApi {
    let mut document = app::routes().into_openapi();
    let components = document.components.get_or_insert_default();
    components
        .schemas
        .insert("Problem".to_owned(), ProblemDetails::schema());
    // A template of `OpenAPI` has no mark for a tail that may hold slashes.
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        complete(&mut item);
        document.paths.paths.insert(path.replace("{*", "{"), item);
    }
    document
}

/// Adds what holds of every operation.
fn complete(item: &mut PathItem) {
    if let Some(get) = &mut item.get {
        let known = ResponseBuilder::new()
            .description("The client has it already, as `If-None-Match` says")
            .build();
        get.responses.responses.insert("304".to_owned(), known.into());
    }
    for operation in [&mut item.get, &mut item.post, &mut item.put, &mut item.delete]
        .into_iter()
        .flatten()
    {
        add_problems(operation);
    }
}

fn add_problems(operation: &mut Operation) {
    for (status, description) in PROBLEMS {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let problem = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content);
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| problem.build().into());
    }
}

/// The document as JSON.
pub(crate) fn json() -> Bytes {
    static JSON: LazyLock<Bytes> = LazyLock::new(|| {
        // A document of strings and lists is always JSON.
        let text = document().to_pretty_json().unwrap_or_default();
        Bytes::from(text)
    });
    JSON.clone()
}

/// The document as a value.
pub(crate) fn value() -> serde_json::Value {
    serde_json::to_value(document()).unwrap_or_default()
}
