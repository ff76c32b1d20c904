//! Patterns over a platform's messages: it has no error codes, only words.

/// Where in `message` a pattern matches: case does not matter, `*` stands for any text.
///
/// What is returned is the matched stretch in lower case; a pattern without a letter
/// matches nothing.
fn stretch(pattern: &str, message: &str) -> Option<String> {
    let message = message.to_lowercase();
    let pattern = pattern.to_lowercase();
    let mut parts = pattern.split('*').filter(|part| !part.trim().is_empty());
    let first = parts.next()?;
    let mut found = first.to_owned();
    let (_, mut rest) = message.split_once(first)?;
    for part in parts {
        let (between, after) = rest.split_once(part)?;
        found.push_str(between);
        found.push_str(part);
        rest = after;
    }
    Some(found)
}

/// Whether any of the patterns is found in the message.
pub(crate) fn any(patterns: &[String], message: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| stretch(pattern, message).is_some())
}

/// As [`any`], but what is matched must hold none of the spared words, in lower case:
/// "schedule S: user 7 not found" blames the user.
pub(crate) fn any_sparing(patterns: &[String], message: &str, spared: &[&str]) -> bool {
    patterns
        .iter()
        .filter_map(|pattern| stretch(pattern, message))
        .any(|found| !spared.iter().any(|word| found.contains(word)))
}

/// As [`any`], but what is matched must not speak of an employee: "program P: employee 7
/// not found" blames the employee.
pub(crate) fn any_sparing_employees(patterns: &[String], message: &str) -> bool {
    any_sparing(patterns, message, &["employee"])
}

/// Whether a message speaks of an employee.
pub(crate) fn mentions_employee(message: &str) -> bool {
    message.to_lowercase().contains("employee")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found_in_order_whatever_their_case() {
        for (pattern, message, found) in [
            ("not found", "Employee Not Found.", true),
            ("program*not found", "Program 'p-1' was not found", true),
            ("program*not found", "Not found: program", false),
            ("*", "anything", false),
            ("", "anything", false),
            ("a*b*c", "A-b-C", true),
            ("a*b*c", "a c b", false),
        ] {
            let patterns = [pattern.to_owned()];
            assert_eq!(any(&patterns, message), found, "{pattern} in {message}");
        }
    }

    #[test]
    fn a_stretch_that_speaks_of_an_employee_blames_no_program() {
        let patterns = ["program*not found".to_owned()];
        for (message, blamed) in [
            ("Program P not found: employees cannot be registered", true),
            ("Program P: employee 7 not found", false),
            ("Employee 7 not found in program P", false),
        ] {
            assert_eq!(
                any_sparing_employees(&patterns, message),
                blamed,
                "{message}"
            );
        }
    }
}
