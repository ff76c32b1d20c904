//! What is wrong with the settings of an account, and what they say once they are sound.

use std::collections::BTreeMap;

use super::class::is_code;
use super::password::Passwords;
use super::settings::{ExamTestingSettings, UpdateKey};
use super::template::{Ingredient, Template};
use super::wire::PERSONAL;
use crate::provider::http::Url;
use crate::provider::{Capacity, PlatformSettings};
use crate::secret::{REDACTED, Secret, SecretSource};
use crate::settings::Complaint;

/// What says who we are.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub(super) institution: String,
    pub(super) key: Secret,
    pub(super) pass: Secret,
}

impl PlatformSettings for ExamTestingSettings {
    fn complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if let Err(reason) = self.address() {
            let shown = if self.base_url.contains('@') {
                REDACTED
            } else {
                &self.base_url
            };
            complaints.push(Complaint::new(format!("{prefix}.base_url"), shown, reason));
        }
        complaints.extend(self.secret_complaints(prefix));
        complaints.extend(self.field_complaints(prefix));
        complaints.extend(self.name_complaints(prefix));
        complaints.extend(self.limit_complaints(prefix));
        complaints
    }

    fn capacity(&self) -> Capacity {
        Capacity {
            calls_per_second: self.max_rps,
            in_flight: self.max_in_flight,
            accounts: 1,
            registrations: 1,
            mixes: false,
            call_timeout: self.call_timeout,
        }
    }
}

impl ExamTestingSettings {
    fn secret_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.institution_id.trim().is_empty() {
            complaints.push(Complaint::missing(
                format!("{prefix}.institution_id"),
                "required: the Institutionid of the account",
            ));
        }
        complaints.extend(self.api_key(prefix).err());
        complaints.extend(self.api_pass(prefix).err());
        complaints.extend(self.password_secret(prefix).err());
        let lengths = Passwords::SHORTEST..=Passwords::LONGEST;
        if !lengths.contains(&self.password_length) {
            let (shortest, longest) = lengths.into_inner();
            complaints.push(Complaint::new(
                format!("{prefix}.password_length"),
                self.password_length,
                format!("must be {shortest} to {longest}"),
            ));
        }
        complaints
    }

    fn field_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let key = format!("{prefix}.fields");
        let mut complaints = Vec::new();
        for (field, attribute) in &self.fields {
            let shown = format_args!("{field:?} = {attribute:?}");
            if !PERSONAL.contains(&field.as_str()) {
                let reason = format!("the page's parameters are {}", PERSONAL.join(", "));
                complaints.push(Complaint::new(&key, shown, reason));
            } else if attribute.trim().is_empty() {
                complaints.push(Complaint::new(
                    &key,
                    shown,
                    "the attribute may not be empty",
                ));
            }
        }
        if !self.fields.contains_key("email") {
            complaints.push(Complaint::missing(
                format!("{key}.email"),
                "required: nobody is added without an e-mail address",
            ));
        }
        complaints
    }

    fn name_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        for (key, template) in [
            ("username_template", &self.username_template),
            ("stusid_template", &self.stusid_template),
        ] {
            if let Err(invalid) = Template::parse(template) {
                complaints.push(Complaint::new(
                    format!("{prefix}.{key}"),
                    format_args!("{template:?}"),
                    invalid.to_string(),
                ));
            }
        }
        if !self.send_stusid_on_add && self.update_key == UpdateKey::StudentId {
            complaints.push(Complaint::new(
                format!("{prefix}.send_stusid_on_add"),
                false,
                format!("nobody could be found again: set {prefix}.update_key = \"username\""),
            ));
        }
        for signal in self.classes.keys() {
            let has_letter = signal.chars().any(char::is_alphabetic);
            if !has_letter && (signal.is_empty() || !is_code(signal)) {
                complaints.push(Complaint::new(
                    format!("{prefix}.classes"),
                    format_args!("{signal:?}"),
                    "must be a code, or a pattern with a letter",
                ));
            }
        }
        complaints
    }

    fn limit_complaints(&self, prefix: &str) -> Vec<Complaint> {
        let mut complaints = Vec::new();
        if self.max_len < self.password_length {
            complaints.push(Complaint::new(
                format!("{prefix}.max_len"),
                self.max_len,
                format!(
                    "must not be less than {prefix}.password_length ({})",
                    self.password_length
                ),
            ));
        }
        if !(self.max_rps.is_finite() && 0.0 < self.max_rps) {
            complaints.push(Complaint::new(
                format!("{prefix}.max_rps"),
                self.max_rps,
                "must be more than 0",
            ));
        } else if self.call_timeout.as_secs_f64() * self.max_rps < 2.0 {
            complaints.push(Complaint::new(
                format!("{prefix}.max_rps"),
                self.max_rps,
                format!(
                    "a lock may take two requests within {prefix}.call_timeout ({})",
                    humantime::format_duration(self.call_timeout)
                ),
            ));
        }
        if self.max_in_flight == 0 {
            complaints.push(Complaint::new(
                format!("{prefix}.max_in_flight"),
                self.max_in_flight,
                "must be at least 1",
            ));
        }
        if self.connect_timeout.is_zero() || self.call_timeout <= self.connect_timeout {
            complaints.push(Complaint::new(
                format!("{prefix}.connect_timeout"),
                humantime::format_duration(self.connect_timeout),
                format!(
                    "must be more than 0 and shorter than {prefix}.call_timeout ({})",
                    humantime::format_duration(self.call_timeout)
                ),
            ));
        }
        complaints
    }

    /// Where the API is.
    ///
    /// # Errors
    /// Why `base_url` cannot be used.
    pub(super) fn address(&self) -> Result<Url, &'static str> {
        let url = Url::parse(&self.base_url)
            .map_err(|_| "must be an address like https://api.examtesting.com")?;
        match url.scheme() {
            "https" => {}
            "http" if self.allow_insecure_http => {}
            "http" => return Err("must be https, or allow_insecure_http must be true"),
            _ => return Err("must be https"),
        }
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if is_bare && url.username().is_empty() && url.password().is_none() {
            Ok(url)
        } else {
            Err("must be scheme and host only")
        }
    }

    /// The credentials as they are at this moment.
    ///
    /// # Errors
    /// When one is not there, or there twice, or its file cannot be read.
    pub(super) fn credentials(&self, prefix: &str) -> Result<Credentials, Complaint> {
        Ok(Credentials {
            institution: self.institution_id.clone(),
            key: self.api_key(prefix)?,
            pass: self.api_pass(prefix)?,
        })
    }

    /// The source of passwords.
    ///
    /// # Errors
    /// When its secret is not there, or there twice, or its file cannot be read.
    pub(super) fn passwords(&self, prefix: &str) -> Result<Passwords, Complaint> {
        let secret = self.password_secret(prefix)?;
        Ok(Passwords::new(
            &secret,
            &self.institution_id,
            self.password_length,
        ))
    }

    /// What user names and student ids are made of, beside the employee id: the field of a
    /// profile -> attribute name in events.
    pub(crate) fn ingredients(&self) -> BTreeMap<String, String> {
        let templates = [&self.username_template, &self.stusid_template];
        let parsed: Vec<_> = templates
            .into_iter()
            .filter_map(|template| Template::parse(template).ok())
            .collect();
        let attributes = parsed.iter().flat_map(Template::attributes);
        attributes
            .map(|name| (Ingredient(name).to_string(), name.to_owned()))
            .collect()
    }

    fn api_key(&self, prefix: &str) -> Result<Secret, Complaint> {
        let key = format!("{prefix}.api_key");
        SecretSource::choose(&key, self.api_key.as_ref(), self.api_key_file.as_deref())?.read(&key)
    }

    fn api_pass(&self, prefix: &str) -> Result<Secret, Complaint> {
        let key = format!("{prefix}.api_pass");
        SecretSource::choose(&key, self.api_pass.as_ref(), self.api_pass_file.as_deref())?
            .read(&key)
    }

    fn password_secret(&self, prefix: &str) -> Result<Secret, Complaint> {
        let key = format!("{prefix}.password_secret");
        let file = self.password_secret_file.as_deref();
        SecretSource::choose(&key, self.password_secret.as_ref(), file)?.read(&key)
    }
}

#[cfg(test)]
mod tests;
