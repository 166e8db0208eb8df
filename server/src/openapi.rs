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
