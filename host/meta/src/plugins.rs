//! Which plugins there are, and which component of each is used.

use vraftls_vfs::{ContentDigest, Revision};

use crate::apply::Executed;
use crate::state::{N_COMPONENTS_MAX, N_PLUGINS_MAX, N_PREVIOUS_MAX, Plugin, Tables};
use crate::{Applied, Component, Counted, Refusal, Word};

impl Tables {
    /// Makes a component known. One that is known already becomes the youngest.
    pub(crate) fn push_plugin(&mut self, plugin: Word, component: Component) -> Executed {
        if !self.plugins.contains_key(&plugin) && self.plugins.len() >= N_PLUGINS_MAX {
            return Err(Refusal::TooMany { what: Counted::Plugins });
        }
        let mut components = self.plugins.get(&plugin).map(|known| known.components.clone()).unwrap_or_default();
        components.retain(|known| known.digest != component.digest);
        if components.len() >= N_COMPONENTS_MAX {
            let is_idle = |digest: &ContentDigest| {
                self.plugins
                    .get(&plugin)
                    .is_none_or(|known| known.active.as_ref() != Some(digest) && !known.previous.contains(digest))
            };
            let oldest = components.iter().position(|known| is_idle(&known.digest));
            components.remove(oldest.ok_or(Refusal::TooMany { what: Counted::Components })?);
        }
        components.push(component);
        self.plugins.entry(plugin).or_default().components = components;
        Ok(Applied::Done)
    }

    pub(crate) fn activate_plugin(&mut self, index: Revision, plugin: Word, digest: ContentDigest) -> Executed {
        let Some(known) = self.plugins.get_mut(&plugin) else { return Err(Refusal::NoSuchPlugin { plugin }) };
        if known.component(&digest).is_none() {
            return Err(Refusal::NoSuchComponent { plugin, digest });
        }
        if known.active != Some(digest) {
            known.previous.extend(known.active);
            if known.previous.len() > N_PREVIOUS_MAX {
                known.previous.pop_front();
            }
            known.active = Some(digest);
            known.changed = index;
        }
        Ok(Applied::PluginActive { digest: known.active })
    }

    pub(crate) fn roll_back_plugin(&mut self, index: Revision, plugin: Word, active: ContentDigest) -> Executed {
        let Some(known) = self.plugins.get_mut(&plugin) else { return Err(Refusal::NoSuchPlugin { plugin }) };
        if known.active != Some(active) {
            return Err(Refusal::OtherComponentActive { active: known.active });
        }
        let Some(previous) = known.previous.pop_back() else { return Err(Refusal::NothingToRollBackTo) };
        known.active = Some(previous);
        known.changed = index;
        Ok(Applied::PluginActive { digest: known.active })
    }

    pub(crate) fn remove_plugin(&mut self, plugin: Word) -> Executed {
        match self.plugins.remove(&plugin) {
            Some(_) => Ok(Applied::Done),
            None => Err(Refusal::NoSuchPlugin { plugin }),
        }
    }
}

impl Plugin {
    /// Whether everything that is or was active is known, and nothing is there twice.
    pub(crate) fn is_sound(&self) -> bool {
        let is_known = |digest: &ContentDigest| self.component(digest).is_some();
        let is_once = |(idx, component): (usize, &Component)| {
            self.components[..idx].iter().all(|earlier| earlier.digest != component.digest)
        };
        self.components.len() <= N_COMPONENTS_MAX
            && self.previous.len() <= N_PREVIOUS_MAX
            && self.active.iter().chain(&self.previous).all(is_known)
            && self.components.iter().enumerate().all(is_once)
    }
}
