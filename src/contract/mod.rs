//! What outsiders may rely on: the topics as AsyncAPI 3.1, the HTTP surface as OpenAPI 3.1.
//!
//! In come the topics, headers, paths, refusals, limits and shapes of the stages; out go two
//! documents that refer to the events' JSON Schemas. It must never say of the relay what a
//! stage does not say of itself: names, codes and numbers are taken from them.

mod asyncapi;
mod channels;
mod headers;
mod messages;
mod openapi;
mod requests;
mod responses;
mod roles;
mod sent;
mod shapes;

pub use asyncapi::asyncapi;
pub use openapi::openapi;
pub use shapes::whole;

/// The file of the document of the topics, beside the schemas.
pub const ASYNCAPI_FILE: &str = "asyncapi.json";
/// The file of the document of the HTTP surface, beside the schemas.
pub const OPENAPI_FILE: &str = "openapi.json";

/// The version that the documents describe: the program's own.
const VERSION: &str = env!("CARGO_PKG_VERSION");
