//! An old worker and a new one, side by side during a rollout.

use super::*;

/// The rules of a generation in which a group means one program.
fn generation(number: u64, sales: &str) -> Arc<WorkerRules> {
    let assignments = vec![Assignment {
        group: SALES.to_owned(),
        startexam: Some(StartExamAssignment {
            programs: vec![sales.to_owned()],
            ..StartExamAssignment::default()
        }),
        ..Assignment::default()
    }];
    let fields = BTreeMap::from([("First Name".to_owned(), "first_name".to_owned())]);
    Arc::new(WorkerRules {
        assignments: Generation::new(number, &assignments),
        planner: Box::new(StartExamPlanner::new(
            assignments,
            &StartExamSettings {
                profile_fields: fields,
                ..StartExamSettings::default()
            },
        )),
        ..rules()
    })
}

impl World {
    /// The partition moves to a worker with these rules.
    fn moves_to(&mut self, rules: &Arc<WorkerRules>) {
        self.rules = Arc::clone(rules);
        self.crash();
        self.settle_for(Duration::from_mins(10));
    }
}

#[test]
fn an_old_and_a_new_worker_move_nobody_back_and_forth_and_locks_go_on_in_both() {
    let (old, new) = (generation(1, "old"), generation(2, "new"));
    let mut world = World::with(Arc::into_inner(generation(1, "old")).unwrap());
    for who in ["a", "b", "c", "d"] {
        world.hired(who, "2026-03-01", SALES);
    }
    world.settle();
    world.take_calls();
    world.moves_to(&new);
    assert_eq!(
        world.take_calls(),
        ["program:new +a +b +c +d", "program:old -a -b -c -d"]
    );
    for round in 0..3 {
        world.moves_to(&old);
        assert!(world.take_calls().is_empty(), "round {round}");
        world.moves_to(&new);
        assert!(world.take_calls().is_empty(), "round {round}");
    }
    world.moves_to(&old);
    world.terminated("a", None);
    world.hired("e", "2026-03-01", SALES);
    world.moved("b", SUPPORT);
    world.settle_for(Duration::from_mins(10));
    assert_eq!(world.take_calls(), ["lock a"]);
    let text = world.metrics.render().unwrap();
    let labels = "partition=\"3\",provider=\"startexam\",state=\"outdated\"";
    assert!(text.contains(&format!("hris_relay_waiting_people{{{labels}}} 5")));
    world.moves_to(&new);
    assert_eq!(world.programs("e"), ["program:new"]);
    assert!(world.programs("a").is_empty() && world.programs("b").is_empty());
}

#[test]
fn a_worker_of_the_same_generation_goes_on() {
    let mut world = World::with(Arc::into_inner(generation(1, "old")).unwrap());
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    // Somebody forgot to raise it: the assignments of whoever runs count.
    world.moves_to(&generation(1, "new"));
    assert_eq!(world.programs("a"), ["program:new"]);
}

#[test]
fn an_outdated_worker_voids_no_dead_mark_and_adopts_nobody() {
    let (old, new) = (generation(1, "old"), generation(2, "new"));
    let mut world = World::with(Arc::into_inner(generation(2, "new")).unwrap());
    world.refused.insert("a".to_owned());
    world.hired("a", "2026-03-01", SALES);
    world.settle();
    let dead = world.state("a").dead;
    assert_eq!(dead.len(), 1);
    world.moves_to(&old);
    world.renamed("a", "A");
    world.moves_to(&new);
    assert_eq!(world.state("a").dead, dead);
    assert_eq!(world.dead_letters().len(), 1);
}
