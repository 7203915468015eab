//! The suite, for both transports, with keys and without.

use transport::conformance::Safety;
use transport::memory::Network;
use transport::{ZeroMq, conformance_suite};

conformance_suite!(zeromq_with_keys, ZeroMq, Safety::Keys);
conformance_suite!(zeromq_without_keys, ZeroMq, Safety::Null);
conformance_suite!(memory_with_keys, Network::new(), Safety::Keys);
conformance_suite!(memory_without_keys, Network::new(), Safety::Null);
