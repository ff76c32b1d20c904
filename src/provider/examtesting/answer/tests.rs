//! What answers of every form say.

use proptest::prelude::*;

use super::*;

/// The code of an error; 0: none.
fn code(body: &str) -> u16 {
    match read(body.as_bytes()) {
        Said::Error { code, .. } => code.unwrap_or(0),
        said @ (Said::Success | Said::Nothing) => panic!("{said:?}: {body}"),
    }
}

#[test]
fn a_success_is_read_in_every_form() {
    for body in [
        "Status:SUCCESS,StudentId:123",
        "\u{feff}  Status = SUCCESS | StudentId = 123 \r\n",
        "Status: Success\r\nStudentId: 123\r\n",
        "StudentId=123&Status=SUCCESS",
        "Status:SUCCESS;StudentId:123;error:",
        r#"{"Status":"SUCCESS","StudentId":123}"#,
        r#"{"status":"success","studentID":"123","error":null,"Reason":""}"#,
        r#"[{"Status":"SUCCESS","Student Id":"123"}]"#,
        r#"{"d":{"Status":"SUCCESS","StudentId":"123"}}"#,
        r#"{"d":"{\"Status\":\"SUCCESS\",\"StudentId\":\"123\"}"}"#,
        r#""Status:SUCCESS,StudentId:123""#,
        "{'Status':'SUCCESS','StudentId':'123'}",
        "{Status:SUCCESS,StudentId:123}",
        "<?xml version=\"1.0\"?><Response><Status>SUCCESS</Status><StudentId>123</StudentId></Response>",
        "<html><head><title>Error page?</title></head><body>Status:SUCCESS,StudentId:123</body></html>",
        "<!DOCTYPE html><html><body><form><span id=\"lbl\">Status:<b>SUCCESS</b><br/>StudentId:123</span></form></body></html>",
        "<html><body><pre>{&quot;Status&quot;:&quot;SUCCESS&quot;,&quot;StudentId&quot;:123}</pre></body></html>",
        "SUCCESS\nStudentId:123",
    ] {
        assert_eq!(read(body.as_bytes()), Said::Success, "{body}");
    }
    assert_eq!(read(b"Status:SUCCESS"), Said::Success);
    // The platform's own id may look like a code.
    assert_eq!(read(b"Status:SUCCESS,StudentId:1007"), Said::Success);
}

#[test]
fn an_error_and_its_code_are_read_in_every_form() {
    for body in [
        "Status=ERROR|Reason=ERROR 1007|error=Username already exist",
        "status:ERROR,Reason:ERROR 1007,error:Username already exist",
        "status: ERROR; code: 1007",
        "Status:ERROR\r\nERROR #1007\r\nUsername already exist",
        "ERROR 1007",
        "ERROR - 1007: Username already exist",
        "Reason=error:1007",
        r#"{"status":"ERROR","Reason":"ERROR 1007","error":"Username already exist"}"#,
        r#"{"status":"Error","errorcode":1007}"#,
        "<Response><status>ERROR</status><Reason>ERROR 1007</Reason></Response>",
        "<html><body>status:ERROR<br>Reason:ERROR 1007<br>error:Username already exist</body></html>",
        // Of two statuses the error counts.
        "Status:SUCCESS,status:ERROR,Reason:ERROR 1007",
    ] {
        assert_eq!(code(body), 1007, "{body}");
    }
    for body in [
        "status:ERROR,Reason:Validation error,error:email is required",
        "Status=ERROR",
        "ERROR",
        // Not a code of four digits.
        "status:ERROR,Reason:ERROR 10071",
        "status:ERROR,Reason:line 1009",
    ] {
        assert_eq!(code(body), 0, "{body}");
    }
}

#[test]
fn the_message_of_an_error_is_kept_in_its_words() {
    let body = b"Status=ERROR|Reason=Validation|error=<i>Email is required, sorry";
    let Said::Error { said, .. } = read(body) else {
        panic!("no error");
    };
    assert!(said.contains("Email is required"), "{said}");
    let long = format!("Status:ERROR,error:{}", "x".repeat(5000));
    assert!(matches!(read(long.as_bytes()), Said::Error { said, .. } if said.len() == 1000));
}

#[test]
fn what_is_neither_or_both_says_nothing() {
    for body in [
        "",
        "   \r\n",
        "\u{feff}",
        "<html>It works!</html>",
        "OK",
        "1007",
        "Status:",
        "Status:SUCCESSFUL",
        "Status:NO SUCCESS",
        "Status:PENDING,StudentId:123",
        "StudentId:123",
        "error:Group Name is invalid",
        "{\"StudentId\":\"SUCCESS\"}",
        "This was no success",
        "Status:SUCCESS,Reason:ERROR 1003",
        "<html><head><title>SUCCESS</title></head><body>Runtime problem</body></html>",
        "<script>Status:SUCCESS</script>",
        "null",
        "[]",
        "\u{0}\u{1}",
    ] {
        assert_eq!(read(body.as_bytes()), Said::Nothing, "{body}");
    }
    assert_eq!(read(&[0xff, 0xfe, 0x00]), Said::Nothing);
    let endless = format!("Status:SUCCESS,StudentId:{}", "1".repeat(LONGEST_BODY));
    assert_eq!(read(endless.as_bytes()), Said::Nothing);
}

/// Text that looks like answers.
fn answers() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "(?i:status|error|success|reason|studentid)",
        "[:=,;|& \r\n{}\"'<>/]",
        "100[0-9]",
        "\\PC",
        Just("<br/>".to_owned()),
        Just("<Status>".to_owned()),
        Just("</Status>".to_owned()),
        Just("<script>".to_owned()),
    ];
    proptest::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_bytes_can_be_read(body: Vec<u8>) {
        read(&body);
    }

    #[test]
    fn success_needs_the_word_and_no_error_status(body in answers()) {
        if let Said::Success = read(body.as_bytes()) {
            prop_assert!(body.to_lowercase().contains("success"));
            prop_assert!(!body.to_lowercase().contains("status:error"));
        }
    }

    #[test]
    fn an_error_status_after_any_answer_is_no_success(body in "[a-zA-Z:=,;| ]*") {
        let body = format!("{body},status:ERROR");
        let is_success = matches!(read(body.as_bytes()), Said::Success);
        prop_assert!(!is_success);
    }
}
