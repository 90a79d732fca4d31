//! `Merge`: adds a delta to the object that it belongs to, property by property.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Item, Type, parse_quote};

use super::super::runtime::{DELTA, OBJECT};
use super::super::syntax::{ident, named_type, parameter_of};
use super::definitions::{Definition, Definitions, Field, is_json, is_string, text};
use super::empty::Empties;
use super::index::Indexes;
use crate::error::Error;
use crate::model::api::Api;
use crate::model::events::payloads;
use crate::model::reference::{SCHEMAS, type_name};
use crate::model::schema::{MERGES_INTO, Member, Schema};

/// `Merge`, `Empty` and `Indexed` for the types of objects that grow.
pub fn emit(types: &[Item], api: &Api) -> Result<Vec<Item>, Error> {
    let definitions = Definitions::read(types, &api.schemas);
    let mut merges = Merges::new(&definitions, &api.schemas);
    for (object, delta) in pairs(api)? {
        merges.root(&type_name(object), &type_name(delta));
    }
    match merges.unpaired.first() {
        Some((at, reason)) => Err(Error::at(
            format!("{SCHEMAS}{at}"),
            format!("the deltas of this {reason}"),
        )),
        None => Ok(merges.into_items()),
    }
}

/// Each payload of deltas, with the payload that grows.
fn pairs<'a>(api: &Api<'a>) -> Result<Vec<(&'a str, &'a str)>, Error> {
    let payloads = payloads(api)?;
    let object = |payload: &str| api.schemas[payload].object();
    let pair = |delta: &'a str| {
        let grows = object(delta)?.strip_suffix(".delta")?;
        api.schemas[delta].value.get("properties")?.get("delta")?;
        let target = payloads
            .iter()
            .find(|payload| object(payload) == Some(grows))?;
        Some((*target, delta))
    };
    Ok(payloads.iter().filter_map(|delta| pair(delta)).collect())
}

/// Implements `Merge` for pairs of types, and what these implementations require.
struct Merges<'a> {
    definitions: &'a Definitions<'a>,
    schemas: &'a BTreeMap<&'a str, Schema<'a>>,
    known: BTreeSet<(String, String)>,
    /// The place of a property or member of a delta without a counterpart, and the reason.
    unpaired: Vec<(String, String)>,
    items: Vec<Item>,
    empties: Empties<'a>,
    indexes: Indexes<'a>,
}

/// A value: an expression that borrows it, and its type.
struct Value<'a> {
    expression: TokenStream,
    ty: &'a Type,
}

impl<'a> Value<'a> {
    fn new(expression: TokenStream, ty: &'a Type) -> Self {
        Self { expression, ty }
    }
}

impl<'a> Merges<'a> {
    /// Starts without implementations.
    fn new(definitions: &'a Definitions<'a>, schemas: &'a BTreeMap<&'a str, Schema<'a>>) -> Self {
        Self {
            definitions,
            schemas,
            known: BTreeSet::new(),
            unpaired: Vec::new(),
            items: Vec::new(),
            empties: Empties::new(definitions),
            indexes: Indexes::new(definitions),
        }
    }

    /// All implementations.
    fn into_items(self) -> Vec<Item> {
        let Self {
            mut items,
            empties,
            indexes,
            ..
        } = self;
        items.extend(empties.items);
        items.extend(indexes.items);
        items
    }

    /// Implements `Merge` for an object and its delta payload: the object grows by the
    /// property `delta`; the properties beside it identify the object.
    fn root(&mut self, object: &str, delta: &str) {
        let ty = &named_type(object);
        let (Some(Definition::Struct(targets)), Some(Definition::Struct(deltas))) =
            (self.definitions.get(object), self.definitions.get(delta))
        else {
            return;
        };
        if self.empties.require(ty) && self.known.insert((object.to_owned(), delta.to_owned())) {
            let is_inner = |field: &&Field| field.name == "delta";
            let beside = deltas.iter().filter(|field| !is_inner(field));
            let (extra, beside): (Vec<&Field>, Vec<&Field>) =
                beside.partition(|field| field.is_extra);
            let mut body = self.properties((object, targets), (delta, &beside));
            let target = targets.iter().find(|field| field.is_extra);
            if let (Some(to), [from]) = (target, &*extra) {
                let (to, from) = (to.ident, from.ident);
                body.extend(quote! {
                    #DELTA::replace_extra(&mut self.#to, &delta.#from, <Self as #OBJECT::Object>::field);
                });
            }
            if let Some(inner) = deltas.iter().find(is_inner) {
                let target = Value::new(quote!(&mut *self), ty);
                let delta = Value::new(quote!(&delta.delta), inner.ty);
                body.extend(self.merge("delta", target, delta));
            }
            self.implement(object, delta, &body);
        }
    }

    /// The statement that adds `delta` to `target`, unless their types are incompatible.
    fn merge(&mut self, property: &str, target: Value, delta: Value) -> Option<TokenStream> {
        let (to, from) = (&target.expression, &delta.expression);
        if let Some(inner) = parameter_of(delta.ty, "Option") {
            let body = self.merge(property, target, Value::new(quote!(delta), inner))?;
            return Some(quote!(if let Some(delta) = #from { #body }));
        }
        if let Some(inner) = parameter_of(delta.ty, "Box") {
            return self.merge(property, target, Value::new(quote!(&**#from), inner));
        }
        if let Some(inner) = self.definitions.newtype(delta.ty) {
            return self.merge(property, target, Value::new(quote!(&(#from).0), inner));
        }
        if let Some(inner) = parameter_of(target.ty, "Option") {
            let value = Value::new(quote!(#DELTA::made(#to)), inner);
            let body = self.merge(property, value, delta)?;
            return self.empties.require(inner).then_some(body);
        }
        if let Some(inner) = parameter_of(target.ty, "Box") {
            return self.merge(property, Value::new(quote!(&mut **#to), inner), delta);
        }
        if let Some(inner) = self.definitions.newtype(target.ty) {
            return self.merge(property, Value::new(quote!(&mut (#to).0), inner), delta);
        }

        let is_same = text(target.ty) == text(delta.ty);
        if is_same && is_string(target.ty) {
            return Some(quote!(#DELTA::text(#property, #to, #from);));
        }
        if is_same && is_json(target.ty) || self.pair(target.ty, delta.ty) {
            return Some(quote!(#DELTA::Merge::merge(#to, #from, holes)?;));
        }
        if let Some(item) = parameter_of(target.ty, "Vec")
            && let Some(more) = parameter_of(delta.ty, "Vec")
            && (!is_same || self.indexes.has_index(more))
            && self.pair(item, more)
            && self.empties.require(item)
        {
            self.indexes.require(item);
            self.indexes.require(more);
            return Some(quote!(#DELTA::list(#property, #to, #from, holes)?;));
        }
        let is = |container| parameter_of(target.ty, container).is_some();
        is_same.then(|| match () {
            () if is("Vec") => quote!(::std::vec::Vec::extend_from_slice(#to, #from);),
            // A missing map deserializes as empty and must not clear the other.
            () if is("BTreeMap") => quote!(::std::iter::Extend::extend(#to, (#from).clone());),
            () => quote!(::std::clone::Clone::clone_from(#to, #from);),
        })
    }

    /// Implements `Merge` for two structs or two tagged unions. Returns false for other types.
    fn pair(&mut self, target: &Type, delta: &Type) -> bool {
        let pair = (text(target), text(delta));
        let definitions = self.definitions;
        let (Some(to), Some(from)) = (definitions.get(&pair.0), definitions.get(&pair.1)) else {
            return false;
        };
        let is_compatible = matches!(
            (to, from),
            (Definition::Struct(_), Definition::Struct(_))
                | (Definition::Tagged(..), Definition::Tagged(..))
        );
        if is_compatible && self.known.insert(pair.clone()) {
            let body = match (to, from) {
                (Definition::Struct(targets), Definition::Struct(deltas)) => {
                    let deltas: Vec<&Field> = deltas.iter().collect();
                    self.properties((&pair.0, targets), (&pair.1, &deltas))
                }
                _ => self.members((&pair.0, to), (&pair.1, from)),
            };
            self.implement(&pair.0, &pair.1, &body);
        }
        is_compatible
    }

    /// The statements that add the properties of one struct to those of another.
    fn properties(
        &mut self,
        (target_name, targets): (&str, &[Field]),
        (delta_name, deltas): (&str, &[&Field]),
    ) -> TokenStream {
        let mut body = TokenStream::new();
        let objects = deltas
            .iter()
            .filter(|delta| self.is_object_or_list(delta.ty));
        let objects = objects.map(|delta| &delta.name);
        let objects = quote!(&[#(#objects),*]);
        // The index says which item of a list a delta belongs to.
        for delta in deltas.iter().filter(|delta| delta.name != "index") {
            let is_pair = |target: &&Field| target.name == delta.name;
            let reason = match targets.iter().find(is_pair) {
                Some(target) => {
                    let (to, from) = (target.ident, delta.ident);
                    if delta.is_extra {
                        body.extend(quote! {
                            #DELTA::extra(&mut self.#to, &delta.#from, <Self as #OBJECT::Object>::field, #objects, holes)?;
                        });
                        continue;
                    }
                    let to = Value::new(quote!(&mut self.#to), target.ty);
                    let from = Value::new(quote!(&delta.#from), delta.ty);
                    if let Some(statement) = self.merge(&delta.name, to, from) {
                        body.extend(statement);
                        continue;
                    }
                    format!("`{}` of {target_name} has another type", delta.name)
                }
                None => format!("{target_name} has no property `{}`", delta.name),
            };
            let at = format!("{delta_name}/properties/{}", delta.name);
            let reason = format!("property would be lost: {reason}");
            self.unpaired.push((at, reason));
        }
        body
    }

    /// Whether a property is an object or a list of the document, so that a text is malformed.
    fn is_object_or_list(&self, ty: &Type) -> bool {
        let inner = parameter_of(ty, "Option").or_else(|| parameter_of(ty, "Box"));
        match inner.or_else(|| self.definitions.newtype(ty)) {
            Some(inner) => self.is_object_or_list(inner),
            None => {
                parameter_of(ty, "Vec").is_some()
                    || matches!(self.definitions.of(ty), Some(Definition::Struct(_)))
            }
        }
    }

    /// The statements that add a member of one union to a member of another. A target with
    /// another variant is replaced. A member without a tag continues the one that is there.
    fn members(
        &mut self,
        (target_name, to): (&str, &Definition),
        (delta_name, from): (&str, &Definition),
    ) -> TokenStream {
        let (Definition::Tagged(targets, unknown), Definition::Tagged(deltas, unknown_delta)) =
            (to, from)
        else {
            return TokenStream::new();
        };
        let union = ident(delta_name);
        let (mut arms, mut untyped) = (Vec::new(), Vec::new());
        for delta in deltas.iter() {
            let continued = self.schemas[delta.schema].value.get(MERGES_INTO);
            let continued = continued.and_then(serde_json::Value::as_str);
            let tag = continued.unwrap_or(delta.tag);
            let Some(target) = targets.iter().find(|target| target.tag == tag) else {
                let at = format!("{delta_name}/discriminator/mapping/{}", delta.tag);
                let reason = format!("member would be lost: {target_name} has no member `{tag}`");
                self.unpaired.push((at, reason));
                continue;
            };
            let ty = &named_type(&type_name(target.schema));
            let from = &named_type(&type_name(delta.schema));
            let to = Value::new(quote!(target), ty);
            let body = self.merge("", to, Value::new(quote!(delta), from));
            let Some(body) = body.filter(|_| self.empties.require(ty)) else {
                continue;
            };
            let (variant, own_tag, own) = (variant(target), delta.tag, self::variant(delta));
            arms.push(quote! {
                #union::#own(delta) => {
                    if !::std::matches!(self, Self::#variant(_)) {
                        let empty = Self::#variant(#DELTA::Empty::empty());
                        if let (Self::#unknown(before), Self::#variant(target)) =
                            (::std::mem::replace(self, empty), &mut *self)
                        {
                            #DELTA::member::<#from, _>(target, #own_tag, &before, holes)?;
                        }
                    }
                    if let Self::#variant(target) = self {
                        #body
                    }
                }
            });
            if continued.is_none() {
                untyped.push(quote! {
                    Self::#variant(target) => #DELTA::member::<#from, _>(target, #tag, delta, holes)?
                });
            }
        }
        let rest = (arms.len() < deltas.len()).then(|| quote!(_ => {}));
        quote! {
            match delta {
                #union::#unknown_delta(delta) => {
                    let is_merged = match self {
                        #(#untyped,)*
                        _ => false,
                    };
                    if !is_merged {
                        if !::std::matches!(self, Self::#unknown(_)) {
                            *self = Self::#unknown(#DELTA::Empty::empty());
                        }
                        if let Self::#unknown(target) = self {
                            #DELTA::Merge::merge(target, delta, holes)?;
                        }
                    }
                }
                #(#arms)*
                #rest
            }
        }
    }

    fn implement(&mut self, target: &str, delta: &str, body: &TokenStream) {
        let (target, ty) = (ident(target), ident(delta));
        let delta = ident(if body.is_empty() { "_delta" } else { "delta" });
        let has_lists = body.to_string().contains("holes");
        let holes = ident(if has_lists { "holes" } else { "_holes" });
        self.items.push(parse_quote! {
            impl #DELTA::Merge<#ty> for #target {
                fn merge(
                    &mut self,
                    #delta: &#ty,
                    #holes: &mut #DELTA::Holes,
                ) -> ::std::result::Result<(), #DELTA::TooFar> {
                    #body
                    Ok(())
                }
            }
        });
    }
}

fn variant(member: &Member) -> Ident {
    ident(&member.variant)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_support::{
        self, constant, growing_document, implementations, refer, streaming_document,
    };

    #[test]
    fn objects_with_delta_events_grow_property_by_property() {
        let document = growing_document(
            json!({ "text": { "type": "string" }, "count": { "type": "integer" }, "here": { "type": "string" } }),
            json!({ "text": { "type": "string" }, "count": { "type": "integer" } }),
            json!({}),
        );
        let merges = implementations(&document, "Merge");
        assert_eq!(
            merges.keys().collect::<Vec<_>>(),
            ["ThingObject<ThingDelta>", "ThingObject<ThingDeltaObject>"]
        );
        let body = &merges["ThingObject<ThingDelta>"];
        assert!(
            body.contains(
                r#"crate::json::merge::text("text",crate::json::merge::made(&mutself.text),delta);"#
            ),
            "{body}"
        );
        assert!(
            body.contains("Clone::clone_from(crate::json::merge::made(&mutself.count),delta);"),
            "{body}"
        );
        assert!(!body.contains("here"), "{body}");
        assert_eq!(
            merges["ThingObject<ThingDeltaObject>"],
            "{crate::json::merge::text(\"id\",&mutself.id,&delta.id);crate::json::merge::replace_extra(&mutself.extra,&delta.extra,<Selfascrate::json::object::Object>::field);\
             ifletSome(delta)=&delta.delta{crate::json::merge::Merge::merge(&mut*self,delta,holes)?;}Ok(())}"
        );
    }

    #[test]
    fn objects_without_delta_events_do_not_grow() {
        for of in ["Merge", "Empty", "Indexed"] {
            assert!(implementations(&streaming_document(), of).is_empty());
        }
    }

    #[test]
    fn deltas_without_object_or_properties_are_ignored() {
        let mut document = growing_document(json!({}), json!({}), json!({}));
        let schemas = &mut document["components"]["schemas"];
        schemas["ThingObject"]["properties"]["object"] = constant("other");
        schemas["ThingDelta"] = json!({ "type": "string" });
        schemas["OtherEvent"] = test_support::object(
            json!({ "event": constant("other"), "data": refer("Status") }),
            &["event", "data"],
        );
        schemas["Status"] = json!({ "type": "string", "enum": ["a", "b"] });
        schemas["ThingEvent"]["oneOf"]
            .as_array_mut()
            .expect("a list")
            .push(refer("OtherEvent"));
        schemas["ThingEvent"]["discriminator"]["mapping"]["other"] =
            "#/components/schemas/OtherEvent".into();
        assert!(implementations(&document, "Merge").is_empty());
    }

    #[test]
    fn a_delta_property_that_would_be_lost_is_an_error() {
        let text = json!({ "type": "string" });
        let object = json!({
            "a": text, "b": { "type": "array", "items": text }, "c": refer("Status"), "d": refer("Part"), "e": { "type": "number" },
        });
        for (property, schema, reason) in [
            (
                "a",
                json!({ "type": "integer" }),
                "`a` of ThingObject has another type",
            ),
            ("b", text.clone(), "`b` of ThingObject has another type"),
            ("c", text.clone(), "`c` of ThingObject has another type"),
            (
                "d",
                json!({ "type": "object" }),
                "`d` of ThingObject has another type",
            ),
            (
                "e",
                json!({ "type": "array", "items": text }),
                "`e` of ThingObject has another type",
            ),
            ("f", text.clone(), "ThingObject has no property `f`"),
        ] {
            let document = growing_document(
                object.clone(),
                json!({ property: schema }),
                json!({
                    "Status": { "type": "string", "enum": ["a", "b"] },
                    "Part": test_support::object(json!({ "text": text }), &[]),
                }),
            );
            assert_eq!(
                test_support::error(&document),
                format!(
                    "at #/components/schemas/ThingDelta/properties/{property}: the deltas of this property would be lost: {reason}"
                )
            );
        }
    }

    #[test]
    fn both_sides_may_be_optional() {
        let text = json!({ "type": "string" });
        let mut document = growing_document(
            json!({ "a": text, "b": text, "c": text, "d": text }),
            json!({ "a": text, "b": text, "c": text, "d": text }),
            json!({}),
        );
        let schemas = &mut document["components"]["schemas"];
        schemas["ThingObject"]["required"] = json!(["id", "object", "a", "b"]);
        schemas["ThingDelta"]["required"] = json!(["a", "c"]);
        assert_eq!(
            implementations(&document, "Merge")["ThingObject<ThingDelta>"],
            "{crate::json::merge::text(\"a\",&mutself.a,&delta.a);\
             ifletSome(delta)=&delta.b{crate::json::merge::text(\"b\",&mutself.b,delta);}\
             crate::json::merge::text(\"c\",crate::json::merge::made(&mutself.c),&delta.c);\
             ifletSome(delta)=&delta.d{crate::json::merge::text(\"d\",crate::json::merge::made(&mutself.d),delta);}\
             crate::json::merge::extra(&mutself.extra,&delta.extra,<Selfascrate::json::object::Object>::field,&[],holes)?;Ok(())}"
        );
    }

    #[test]
    fn a_list_grows_by_index_or_at_its_end() {
        let list = |of: Value| json!({ "type": "array", "items": of });
        let text = json!({ "type": "string" });
        let document = growing_document(
            json!({ "indexed": list(refer("Part")), "parts": list(refer("Part")), "texts": list(text.clone()) }),
            json!({ "indexed": list(refer("PartDelta")), "parts": list(refer("Part")), "texts": list(text.clone()) }),
            json!({
                "Part": test_support::object(json!({ "text": text }), &[]),
                "PartDelta": test_support::object(json!({ "index": { "type": "integer" }, "text": text }), &["index"]),
            }),
        );
        let merges = implementations(&document, "Merge");
        let body = &merges["ThingObject<ThingDelta>"];
        assert_eq!(
            body.matches("crate::json::merge::list(").count(),
            1,
            "{body}"
        );
        assert_eq!(
            body.matches("::std::vec::Vec::extend_from_slice(").count(),
            2,
            "{body}"
        );
        assert!(merges.contains_key("Part<PartDelta>"));
        assert_eq!(
            implementations(&document, "Indexed")["PartDelta"],
            "{self.index.map(::std::convert::Into::into)}"
        );
        assert!(implementations(&document, "Empty").contains_key("Part"));
    }

    #[test]
    fn items_without_an_index_have_the_id_of_both_sides() {
        let list = |of: Value| json!({ "type": "array", "items": of });
        let text = json!({ "type": "string" });
        let document = growing_document(
            json!({ "parts": list(refer("Part")) }),
            json!({ "parts": list(refer("PartDelta")) }),
            json!({
                "Part": test_support::object(json!({ "id": text, "text": text }), &["id"]),
                "PartDelta": test_support::object(json!({ "id": text, "text": text }), &[]),
            }),
        );
        let items = implementations(&document, "Indexed");
        assert_eq!(items["Part"], "{Some(&self.id)}");
        assert_eq!(items["PartDelta"], "{self.id.as_deref()}");
    }

    #[test]
    fn a_text_in_place_of_an_object_or_list_is_merged() {
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let text = json!({ "type": "string" });
        let properties = json!({ "list": list, "part": refer("Part"), "text": text });
        let document = growing_document(
            properties.clone(),
            properties,
            json!({ "Part": test_support::object(json!({ "text": text }), &[]) }),
        );
        let body = &implementations(&document, "Merge")["ThingObject<ThingDelta>"];
        assert!(
            body.contains(r#"::field,&["list","part"],holes)?"#),
            "{body}"
        );
    }

    #[test]
    fn a_map_grows_by_its_entries() {
        let map = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
        let document = growing_document(
            json!({ "labels": refer("Labels"), "map": map }),
            json!({ "labels": refer("Labels"), "map": map }),
            json!({ "Labels": map }),
        );
        let body = &implementations(&document, "Merge")["ThingObject<ThingDelta>"];
        assert_eq!(
            body.matches("::std::iter::Extend::extend(").count(),
            2,
            "{body}"
        );
    }

    /// A document with a union of two parts. Its deltas are texts and this member.
    fn document_of_parts(sound: Value) -> Value {
        let union = |of: &[(&str, &str)]| {
            let mapping: Value = of
                .iter()
                .map(|(tag, schema)| {
                    (
                        (*tag).to_owned(),
                        format!("#/components/schemas/{schema}").into(),
                    )
                })
                .collect::<serde_json::Map<_, _>>()
                .into();
            json!({
                "oneOf": of.iter().map(|(_, schema)| refer(schema)).collect::<Vec<_>>(),
                "discriminator": { "propertyName": "type", "mapping": mapping },
            })
        };
        growing_document(
            json!({ "part": refer("Part") }),
            json!({ "part": refer("PartDelta") }),
            json!({
                "Text": member("text"),
                "Image": member("image"),
                "TextDelta": member("text"),
                "SoundDelta": sound,
                "Part": union(&[("text", "Text"), ("image", "Image")]),
                "PartDelta": union(&[("text", "TextDelta"), ("sound", "SoundDelta")]),
            }),
        )
    }

    fn member(tag: &str) -> Value {
        test_support::object(
            json!({ "type": constant(tag), "text": { "type": "string" } }),
            &["type"],
        )
    }

    #[test]
    fn a_union_grows_member_by_member() {
        let mut sound = member("sound");
        sound["x-merges-into"] = "text".into();
        let document = document_of_parts(sound);
        let arm = |variant: &str, tag: &str| {
            format!(
                "PartDelta::{variant}(delta)=>{{if!::std::matches!(self,Self::Text(_)){{\
                 letempty=Self::Text(crate::json::merge::Empty::empty());\
                 iflet(Self::Unknown(before),Self::Text(target))=(::std::mem::replace(self,empty),&mut*self){{\
                 crate::json::merge::member::<{variant}Delta,_>(target,\"{tag}\",&before,holes)?;}}}}\
                 ifletSelf::Text(target)=self{{crate::json::merge::Merge::merge(target,delta,holes)?;}}}}"
            )
        };
        assert_eq!(
            implementations(&document, "Merge")["Part<PartDelta>"],
            format!(
                "{{matchdelta{{PartDelta::Unknown(delta)=>{{\
                 letis_merged=matchself{{Self::Text(target)=>crate::json::merge::member::<TextDelta,_>(target,\"text\",delta,holes)?,_=>false,}};\
                 if!is_merged{{if!::std::matches!(self,Self::Unknown(_)){{*self=Self::Unknown(crate::json::merge::Empty::empty());}}\
                 ifletSelf::Unknown(target)=self{{crate::json::merge::Merge::merge(target,delta,holes)?;}}}}}}\
                 {}{}}}Ok(())}}",
                arm("Sound", "sound"),
                arm("Text", "text"),
            )
        );
        assert_eq!(
            implementations(&document, "Empty")["Part"],
            "{Self::Unknown(::serde_json::Value::Null)}"
        );
    }

    #[test]
    fn a_delta_member_that_would_be_lost_is_an_error() {
        assert_eq!(
            test_support::error(&document_of_parts(member("sound"))),
            "at #/components/schemas/PartDelta/discriminator/mapping/sound: the deltas of this member would be lost: Part has no member `sound`"
        );
    }

    #[test]
    fn recursive_objects_grow() {
        let node = |index: Value| {
            let mut node = test_support::object(
                json!({ "text": { "type": "string" }, "nodes": { "type": "array", "items": refer("Node") } }),
                &[],
            );
            node["properties"]["next"] = index;
            node
        };
        let document = growing_document(
            json!({ "node": refer("Node") }),
            json!({ "node": refer("Node") }),
            json!({ "Node": node(refer("Node")) }),
        );
        let body = &implementations(&document, "Merge")["Node<Node>"];
        assert!(
            body.contains(
                "crate::json::merge::Merge::merge(&mut**crate::json::merge::made(&mutself.next),&**delta,holes)?;"
            ),
            "{body}"
        );
    }
}
