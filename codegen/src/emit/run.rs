//! The methods that follow runs. The module `run` of the client includes them.

use std::iter;

use syn::{Item, parse_quote};

use super::example::example;
use super::runtime::{FOLLOW, OPERATIONS};
use super::syntax::ident;
use crate::model::api::Api;
use crate::model::operation::Operation;

/// `follow` for each operation that returns a run.
pub fn emit(api: &Api) -> Vec<Item> {
    let operations = api.operations.iter();
    let followed = operations.filter(|operation| api.follows_run(operation));
    followed
        .flat_map(|operation| {
            let once = api.creates_in_list(operation).then(|| once(operation));
            iter::once(follow(api, operation)).chain(once)
        })
        .collect()
}

fn follow(api: &Api, operation: &Operation) -> Item {
    let name = ident(&operation.builder());
    let example = example(api.module, operation, |request| {
        format!("let run = {request}.follow().wait().await?;\nprintln!(\"{{}}\", run.status);")
    });
    parse_quote! {
        impl #OPERATIONS::#name {
            /// Follows the run until it is terminal or requires action.
            #[doc = #example]
            #[doc(alias("create_and_poll", "poll", "wait"))]
            pub fn follow(self) -> #FOLLOW::Follow<Self> {
                #FOLLOW::Follow::new(self)
            }
        }
    }
}

/// `once` of a run that is followed.
fn once(operation: &Operation) -> Item {
    let name = ident(&operation.builder());
    let doc = format!("See [`once`]({OPERATIONS}::{name}::once) of the request.");
    parse_quote! {
        impl #FOLLOW::Follow<#OPERATIONS::#name> {
            /// Creates the run exactly once, also if the response is lost.
            ///
            #[doc = #doc]
            pub fn once(mut self) -> Self {
                self.operation = self.operation.once();
                self
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::module::Module;
    use crate::test_support::{
        document, methods, parse, refer, responses, source, streaming_document,
    };

    #[test]
    fn runs_are_followed_in_the_root_module_only() {
        let mut document = document(json!({}));
        let thing = document["components"]["schemas"]["ThingObject"].clone();
        document["components"]["schemas"]["RunObject"] = thing;
        let responses = responses("RunObject");
        document["paths"]["/things/{thing_id}"]["post"]["responses"] = responses;
        let follows = |module| {
            let file = parse(&source(&document, module).run);
            methods(&file.items, "ModifyThing").contains(&"follow".to_owned())
        };
        assert!(follows(Module::Root));
        assert!(!follows(Module::V1));
    }

    #[test]
    fn operations_that_stream_or_return_a_run_have_methods_for_it() {
        let mut document = streaming_document();
        let has = |document: &Value| {
            let source = source(document, Module::Root);
            let (operations, run) = (parse(&source.operations), parse(&source.run));
            let mut builder = methods(&operations.items, "ModifyThing");
            builder.extend(methods(&run.items, "ModifyThing"));
            ["stream", "follow"].map(|method| builder.contains(&method.to_owned()))
        };
        assert_eq!(has(&document), [true, false]);
        let schemas = &mut document["components"]["schemas"];
        schemas["RunObject"] = schemas["ThingObject"].clone();
        let response =
            "/paths/~1things~1{thing_id}/post/responses/200/content/application~1json/schema";
        *document.pointer_mut(response).expect("it has a response") = refer("RunObject");
        assert_eq!(has(&document), [true, true]);
    }
}
