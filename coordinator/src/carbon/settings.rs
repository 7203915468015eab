//! What `[carbon]` says about live sources: which services serve which zone, in which order, in one kind of signal.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use common::carbon::SignalKind;
use common::config;
use common::id::Zone;
use common::nearest::did_you_mean;
use common::time::Millis;
use common::unit::Intensity;

use super::live::{
    self, Client, ElectricityMaps, ElectricityMapsMix, Live, Options, Pace, REGIONS, Service,
    UkCarbonIntensity, WattTime,
};
use super::{Error, Settings};

/// A service as settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceName {
    ElectricityMaps,
    /// Intensities computed from its power breakdown.
    ElectricityMapsMix,
    WattTime,
    Uk,
}

/// One entry of `carbon.live`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub zone: Zone,
    pub service: ServiceName,
    /// As the service names the place.
    pub place: String,
}

impl ServiceName {
    pub const ALL: [Self; 4] = [Self::ElectricityMaps, Self::ElectricityMapsMix, Self::WattTime, Self::Uk];

    pub fn key(self) -> &'static str {
        match self {
            Self::ElectricityMaps => "electricity_maps",
            Self::ElectricityMapsMix => "electricity_maps_mix",
            Self::WattTime => "watttime",
            Self::Uk => "uk",
        }
    }

    /// The service behind it, to which key, budget and waiting belong.
    fn host(self) -> Self {
        match self {
            Self::ElectricityMapsMix => Self::ElectricityMaps,
            other => other,
        }
    }

    /// Its public address.
    fn address(self) -> &'static str {
        match self {
            Self::ElectricityMaps | Self::ElectricityMapsMix => "https://api.electricitymaps.com/v3",
            Self::WattTime => "https://api.watttime.org",
            Self::Uk => "https://api.carbonintensity.org.uk",
        }
    }

    /// The environment variable that holds its key where no file is set; for WattTime `user:password`.
    fn variable(self) -> &'static str {
        match self {
            Self::ElectricityMaps | Self::ElectricityMapsMix => "ELECTRICITY_MAPS_KEY",
            Self::WattTime => "WATTTIME_KEY",
            Self::Uk => "",
        }
    }

    /// What it can serve, the best first.
    pub fn kinds(self) -> &'static [SignalKind] {
        match self {
            Self::ElectricityMaps | Self::ElectricityMapsMix => &ElectricityMaps::KINDS,
            Self::WattTime => &WattTime::KINDS,
            Self::Uk => &UkCarbonIntensity::KINDS,
        }
    }
}

impl Link {
    fn parse(text: &str) -> Result<Self, Error> {
        let (zone, rest) = text.split_once('=').ok_or_else(|| Error::LiveSetting(text.into()))?;
        let (service, place) = rest.split_once(':').unwrap_or((rest, ""));
        let (zone, service, place) = (zone.trim(), service.trim(), place.trim());
        if zone.is_empty() || service.is_empty() {
            return Err(Error::LiveSetting(text.into()));
        }
        let named = ServiceName::ALL.into_iter().find(|known| known.key() == service);
        let named = named.ok_or_else(|| Error::UnknownService {
            text: text.into(),
            service: service.into(),
            nearest: did_you_mean(service, ServiceName::ALL.map(ServiceName::key)),
        })?;
        let odd = |reason: &str| Error::Place { text: text.into(), reason: reason.into() };
        let place = match named {
            ServiceName::Uk if !place.is_empty() => {
                let region = place.parse::<u8>().ok().filter(|id| (1..=REGIONS).contains(id));
                region.ok_or_else(|| odd("a region of the UK is a number from 1 to 17"))?.to_string()
            }
            ServiceName::Uk => String::new(),
            _ if place.is_empty() => zone.to_owned(),
            _ => place.to_owned(),
        };
        if !place.chars().all(|c| c.is_ascii_alphanumeric() || "-_.,".contains(c)) {
            return Err(odd("a place is written in letters, digits and -_.,"));
        }
        if place.contains(',') && !is_position(&place) {
            return Err(odd("a position is latitude,longitude in degrees, such as 52.5,13.4"));
        }
        Ok(Self { zone: Zone::new(zone), service: named, place })
    }

    /// No other link's: a zone may ask one service about several places.
    fn name(&self) -> String {
        let Self { zone, service, place } = self;
        let whole = place.is_empty() || place == zone.as_str();
        if whole { format!("{}-{zone}", service.key()) } else { format!("{}-{zone}-{place}", service.key()) }
    }

    fn service(&self, kind: SignalKind) -> Box<dyn Service> {
        match self.service {
            ServiceName::ElectricityMaps => Box::new(ElectricityMaps::new(&self.place, kind)),
            ServiceName::ElectricityMapsMix => {
                Box::new(ElectricityMapsMix::new(&self.place, &self.zone, kind))
            }
            ServiceName::WattTime => Box::new(WattTime::new(&self.place, kind)),
            ServiceName::Uk => Box::new(UkCarbonIntensity::new(self.place.parse().ok())),
        }
    }
}

/// Latitude and longitude, as services are told them.
fn is_position(place: &str) -> bool {
    let degrees = |text: &str, limit: f64| text.parse::<f64>().is_ok_and(|degrees| degrees.abs() <= limit);
    place.split_once(',').is_some_and(|(north, east)| degrees(north, 90.0) && degrees(east, 180.0))
}

/// The live sources in the order given, each zone's first one first.
pub fn live(settings: &Settings) -> Result<Vec<Live>, Error> {
    let carbon = &settings.carbon;
    let links: Vec<Link> = carbon.live.iter().map(|text| Link::parse(text)).collect::<Result<_, _>>()?;
    if links.is_empty() {
        return Err(Error::NoLive);
    }
    let kind = common_kind(&carbon.kind, &links)?;
    let mut clients: BTreeMap<ServiceName, Arc<Mutex<Client>>> = BTreeMap::new();
    let mut sources = Vec::new();
    for link in links {
        let client = match clients.get(&link.service.host()) {
            Some(client) => client.clone(),
            None => {
                let client = Arc::new(Mutex::new(client(link.service.host(), settings)?));
                clients.insert(link.service.host(), client.clone());
                client
            }
        };
        let service = link.service(kind);
        let slot = settings.memory.slot(&link.name());
        sources.push(Live::remembering(link.zone, service, client, settings.clock.clone(), slot));
    }
    Ok(sources)
}

/// One series, one kind: that which was asked for, or the best that all links serve.
fn common_kind(asked: &str, links: &[Link]) -> Result<SignalKind, Error> {
    let preferred = [SignalKind::AverageLifecycle, SignalKind::AverageDirect, SignalKind::MarginalDirect];
    let shared = |kind: &SignalKind| links.iter().all(|link| link.service.kinds().contains(kind));
    let wanted = |kind: &SignalKind| asked == "auto" || word(*kind) == asked;
    preferred.into_iter().filter(wanted).find(shared).ok_or_else(|| {
        let served = |link: &Link| {
            let kinds: Vec<_> = link.service.kinds().iter().map(|kind| word(*kind)).collect();
            format!("{} by {}: {}", link.zone, link.service.key(), kinds.join(" or "))
        };
        let served = links.iter().map(served).collect::<Vec<_>>().join("; ");
        Error::NoCommonKind { asked: asked.into(), served }
    })
}

/// A kind as settings and files name it.
pub fn word(kind: SignalKind) -> &'static str {
    match kind {
        SignalKind::AverageDirect => "average_direct",
        SignalKind::AverageLifecycle => "average_lifecycle",
        SignalKind::MarginalDirect => "marginal_direct",
        SignalKind::MarginalLifecycle => "marginal_lifecycle",
    }
}

fn client(name: ServiceName, settings: &Settings) -> Result<Client, Error> {
    let carbon = &settings.carbon;
    let (url, key_file) = match name {
        ServiceName::ElectricityMaps | ServiceName::ElectricityMapsMix => {
            (&carbon.electricity_maps.url, carbon.electricity_maps.key_file.as_str())
        }
        ServiceName::WattTime => (&carbon.watttime.url, carbon.watttime.key_file.as_str()),
        ServiceName::Uk => (&carbon.uk.url, ""),
    };
    let section = name.key();
    let odd = |reason| Error::Url { section, url: url.clone(), reason };
    let base = if url == "auto" { name.address() } else { url.trim_end_matches('/') }.to_owned();
    if base.contains('@') || base.contains('?') {
        return Err(Error::Url {
            section,
            url: "…".into(),
            reason: "an address alone: keys stand in the environment or a file",
        });
    }
    let at_home = base.starts_with("http://") && live::is_loopback(&base);
    if !at_home && !base.starts_with("https://") {
        return Err(odd("it begins with https://; http:// is for this machine itself"));
    }
    let key = if name.variable().is_empty() {
        None
    } else {
        live::find(key_file, name.variable()).map_err(|trouble| Error::Key { section, trouble })?
    };
    Ok(Client::new(Options {
        base,
        access: match name {
            ServiceName::ElectricityMaps | ServiceName::ElectricityMapsMix => {
                live::Access::Header("auth-token")
            }
            ServiceName::WattTime => live::Access::Login("/login"),
            ServiceName::Uk => live::Access::Open,
        },
        key,
        key_origin: format!("carbon.{section}.key_file or the environment variable {}", name.variable()),
        timeout: Millis::from_seconds(carbon.timeout_s),
        pace: Pace::new(carbon.requests_per_day, settings.seed.derive(section, 0))
            .waiting_first(Millis::from_seconds(carbon.retry_s)),
        slot: settings.memory.shared_slot(section),
        clock: settings.clock.clone(),
        roots: live::roots(&carbon.root_certificates)?,
    }))
}

/// A service that wants a key, and whether it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    pub service: &'static str,
    /// Whether the settings ask it.
    pub is_asked: bool,
    /// Whether a key was found, or why it can't be read.
    pub key: Result<bool, String>,
    /// Where a key is looked for.
    pub place: String,
}

/// Of each service that wants a key.
pub fn keys(carbon: &config::Carbon) -> Vec<KeyState> {
    let links: Vec<Link> = carbon.live.iter().filter_map(|text| Link::parse(text).ok()).collect();
    let state = |name: ServiceName, file: &str| KeyState {
        service: name.key(),
        is_asked: carbon.source == "live" && links.iter().any(|link| link.service.host() == name),
        key: live::find(file, name.variable())
            .map(|key| key.is_some())
            .map_err(|trouble| trouble.to_string()),
        place: format!("carbon.{}.key_file or the environment variable {}", name.key(), name.variable()),
    };
    vec![
        state(ServiceName::ElectricityMaps, &carbon.electricity_maps.key_file),
        state(ServiceName::WattTime, &carbon.watttime.key_file),
    ]
}

/// `carbon.constants`, by zone.
pub fn constants(carbon: &config::Carbon) -> Result<BTreeMap<Zone, Intensity>, Error> {
    let read = |text: &String| {
        let (zone, value) = text.split_once('=')?;
        let value = value.trim().parse::<f64>().ok().filter(|value| (0.0..=3000.0).contains(value))?;
        (!zone.trim().is_empty()).then(|| (Zone::new(zone.trim()), Intensity(value)))
    };
    let odd = |text: &String| Error::ConstantSetting(text.clone());
    carbon.constants.iter().map(|text| read(text).ok_or_else(|| odd(text))).collect()
}
