//! OpenTelemetry's view of a study: a trace for each trial, from its proposal to its end, with a span for each attempt. In OTLP's
//! JSON (`ExportTraceServiceRequest`, opentelemetry-proto 1), as collectors take it at `/v1/traces` and from files.

use anyhow::{Context, Result, bail};
use common::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::core::Trial;
use crate::http::history::{Attempt, History, Outcome};
use crate::launch::VERSION;
use crate::report::{Standing, standing};
use crate::source::Source;

/// Trials that one message to a collector carries; the usual limit of a message is 4 MB.
const BATCH: usize = 500;
/// OTLP's span kinds and status codes.
const INTERNAL: u8 = 1;
const OK: u8 = 1;
const ERROR: u8 = 2;

/// A study as OTLP messages, each with some of its trials. What has not ended lasts until the last event.
pub fn messages(source: &Source) -> Result<Vec<Value>> {
    let history = source.fold(|history: &mut History, record| history.apply(record, false))?;
    let study = history.state.study.as_ref();
    let study = study.with_context(|| format!("the study {} has not begun yet", source.place()))?;
    let name = format!("{} (seed {})", study.spec.name, study.spec.seed.0);
    let resource = json!({ "attributes": [
        text("service.name", "ce-nas"),
        text("service.version", VERSION),
        text("ce_nas.study", &name),
    ]});
    let trials: Vec<&Trial> = history.state.trials.values().filter(|trial| !trial.is_given()).collect();
    let message = |trials: &[&Trial]| {
        let spans: Vec<Value> = trials.iter().flat_map(|trial| spans(&history, &name, trial)).collect();
        let scope = json!({ "name": "ce-nas", "version": VERSION });
        json!({ "resourceSpans": [{
            "resource": resource,
            "scopeSpans": [{ "scope": scope, "spans": spans }],
        }]})
    };
    Ok(trials.chunks(BATCH).map(message).collect())
}

/// Hands the messages to a collector; gives their number.
pub fn send(messages: &[Value], endpoint: &str) -> Result<usize> {
    let url = match endpoint.trim_end_matches('/') {
        whole if whole.ends_with("/v1/traces") => whole.to_owned(),
        base => format!("{base}/v1/traces"),
    };
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .timeout_global(Some(std::time::Duration::from_secs(30)))
            .http_status_as_error(false)
            .build(),
    );
    for message in messages {
        let answer = agent.post(&url).header("content-type", "application/json").send(message.to_string());
        let answer = answer.with_context(|| format!("the collector at {url} can't be reached"))?;
        if !answer.status().is_success() {
            bail!("the collector at {url} answers {}: is it OTLP over HTTP, port 4318?", answer.status());
        }
    }
    Ok(messages.len())
}

fn spans(history: &History, study: &str, trial: &Trial) -> Vec<Value> {
    let attempts = history.attempts.of(trial.id);
    let trace = id(&format!("{study}, trial {}", trial.id), 32);
    let root = id(&format!("{study}, trial {}, root", trial.id), 16);
    let last = history.state.last_at;
    let ended = attempts.iter().filter_map(|attempt| attempt.ended.as_ref().map(|(at, _)| *at)).max();
    let stands = standing(trial);
    let end = match stands {
        Standing::Finished | Standing::Failed => trial.finished.or(ended).unwrap_or(last),
        _ => last,
    };
    let fidelity = trial.subject.purpose().to_string();
    let mut attributes = vec![
        number("ce_nas.trial", trial.id.0),
        text("ce_nas.fidelity", &fidelity),
        text("ce_nas.state", stands.name()),
    ];
    let space = history.space.as_deref();
    if let (Some(architecture), Some(space)) = (trial.subject.architecture(), space) {
        attributes.push(text("ce_nas.architecture", &space.encode(architecture)));
    }
    if let Some(evaluation) = &trial.evaluation {
        attributes.push(real("ce_nas.validation_error", evaluation.validation_error));
    }
    let status = match stands {
        Standing::Finished => json!({ "code": OK }),
        Standing::Failed => json!({ "code": ERROR, "message": trial.failures.last() }),
        _ => json!({}),
    };
    let whole = json!({
        "traceId": trace, "spanId": root, "kind": INTERNAL, "name": format!("trial, {fidelity}"),
        "startTimeUnixNano": nanoseconds(trial.proposed), "endTimeUnixNano": nanoseconds(end),
        "attributes": attributes, "status": status,
    });
    let parts = attempts.iter().map(|attempt| {
        let own = id(&format!("{study}, task {}", attempt.task), 16);
        span(attempt, &trace, &root, &own, last)
    });
    std::iter::once(whole).chain(parts).collect()
}

fn span(attempt: &Attempt, trace: &str, parent: &str, own: &str, last: Timestamp) -> Value {
    let (end, name, status) = match &attempt.ended {
        None => (last, "running", json!({})),
        Some((at, Outcome::Finished)) => (*at, "finished", json!({ "code": OK })),
        Some((at, Outcome::Suspended)) => (*at, "suspended", json!({})),
        Some((at, Outcome::Cancelled)) => (*at, "cancelled", json!({})),
        Some((at, Outcome::Overtaken)) => (*at, "overtaken", json!({})),
        Some((at, Outcome::Failed(reason))) => (*at, "failed", json!({ "code": ERROR, "message": reason })),
    };
    let joules: f64 = attempt.windows.iter().map(|window| window.joules.0).sum();
    let mut attributes = vec![
        number("ce_nas.attempt", u64::from(attempt.task.attempt.0)),
        text("ce_nas.outcome", name),
        text("ce_nas.worker", &attempt.worker.to_string()),
        number("ce_nas.slot", u64::from(attempt.slot.0)),
        real("ce_nas.energy_joules", joules),
        number("ce_nas.checkpoints", u64::from(attempt.checkpoints)),
    ];
    attributes.extend(attempt.zone.as_ref().map(|zone| text("ce_nas.zone", &zone.to_string())));
    json!({
        "traceId": trace, "spanId": own, "parentSpanId": parent, "kind": INTERNAL,
        "name": format!("attempt {}", attempt.task.attempt.0),
        "startTimeUnixNano": nanoseconds(attempt.began), "endTimeUnixNano": nanoseconds(end),
        "attributes": attributes, "status": status,
    })
}

/// So many hexadecimal digits that the same words have each time.
fn id(words: &str, digits: usize) -> String {
    let hash = Sha256::digest(words.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>().chars().take(digits).collect()
}

/// 64-bit whole numbers are strings in protobuf's JSON.
fn nanoseconds(at: Timestamp) -> String {
    (i128::from(at.0) * 1_000_000).to_string()
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn number(key: &str, value: u64) -> Value {
    json!({ "key": key, "value": { "intValue": value.to_string() } })
}

fn real(key: &str, value: f64) -> Value {
    json!({ "key": key, "value": { "doubleValue": value } })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::directory::StudyDirectory;
    use crate::report::sample::{Wishes, study, write_ledger};

    fn sampled() -> Vec<Value> {
        let folder = tempfile::tempdir().unwrap();
        write_ledger(&StudyDirectory::new(folder.path()).ledger(), &study(Wishes::default()));
        messages(&Source::directory(folder.path())).unwrap()
    }

    fn spans_of(messages: &[Value]) -> Vec<&Value> {
        let of = |message: &'_ Value| {
            message["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len()
        };
        assert!(messages.iter().all(|message| of(message) > 0));
        messages
            .iter()
            .flat_map(|message| message["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap())
            .collect()
    }

    #[test]
    fn every_attempt_lies_within_its_trial() {
        let messages = sampled();
        let spans = spans_of(&messages);
        let time = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<i128>().unwrap();
        let ids: BTreeSet<&str> = spans.iter().map(|span| span["spanId"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), spans.len(), "each has an id of its own");
        let mut attempts = 0;
        for span in &spans {
            assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
            assert_eq!(span["spanId"].as_str().unwrap().len(), 16);
            assert!(time(span, "startTimeUnixNano") <= time(span, "endTimeUnixNano"), "{span}");
            let Some(parent) = span.get("parentSpanId") else { continue };
            let parent = spans.iter().find(|other| other["spanId"] == *parent).expect("its trial");
            assert_eq!(parent["traceId"], span["traceId"]);
            assert!(time(parent, "startTimeUnixNano") <= time(span, "startTimeUnixNano"));
            attempts += 1;
        }
        assert!(attempts > 10, "{attempts}");
    }

    #[test]
    fn the_same_study_has_the_same_traces() {
        assert_eq!(sampled(), sampled());
    }

    #[test]
    fn a_collector_that_is_not_there_is_said() {
        let error = format!("{:#}", send(&sampled(), "http://127.0.0.1:9/").unwrap_err());
        assert!(
            error.contains("http://127.0.0.1:9/v1/traces") && error.contains("can't be reached"),
            "{error}"
        );
    }
}
