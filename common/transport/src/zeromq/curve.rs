//! The few operations on keys that the ZeroMQ crate already brings. No key files, no policy.

use omq_tokio::{CurveKeypair, CurvePublicKey, CurveSecretKey};

/// A secret key; its memory is wiped on drop. It has no `Debug` on purpose.
#[derive(Clone)]
pub(crate) struct Secret(CurveSecretKey);

impl Secret {
    pub(crate) fn generate() -> Self {
        Self(CurveKeypair::generate().secret)
    }

    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(CurveSecretKey::from_bytes(bytes))
    }

    pub(crate) fn from_z85(text: &str) -> Option<Self> {
        CurveSecretKey::from_z85(text).ok().map(Self)
    }

    pub(crate) fn to_z85(&self) -> String {
        self.0.to_z85()
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        *self.0.derive_public().as_bytes()
    }

    pub(super) fn pair(&self) -> CurveKeypair {
        CurveKeypair { public: self.0.derive_public(), secret: self.0.clone() }
    }
}

pub(crate) fn public_from_z85(text: &str) -> Option<[u8; 32]> {
    CurvePublicKey::from_z85(text).ok().map(|key| *key.as_bytes())
}

pub(crate) fn public_to_z85(key: &[u8; 32]) -> String {
    CurvePublicKey::from_bytes(*key).to_z85()
}
