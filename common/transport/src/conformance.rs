//! What every [`Transport`](crate::Transport) must do. A new one runs [`crate::conformance_suite!`] in its tests.
//!
//! The cases talk through the public handles only. Time appears as an upper bound to fail at,
//! never as a pause that hopes.

mod keyed;
mod stage;
mod traffic;
mod trouble;

pub use keyed::{
    a_key_allowed_later_comes_in, names_come_from_keys, the_list_changes_while_serving,
    unknown_key_is_refused, wrong_server_key_is_refused,
};
pub use stage::{Safety, Stage, quick_limits, within};
pub use traffic::{echo, large_frames_up_to_the_limit, many_clients, order_is_kept_per_peer};
pub use trouble::{
    a_newer_process_takes_over, a_peer_that_does_not_read_blocks_nobody,
    an_oversized_frame_costs_only_its_sender, closed_handles_say_so, nonsense_limits_are_refused,
    null_stays_on_loopback, port_in_use_is_told, reconnects_after_a_server_restart,
    sending_to_strangers_is_harmless, waiting_frames_are_bounded,
};

/// Makes a test module that runs the whole suite: `conformance_suite!(memory, Network::new(), Safety::Keys)`.
/// Needs `tokio` with `macros` and `rt-multi-thread` where it is used.
#[macro_export]
macro_rules! conformance_suite {
    ($module:ident, $transport:expr, $safety:expr) => {
        mod $module {
            #[allow(unused_imports)] // the expressions may need them or not
            use super::*;
            $crate::conformance_suite! { @cases $transport, $safety;
                echo
                order_is_kept_per_peer
                many_clients
                large_frames_up_to_the_limit
                an_oversized_frame_costs_only_its_sender
                a_newer_process_takes_over
                sending_to_strangers_is_harmless
                reconnects_after_a_server_restart
                a_peer_that_does_not_read_blocks_nobody
                waiting_frames_are_bounded
                closed_handles_say_so
                port_in_use_is_told
                null_stays_on_loopback
                nonsense_limits_are_refused
                wrong_server_key_is_refused
                unknown_key_is_refused
                a_key_allowed_later_comes_in
                names_come_from_keys
                the_list_changes_while_serving
            }
        }
    };
    (@cases $transport:expr, $safety:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::$case(&$transport, $safety).await;
            }
        )*
    };
}
