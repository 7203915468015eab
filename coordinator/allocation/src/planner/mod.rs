//! The default policy: trains where work costs the least carbon until the deadline, samples in middling hours, rests in the dirtiest.
//!
//! Each hour anew it looks ahead to the deadline as far as the forecast reaches (a day without one), and takes slots of zone-hours in
//! the order of their price, intensity times energy per work, until the budgets are used or, without budgets, a share of what the
//! fleet could do in a day is taken. What it took of *this* hour trains. Ranking the coming hours, not against the past, keeps it from starving when
//! the grid gets dirtier over days; planning anew each hour turns what was not spent over to the hours left.
//!
//! Not here: a value per kind of work (an hour of training is an hour of training), and the hard guard of budgets, which is the core's.

mod outlook;
mod selection;

use std::collections::BTreeMap;

use common::allocation::{Allocation, Shares};
use common::id::Zone;
use common::time::GridHour;

use crate::intensity::sentence;
use crate::policy::{A_SHARE, check};
use crate::{Error, Policy, Situation, ZoneSituation, split};
use outlook::{Basis, Outlook};
use selection::{Selection, patience, select};

#[derive(Debug, Clone)]
pub struct Planner {
    train_share: f64,
    rest_quantile: f64,
    held: Option<Held>,
    /// The hour by which the first training starts; none before the first decision.
    first_by: Option<GridHour>,
}

/// What was selected in an hour stands until it ends, so that a forecast's small change does not suspend what just began.
#[derive(Debug, Clone)]
struct Held {
    hour: GridHour,
    slots: BTreeMap<Zone, u32>,
    selection: Selection,
}

impl Planner {
    /// `train_share`: share of the work that all slots could do in a day, when time is the only limit. `rest_quantile`: hours above this quantile
    /// of the coming day are rested in. Both in [0, 1].
    pub fn new(train_share: f64, rest_quantile: f64) -> Result<Self, Error> {
        check("train_share", train_share, 1.0, A_SHARE)?;
        check("rest_quantile", rest_quantile, 1.0, A_SHARE)?;
        Ok(Self { train_share, rest_quantile, held: None, first_by: None })
    }

    fn selection(&mut self, situation: &Situation, outlooks: &BTreeMap<Zone, Outlook>) -> Selection {
        let slots: BTreeMap<Zone, u32> =
            situation.zones.iter().map(|(name, zone)| (name.clone(), zone.slots)).collect();
        if let Some(held) = &self.held
            && held.hour == situation.hour
            && held.slots == slots
        {
            return held.selection.clone();
        }
        let first_by = *self.first_by.get_or_insert(situation.hour.plus(patience(situation)));
        let selection = select(situation, outlooks, self.train_share, first_by);
        self.held = Some(Held { hour: situation.hour, slots, selection: selection.clone() });
        selection
    }

    fn say(
        &self,
        shares: Shares,
        outlook: &Outlook,
        selected: &Selection,
        zone: (&Zone, &ZoneSituation),
    ) -> String {
        let Shares { train, sample, .. } = shares;
        let doing = match (train, sample) {
            (0, 0) => "resting".to_string(),
            (0, _) => format!("sampling {sample}"),
            (_, 0) => format!("training {train}"),
            _ => format!("training {train} and sampling {sample}"),
        };
        if outlook.basis == Basis::Unknown {
            return format!("{doing}: nothing is known of this grid, so waiting can't be shown to pay");
        }
        let now = format!("{:.0} g/kWh", outlook.now);
        let span = outlook.span();
        let clean = outlook.hours_at_most(selected.border / zone.1.pace.sane().joules);
        let limit = if selected.limited_by_budget { " that the budget pays for" } else { "" };
        let among = match (selected.train.get(zone.0), clean) {
            (Some(1..), _) => format!("{now} is among the {} cleanest{limit} of {span}", clean.max(1)),
            (_, 0) => {
                format!("{now} is dearer than all that is worth training in, of {span} and the other zones")
            }
            _ => format!("{now} is not among the {clean} cleanest{limit} of {span}"),
        };
        if outlook.is_dirtiest(self.rest_quantile) && train == 0 && sample == 0 {
            let percent = 100.0 * (1.0 - self.rest_quantile);
            return format!("{doing}: {now} is among the dirtiest {percent:.0} % of {span}");
        }
        match train + sample {
            0 => format!("{doing}: nothing to sample, and {among}"),
            _ => format!("{doing}: {among}"),
        }
    }
}

impl Policy for Planner {
    fn name(&self) -> &str {
        "planner"
    }

    fn decide(&mut self, situation: &Situation) -> Allocation {
        if let Some(spent) = exhausted(situation) {
            let zones = split::fill(situation, &BTreeMap::new(), |_| false);
            return split::allocation(zones, self.name(), format!("resting: {spent}"));
        }
        let outlooks = Outlook::of_all(situation);
        let selected = self.selection(situation, &outlooks);
        let may_sample = |zone: &Zone| {
            let trains = selected.train.get(zone).is_some_and(|&slots| slots > 0);
            trains || !outlooks[zone].is_dirtiest(self.rest_quantile)
        };
        let zones = split::fill(situation, &selected.train, may_sample);
        let several = zones.len() > 1;
        let said: Vec<String> = zones
            .iter()
            .map(|(name, &shares)| {
                let said = match shares.total() {
                    0 => "no slots".to_string(),
                    _ if shares.train + shares.sample == 0 && nothing_to_do(situation) => {
                        "resting: there is nothing to train or to sample".to_string()
                    }
                    _ => self.say(shares, &outlooks[name], &selected, (name, &situation.zones[name])),
                };
                if several { format!("{name} {said}") } else { said }
            })
            .collect();
        split::allocation(zones, self.name(), sentence("", said.into_iter()))
    }

    fn copy(&self) -> Box<dyn Policy> {
        Box::new(self.clone())
    }
}

fn nothing_to_do(situation: &Situation) -> bool {
    situation.work.training_slots() == Some(0) && split::wanted_samplers(situation) == 0
}

/// The budget that is used up, if any.
fn exhausted(situation: &Situation) -> Option<&'static str> {
    let budget = &situation.budget;
    let none_left = |left: Option<f64>| left.is_some_and(|left| left <= 0.0);
    match () {
        () if none_left(budget.carbon.map(|left| left.0)) => Some("the carbon budget is spent"),
        () if none_left(budget.energy.map(|left| left.0)) => Some("the energy budget is spent"),
        () if none_left(budget.hours) => Some("the deadline has come"),
        () if budget.trainings == Some(0) => Some("all trainings are done"),
        () => None,
    }
}
