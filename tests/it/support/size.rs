//! How large a test's company is: small by itself, whole when asked.

/// People in a large test: `few` in a usual run, `all` with `HRIS_RELAY_TEST_LARGE=1`, which
/// wants a release build.
pub fn people(few: usize, all: usize) -> usize {
    if std::env::var_os("HRIS_RELAY_TEST_LARGE").is_some() {
        all
    } else {
        few
    }
}
