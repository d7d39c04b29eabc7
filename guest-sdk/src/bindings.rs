//! The bindings generated from the contract. Nothing here is for authors.
//!
//! World `analyzer` comes in two disjoint halves, because what a component imports and exports is written into it by the
//! export macros of the worlds that it uses: an index-only component uses `indexer` alone, a whole analyzer uses both, and
//! the linker unites them to world `analyzer`.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code")]
#![allow(unsafe_code, reason = "the generated calls across the component boundary")]

/// World `analyzer` without world `indexer`.
pub mod engine {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package vraftls:guest-sdk;
            world engine {
                import vraftls:analyzer/workspace@0.1.0;
                import vraftls:analyzer/linking@0.1.0;
                import vraftls:analyzer/log@0.1.0;
                export vraftls:analyzer/projects@0.1.0;
                export vraftls:analyzer/diagnosing@0.1.0;
                export vraftls:analyzer/navigation@0.1.0;
                export vraftls:analyzer/references@0.1.0;
                export vraftls:analyzer/hovering@0.1.0;
                export vraftls:analyzer/completing@0.1.0;
                export vraftls:analyzer/signatures@0.1.0;
                export vraftls:analyzer/renaming@0.1.0;
                export vraftls:analyzer/formatting@0.1.0;
                export vraftls:analyzer/hierarchies@0.1.0;
                export vraftls:analyzer/decorations@0.1.0;
                export vraftls:analyzer/actions@0.1.0;
                export vraftls:analyzer/resolving@0.1.0;
                export vraftls:analyzer/rewriting@0.1.0;
                export vraftls:analyzer/refiling@0.1.0;
                export vraftls:analyzer/resting@0.1.0;
            }
        ",
        world: "vraftls:guest-sdk/engine",
        pub_export_macro: true,
        export_macro_name: "export_engine",
        additional_derives: [PartialEq],
        generate_all,
    });
}

/// World `indexer`.
pub mod indexer {
    wit_bindgen::generate!({
        path: "../wit",
        world: "vraftls:analyzer/indexer",
        pub_export_macro: true,
        export_macro_name: "export_indexer",
        additional_derives: [PartialEq],
        with: { "vraftls:analyzer/types@0.1.0": crate::bindings::engine::vraftls::analyzer::types },
    });
}

/// What an engine that can be kept has in addition.
pub mod keeping {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package vraftls:guest-sdk;
            world keeping-engine {
                import vraftls:analyzer/keeper@0.1.0;
                export vraftls:analyzer/keeping@0.1.0;
            }
        ",
        world: "vraftls:guest-sdk/keeping-engine",
        pub_export_macro: true,
        export_macro_name: "export_keeping",
        generate_all,
    });
}
