//! Asks the optimiser, on a thread of its own: a tree over thousands of samples takes a while.

use actix::prelude::*;
use common::fidelity::Fidelity;
use common::time::Timestamp;
use lamoo::TreeSummary;

use super::coordinator::{Coordinator, Take};
use crate::clock;
use crate::core::{Input, Wanted};
use crate::search::{Answer, Searcher};

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Propose {
    pub wanted: Box<Wanted>,
    pub reply: Addr<Coordinator>,
}

/// What the search has learnt of its space, for whoever looks; the core has no use for it.
#[derive(Debug, Clone, PartialEq, Message)]
#[rtype(result = "()")]
pub struct SearchTold {
    pub at: Timestamp,
    /// Whose results it is learnt from.
    pub fidelity: Fidelity,
    pub tree: TreeSummary,
}

impl Actor for Searcher {
    type Context = Context<Self>;
}

impl Handler<Propose> for Searcher {
    type Result = ();

    fn handle(&mut self, question: Propose, _: &mut Self::Context) {
        let Answer { candidates, promotions, region } = self.answer(&question.wanted);
        if let Some(tree) = self.tree() {
            let fidelity = question.wanted.fidelity;
            question.reply.do_send(SearchTold { at: clock::now(), fidelity, tree: tree.clone() });
        }
        question.reply.do_send(Take(Input::Proposed { candidates, promotions, region }));
    }
}
