//! The types of the schemas: selects what typify's types become.

use std::collections::BTreeMap;

use syn::{Item, ItemImpl, ItemStruct, parse_quote};

use super::syntax::{name_of, parameter_of, strip_json_schema};
use super::{enums, events, newtypes, object, structs, unions};
use crate::error::Error;
use crate::model::api::Api;
use crate::model::reference::type_name;
use crate::model::schema::{Kind, Schema};

/// The schemas by the names of their types.
type Schemas<'a> = BTreeMap<String, &'a Schema<'a>>;

/// Replaces typify's types.
pub fn emit(items: Vec<Item>, api: &Api) -> Result<Vec<Item>, Error> {
    let schemas: Schemas = api
        .schemas
        .iter()
        .map(|(name, schema)| (type_name(name), schema))
        .collect();
    let mut types = Vec::new();
    for item in items {
        match item {
            Item::Struct(item) => types.extend(structure(item, &schemas, api)?),
            Item::Enum(mut item) => {
                strip_json_schema(&mut item.attrs);
                let kind = schemas
                    .get(&item.ident.to_string())
                    .map(|schema| &schema.kind);
                types.extend(match kind {
                    Some(Kind::Tagged { tag, members }) => {
                        unions::tagged(&item.ident, &item.attrs, tag, members, api)
                    }
                    Some(Kind::Untagged) => {
                        let variants = item.variants.iter().map(|variant| &variant.fields);
                        unions::untagged(&item.ident, &item.attrs, variants, api)?
                    }
                    Some(Kind::Strings { values }) => enums::emit(&item, values),
                    _ => {
                        return Err(Error::at(
                            "#/components/schemas",
                            format!("the enum `{}` is not a named schema", item.ident),
                        ));
                    }
                });
            }
            Item::Impl(item) if !is_replaced(&item, &schemas) => types.push(Item::Impl(item)),
            _ => {}
        }
    }
    Ok(types)
}

fn structure(mut item: ItemStruct, schemas: &Schemas, api: &Api) -> Result<Vec<Item>, Error> {
    strip_json_schema(&mut item.attrs);
    let schema = schemas.get(&item.ident.to_string()).copied();
    // typify makes a newtype of a union with one member.
    match schema.map(|schema| &schema.kind) {
        Some(Kind::Tagged { tag, members }) => {
            return Ok(unions::tagged(&item.ident, &item.attrs, tag, members, api));
        }
        Some(Kind::Untagged) => {
            let newtype = std::iter::once(&item.fields);
            return unions::untagged(&item.ident, &item.attrs, newtype, api);
        }
        _ => {}
    }
    if schema.is_some_and(|schema| schema.kind == Kind::FreeForm) {
        let attributes = structs::attributes(&item, &[]);
        return Ok(newtypes::free_form(&item, &attributes));
    }
    let conversions = newtypes::map_conversions(&item);
    let mut implementations = Vec::new();
    if let Some(schema) = schema {
        let mut sent = api.requests.iter().map(|name| type_name(name));
        let is_sent = sent.any(|name| item.ident == name);
        let is_string_enum = |ty: &syn::Type| {
            let schema = name_of(ty).and_then(|name| schemas.get(&name).copied());
            schema.is_some_and(|schema| matches!(schema.kind, Kind::Strings { .. }))
        };
        structs::set_attributes(&mut item, schema, is_sent, is_string_enum);
        structs::add_fields(&mut item, schema);
        let facts = object::Facts {
            constants: schema.constants(),
            is_run: schema.object() == Some(events::RUN),
            is_member: is_member(&item.ident, api),
            is_string_enum: &is_string_enum,
        };
        implementations = object::emit(&item, &facts)?;
    }
    let mut items = vec![Item::Struct(item)];
    items.extend(implementations);
    items.extend(conversions);
    Ok(items)
}

/// Whether a type is a member of a tagged union.
fn is_member(name: &syn::Ident, api: &Api) -> bool {
    let mut kinds = api.schemas.values().map(|schema| &schema.kind);
    kinds.any(|kind| match kind {
        Kind::Tagged { members, .. } => {
            let mut members = members.iter();
            members.any(|member| *name == type_name(member.schema))
        }
        _ => false,
    })
}

/// Whether an impl of typify is replaced: `builder()`, and all that concerns enums and
/// free-form objects.
fn is_replaced(item: &ItemImpl, schemas: &Schemas) -> bool {
    let is_replaced = |ty: &syn::Type| {
        let schema = name_of(ty).and_then(|name| schemas.get(&name).copied());
        schema.is_some_and(|schema| !matches!(schema.kind, Kind::Object { .. } | Kind::Other))
    };
    let Some((path, _)) = &item.trait_ else {
        return true;
    };
    let as_type: syn::Type = parse_quote!(#path);
    is_replaced(&item.self_ty) || parameter_of(&as_type, "From").is_some_and(is_replaced)
}
