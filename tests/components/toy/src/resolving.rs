//! Where all names of a file lead, at once.

use vraftls_guest_sdk::{Failure, Location, Resolved, TargetDescription};

use crate::{FUNCTION, TOP, ToyProject};

/// A definition that names lead to, with its number.
struct Targets {
    packed: Vec<u32>,
    paths: Vec<String>,
    names: Vec<String>,
    places: Vec<(String, u32)>,
}

impl ToyProject {
    pub(crate) fn all_names(&mut self, path: &str) -> Result<Resolved, Failure> {
        let file = self.file(path)?;
        let mut targets = Targets { packed: Vec::new(), paths: Vec::new(), names: Vec::new(), places: Vec::new() };
        let (mut occurrences, mut leads) = (Vec::new(), Vec::new());
        for (word, roles) in file.1.occurrences() {
            self.check_cancelled()?;
            let found = self.resolve(path, &word.text)?;
            let first = leads.len() as u32;
            if let Some(found) = found {
                leads.push(self.put(&mut targets, &found)?);
            }
            let length = word.span.end - word.span.start;
            occurrences.extend([word.span.start, length, roles, first, leads.len() as u32 - first]);
        }
        let mut descriptions = Vec::new();
        for (number, (place, start)) in targets.places.iter().enumerate() {
            let known = file.1.definitions.iter().find(|known| place == path && known.name.span.start == *start);
            descriptions.extend(known.map(|known| TargetDescription {
                target: number as u32,
                signature: format!("def {}", known.name.text),
                documentation: known.documentation.clone(),
            }));
        }
        let Targets { packed: targets, paths, names, .. } = targets;
        Ok(Resolved { paths, names, targets, occurrences, leads, descriptions, relations: Vec::new() })
    }

    fn put(&mut self, targets: &mut Targets, found: &Location) -> Result<u32, Failure> {
        let place = (found.path.clone(), found.span.start);
        if let Some(known) = targets.places.iter().position(|known| *known == place) {
            return Ok(known as u32);
        }
        let file = self.file(&found.path)?;
        let definition = file.1.definitions.iter().find(|known| known.name.span == found.span);
        let parent = match definition.and_then(|known| known.parent) {
            Some(around) => self.put(targets, &crate::project::location(&found.path, &file.1.definitions[around]))?,
            None => TOP,
        };
        let name = definition.map(|known| known.name.text.clone()).unwrap_or_default();
        let (path, name) = (number(&mut targets.paths, &found.path), number(&mut targets.names, &name));
        let (span, full) = (found.span, found.full);
        targets.packed.extend([path, span.start, span.end, full.start, full.end, name, FUNCTION, 0, parent]);
        targets.places.push(place);
        Ok(targets.places.len() as u32 - 1)
    }
}

fn number(texts: &mut Vec<String>, text: &str) -> u32 {
    let known = texts.iter().position(|known| known == text);
    known.unwrap_or_else(|| {
        texts.push(text.to_owned());
        texts.len() - 1
    }) as u32
}
