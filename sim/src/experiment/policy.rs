//! How a speaker's TCP behaves: a preset, and what differs from it.

use super::ExperimentError;
use serde::Deserialize;
use synema_core::tcp::Policy;
use toml::{Table, Value};

/// Where a policy begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// [`Policy::rfc`].
    #[default]
    Rfc,
    /// [`Policy::linux`].
    Linux,
    /// [`Policy::teeceepee_2014`].
    #[serde(rename = "teeceepee-2014")]
    Teeceepee2014,
}

impl Preset {
    fn policy(self) -> Policy {
        match self {
            Self::Rfc => Policy::rfc(),
            Self::Linux => Policy::linux(),
            Self::Teeceepee2014 => Policy::teeceepee_2014(),
        }
    }
}

/// A preset, and what differs from it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct PolicySpec {
    /// Where it begins.
    #[serde(default)]
    pub preset: Preset,
    /// What differs: [`Policy`]'s own fields.
    #[serde(default)]
    pub with: Table,
}

impl PolicySpec {
    /// The policy that it means.
    ///
    /// # Errors
    /// When it names what a policy has not.
    pub fn policy(&self) -> Result<Policy, ExperimentError> {
        let mut policy = Table::try_from(self.preset.policy()).map_err(ExperimentError::file)?;
        for (name, value) in &self.with {
            match (policy.get_mut(name), value) {
                // A group of fields; a field's own value is replaced whole.
                (Some(Value::Table(group)), Value::Table(fields)) => {
                    group.extend(fields.clone());
                }
                _ => {
                    policy.insert(name.clone(), value.clone());
                }
            }
        }
        super::strictly(Value::Table(policy))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(text: &str) -> Result<Policy, ExperimentError> {
        let mut table: Table = text.parse().expect("the test's own TOML");
        super::super::quantity::durations_in(&mut table);
        let spec: PolicySpec = super::super::strictly(Value::Table(table))?;
        spec.policy()
    }

    #[test]
    fn what_is_not_named_is_the_presets() {
        for (name, preset) in [
            ("rfc", Policy::rfc()),
            ("linux", Policy::linux()),
            ("teeceepee-2014", Policy::teeceepee_2014()),
        ] {
            assert_eq!(policy(&format!("preset = \"{name}\"")), Ok(preset));
        }
    }

    #[test]
    fn a_field_is_replaced_and_its_neighbours_stay() {
        let text = "preset = \"linux\"\nwith.recovery = \"Sack\"\nwith.receive.think = \"5 ms\"";
        let mut expected = Policy::linux();
        expected.recovery = synema_core::tcp::policy::Recovery::Sack;
        expected.receive.think = core::time::Duration::from_millis(5);
        assert_eq!(policy(text), Ok(expected));
    }

    #[test]
    fn a_misspelt_field_is_told() {
        for text in ["with.recovry = \"Sack\"", "with.receive.thinks = \"5 ms\""] {
            let error = policy(text).expect_err(text).to_string();
            assert!(
                error.contains("recovry") || error.contains("thinks"),
                "{error}"
            );
        }
    }
}
