//! Deliberate faults that only companies larger than the simulation's show: the named tests
//! notice them.

use std::panic::catch_unwind;

use crate::mutation::{Mutation, with};

#[test]
fn the_named_tests_notice_the_faults_that_small_histories_cannot_show() {
    let faults: [(Mutation, fn()); 2] = [
        (
            Mutation::GuardInMemoryOnly,
            super::guard::a_restart_refills_nothing,
        ),
        (
            Mutation::LowerGenerationCalls,
            super::generation::an_old_and_a_new_worker_move_nobody_back_and_forth_and_locks_go_on_in_both,
        ),
    ];
    for (mutation, named) in faults {
        let noticed = with(mutation, || catch_unwind(named).is_err());
        assert!(noticed, "{mutation:?}");
    }
}
