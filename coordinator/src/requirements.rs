//! What a slot must have to be given work. Pure: a slot as its worker described it, and what it lacks for a role.

use common::config::Requirements;
use common::fidelity::Role;
use common::wire::SlotInfo;

/// What `slot` lacks for work of `role`, in words; nothing where it may be given some.
pub fn lacks(needed: &Requirements, role: Role, slot: &SlotInfo) -> Option<String> {
    let memory_mb = match role {
        Role::Train => needed.train_memory_mb,
        Role::Sample => needed.sample_memory_mb,
        Role::Rest => return None,
    };
    let fits = needed.device.is_empty() || slot.device.to_lowercase().contains(&needed.device.to_lowercase());
    if !fits {
        return Some(format!("{} is no {}", slot.device, needed.device));
    }
    (slot.memory_mb < memory_mb).then(|| format!("{} MB of memory, not {memory_mb}", slot.memory_mb))
}

/// What it can't be given, for a person; nothing where it may be given anything.
pub fn shortfall(needed: &Requirements, slot: &SlotInfo) -> Option<String> {
    let [train, sample] = [Role::Train, Role::Sample].map(|role| lacks(needed, role, slot));
    match (train, sample) {
        (None, None) => None,
        (Some(lacks), None) => Some(format!("it can't train: {lacks}")),
        (None, Some(lacks)) => Some(format!("it can't score: {lacks}")),
        (Some(lacks), Some(_)) => Some(format!("it is given nothing: {lacks}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::id::SlotId;

    fn slot(device: &str, memory_mb: u64) -> SlotInfo {
        SlotInfo { slot: SlotId(0), device: device.into(), memory_mb, meter: "test".into() }
    }

    #[test]
    fn memory_is_asked_by_role_and_the_device_by_a_part_of_its_name() {
        let needed = Requirements { train_memory_mb: 16_000, sample_memory_mb: 4_000, device: "a100".into() };
        let check = |slot: &SlotInfo, expected: Option<&str>| {
            assert_eq!(shortfall(&needed, slot).as_deref(), expected, "{slot:?}");
        };
        check(&slot("NVIDIA A100-SXM4-40GB", 40_960), None);
        check(&slot("NVIDIA A100 (a tenth)", 4_864), Some("it can't train: 4864 MB of memory, not 16000"));
        check(
            &slot("NVIDIA A100 (a part)", 1_000),
            Some("it is given nothing: 1000 MB of memory, not 16000"),
        );
        check(&slot("Tesla V100", 32_000), Some("it is given nothing: Tesla V100 is no a100"));
        assert_eq!(shortfall(&Requirements::default(), &slot("anything", 0)), None);
    }
}
