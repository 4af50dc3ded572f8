//! What a cluster can do: its Kubernetes version and API versions, known or assumed.
//!
//! Offline, Helm assumes every API version its client library knows; the table below is that list for the
//! Helm in [`super::HELM_VERSION`], read from a probe chart that prints `.Capabilities.APIVersions`.

/// `.Capabilities`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    pub kube_version: KubeVersion,
    /// `v1`, `apps/v1`; from a cluster also `apps/v1/Deployment`.
    pub api_versions: Vec<String>,
}

impl Default for Capabilities {
    /// What Helm assumes without a cluster and without flags.
    fn default() -> Self {
        Capabilities {
            kube_version: KubeVersion::default(),
            api_versions: DEFAULT_API_VERSIONS.iter().map(|v| (*v).to_owned()).collect(),
        }
    }
}

impl Capabilities {
    /// The assumed API versions for a given Kubernetes version, plus `extra` ones.
    pub fn offline(kube_version: KubeVersion, extra: &[String]) -> Self {
        let mut capabilities = Capabilities { kube_version, ..Capabilities::default() };
        capabilities.api_versions.extend(extra.iter().cloned());
        capabilities
    }
}

/// `.Capabilities.KubeVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    /// As given, with a leading `v`: `v1.33.4-gke.1245000`.
    pub version: String,
    /// Numbers only, for constraints: `v1.33.4`.
    pub normalized: String,
    pub major: String,
    pub minor: String,
}

impl Default for KubeVersion {
    /// The version that Helm's client library belongs to.
    fn default() -> Self {
        KubeVersion {
            version: "v1.37.0".into(),
            normalized: "v1.37.0".into(),
            major: "1".into(),
            minor: "37".into(),
        }
    }
}

/// A text that is no Kubernetes version; prints as Helm words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidKubeVersion(pub String);

impl std::fmt::Display for InvalidKubeVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidKubeVersion {}

impl KubeVersion {
    /// Reads `1.34`, `v1.34.1`, `v1.33.4-gke.1245000`: at least two numbers, then anything
    /// (`ParseGeneric` in k8s.io/apimachinery).
    ///
    /// # Errors
    /// Fewer than two numbers, a leading zero in the first one, or a number above 2^64-1.
    pub fn parse(text: &str) -> Result<KubeVersion, InvalidKubeVersion> {
        let could_not = || InvalidKubeVersion(format!("could not parse {text:?} as version"));
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('v').unwrap_or(trimmed);
        // The longest run of `N.N...` at the start.
        let mut end = 0;
        let mut parts: Vec<&str> = Vec::new();
        let mut rest = bare;
        loop {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                break;
            }
            let Some((number, after)) = rest.split_at_checked(digits) else { break };
            parts.push(number);
            end += digits;
            match after.strip_prefix('.') {
                Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => {
                    rest = next;
                    end += 1;
                }
                _ => break,
            }
        }
        let [major, minor, ..] = parts.as_slice() else {
            let illegal = InvalidKubeVersion(format!("illegal version string {text:?}"));
            return Err(if parts.is_empty() { could_not() } else { illegal });
        };
        for (i, part) in parts.iter().enumerate() {
            if i == 0 && part.len() > 1 && part.starts_with('0') {
                return Err(InvalidKubeVersion(format!(
                    "illegal zero-prefixed version component {part:?} in {text:?}"
                )));
            }
            if part.parse::<u64>().is_err() {
                return Err(InvalidKubeVersion(format!(
                    "illegal non-numeric version component {part:?} in {text:?}: strconv.ParseUint: parsing \
                     {part:?}: value out of range"
                )));
            }
        }
        let plain = |n: &str| n.parse::<u64>().map_or_else(|_| n.to_owned(), |n| n.to_string());
        let numbers: Vec<String> = bare.get(..end).unwrap_or(bare).split('.').map(plain).collect();
        Ok(KubeVersion {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            normalized: format!("v{}", numbers.join(".")),
            major: plain(major),
            minor: plain(minor),
        })
    }
}

/// `.Capabilities.APIVersions` of a Helm that has no cluster.
const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];
