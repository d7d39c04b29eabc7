//! How the replicas of a group change: one change at a time, in steps that can each be done again.
//!
//! The membership that counts is the group's own, in its own log. What stands here is what is wanted and how far it is, so that
//! whoever drives a change can be followed by another that goes on in the middle of it.

use vraftls_vfs::Revision;

use crate::apply::Executed;
use crate::state::{Move, REPLICATION_MAX, Tables};
use crate::{Applied, Epoch, GroupId, MoveId, MoveStep, NodeId, NodeKind, Refusal, Senseless};

impl Tables {
    pub(crate) fn begin_move(
        &mut self,
        index: Revision,
        group: GroupId,
        epoch: Epoch,
        add: Option<NodeId>,
        remove: Option<NodeId>,
    ) -> Executed {
        let Some(known) = self.groups.get(&group) else { return Err(Refusal::NoSuchGroup { group }) };
        if let Some(change) = &known.change {
            return Err(Refusal::MoveUnderWay { id: change.id });
        }
        if known.epoch != epoch {
            return Err(Refusal::WrongEpoch { current: known.epoch });
        }
        if let Some(node) = add.filter(|node| !self.nodes.contains_key(node)) {
            return Err(Refusal::NoSuchNode { node });
        }
        if let Some(reason) = self.is_senseless(group, add, remove) {
            return Err(Refusal::SenselessMove { reason });
        }
        let id = MoveId(index.0);
        let step = if add.is_some() { MoveStep::Learning } else { MoveStep::Switching };
        if let Some(known) = self.groups.get_mut(&group) {
            known.change = Some(Move { id, add, remove, step });
        }
        Ok(Applied::MoveBegun { id })
    }

    fn is_senseless(&self, group: GroupId, add: Option<NodeId>, remove: Option<NodeId>) -> Option<Senseless> {
        let group = self.groups.get(&group)?;
        if add.is_none() && remove.is_none() {
            return Some(Senseless::Nothing);
        }
        if add.is_some_and(|node| group.replicas.contains(&node)) {
            return Some(Senseless::AlreadyThere);
        }
        if remove.is_some_and(|node| !group.replicas.contains(&node)) {
            return Some(Senseless::NotThere);
        }
        if add.and_then(|node| self.nodes.get(&node)).is_some_and(|node| node.draining) {
            return Some(Senseless::Draining);
        }
        let after = group.replicas_after(add, remove);
        let kinds = after.iter().filter_map(|node| self.nodes.get(node)).map(|node| node.registration.kind);
        let n_witnesses = kinds.filter(|kind| *kind == NodeKind::Witness).count();
        if n_witnesses > 1 {
            return Some(Senseless::TwoWitnesses);
        }
        if after.len() == n_witnesses {
            return Some(Senseless::NoFullReplica);
        }
        (after.len() > usize::from(REPLICATION_MAX)).then_some(Senseless::TooManyReplicas)
    }

    pub(crate) fn advance_move(&mut self, group: GroupId, id: MoveId, step: MoveStep) -> Executed {
        let known = self.groups.get_mut(&group).ok_or(Refusal::NoSuchGroup { group })?;
        let Some(change) = known.change.filter(|change| change.id == id) else {
            return Err(Refusal::NoSuchMove { id });
        };
        if step == change.step {
            return Ok(Applied::Done);
        }
        if step != after(change.step) {
            return Err(Refusal::WrongStep { current: change.step });
        }
        match step {
            MoveStep::Learning | MoveStep::Switching => {}
            MoveStep::Cleaning => {
                known.replicas = known.replicas_after(change.add, change.remove);
                known.epoch = known.epoch.next();
            }
            MoveStep::Done => {
                known.change = None;
                return Ok(Applied::Done);
            }
        }
        known.change = Some(Move { step, ..change });
        Ok(Applied::Done)
    }

    pub(crate) fn abandon_move(&mut self, group: GroupId, id: MoveId) -> Executed {
        let known = self.groups.get_mut(&group).ok_or(Refusal::NoSuchGroup { group })?;
        match known.change {
            Some(change) if change.id == id && change.step == MoveStep::Learning => {
                known.change = None;
                Ok(Applied::Done)
            }
            // Voters may have changed already; there is no way but forward.
            Some(change) if change.id == id => Err(Refusal::WrongStep { current: change.step }),
            _ => Err(Refusal::NoSuchMove { id }),
        }
    }
}

fn after(step: MoveStep) -> MoveStep {
    match step {
        MoveStep::Learning => MoveStep::Switching,
        MoveStep::Switching => MoveStep::Cleaning,
        MoveStep::Cleaning | MoveStep::Done => MoveStep::Done,
    }
}
