//! Courses in a few lines each: what happened, what was done about it, what it came to.

use super::*;

const LIMITS: Limits =
    Limits { stop: Seconds(10.0), silence: Seconds(60.0), limit: Some(Seconds(600.0)), disk_bytes: 1000 };
const FIGURES: Figures = Figures {
    validation_error: 0.25,
    test_error: None,
    parameters: None,
    flops: None,
    latency_ms: None,
    joules_per_inference: None,
};

fn course() -> Course {
    Course::new(LIMITS, 4, Vec::new(), 0.0)
}

fn epoch(epoch: u32) -> Input {
    let (training_loss, validation_error) = (Some(f64::from(epoch)), None);
    Input::Said(Ok(Line::Progress { epoch: Some(epoch), done: None, training_loss, validation_error }))
}

fn result() -> Input {
    Input::Said(Ok(Line::Result(FIGURES)))
}

/// The effects of each input at its second, and the end.
fn check(inputs: &[(f64, Input)], exit: Exit, effects: &[Effect], end: End) {
    let mut course = course();
    let told = |effect: &Effect| !matches!(effect, Effect::Tell(_));
    let found: Vec<Effect> = inputs
        .iter()
        .flat_map(|(now, input)| course.step(input.clone(), Seconds(*now)))
        .filter(told)
        .collect();
    assert_eq!(found, effects, "{inputs:?}");
    assert_eq!(course.end(exit, ""), end, "{inputs:?}");
}

fn failed_with(inputs: &[(f64, Input)], exit: Exit, last_words: &str) -> Failure {
    let mut course = course();
    for (now, input) in inputs {
        course.step(input.clone(), Seconds(*now));
    }
    match course.end(exit, last_words) {
        End::Failed(failure) => failure,
        other => panic!("{inputs:?} came to {other:?}"),
    }
}

#[test]
fn a_result_and_exit_code_0_finish_it() {
    check(&[(1.0, epoch(1)), (2.0, result())], Exit::Code(0), &[], End::Finished(FIGURES));
    let refused = failed_with(&[], Exit::Code(0), "");
    assert!(!refused.can_retry() && refused.to_string().contains("without a result"), "{refused}");
    let late = failed_with(&[(1.0, result())], Exit::Signal("SIGSEGV".into()), "Fatal");
    assert!(late.can_retry() && late.to_string().contains("SIGSEGV; its last words: Fatal"), "{late}");
    let unable = failed_with(&[], Exit::Code(REFUSED), "no such layer");
    assert!(!unable.can_retry() && unable.to_string().contains("no such layer"), "{unable}");
    assert!(failed_with(&[], Exit::Code(STOPPED), "").can_retry(), "nobody asked it to stop");
    assert!(failed_with(&[], Exit::Code(1), "").can_retry());
}

#[test]
fn silence_is_a_hang_and_any_word_is_life() {
    let inputs = [(50.0, Input::Heard), (100.0, Input::Tick), (110.5, Input::Tick), (111.0, Input::Tick)];
    let mut course = course();
    let effects = inputs.map(|(now, input)| course.step(input, Seconds(now)));
    assert_eq!(effects, [vec![], vec![], vec![Effect::Kill], vec![]]);
    let End::Failed(failure) = course.end(Exit::Signal("SIGKILL".into()), "") else { panic!() };
    assert!(failure.can_retry() && failure.to_string().contains("hung"), "{failure}");
}

#[test]
fn the_whole_has_a_limit() {
    let inputs = [(599.0, Input::Heard), (600.5, Input::Heard), (601.0, Input::Tick)];
    let failure = failed_with(&inputs, Exit::Signal("SIGKILL".into()), "");
    assert!(failure.to_string().contains("longer than 600 s"), "{failure}");
}

#[test]
fn suspended_it_saves_and_leaves_within_its_time() {
    let stop = [(1.0, Input::Wish(Wish::Suspend)), (2.0, Input::Wish(Wish::Suspend)), (10.0, Input::Tick)];
    let asked = [Effect::AskToStop];
    check(&stop, Exit::Code(STOPPED), &asked, End::Suspended { whole: true });
    check(&stop, Exit::Code(0), &asked, End::Suspended { whole: true });
    check(&stop, Exit::Code(1), &asked, End::Suspended { whole: false });
    check(&stop, Exit::Signal("SIGTERM".into()), &asked, End::Suspended { whole: false });
    let slow = [&stop[..], &[(11.5, Input::Tick), (12.0, Input::Tick)]].concat();
    let killed = [Effect::AskToStop, Effect::Kill];
    check(&slow, Exit::Signal("SIGKILL".into()), &killed, End::Suspended { whole: false });
    let done = [(1.0, Input::Wish(Wish::Suspend)), (1.5, result())];
    check(&done, Exit::Code(0), &asked, End::Finished(FIGURES));
}

#[test]
fn cancelled_it_is_over_whatever_it_says() {
    let cancel = [(1.0, result()), (1.0, Input::Wish(Wish::Cancel))];
    check(&cancel, Exit::Code(0), &[Effect::AskToStop], End::Cancelled);
    let stubborn = [(1.0, Input::Wish(Wish::Cancel)), (2.9, Input::Tick), (3.1, Input::Tick)];
    check(&stubborn, Exit::Signal("SIGKILL".into()), &[Effect::AskToStop, Effect::Kill], End::Cancelled);
    let twice = [(1.0, Input::Wish(Wish::Suspend)), (1.5, Input::Wish(Wish::Cancel))];
    check(&twice, Exit::Code(STOPPED), &[Effect::AskToStop, Effect::Kill], End::Cancelled);
}

#[test]
fn a_checkpoint_is_handed_over_once_for_each_wish() {
    let saved = || Input::Said(Ok(Line::Checkpoint));
    let wish = || Input::Wish(Wish::Checkpoint);
    let inputs =
        [(1.0, saved()), (2.0, wish()), (2.5, wish()), (3.0, saved()), (4.0, saved()), (5.0, result())];
    check(&inputs, Exit::Code(0), &[Effect::AskForCheckpoint, Effect::Keep], End::Finished(FIGURES));
}

#[test]
fn nonsense_costs_the_task_at_once() {
    let killed = Exit::Signal("SIGKILL".into());
    let failure =
        failed_with(&[(1.0, Input::Said(Err(Fault::TooLong))), (2.0, result())], killed.clone(), "");
    assert!(!failure.can_retry() && failure.to_string().contains("bytes"), "{failure}");
    assert_eq!(
        failed_with(&[(1.0, Input::Said(Err(Fault::Diverged)))], killed.clone(), ""),
        Failure::Diverged
    );
    let full = failed_with(&[(1.0, Input::Holds(1000)), (2.0, Input::Holds(1001))], killed, "");
    assert!(!full.can_retry() && full.to_string().contains("1001 bytes"), "{full}");
}

#[test]
fn the_curve_has_one_point_an_epoch_in_order() {
    let point = |epoch| CurvePoint { epoch, training_loss: 9.0, validation_error: None };
    let mut course = Course::new(LIMITS, 4, vec![point(1), point(2), point(3)], 0.75);
    let done: Vec<f64> = [epoch(3), epoch(4), epoch(5), epoch(9)]
        .into_iter()
        .flat_map(|input| course.step(input, Seconds::ZERO))
        .map(|effect| if let Effect::Tell(step) = effect { step.done } else { panic!("{effect:?}") })
        .collect();
    assert_eq!(done, [0.75, 1.0, 1.0, 1.0], "it never falls and never passes 1");
    let losses: Vec<f64> = course.curve().iter().map(|point| point.training_loss).collect();
    assert_eq!(losses, [9.0, 9.0, 3.0, 4.0], "told again, told next, one too many, out of turn");
}
