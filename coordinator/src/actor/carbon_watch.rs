//! Owns the carbon sources of all zones, on a thread of its own: a live one may be slow.

use std::collections::{BTreeMap, BTreeSet};

use actix::prelude::*;
use common::carbon::CarbonSample;
use common::id::Zone;
use common::time::GridHour;

use super::coordinator::{Coordinator, Take};
use crate::carbon::CarbonSource;
use crate::core::Input;

pub struct CarbonWatch {
    sources: BTreeMap<Zone, Box<dyn CarbonSource>>,
}

#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(super) struct Observe {
    pub hour: GridHour,
    pub zones: BTreeSet<Zone>,
    pub reply: Addr<Coordinator>,
}
