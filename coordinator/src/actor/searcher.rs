//! Asks the optimiser, on a thread of its own: a tree over thousands of samples takes a while.

use actix::prelude::*;

use super::coordinator::{Coordinator, Take};
use crate::core::{Input, Wanted};
use crate::search::Searcher;

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Propose {
    pub wanted: Box<Wanted>,
    pub reply: Addr<Coordinator>,
}

impl Actor for Searcher {
    type Context = Context<Self>;
}

impl Handler<Propose> for Searcher {
    type Result = ();

    fn handle(&mut self, question: Propose, _: &mut Self::Context) {
        let (candidates, promotions) = self.answer(&question.wanted);
        question.reply.do_send(Take(Input::Proposed { candidates, promotions }));
    }
}
