//! Owns the allocation policy.

use std::fmt;

use actix::prelude::*;
use allocation::{Policy, Situation};
use common::allocation::Allocation;
use common::time::GridHour;

use super::coordinator::{Coordinator, Take};
use crate::core::Input;

pub struct Agent {
    policy: Box<dyn Policy>,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Decide {
    pub hour: GridHour,
    pub situation: Box<Situation>,
    pub reply: Addr<Coordinator>,
}

/// What would be decided if things stood so. Leaves no trace in the policy's memory.
#[derive(Debug, Message)]
#[rtype(result = "Allocation")]
pub(super) struct Consider(pub Box<Situation>);

impl Agent {
    pub fn new(policy: Box<dyn Policy>) -> Self {
        Self { policy }
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("policy", &self.policy.name()).finish()
    }
}

impl Actor for Agent {
    type Context = Context<Self>;
}

impl Handler<Decide> for Agent {
    type Result = ();

    fn handle(&mut self, question: Decide, _: &mut Self::Context) {
        let allocation = self.policy.decide(&question.situation);
        question.reply.do_send(Take(Input::Decided { hour: question.hour, allocation }));
    }
}

impl Handler<Consider> for Agent {
    type Result = MessageResult<Consider>;

    fn handle(&mut self, Consider(situation): Consider, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.policy.copy().decide(&situation))
    }
}
