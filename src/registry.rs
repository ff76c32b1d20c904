//! The exam platforms, one entry each: whoever adds one begins here (`docs/adding-a-provider.md`).
//!
//! The name is that of the folders `provider/<name>`, `plan/<name>` and `simulator/<name>`, of
//! the sections of the configuration and of the topics.

/// Hands every platform's names to a macro that makes something of them.
macro_rules! platforms {
    ($made:ident) => {
        $made! {
            startexam {
                constant: STARTEXAM,
                client: StartExam,
                settings: StartExamSettings,
                planner: StartExamPlanner,
                assignment: StartExamAssignment,
                account: "One StartExam account.",
                meaning: "What it means at StartExam.",
            }
            cirrus {
                constant: CIRRUS,
                client: Cirrus,
                settings: CirrusSettings,
                planner: CirrusPlanner,
                assignment: CirrusAssignment,
                account: "One Cirrus tenant.",
                meaning: "What it means at Cirrus.",
            }
            examtesting {
                constant: EXAMTESTING,
                client: ExamTesting,
                settings: ExamTestingSettings,
                planner: ExamTestingPlanner,
                assignment: ExamTestingAssignment,
                account: "One ExamTesting account.",
                meaning: "What it means at ExamTesting.",
            }
        }
    };
}

pub(crate) use platforms;
