//! What the pages tell, and that they agree.

use super::*;

#[test]
fn every_page_tells_the_same_study() {
    let site = Site::with("auto", study(Wishes::default()));
    let study: Study = site.told("/api/v1/study");
    assert_eq!(study.sequence, site.records.len() as u64);
    assert_eq!((study.state, study.objectives.len(), study.budgets.len()), (StudyState::Finished, 2, 5));
    assert!(study.hypervolume > 0.0 && study.energy.kwh > 0.0 && study.intensity_synthetic);
    let carbon = study.budgets.iter().find(|budget| budget.of == BudgetKind::Carbon).unwrap();
    assert_eq!(carbon.limit, Some(4.0));
    assert!((carbon.spent - study.energy.gco2eq).abs() < 1e-9);

    let front: Front = site.told("/api/v1/front");
    assert_eq!(front.members.len() as u64, study.front_size);
    assert_eq!(front.evaluated.iter().filter(|point| point.on_front).count(), front.members.len());
    let curve: Hypervolume = site.told("/api/v1/hypervolume");
    assert_eq!(curve.history.last().unwrap().hypervolume, study.hypervolume);
    assert!(curve.history.windows(2).all(|pair| pair[0].hypervolume <= pair[1].hypervolume));

    let workers: Workers = site.told("/api/v1/workers");
    assert_eq!(workers.workers.len() as u64, study.fleet.workers + study.fleet.workers_gone);
    let by_worker: f64 = workers.workers.iter().map(|worker| worker.joules).sum();
    assert!((by_worker / 3.6e6 - study.energy.kwh).abs() < 1e-9);
    let zones: Zones = site.told("/api/v1/zones");
    let by_zone: f64 = zones.zones.iter().map(|zone| zone.spent.kwh).sum();
    assert!((by_zone - study.energy.kwh).abs() < 1e-9);
    let by_hour: f64 = zones.zones.iter().flat_map(|zone| &zone.history).map(|hour| hour.kwh).sum();
    let part = by_hour / study.energy.kwh;
    assert!((0.99..=1.0 + 1e-9).contains(&part), "all of it but what was reported after the end: {part}");
    assert!(zones.counterfactual.at_once_gco2eq.is_some_and(|grams| grams > 0.0));
    assert!(zones.counterfactual.method.contains("not measured"));
    let tree: Tree = site.told("/api/v1/tree");
    assert!(!tree.known && tree.regions.is_empty(), "nobody searches here");
}

#[test]
fn trials_are_filtered_sorted_and_paged() {
    let site = Site::new();
    let all: Trials = site.told("/api/v1/trials?limit=500");
    assert_eq!(all.trials.len() as u64, all.total);
    let study: Study = site.told("/api/v1/study");
    for counts in &study.trials {
        let path =
            format!("/api/v1/trials?fidelity={}&state=finished&limit=1", counts.fidelity.replace('-', "_"));
        assert_eq!(site.told::<Trials>(&path).matching, counts.finished, "{}", counts.fidelity);
    }
    let best: Trials = site.told("/api/v1/trials?fidelity=full&state=finished&sort=error&limit=2");
    let next: Trials = site.told("/api/v1/trials?fidelity=full&state=finished&sort=error&offset=2&limit=500");
    let errors: Vec<f64> =
        best.trials.iter().chain(&next.trials).map(|trial| trial.validation_error.unwrap()).collect();
    assert_eq!(errors.len() as u64, best.matching);
    assert!(errors.is_sorted());
    let worst: Trials =
        site.told("/api/v1/trials?fidelity=full&state=finished&sort=error&order=descending&limit=1");
    assert_eq!(worst.trials[0].validation_error, errors.last().copied());
    let nowhere: Trials = site.told("/api/v1/trials?zone=nowhere");
    assert_eq!((nowhere.matching, nowhere.trials.len()), (0, 0));
    let beyond: Trials = site.told("/api/v1/trials?offset=1000000000");
    assert!(beyond.trials.is_empty());
}

#[test]
fn a_trial_tells_its_attempts_and_their_energy() {
    let site = Site::new();
    let all: Trials = site.told("/api/v1/trials?limit=500");
    for line in &all.trials {
        let trial: Trial = site.told(&format!("/api/v1/trials/{}", line.trial));
        assert_eq!(&trial.line, line);
        assert_eq!(trial.attempts.len() as u64, line.attempts);
        let joules: f64 = trial.attempts.iter().map(|attempt| attempt.joules).sum();
        assert!((joules - line.joules).abs() <= 1e-6 * line.joules.max(1.0), "trial {}", line.trial);
        assert!(trial.log.len() > 1 || line.attempts == 0);
        let is_open = matches!(line.state, TrialState::Waiting | TrialState::Running | TrialState::Suspended);
        assert!(is_open || trial.attempts.iter().all(|attempt| attempt.ended_at.is_some()));
    }
    let suspended = all.trials.iter().find(|trial| trial.attempts > 1).expect("some training was suspended");
    let trial: Trial = site.told(&format!("/api/v1/trials/{}", suspended.trial));
    assert!(trial.attempts[1].resumed_at.is_some());
    assert!(all.trials.iter().any(|trial| trial.on_front));
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let site = Site::new();
    let text = site.get("/metrics").body;
    let mut families = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let family = name.split('{').next().unwrap();
        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
        assert!(family.starts_with("ce_nas_"), "{line}");
        families.insert(family.to_owned());
    }
    for family in &families {
        let kind = format!("# TYPE {family} ");
        let declared = text.lines().filter(|line| line.starts_with(&kind)).collect::<Vec<_>>();
        assert_eq!(declared.len(), 1, "{family}");
        assert_eq!(declared[0].ends_with("counter"), family.ends_with("_total"), "{family}");
        assert!(text.contains(&format!("# HELP {family} ")), "{family}");
    }
    let study: Study = site.told("/api/v1/study");
    let energy = text.lines().filter(|line| line.starts_with("ce_nas_energy_joules_total{"));
    let joules: f64 = energy.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum();
    assert!((joules / 3.6e6 - study.energy.kwh).abs() < 1e-9);
}

#[test]
fn a_trials_files_come_as_they_are_and_the_history_in_pages() {
    let site = Site::with("auto", study(Wishes::default()));
    let front: Front = site.told("/api/v1/front");
    let id = front.members[0].trial;
    write_blobs(&StudyDirectory::new(site.folder.path()), id);
    let file = site.get(&format!("/api/v1/trials/{id}/files/weights"));
    assert_eq!((file.status, file.body.as_bytes()), (200, weights(id).as_slice()));
    assert!(file.head.contains(&format!("filename=\"trial-{id}.safetensors\"")), "{}", file.head);
    for unknown in [format!("{id}/files/none"), format!("{id}/files/supernet"), "99999/files/weights".into()]
    {
        assert_eq!(site.get(&format!("/api/v1/trials/{unknown}")).status, 404, "{unknown}");
    }

    let page: HistoryPage = site.told("/api/v1/history");
    assert_eq!((page.last, page.records[0].sequence), (site.records.len() as u64, 1));
    let rest: HistoryPage = site.told(&format!("/api/v1/history?after={}", page.last - 1));
    assert_eq!(rest.records.as_slice(), &site.records[site.records.len() - 1..]);
    assert_eq!(site.get("/api/v1/history?after=9223372036854775808").status, 400);
}
