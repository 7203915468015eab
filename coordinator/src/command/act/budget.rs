//! `ce-nas budget`: shows the limits of a running study, or changes them.

use std::io::Write;

use anyhow::Result;

use super::Target;
use crate::command::table::{Side, aligned};
use crate::command::{print, print_json};
use crate::http::model::{Amount, Budget, BudgetOrder, Count, CountLimit, Limit, Study, Unlimited};
use crate::report::text;

/// Show or change the limits of a running study
///
/// New limits stand from now on, also after a restart, whatever the configuration says; what is not named stays as it is. A limit
/// below what is spent ends the study.
///
/// Examples:
///   ce-nas budget --dir runs/study
///   ce-nas budget --carbon-g 800 --hours unlimited
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct BudgetArgs {
    /// Grams of CO2 equivalent, or `unlimited`
    #[arg(long, value_name = "G", value_parser = limit)]
    pub carbon_g: Option<Limit>,
    /// Kilowatt-hours, or `unlimited`
    #[arg(long, value_name = "KWH", value_parser = limit)]
    pub energy_kwh: Option<Limit>,
    /// Grid hours since the start, or `unlimited`
    #[arg(long, value_name = "H", value_parser = limit)]
    pub hours: Option<Limit>,
    /// Full trainings, or `unlimited`
    #[arg(long, value_name = "N", value_parser = count)]
    pub trainings: Option<CountLimit>,
    /// A hypervolume that is enough, or `unlimited`
    #[arg(long, value_name = "V", value_parser = limit)]
    pub hypervolume: Option<Limit>,
    #[command(flatten)]
    pub target: Target,
}

fn limit(text: &str) -> Result<Limit, String> {
    match text.parse::<f64>() {
        _ if text == "unlimited" => Ok(Limit::Word(Unlimited::Unlimited)),
        Ok(number) if number.is_finite() && number > 0.0 => Ok(Limit::Number(Amount(number))),
        _ => Err("a number greater than zero, or \"unlimited\"".into()),
    }
}

fn count(text: &str) -> Result<CountLimit, String> {
    match text.parse::<u64>() {
        _ if text == "unlimited" => Ok(CountLimit::Word(Unlimited::Unlimited)),
        Ok(number) if number > 0 => Ok(CountLimit::Number(Count(number))),
        _ => Err("a whole number greater than zero, or \"unlimited\"".into()),
    }
}

pub fn budget(args: &BudgetArgs, out: &mut dyn Write) -> Result<()> {
    let order = BudgetOrder {
        carbon_g: args.carbon_g,
        energy_kwh: args.energy_kwh,
        hours: args.hours,
        trainings: args.trainings,
        hypervolume: args.hypervolume,
    };
    if order != BudgetOrder::default() {
        return args.target.order("/api/v1/budgets", &order, out);
    }
    let study: Study = args.target.client()?.get("/api/v1/study")?;
    if args.target.json {
        return print_json(out, &study.budgets);
    }
    print(out, &listing(&study.budgets))
}

fn listing(budgets: &[Budget]) -> String {
    let columns = [
        ("budget", Side::Left),
        ("spent", Side::Right),
        ("limit", Side::Right),
        ("left", Side::Right),
        ("", Side::Left),
    ];
    let rows: Vec<Vec<String>> = budgets
        .iter()
        .map(|budget| {
            vec![
                format!("{:?}", budget.of).to_lowercase(),
                text::significant(budget.spent),
                budget.limit.map_or_else(|| "unlimited".into(), text::plain),
                budget.left.map_or_else(|| "–".into(), text::significant),
                budget.unit.clone(),
            ]
        })
        .collect();
    aligned(&columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_above_zero_or_the_word() {
        assert_eq!(limit("12.5"), Ok(Limit::Number(Amount(12.5))));
        assert_eq!(limit("unlimited"), Ok(Limit::Word(Unlimited::Unlimited)));
        for text in ["0", "-1", "nan", "inf", "all", ""] {
            assert!(limit(text).is_err() && count(text).is_err(), "{text}");
        }
        assert_eq!(count("12"), Ok(CountLimit::Number(Count(12))));
        assert!(count("12.5").is_err());
    }
}
