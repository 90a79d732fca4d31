//! Deltas: how an object of the document grows by the deltas that streams bring.
//!
//! `MessageDeltaObject.delta` mirrors `MessageObject` schema by schema. From the pairs of
//! event payloads (`thread.message` and `thread.message.delta`) this goes down property
//! by property, and generates `Merge` for each pair of types on the way. How strings,
//! lists and JSON grow is handwritten: `src/delta.rs`. A property that the object lacks, or
//! that is of another type there, is passed over: the object comes whole in the end.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{Fields, Item, Type, parse_quote};

use super::super::api::{Api, Kind, Member, type_name};
use super::super::{Error, events};
use super::types::rename;
use super::{ident, parameter_of};

/// `Merge` for what grows, and what that needs.
pub fn implementations(types: &[Item], api: &Api) -> Result<Vec<Item>, Error> {
    let mut deltas = Deltas {
        shapes: &shapes(types, api),
        merges: BTreeSet::new(),
        empties: BTreeMap::new(),
        indexes: BTreeSet::new(),
        items: Vec::new(),
    };
    for (object, delta) in pairs(api)? {
        deltas.root(&type_name(object), &type_name(delta));
    }
    Ok(deltas.items)
}

/// The payloads that grow, each with the payload that it grows by.
fn pairs<'a>(api: &Api<'a>) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let payloads = events::payloads(api)?;
    let pair = |delta: &'a str| {
        let grows = events::object(api, delta)?.strip_suffix(".delta")?;
        api.schemas[delta].value.get("properties")?.get("delta")?;
        let object = payloads
            .iter()
            .find(|payload| events::object(api, payload) == Some(grows))?;
        Some((*object, delta))
    };
    Ok(payloads.iter().filter_map(|delta| pair(delta)).collect())
}

/// A finished type, as far as deltas go.
enum Shape<'a> {
    Struct(Vec<Field<'a>>),
    Newtype(&'a Type),
    /// A tagged union, with the variant for what is unknown.
    Tagged(&'a [Member<'a>], &'a Ident),
    /// A union by the JSON type of the value, with the variant for what is unknown.
    Untagged(&'a Ident),
    Strings,
}

struct Field<'a> {
    ident: &'a Ident,
    /// The name on the wire.
    name: String,
    ty: &'a Type,
}

fn shapes<'a>(types: &'a [Item], api: &'a Api) -> BTreeMap<String, Shape<'a>> {
    let kinds: BTreeMap<String, &Kind> = api
        .schemas
        .iter()
        .map(|(name, schema)| (type_name(name), &schema.kind))
        .collect();
    let shape = |item: &'a Item| match item {
        Item::Struct(item) => {
            let shape = match &item.fields {
                Fields::Unnamed(fields) => Shape::Newtype(&fields.unnamed.first()?.ty),
                fields => Shape::Struct(fields.iter().filter_map(field).collect()),
            };
            Some((item.ident.to_string(), shape))
        }
        Item::Enum(item) => {
            let name = item.ident.to_string();
            let unknown = &item.variants.last()?.ident;
            let shape = match *kinds.get(&name)? {
                Kind::Tagged { members, .. } => Shape::Tagged(members, unknown),
                Kind::Untagged => Shape::Untagged(unknown),
                Kind::Strings { .. } => Shape::Strings,
                _ => return None,
            };
            Some((name, shape))
        }
        _ => None,
    };
    types.iter().filter_map(shape).collect()
}

fn field(field: &syn::Field) -> Option<Field<'_>> {
    let ident = field.ident.as_ref()?;
    let renamed = field.attrs.iter().find_map(rename);
    Some(Field {
        ident,
        name: renamed.unwrap_or_else(|| ident.to_string()),
        ty: &field.ty,
    })
}

/// Where a value is, as an expression of a reference to it, and its type.
struct Place<'a> {
    at: TokenStream,
    ty: &'a Type,
}

impl<'a> Place<'a> {
    fn new(at: TokenStream, ty: &'a Type) -> Self {
        Self { at, ty }
    }
}

struct Deltas<'a> {
    shapes: &'a BTreeMap<String, Shape<'a>>,
    /// What is there, or is being made.
    merges: BTreeSet<(String, String)>,
    /// Whether a type can be made of nothing.
    empties: BTreeMap<String, bool>,
    indexes: BTreeSet<String>,
    items: Vec<Item>,
}

impl<'a> Deltas<'a> {
    /// The object grows by `delta.delta`. What is beside that, tells which object it is.
    fn root(&mut self, object: &str, delta: &str) {
        let ty = &named(object);
        let (Some(Shape::Struct(targets)), Some(Shape::Struct(deltas))) =
            (self.shapes.get(object), self.shapes.get(delta))
        else {
            return;
        };
        if self.empty(ty) && self.merges.insert((object.to_owned(), delta.to_owned())) {
            let mut body = self.properties(targets, deltas);
            if let Some(inner) = deltas.iter().find(|field| field.name == "delta") {
                let target = Place::new(quote!(&mut *self), ty);
                let delta = Place::new(quote!(&delta.delta), inner.ty);
                body.extend(self.merge("delta", target, delta));
            }
            self.implement(object, delta, &body);
        }
    }

    /// What adds `delta` to `target`; nothing where their types do not go together.
    fn merge(&mut self, property: &str, target: Place, delta: Place) -> Option<TokenStream> {
        let (to, from) = (&target.at, &delta.at);
        if let Some(inner) = parameter_of(delta.ty, "Option") {
            let body = self.merge(property, target, Place::new(quote!(delta), inner))?;
            return Some(quote!(if let Some(delta) = #from { #body }));
        }
        if let Some(inner) = parameter_of(delta.ty, "Box") {
            return self.merge(property, target, Place::new(quote!(&**#from), inner));
        }
        if let Some(inner) = self.newtype(delta.ty) {
            return self.merge(property, target, Place::new(quote!(&(#from).0), inner));
        }
        if let Some(inner) = parameter_of(target.ty, "Option") {
            let made = Place::new(quote!(crate::delta::made(#to)), inner);
            let body = self.merge(property, made, delta)?;
            return self.empty(inner).then_some(body);
        }
        if let Some(inner) = parameter_of(target.ty, "Box") {
            return self.merge(property, Place::new(quote!(&mut **#to), inner), delta);
        }
        if let Some(inner) = self.newtype(target.ty) {
            return self.merge(property, Place::new(quote!(&mut (#to).0), inner), delta);
        }

        let is_same = spelled(target.ty) == spelled(delta.ty);
        if is_same && is_text(target.ty) {
            return Some(quote!(crate::delta::text(#property, #to, #from);));
        }
        if is_same && is_json(target.ty) || self.pair(target.ty, delta.ty) {
            return Some(quote!(crate::delta::Merge::merge(#to, #from, holes)?;));
        }
        if let Some(item) = parameter_of(target.ty, "Vec")
            && let Some(more) = parameter_of(delta.ty, "Vec")
            && (!is_same || self.has_index(more))
            && self.pair(item, more)
            && self.empty(item)
        {
            self.index(more);
            return Some(quote!(crate::delta::list(#to, #from, holes)?;));
        }
        let is = |container| parameter_of(target.ty, container).is_some();
        is_same.then(|| match () {
            () if is("Vec") => quote!(::std::vec::Vec::extend_from_slice(#to, #from);),
            // One that is missing decodes as empty: it must not empty the other.
            () if is("BTreeMap") => quote!(::std::iter::Extend::extend(#to, (#from).clone());),
            () => quote!(::std::clone::Clone::clone_from(#to, #from);),
        })
    }

    /// Whether one grows by the other piece by piece.
    fn pair(&mut self, target: &Type, delta: &Type) -> bool {
        let pair = (spelled(target), spelled(delta));
        let shapes = (self.shapes.get(&pair.0), self.shapes.get(&pair.1));
        let (Some(shape), Some(of_delta)) = shapes else {
            return false;
        };
        let fits = matches!(
            (shape, of_delta),
            (Shape::Struct(_), Shape::Struct(_)) | (Shape::Tagged(..), Shape::Tagged(..))
        );
        if fits && self.merges.insert(pair.clone()) {
            let body = match (shape, of_delta) {
                (Shape::Struct(targets), Shape::Struct(deltas)) => self.properties(targets, deltas),
                _ => self.members(shape, &ident(&pair.1), of_delta),
            };
            self.implement(&pair.0, &pair.1, &body);
        }
        fits
    }

    /// What adds the properties of one struct to those of another.
    fn properties(&mut self, targets: &[Field], deltas: &[Field]) -> TokenStream {
        let mut body = TokenStream::new();
        for delta in deltas {
            let Some(target) = targets.iter().find(|target| target.name == delta.name) else {
                continue;
            };
            let (to, from) = (target.ident, delta.ident);
            let to = Place::new(quote!(&mut self.#to), target.ty);
            let from = Place::new(quote!(&delta.#from), delta.ty);
            body.extend(self.merge(&delta.name, to, from));
        }
        body
    }

    /// What adds a member of one union to a member of another. Where that is of another
    /// kind, it makes room.
    fn members(&mut self, shape: &Shape, union: &Ident, of_delta: &Shape) -> TokenStream {
        let (Shape::Tagged(targets, unknown), Shape::Tagged(deltas, unknown_delta)) =
            (shape, of_delta)
        else {
            return TokenStream::new();
        };
        let arm = |delta: &Ident, target: &Ident, body: TokenStream| {
            quote! {
                #union::#delta(delta) => {
                    if !::std::matches!(self, Self::#target(_)) {
                        *self = Self::#target(crate::delta::Empty::empty());
                    }
                    if let Self::#target(target) = self {
                        #body
                    }
                }
            }
        };
        let json = quote!(crate::delta::Merge::merge(target, delta, holes)?;);
        let mut arms = vec![arm(unknown_delta, unknown, json)];
        for delta in deltas.iter() {
            let Some(target) = targets.iter().find(|target| target.tag == delta.tag) else {
                continue;
            };
            let ty = &named(&type_name(target.schema));
            let from = &named(&type_name(delta.schema));
            let to = Place::new(quote!(target), ty);
            let body = self.merge("", to, Place::new(quote!(delta), from));
            if let Some(body) = body.filter(|_| self.empty(ty)) {
                let variant = variant(delta);
                arms.push(arm(&variant, &variant, body));
            }
        }
        let rest = (arms.len() <= deltas.len()).then(|| quote!(_ => {}));
        quote!(match delta { #(#arms)* #rest })
    }

    fn implement(&mut self, target: &str, delta: &str, body: &TokenStream) {
        let (target, ty) = (ident(target), ident(delta));
        let delta = ident(if body.is_empty() { "_delta" } else { "delta" });
        let has_lists = body.to_string().contains("holes");
        let holes = ident(if has_lists { "holes" } else { "_holes" });
        self.items.push(parse_quote! {
            impl crate::delta::Merge<#ty> for #target {
                fn merge(
                    &mut self,
                    #delta: &#ty,
                    #holes: &mut crate::delta::Holes,
                ) -> ::std::result::Result<(), crate::delta::TooFar> {
                    #body
                    Ok(())
                }
            }
        });
    }

    /// Makes it known what a value is before its first delta; false if nothing can be.
    fn empty(&mut self, ty: &Type) -> bool {
        let name = spelled(ty);
        if let Some(known) = self.empties.get(&name) {
            return *known;
        }
        let Some(shape) = self.shapes.get(&name) else {
            return match parameter_of(ty, "Box") {
                Some(inner) => self.empty(inner),
                None => is_empty_by_default(ty),
            };
        };
        // An object may be in itself, at a place that is empty at first.
        self.empties.insert(name.clone(), true);
        let value = match shape {
            Shape::Struct(fields) => {
                let names = fields.iter().map(|field| field.ident);
                fields
                    .iter()
                    .all(|field| self.empty(field.ty))
                    .then(|| quote!(Self { #(#names: crate::delta::Empty::empty()),* }))
            }
            Shape::Newtype(inner) => self
                .empty(inner)
                .then(|| quote!(Self(crate::delta::Empty::empty()))),
            Shape::Tagged(_, unknown) | Shape::Untagged(unknown) => {
                Some(quote!(Self::#unknown(::serde_json::Value::Null)))
            }
            Shape::Strings => Some(quote!(::std::convert::From::from(""))),
        };
        let ty = ident(&name);
        self.empties.insert(name, value.is_some());
        self.items.extend(value.iter().map(|value| -> Item {
            parse_quote! {
                impl crate::delta::Empty for #ty {
                    fn empty() -> Self {
                        #value
                    }
                }
            }
        }));
        value.is_some()
    }

    /// Whether an item of a list says which one it is.
    fn has_index(&self, ty: &Type) -> bool {
        match self.shapes.get(&spelled(ty)) {
            Some(Shape::Struct(fields)) => fields.iter().any(is_index),
            Some(Shape::Tagged(members, _)) => members
                .iter()
                .any(|member| self.has_index(&named(&type_name(member.schema)))),
            _ => false,
        }
    }

    /// Makes it known which item of a list this one is.
    fn index(&mut self, ty: &Type) {
        let name = spelled(ty);
        if !self.indexes.insert(name.clone()) {
            return;
        }
        let index = match self.shapes.get(&name) {
            Some(Shape::Struct(fields)) => {
                fields.iter().find(|field| is_index(field)).map(|field| {
                    match parameter_of(field.ty, "Option") {
                        Some(_) => quote!(self.index.map(::std::convert::Into::into)),
                        None => quote!(Some(self.index.into())),
                    }
                })
            }
            Some(Shape::Tagged(members, unknown)) => {
                let variants: Vec<Ident> = members.iter().map(variant).collect();
                for member in *members {
                    self.index(&named(&type_name(member.schema)));
                }
                Some(quote! {
                    match self {
                        #(Self::#variants(delta) => crate::delta::Indexed::index(delta),)*
                        Self::#unknown(delta) => crate::delta::Indexed::index(delta),
                    }
                })
            }
            _ => None,
        };
        let index = index.map(|index| {
            quote! {
                fn index(&self) -> ::std::option::Option<i128> {
                    #index
                }
            }
        });
        let ty = ident(&name);
        self.items
            .push(parse_quote!(impl crate::delta::Indexed for #ty { #index }));
    }

    fn newtype(&self, ty: &Type) -> Option<&'a Type> {
        match self.shapes.get(&spelled(ty))? {
            Shape::Newtype(inner) => Some(inner),
            _ => None,
        }
    }
}

fn variant(member: &Member) -> Ident {
    ident(&member.tag.to_upper_camel_case())
}

fn is_index(field: &Field) -> bool {
    let ty = parameter_of(field.ty, "Option").unwrap_or(field.ty);
    field.name == "index" && spelled(ty) == "i64"
}

fn is_text(ty: &Type) -> bool {
    spelled(ty) == "::std::string::String"
}

fn is_json(ty: &Type) -> bool {
    let spelled = spelled(ty);
    spelled == "::serde_json::Value" || spelled.starts_with("::serde_json::Map<")
}

/// Those of the types outside the document for which the runtime says what empty is.
fn is_empty_by_default(ty: &Type) -> bool {
    let is_container = ["Option", "Vec", "BTreeMap"]
        .iter()
        .any(|container| parameter_of(ty, container).is_some());
    is_container
        || is_text(ty)
        || is_json(ty)
        || matches!(
            spelled(ty).as_str(),
            "bool" | "i64" | "f32" | "f64" | "crate::Timestamp"
        )
}

fn named(name: &str) -> Type {
    let name = ident(name);
    parse_quote!(#name)
}

/// A type as text; one of the document by its name.
fn spelled(ty: &Type) -> String {
    ty.to_token_stream().to_string().replace(' ', "")
}
