//! Several sources: who employs, who enriches, who is believed first.

use super::*;

#[test]
fn employments_of_all_sources_that_employ_are_united() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .from("portal")
        .hired("2026-02-01")
        .from("hr")
        .at("2026-03-01")
        .terminated("2026-03-31")
        .active_at("2026-04-01")
        .from("portal")
        .terminated("2026-04-30")
        .gone_at("2026-05-01");
}

#[test]
fn a_source_that_does_not_employ_cannot_activate() {
    history()
        .at("2026-01-10")
        .from("sso")
        .hired("2026-01-15")
        .observed(active())
        .unheard_at("2026-01-16");
}

#[test]
fn a_source_that_does_not_employ_cannot_end_an_employment() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .from("sso")
        .at("2026-03-01")
        .leaves()
        .active_at("2026-03-02");
}

#[test]
fn a_source_that_does_not_employ_revokes_and_enriches() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .from("sso")
        .joins("Sales")
        .updated("email", "e@x.test")
        .has_groups_at("2026-01-15", ["Sales"])
        .has_at("2026-01-15", "email", Some("e@x.test"))
        .at("2026-02-01")
        .revoked()
        .gone_at("2026-02-01");
}

#[test]
fn groups_come_from_the_first_source_in_the_precedence_that_knows_them() {
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-02-01")
        .from("portal")
        .only_in(["Support"])
        .has_groups_at("2026-02-01", ["Support"])
        .at("2026-01-20")
        .from("hr")
        .only_in(["Sales"])
        .has_groups_at("2026-02-01", ["Sales"]);
}

#[test]
fn each_attribute_comes_from_the_first_source_in_the_precedence_that_knows_it() {
    history()
        .at("2026-02-01")
        .from("portal")
        .updated("email", "portal@x.test")
        .updated("phone", "1")
        .from("hr")
        .at("2026-01-20")
        .updated("email", "hr@x.test")
        .has_at("2026-02-02", "email", Some("hr@x.test"))
        .has_at("2026-02-02", "phone", Some("1"));
}

#[test]
fn an_attribute_known_to_be_empty_is_known() {
    history()
        .at("2026-01-20")
        .from("portal")
        .updated("phone", "1")
        .from("hr")
        .updated("phone", "")
        .has_at("2026-01-21", "phone", None);
}

#[test]
fn sources_without_a_place_in_the_precedence_come_last() {
    history()
        .at("2026-01-20")
        .from("sso")
        .updated("email", "sso@x.test")
        .from("portal")
        .updated("email", "portal@x.test")
        .has_at("2026-01-21", "email", Some("portal@x.test"));
}

#[test]
fn versions_are_never_compared_across_sources() {
    history()
        .versions_by(VersionBy::Sequence)
        .at("2026-01-10")
        .sequence(1)
        .hired("2026-01-15")
        .from("portal")
        .hired("2026-01-15")
        .at("2026-03-01")
        .leaves()
        .active_at("2026-03-02")
        .from("hr")
        .sequence(2)
        .leaves()
        .gone_at("2026-03-02");
}

#[test]
fn facts_of_a_source_no_longer_configured_do_not_count() {
    let both = history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .from("portal")
        .hired("2026-01-15")
        .updated("phone", "1")
        .at("2026-02-01")
        .from("hr")
        .leaves()
        .from("sso")
        .revoked_from("2026-01-05")
        .active_at("2026-02-02");
    let without = |name: &str| {
        both.clone().configure(|rules| {
            rules.sources.remove(name);
        })
    };
    without("portal")
        .gone_at("2026-02-02")
        .has_at("2026-02-02", "phone", None);
    without("hr").active_at("2026-02-02");
}

#[test]
fn an_update_alone_never_activates() {
    history()
        .at("2026-01-10")
        .updated("email", "e@x.test")
        .joins("Sales")
        .unheard_at("2026-01-11");
    history()
        .at("2026-01-10")
        .hired("2026-01-15")
        .at("2026-03-01")
        .leaves()
        .at("2026-03-02")
        .updated("email", "e@x.test")
        .joins("Sales")
        .gone_at("2026-03-03");
}
