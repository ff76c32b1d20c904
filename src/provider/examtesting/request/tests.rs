//! Which parameters carry an operation, byte for byte.

use super::*;
use crate::provider::examtesting::wire::decoded;
use crate::secret::Secret;

const CREDENTIALS: &str = "Institutionid=4711&Apikey=the-key&ApiPass=the%20pass";

fn settings() -> ExamTestingSettings {
    ExamTestingSettings {
        institution_id: "4711".to_owned(),
        api_key: Some(Secret::new("the-key")),
        api_pass: Some(Secret::new("the pass")),
        password_secret: Some(Secret::new("correct horse")),
        ..ExamTestingSettings::default()
    }
}

fn profile(fields: &[(&str, &str)]) -> Profile {
    let fields = fields.iter();
    Profile(
        fields
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

fn ada() -> Profile {
    profile(&[
        ("email", "ada@example.com"),
        ("firstname", "Ada"),
        ("groupName", "Class A"),
        ("lastname", "Lovelace"),
    ])
}

fn built(
    settings: &ExamTestingSettings,
    asked: Asked,
    profile: &Profile,
) -> Result<Request, Failure> {
    let passwords = settings.passwords("p").unwrap();
    let shape = Shape::new(settings, settings.address().unwrap(), passwords).unwrap();
    let id = EmployeeId::try_from("e-17").unwrap();
    shape.request(asked, &settings.credentials("p").unwrap(), &id, profile)
}

fn body(settings: &ExamTestingSettings, asked: Asked, profile: &Profile) -> String {
    built(settings, asked, profile).unwrap().body
}

/// The names of the parameters, without the credentials'.
fn names(settings: &ExamTestingSettings, asked: Asked, profile: &Profile) -> Vec<String> {
    let body = body(settings, asked, profile);
    let names = decoded(&body).into_iter().map(|(name, _)| name);
    names.skip(3).collect()
}

fn invalid_field(settings: &ExamTestingSettings, asked: Asked, profile: &Profile) -> &'static str {
    match built(settings, asked, profile) {
        Err(Failure::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_add_carries_everything_in_the_order_of_the_page() {
    let request = built(&settings(), Asked::ADD, &ada()).unwrap();
    assert_eq!(
        request.url.as_str(),
        "https://api.examtesting.com/ManageCandidate.aspx?action=add"
    );
    assert_eq!(
        request.body,
        format!(
            "{CREDENTIALS}&stusID=e-17&groupName=Class%20A&Status=True&firstname=Ada\
             &lastname=Lovelace&email=ada%40example.com&username=e-17&password=4G%21%24HGaQ3f9Q%40tmb9DJW"
        )
    );
    assert_eq!(
        format!("{request:?}"),
        format!("Request({} bytes)", request.body.len())
    );
}

#[test]
fn an_update_differs_in_its_action_and_a_lock_in_its_status() {
    let (add, change) = (Asked::ADD, Asked::CHANGE);
    let update = built(&settings(), change, &ada()).unwrap();
    assert_eq!(update.url.query(), Some("action=update"));
    assert_eq!(update.body, body(&settings(), add, &ada()));
    let lock = built(&settings(), Asked::LOCK, &ada()).unwrap();
    assert_eq!(lock.url, update.url);
    assert_eq!(
        lock.body,
        update.body.replace("Status=True", "Status=False")
    );
}

#[test]
fn parameters_can_be_in_the_address_and_nothing_else_changes() {
    let query = ExamTestingSettings {
        param_location: ParamLocation::Query,
        ..settings()
    };
    let request = built(&query, Asked::ADD, &ada()).unwrap();
    let form = body(&settings(), Asked::ADD, &ada());
    assert_eq!(
        request.url.query(),
        Some(format!("action=add&{form}").as_str())
    );
    assert_eq!(request.body, "");
}

#[test]
fn names_and_ids_follow_their_templates() {
    let templates = ExamTestingSettings {
        username_template: "acme-{badge}".to_owned(),
        stusid_template: "{site}/{id}".to_owned(),
        ..settings()
    };
    let mut known = ada();
    known.0.push(("{badge}".to_owned(), "B 7".to_owned()));
    known.0.push(("{site}".to_owned(), "Zürich".to_owned()));
    let body = body(&templates, Asked::ADD, &known);
    assert!(body.contains("&username=acme-B%207&"), "{body}");
    assert!(body.contains("&stusID=Z%C3%BCrich%2Fe-17&"), "{body}");
    assert!(!body.contains("%7B"), "{body}");
    assert_eq!(invalid_field(&templates, Asked::ADD, &ada()), "stusID");
}

#[test]
fn switches_leave_out_what_they_say() {
    let rest = [
        "groupName",
        "Status",
        "firstname",
        "lastname",
        "email",
        "username",
        "password",
    ];
    let with_id: Vec<_> = ["stusID"].into_iter().chain(rest).collect();
    let by_name = ExamTestingSettings {
        update_key: UpdateKey::UserName,
        ..settings()
    };
    let anonymous = ExamTestingSettings {
        send_stusid_on_add: false,
        ..by_name.clone()
    };
    let omitting = ExamTestingSettings {
        update_sends_password: UpdatePassword::Omit,
        ..settings()
    };
    let without = |list: &[&'static str]| -> Vec<&'static str> {
        let all = with_id.iter().copied();
        all.filter(|name| !list.contains(name)).collect()
    };
    let (add, change, lock) = (Asked::ADD, Asked::CHANGE, Asked::LOCK);
    let groupless = Asked {
        names_group: false,
        ..lock
    };
    for (settings, asked, left_out) in [
        (settings(), add, vec![]),
        (by_name.clone(), add, vec![]),
        (by_name.clone(), change, vec!["stusID"]),
        (by_name, lock, vec!["stusID"]),
        (anonymous.clone(), add, vec!["stusID"]),
        (anonymous, change, vec!["stusID"]),
        (omitting.clone(), add, vec![]),
        (omitting, change, vec!["password"]),
        (settings(), groupless, vec!["groupName"]),
    ] {
        assert_eq!(
            names(&settings, asked, &ada()),
            without(&left_out),
            "{asked:?}"
        );
    }
}

#[test]
fn somebody_the_platform_would_refuse_is_found_before_the_call() {
    let long = "x".repeat(101);
    let group = ("groupName", "Class A");
    let no_address = profile(&[("email", ""), group]);
    let no_group = profile(&[("email", "ada@example.com")]);
    let long_name = profile(&[("email", "ada@example.com"), ("firstname", &long), group]);
    for asked in [Asked::ADD, Asked::CHANGE] {
        assert_eq!(invalid_field(&settings(), asked, &no_address), "email");
        assert_eq!(invalid_field(&settings(), asked, &no_group), "groupName");
        assert_eq!(invalid_field(&settings(), asked, &long_name), "firstname");
    }
    let tight = ExamTestingSettings {
        max_len: 3,
        ..settings()
    };
    assert_eq!(invalid_field(&tight, Asked::ADD, &ada()), "stusID");
    let fits = "ö".repeat(100);
    let fits = profile(&[("email", "ada@example.com"), ("firstname", &fits), group]);
    assert!(built(&settings(), Asked::ADD, &fits).is_ok());
}

#[test]
fn a_lock_is_sent_without_what_is_missing_or_too_long() {
    let long = "x".repeat(101);
    let known = profile(&[("firstname", &long)]);
    assert_eq!(
        names(&settings(), Asked::LOCK, &known),
        ["stusID", "Status", "username", "password"]
    );
    let named = ExamTestingSettings {
        username_template: "{badge}".to_owned(),
        ..settings()
    };
    assert_eq!(names(&named, Asked::LOCK, &known), ["stusID", "Status"]);
    let by_name = ExamTestingSettings {
        update_key: UpdateKey::UserName,
        ..named
    };
    assert_eq!(invalid_field(&by_name, Asked::LOCK, &known), "username");
}
