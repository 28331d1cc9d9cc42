use super::*;
use serde_json::json;

fn fault(text: &str) -> ParseFault {
    parse_json(text.as_bytes(), &Limits::default()).unwrap_err()
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn a_member_named_twice_is_refused_at_any_depth() {
    for (text, place) in [
        (r#"{"a": 1, "a": 1}"#, "/a"),
        (r#"{"a": {"b": [0, {"c": 1, "c": 2}]}}"#, "/a/b/1/c"),
        (r#"{"a": 1, "\u0061": 2}"#, "/a"),
        (r#"{"a/b": {"~": 1, "~": 2}}"#, "/a~1b/~0"),
    ] {
        assert_eq!(
            fault(text),
            ParseFault::Duplicate {
                pointer: place.to_owned()
            }
        );
    }
    let twice_in_different_objects = br#"[{"a": 1}, {"a": 2}]"#;
    assert!(parse_json(twice_in_different_objects, &Limits::default()).is_ok());
}

#[test]
fn numbers_survive_canonical_json_or_are_refused() {
    for text in [
        "9007199254740992",
        "9007199254740993",
        "-9007199254740992",
        "18446744073709551616",
        "9007199254740993.0",
        "1e300",
        "12345678901234567890123",
    ] {
        assert_eq!(
            fault(&format!("{{\"a\": [0, {text}]}}")),
            ParseFault::Number {
                pointer: "/a/1".to_owned()
            },
            "{text}"
        );
    }
    assert!(matches!(fault("1e400"), ParseFault::Syntax { .. }));
    for text in ["NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1."] {
        assert!(matches!(fault(text), ParseFault::Syntax { .. }), "{text}");
    }
    for (text, value) in [
        ("9007199254740991", json!(9_007_199_254_740_991_i64)),
        ("-9007199254740991", json!(-9_007_199_254_740_991_i64)),
        ("94.0", json!(94)),
        ("9.4e1", json!(94)),
        ("-0.0", json!(0)),
        ("-0", json!(0)),
        ("0.1", json!(0.1)),
        ("4.35", json!(4.35)),
    ] {
        assert_eq!(
            parse_json(text.as_bytes(), &Limits::default()),
            Ok(value),
            "{text}"
        );
    }
}

#[test]
fn every_limit_holds_and_its_edge_is_allowed() {
    let limits = Limits {
        bytes: 60,
        depth: 3,
        string: 5,
        elements: 4,
    };
    let parse = |text: &str| parse_json(text.as_bytes(), &limits);
    assert!(parse(&" ".repeat(59).as_str().replacen(' ', "1", 1)).is_ok());
    assert_eq!(
        parse(&" ".repeat(61)),
        Err(ParseFault::TooLong {
            found: 61,
            limit: 60
        })
    );
    assert!(parse(&nested(3)).is_ok());
    assert_eq!(
        parse(r#"{"a": [[[]]]}"#),
        Err(ParseFault::TooDeep {
            pointer: "/a/0/0".to_owned(),
            limit: 3
        })
    );
    assert!(parse(r#"["abcde"]"#).is_ok());
    assert_eq!(
        parse(r#"{"a": ["abcdef"]}"#),
        Err(ParseFault::String {
            pointer: "/a/0".to_owned(),
            limit: 5
        })
    );
    assert_eq!(
        parse(r#"{"abcdef": 1}"#),
        Err(ParseFault::String {
            pointer: "/abcdef".to_owned(),
            limit: 5
        })
    );
    assert!(parse(r#"{"a":1,"b":1,"c":1,"d":1}"#).is_ok());
    assert_eq!(
        parse(r#"[{"a":1,"b":1,"c":1,"d":1,"e":1}]"#),
        Err(ParseFault::Elements {
            pointer: "/0".to_owned(),
            limit: 4
        })
    );
    assert!(parse("[1,2,3,4]").is_ok());
    assert_eq!(
        parse(r#"{"a": [1,2,3,4,5]}"#),
        Err(ParseFault::Elements {
            pointer: "/a".to_owned(),
            limit: 4
        })
    );
}

#[test]
fn the_default_limits_are_those_of_the_platform() {
    let deep = nested(33);
    assert!(matches!(
        fault(&deep),
        ParseFault::TooDeep { limit: 32, .. }
    ));
    assert!(parse_json(nested(32).as_bytes(), &Limits::default()).is_ok());
    assert!(matches!(
        fault(&nested(100_000)),
        ParseFault::TooDeep { .. }
    ));
    let long = format!("\"{}\"", "a".repeat(64 * 1024 + 1));
    assert!(matches!(fault(&long), ParseFault::String { .. }));
    let many = format!("[{}0]", "0,".repeat(10_000));
    assert!(matches!(fault(&many), ParseFault::Elements { .. }));
    assert!(matches!(
        fault(&" ".repeat(256 * 1024 + 1)),
        ParseFault::TooLong { .. }
    ));
}

#[test]
fn what_is_no_json_says_where() {
    assert_eq!(
        fault("{\"a\": 1,\n \"b\" 2}"),
        ParseFault::Syntax {
            offset: 14,
            reason: "expected `:`".to_owned()
        }
    );
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "1 2",
        "\u{feff}{}",
        "'a'",
        "\"\\ud800\"",
        "tru",
    ] {
        assert!(matches!(fault(text), ParseFault::Syntax { .. }), "{text}");
    }
    assert!(matches!(
        parse_json(b"\"\xff\"", &Limits::default()),
        Err(ParseFault::Syntax { .. })
    ));
}
