//! What a user writes: `test_acc_200:max,energy_mj:min`, and `12/200:test_acc_200=test_acc_12` for a short training.

use std::str::FromStr;

use crate::sheet::Direction;

/// One objective: a column or a described name, and whether more of it is better where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub name: String,
    pub direction: Option<Direction>,
}

impl FromStr for Wish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, direction) = match text.rsplit_once(':') {
            None => (text, None),
            Some((name, end)) => {
                let direction = Direction::named(end.trim());
                (name, Some(direction.ok_or_else(|| format!("`{end}` is neither max nor min"))?))
            }
        };
        match name.trim() {
            "" => Err("an objective is a column with its direction: test_acc:max".into()),
            name => Ok(Self { name: name.into(), direction }),
        }
    }
}

/// A short training: its length, and which columns stand in for which objectives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RungWish {
    pub epochs: u32,
    /// Epochs of the full training; none where the table's description tells.
    pub full_epochs: Option<u32>,
    /// Objective and column.
    pub columns: Vec<(String, String)>,
}

impl FromStr for RungWish {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const SHAPE: &str = "a rung is EPOCHS/FULL:OBJECTIVE=COLUMN, such as 12/200:test_acc_200=test_acc_12; or EPOCHS alone \
                             where the table's description has them";
        let epochs = |text: &str| text.trim().parse::<u32>().ok().filter(|&epochs| epochs > 0);
        let Some((lengths, columns)) = text.split_once(':') else {
            let epochs = epochs(text).ok_or(SHAPE)?;
            return Ok(Self { epochs, full_epochs: None, columns: Vec::new() });
        };
        let (short, full) = lengths.split_once('/').ok_or(SHAPE)?;
        let (short, full) = (epochs(short).ok_or(SHAPE)?, epochs(full).ok_or(SHAPE)?);
        if short >= full {
            return Err(format!("{short} epochs are no shorter than {full}"));
        }
        let pair = |pair: &str| {
            let (objective, column) = pair.split_once('=')?;
            Some((objective.trim().to_owned(), column.trim().to_owned()))
        };
        let columns = columns.split(',').map(pair).collect::<Option<_>>().ok_or(SHAPE)?;
        Ok(Self { epochs: short, full_epochs: Some(full), columns })
    }
}

/// Which of the objectives are named as known: `[objectives]`.
pub fn known(named: &[String], objectives: &[String]) -> Result<Vec<bool>, String> {
    for name in named {
        if !objectives.contains(name) {
            let nearest = common::nearest::did_you_mean(name, objectives.iter().map(String::as_str));
            return Err(format!("{name} is not among the objectives{nearest}"));
        }
    }
    Ok(objectives.iter().map(|objective| named.contains(objective)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() {
        let wish = |name: &str, direction| Ok(Wish { name: name.into(), direction });
        assert_eq!("acc:max".parse(), wish("acc", Some(Direction::Maximise)));
        assert_eq!(" a:b : min ".parse(), wish("a:b", Some(Direction::Minimise)));
        assert_eq!("acc".parse(), wish("acc", None));
        assert!("acc:up".parse::<Wish>().unwrap_err().contains("`up` is neither"));
        assert!(":max".parse::<Wish>().is_err() && "".parse::<Wish>().is_err());
    }

    #[test]
    fn rungs_are_read() {
        let rung: RungWish = "12/200:acc=acc_12, loss = loss_12".parse().unwrap();
        assert_eq!((rung.epochs, rung.full_epochs), (12, Some(200)));
        assert_eq!(rung.columns[1], ("loss".into(), "loss_12".into()));
        assert_eq!("12".parse::<RungWish>().unwrap().full_epochs, None);
        for broken in ["", "0", "12/200", "12:acc=x", "a/200:acc=x", "12/200:acc", "200/12:a=b", "0/12:a=b"] {
            assert!(broken.parse::<RungWish>().is_err(), "{broken}");
        }
    }

    #[test]
    fn known_objectives_must_be_objectives() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(known(&names(&["b"]), &names(&["a", "b"])), Ok(vec![false, true]));
        assert!(known(&names(&["energi"]), &names(&["acc", "energy"])).unwrap_err().contains("`energy`?"));
    }
}
