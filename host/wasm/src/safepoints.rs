//! Rewrites a component before it is compiled, so that whatever it does comes by a safepoint poll: a store to the polling page of its
//! memory, at the entry of every function and at every turn of a loop. Who takes the page away stops the guest ([`crate::polling_page`]).
//!
//! Virtual machines have stopped their threads so for long (HotSpot's polling page). wasmtime's own look at an epoch does the same with
//! three loads and a branch, which cost an engine a tenth of its time (ADR 0028).
//!
//! The rewritten component means the same, but that its memory has a page more, high above all that it may have. It is made of valid
//! components only, and what wasmtime compiles is validated once more by wasmtime. This file does not know who stops a guest, or why.

use wasm_encoder::reencode::{self, Reencode, ReencodeComponent, component_utils, utils};
use wasm_encoder::{
    CodeSection, Component, ComponentSectionId, CustomSection, Instruction, MemArg, MemorySection, MemoryType, Module,
    RawSection, SectionId,
};
use wasmparser::{
    BinaryReaderError, CustomSectionReader, FunctionBody, Operator, Parser, Payload, TypeRef, Validator, WasmFeatures,
};

/// What no memory of a guest may reach: there the region begins that has the polling page in it. Below 2 GiB, so that x86 reaches it from
/// where the memory begins in one instruction.
pub(crate) const REGION_ADDRESS: usize = (2 << 30) - REGION_BYTES;
/// As large as a page of WebAssembly, and so as any page of a processor. Every memory begins at a multiple of it.
pub(crate) const REGION_BYTES: usize = 64 << 10;
/// Where in the region guests store. No round number, so that a fault tells a poll from a guest that goes astray.
pub(crate) const POLL_OFFSET: usize = 0xa5c3;
/// Where guests store.
pub(crate) const POLL_ADDRESS: usize = REGION_ADDRESS + POLL_OFFSET;

/// Part of an artifact's name, so another when other code is made of the same component.
pub(crate) const VERSION: (u8, usize) = (1, POLL_ADDRESS);

/// Components within components, counted as wasmtime's compiler meets them: by recursion.
const DEPTH_MAX: usize = 32;

type Error = reencode::Error<Unfit>;

/// Why a valid component cannot be rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
enum Unfit {
    #[error("components are nested more than {DEPTH_MAX} deep")]
    TooDeep,
    #[error("a module or component in it is longer than what is left of it")]
    Cut,
}

/// The component with safepoint polls, or what is wrong with it.
pub(crate) fn with_polls(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    // Whether wasmtime has a feature is for wasmtime to say. But a module with two memories would poll one of them alone.
    let features = WasmFeatures::all().difference(WasmFeatures::MULTI_MEMORY);
    Validator::new_with_features(features).validate_all(component)?;
    if !is_whole(component)? {
        return Err(Unfit::Cut.into());
    }
    let mut rewritten = Component::new();
    let mut polls = Polls { depth: 0, lacks_memory: false };
    match polls.parse_component(&mut rewritten, Parser::new(0), component) {
        Ok(()) => Ok(rewritten.finish()),
        Err(Error::ParseError(error)) => Err(error.into()),
        Err(error) => Err(wasmtime::Error::msg(error.to_string())),
    }
}

/// Whether all that is in a component ends within it. A validator takes the end of the bytes for the end of a module.
fn is_whole(component: &[u8]) -> Result<bool, BinaryReaderError> {
    for payload in Parser::new(0).parse_all(component) {
        let (Payload::ModuleSection { unchecked_range: range, .. }
        | Payload::ComponentSection { unchecked_range: range, .. }) = payload?
        else {
            continue;
        };
        if range.end > component.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Polls {
    depth: usize,
    /// Whether the module that is read gets a memory for its polls alone, and has not got it yet.
    lacks_memory: bool,
}

impl Reencode for Polls {
    type Error = Unfit;

    fn parse_function_body(&mut self, code: &mut CodeSection, body: FunctionBody<'_>) -> Result<(), Error> {
        let bytes = body.as_bytes();
        let start = body.range().start;
        let mut operators = body.get_operators_reader()?;
        let mut rewritten = Vec::with_capacity(bytes.len() + 64);
        // The locals first.
        let mut done = operators.original_position() - start;
        rewritten.extend_from_slice(&bytes[..done]);
        poll(&mut rewritten);
        while !operators.eof() {
            if matches!(operators.read()?, Operator::Loop { .. }) {
                let here = operators.original_position() - start;
                rewritten.extend_from_slice(&bytes[done..here]);
                poll(&mut rewritten);
                done = here;
            }
        }
        rewritten.extend_from_slice(&bytes[done..]);
        code.raw(&rewritten);
        Ok(())
    }

    fn intersperse_section_hook(
        &mut self,
        module: &mut Module,
        _: Option<SectionId>,
        before: Option<SectionId>,
    ) -> Result<(), Error> {
        let goes_before =
            |section| matches!(section, SectionId::Type | SectionId::Import | SectionId::Function | SectionId::Table);
        if self.lacks_memory && !before.is_some_and(goes_before) {
            self.lacks_memory = false;
            let empty = MemoryType { minimum: 0, maximum: None, memory64: false, shared: false, page_size_log2: None };
            module.section(MemorySection::new().memory(empty));
        }
        Ok(())
    }

    /// As it is: functions keep their numbers.
    fn parse_custom_section(&mut self, module: &mut Module, section: CustomSectionReader<'_>) -> Result<(), Error> {
        module.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        Ok(())
    }
}

impl ReencodeComponent for Polls {
    fn parse_component_submodule(
        &mut self,
        component: &mut Component,
        parser: Parser,
        module: &[u8],
    ) -> Result<(), Error> {
        match Needs::of(module)? {
            Needs::Nothing => {
                component.section(&RawSection { id: ComponentSectionId::CoreModule.into(), data: module });
                return Ok(());
            }
            Needs::Polls => {}
            Needs::PollsAndMemory => self.lacks_memory = true,
        }
        let mut rewritten = Module::new();
        utils::parse_core_module(self, &mut rewritten, parser, module)?;
        component.section(&wasm_encoder::ModuleSection(&rewritten));
        Ok(())
    }

    fn parse_component_subcomponent(
        &mut self,
        component: &mut Component,
        parser: Parser,
        subcomponent: &[u8],
        whole_component: &[u8],
    ) -> Result<(), Error> {
        if self.depth == DEPTH_MAX {
            return Err(Error::UserError(Unfit::TooDeep));
        }
        self.depth += 1;
        component_utils::parse_component_subcomponent(self, component, parser, subcomponent, whole_component)?;
        self.depth -= 1;
        Ok(())
    }

    fn parse_component_custom_section(
        &mut self,
        component: &mut Component,
        section: CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        component.section(&CustomSection { name: section.name().into(), data: section.data().into() });
        Ok(())
    }
}

/// What a module needs to be stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Needs {
    /// It cannot go on for long: it only hands calls on, as the modules do by which linkers tie others together.
    Nothing,
    Polls,
    /// It can go on for long, and has no memory in which a polling page could be.
    PollsAndMemory,
}

impl Needs {
    fn of(module: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut goes_on = false;
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        if matches!(import?.ty, TypeRef::Memory(_)) {
                            return Ok(Self::Polls);
                        }
                    }
                }
                Payload::MemorySection(memories) if memories.count() > 0 => return Ok(Self::Polls),
                Payload::CodeSectionEntry(body) => goes_on |= can_go_on(&body)?,
                _ => {}
            }
        }
        Ok(if goes_on { Self::PollsAndMemory } else { Self::Nothing })
    }
}

/// Whether functions like this one can make a call that the stack does not end soon. Functions without loops that call once at most
/// make a chain, which is as long as the stack is deep.
fn can_go_on(body: &FunctionBody<'_>) -> Result<bool, BinaryReaderError> {
    let mut operators = body.get_operators_reader()?;
    let mut n_calls = 0;
    while !operators.eof() {
        match operators.read()? {
            // A call in the place of a return does not need the stack.
            Operator::Loop { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::ReturnCallRef { .. } => return Ok(true),
            Operator::Call { .. } | Operator::CallIndirect { .. } | Operator::CallRef { .. } => n_calls += 1,
            _ => {}
        }
    }
    Ok(n_calls > 1)
}

/// Writes a store of a zero to the polling page. A load would be less, but nothing keeps a compiler from taking one for several.
fn poll(code: &mut Vec<u8>) {
    use wasm_encoder::Encode;

    let first = MemArg { offset: 0, align: 0, memory_index: 0 };
    Instruction::I32Const(POLL_ADDRESS as i32).encode(code);
    Instruction::I32Const(0).encode(code);
    Instruction::I32Store8(first).encode(code);
}

#[cfg(test)]
mod tests;
