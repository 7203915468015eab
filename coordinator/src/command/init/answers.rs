//! The five answers, and the settings that they make.

use std::fmt::Write as _;

/// What is searched, and what shows how good a network is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    Images {
        space: Space,
        images: Images,
    },
    /// Decisions of the user's own, in a file, and the program that trains them.
    Own {
        file: String,
        program: Vec<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    NasBench201,
    Darts,
    Mobile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Images {
    FashionMnist,
    Cifar10,
}

/// Where the intensity of the grid comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carbon {
    MadeUp,
    Live { zone: String, service: String },
    Trace { zone: String, file: String },
}

/// Each in the unit of its setting; none is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Budget {
    pub carbon_g: Option<f64>,
    pub energy_kwh: Option<f64>,
    pub hours: Option<f64>,
    pub trainings: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    pub name: String,
    pub search: Search,
    pub carbon: Carbon,
    pub budget: Budget,
}

pub fn read_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 60
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    match fits && !text.starts_with('.') {
        true => Ok(text.into()),
        false => Err("letters, digits and -_. make a name; it names the study's directory too".into()),
    }
}

/// None for decisions of the user's own.
pub fn read_space(text: &str) -> Result<Option<Space>, String> {
    Ok(match text {
        "1" | "nas_bench_201" => Some(Space::NasBench201),
        "2" | "darts" => Some(Space::Darts),
        "3" | "mobile" => Some(Space::Mobile),
        "4" | "own" | "free_form" => None,
        _ => return Err("1, 2, 3 or 4".into()),
    })
}

pub fn read_images(text: &str) -> Result<Images, String> {
    match text {
        "1" | "fashion-mnist" => Ok(Images::FashionMnist),
        "2" | "cifar10" | "cifar-10" => Ok(Images::Cifar10),
        _ => Err("1 or 2".into()),
    }
}

pub fn read_program(text: &str) -> Result<Vec<String>, String> {
    let words: Vec<String> = text.split_whitespace().map(Into::into).collect();
    if words.is_empty() { Err("a command, such as python3 train.py".into()) } else { Ok(words) }
}

pub fn read_carbon(text: &str) -> Result<Carbon, String> {
    if text == "none" {
        return Ok(Carbon::MadeUp);
    }
    let form = "none, ZONE=SERVICE or ZONE=FILE.csv, such as DE=electricity_maps or DE=traces/DE.csv";
    let (zone, source) = text.split_once('=').ok_or(form)?;
    let (zone, source) = (zone.trim().to_owned(), source.trim().to_owned());
    if zone.is_empty() || source.is_empty() {
        return Err(form.into());
    }
    let is_file = source.contains(".csv");
    Ok(if is_file { Carbon::Trace { zone, file: source } } else { Carbon::Live { zone, service: source } })
}

pub fn read_budget(text: &str) -> Result<Budget, String> {
    const FORM: &str = "amounts with their units, such as `2 kg, 48 h`: g, kg, kWh, h, days, trainings";
    let mut budget = Budget::default();
    for part in text.split(',').map(str::trim) {
        let digits = part.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(FORM)?;
        let (amount, unit) = part.split_at(digits);
        let amount: f64 = amount.parse().map_err(|_| FORM)?;
        if amount <= 0.0 {
            return Err("a budget is more than nothing".into());
        }
        match unit.trim() {
            "g" => budget.carbon_g = Some(amount),
            "kg" => budget.carbon_g = Some(amount * 1000.0),
            "kWh" | "kwh" => budget.energy_kwh = Some(amount),
            "h" | "hours" | "hour" => budget.hours = Some(amount),
            "d" | "days" | "day" => budget.hours = Some(amount * 24.0),
            "trainings" | "training" if amount.fract() == 0.0 => budget.trainings = Some(amount as u64),
            _ => return Err(FORM.into()),
        }
    }
    Ok(budget)
}

impl Answers {
    /// A configuration file, with what a reader would change next.
    pub fn settings(&self) -> String {
        let mut text = format!(
            "# Written by `ce-nas init`. What is not here stands in configs/default.toml, with every setting's meaning and unit.\n\n\
             [study]\nname = {0}\ndirectory = {1}\n\n",
            quoted(&self.name),
            quoted(&format!("runs/{}", self.name))
        );
        self.search(&mut text);
        self.carbon(&mut text);
        self.budget(&mut text);
        text.push_str("[local]\n# Workers that `ce-nas run` starts on this machine; others join from anywhere.\nworkers = 1\n");
        text
    }

    fn search(&self, text: &mut String) {
        // Writing into a string can't fail.
        let _ = match &self.search {
            Search::Images { space, images } => {
                text.push_str(&space_settings(*space, *images));
                text.push_str(image_settings(*images));
                let second = if *space == Space::Mobile { "flops" } else { "parameters" };
                writeln!(
                    text,
                    "[objectives]\n# Beside error: parameters, flops, latency_ms, joules_per_inference.\nminimise = [\"error\", \"{second}\"]\n"
                )
            }
            Search::Own { file, program } => {
                let words: Vec<String> = program.iter().map(|word| quoted(word)).collect();
                writeln!(
                    text,
                    "[space]\nkind = \"free_form\"\nfile = {}\n\n\
                     [objectives]\n# The program tells both; the references are the worst values that still count.\nminimise = [\"error\", \"parameters\"]\n\
                     [objectives.reference]\nerror = 1.0\nparameters = 10000000.0\n\n\
                     [evaluation]\nevaluator = \"command\"\ncommand = [{}]\n",
                    quoted(file),
                    words.join(", ")
                )
            }
        };
    }

    fn carbon(&self, text: &mut String) {
        text.push_str("[carbon]\n");
        let zone = match &self.carbon {
            Carbon::MadeUp => {
                text.push_str("# Made up, and marked so wherever it is shown. For a real grid: source = \"live\" or \"trace\".\nsource = \"typical_week\"\n\n");
                return;
            }
            Carbon::Live { zone, service } => {
                let line = format!("source = \"live\"\nlive = [{}]\n", quoted(&format!("{zone}={service}")));
                text.push_str(&line);
                zone
            }
            Carbon::Trace { zone, file } => {
                let line = format!(
                    "source = \"trace\"\ntraces = [{}]\n# The study's first hour, within the trace.\nstart = \"now\"\n",
                    quoted(&format!("{zone}={file}"))
                );
                text.push_str(&line);
                zone
            }
        };
        text.push_str(&format!("\n[worker]\nzone = {}\n\n", quoted(zone)));
    }

    fn budget(&self, text: &mut String) {
        let Budget { carbon_g, energy_kwh, hours, trainings } = self.budget;
        text.push_str("[budget]\n# The study ends with the first that is used up.\n");
        let limits =
            [("carbon_g", carbon_g), ("energy_kwh", energy_kwh), ("trainings", trainings.map(|n| n as f64))];
        for (key, limit) in limits.into_iter().filter_map(|(key, limit)| Some((key, limit?))) {
            text.push_str(&format!("{key} = {limit}\n"));
        }
        let hours = hours.map_or("\"unlimited\"".into(), |hours| hours.to_string());
        text.push_str(&format!("hours = {hours}\n\n"));
    }
}

fn space_settings(space: Space, images: Images) -> String {
    let input = match images {
        Images::FashionMnist => "[1, 28, 28]",
        Images::Cifar10 => "[3, 32, 32]",
    };
    match space {
        Space::NasBench201 => format!("[space]\nkind = \"nas_bench_201\"\ninput = {input}\nclasses = 10\n\n"),
        Space::Darts => format!(
            "[space]\nkind = \"darts\"\ninput = {input}\nclasses = 10\n\n[space.darts]\nchannels = 16\nlayers = 8\n\n"
        ),
        Space::Mobile => format!(
            "[space]\nkind = \"mobile\"\ninput = {input}\nclasses = 10\n\n[space.mobile]\n# Images are scaled to these sides.\nresolutions = [64, 96]\n\n"
        ),
    }
}

fn image_settings(images: Images) -> &'static str {
    match images {
        Images::FashionMnist => {
            "[data]\n# scripts/fetch-fashion-mnist puts them there.\nformat = \"idx\"\npath = \".data/fashion-mnist\"\naugmentation = \"flip\"\n\n"
        }
        Images::Cifar10 => {
            "[data]\n# The binary version's folder.\nformat = \"cifar10\"\npath = \".data/cifar-10\"\naugmentation = \"flip_crop\"\n\n"
        }
    }
}

/// As a TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_are_amounts_with_units() {
        let budget = read_budget("2 kg, 48 h").unwrap();
        assert_eq!((budget.carbon_g, budget.hours, budget.energy_kwh), (Some(2000.0), Some(48.0), None));
        assert_eq!(read_budget("500g").unwrap().carbon_g, Some(500.0));
        assert_eq!(
            read_budget("2 days,20 trainings").unwrap(),
            Budget { hours: Some(48.0), trainings: Some(20), ..Budget::default() }
        );
        for odd in ["", "much", "5", "-1 kg", "0 h", "1.5 trainings", "3 apples"] {
            assert!(read_budget(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_source_is_a_zone_with_a_service_or_a_file() {
        assert_eq!(read_carbon("none"), Ok(Carbon::MadeUp));
        let live = Carbon::Live { zone: "DE".into(), service: "electricity_maps".into() };
        assert_eq!(read_carbon("DE=electricity_maps"), Ok(live));
        let trace = Carbon::Trace { zone: "PL".into(), file: "PL.csv.gz".into() };
        assert_eq!(read_carbon("PL = PL.csv.gz"), Ok(trace));
        assert!(read_carbon("DE").is_err() && read_carbon("=x").is_err());
    }

    #[test]
    fn names_are_names_of_directories_too() {
        assert!(read_name("cells-2").is_ok());
        for odd in ["", "../up", "a b", ".hidden"] {
            assert!(read_name(odd).is_err(), "{odd}");
        }
    }
}
