//! Reads forms: the fields as JSON, and the file.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use multer::{Constraints, Error, Multipart, SizeLimit};
use serde_json::{Value, json};

use crate::api_error::ApiError;
use crate::engine::state::State;
use crate::operations::call::Upload;
use crate::store::content::Reservation;

/// The part with the file.
const FILE: &str = "file";

/// Room for the other parts and for the heads of all, in bytes.
const MAX_FIELDS: u64 = 64 << 10;

/// Reads a form whose file has at most this many bytes, while the store has room for it.
///
/// The file is its name in the fields, so that they conform to the schema of the body.
pub(crate) async fn read(
    request: Request,
    max_file: usize,
    state: &State,
) -> Result<(Value, Option<Upload>), ApiError> {
    let content_type = request.headers().get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default())
        .map_err(|_| ApiError::invalid("Send the body as `multipart/form-data`."))?;
    let mut form = parts(request.into_body(), boundary, max_file as u64);
    let mut fields = json!({});
    let mut file = None;
    let totals = state.store().totals.clone();
    let failed = |error| api_error(&error, max_file);
    while let Some(mut part) = form.next_field().await.map_err(failed)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == FILE {
            let file_name = part.file_name().map(unescaped);
            let mut room = Reservation::new(&totals);
            let mut bytes = Vec::new();
            while let Some(chunk) = part.chunk().await.map_err(failed)? {
                state.reserve(&mut room, chunk.len())?;
                bytes.extend_from_slice(&chunk);
            }
            fields[FILE] = file_name.clone().unwrap_or_default().into();
            file = file_name.map(|name| Upload {
                name,
                bytes: bytes.into(),
                room: Arc::new(room),
            });
        } else {
            let text = part.text().await.map_err(failed)?;
            set(&mut fields, &name, text);
        }
    }
    Ok((fields, file))
}

fn parts(body: Body, boundary: String, max_file: u64) -> Multipart<'static> {
    let limit = SizeLimit::new()
        .for_field(FILE, max_file)
        .whole_stream(max_file.saturating_add(MAX_FIELDS));
    let constraints = Constraints::new().size_limit(limit);
    Multipart::with_constraints(body.into_data_stream(), boundary, constraints)
}

/// Sets a property, which is nested if the name is `object[property]`.
fn set(fields: &mut Value, name: &str, text: String) {
    let nested = name
        .split_once('[')
        .and_then(|(object, rest)| Some((object, rest.strip_suffix(']')?)));
    match nested {
        Some((object, property)) => {
            if !fields[object].is_object() {
                fields[object] = json!({});
            }
            // The only numbers in forms are nested.
            let number = text.parse::<i64>().map(Value::from);
            fields[object][property] = number.unwrap_or_else(|_| text.into());
        }
        None => fields[name] = text.into(),
    }
}

/// Reverts the escapes of the HTML standard in a file name.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"")
        .replace("%0D", "\r")
        .replace("%0A", "\n")
}

fn api_error(error: &Error, max_file: usize) -> ApiError {
    match error {
        Error::FieldSizeExceeded { .. } | Error::StreamSizeExceeded { .. } => {
            ApiError::body_too_large(max_file)
        }
        _ => ApiError::invalid(format!("Cannot read the form: {error}.")),
    }
}
