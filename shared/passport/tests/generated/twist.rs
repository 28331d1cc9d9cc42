//! One thing wrong with one value.

use passport::{Attribute, Field, Named, Type};
use serde_json::{Map, Value, json};

/// A value with one thing wrong.
#[derive(Debug, Clone)]
pub(crate) struct Twist {
    /// Where, within the value.
    pub(crate) pointer: String,
    /// The rule it breaks.
    pub(crate) rule: &'static str,
    /// The whole value.
    pub(crate) value: Value,
}

fn twist(pointer: &str, rule: &'static str, value: Value) -> Twist {
    Twist {
        pointer: pointer.to_owned(),
        rule,
        value,
    }
}

impl Twist {
    /// The same within a member (or element) of `whole`.
    fn within(self, whole: &Value, name: &str) -> Self {
        let mut value = whole.clone();
        match value.pointer_mut(&format!("/{name}")) {
            Some(place) => *place = self.value,
            None => panic!("no `{name}` in {whole}"),
        }
        Self {
            pointer: format!("/{name}{}", self.pointer),
            rule: self.rule,
            value,
        }
    }
}

fn with(whole: &Value, name: &str, value: Value) -> Value {
    let mut whole = whole.clone();
    whole[name] = value;
    whole
}

fn without(whole: &Value, name: &str) -> Value {
    let mut whole = whole.clone();
    whole.as_object_mut().unwrap().shift_remove(name);
    whole
}

/// Everything that can be wrong with a value of an attribute, one thing at a time.
pub(crate) fn twists(attribute: &Attribute, good: &Value) -> Vec<Twist> {
    if !attribute.dynamic {
        return of_type(&attribute.ty, good);
    }
    let mut twists: Vec<Twist> = match &attribute.ty {
        ty @ Type::Quantity { .. } => of_type(ty, good),
        ty => {
            let inner = of_type(ty, &good["value"]).into_iter();
            inner
                .map(|twist| twist.within(good, "value"))
                .chain(members(good, &["value"]))
                .chain([twist("", "wrong-type", good["value"].clone())])
                .filter(|twist| !(twist.pointer.is_empty() && twist.value.is_object()))
                .collect()
        }
    };
    twists.push(twist("/measuredAt", "missing", without(good, "measuredAt")));
    twists.extend(texts_of_a_form("bad-date", &TIMES).map(|one| one.within(good, "measuredAt")));
    twists
}

const TIMES: [&str; 8] = [
    "",
    "2027-06-01",
    "2027-06-01T08:00:00",
    "2027-06-01 08:00:00Z",
    "2027-06-01t08:00:00z",
    "2027-02-30T08:00:00Z",
    "2027-06-01T25:00:00Z",
    "2027-06-01T08:00:00Z\n",
];
const DATES: [&str; 7] = [
    "",
    "18.02.2027",
    "2027-2-18",
    "2027-02-30",
    "2027-13-01",
    "2027-02-18T00:00:00Z",
    "2027-02-18\n",
];
const MONTHS: [&str; 5] = ["", "02/2027", "2027-13", "2027-02-18", "2027-02\n"];
const URLS: [&str; 8] = [
    "",
    "http://example.eu/",
    "javascript:alert(1)",
    "https://",
    "https://user:secret@example.eu/",
    "https://example.eu/a b",
    "https://example.eu/%zz",
    "https://example.eu/\n",
];
const UUIDS: [&str; 4] = [
    "",
    "1b4e28ba-2fa1-41d2-883f",
    "1B4E28BA-2FA1-41D2-883F-0016D3CCA427",
    "1b4e28ba-2fa1-41d2-883f-0016d3cca427\n",
];
const MEDIA_TYPES: [&str; 5] = ["", "pdf", "application/", "a/b/c", "application/pdf; q=1"];

/// Texts without the form they have to have, and what is no text.
fn texts_of_a_form<'a>(rule: &'static str, texts: &'a [&str]) -> impl Iterator<Item = Twist> + 'a {
    let bad = texts.iter().map(move |text| twist("", rule, json!(text)));
    bad.chain(
        [json!(20_270_218), json!(null), json!({})].map(|value| twist("", "wrong-type", value)),
    )
}

fn of_type(ty: &Type, good: &Value) -> Vec<Twist> {
    match ty {
        Type::Text { max, names } => {
            let mut twists = text(*max);
            twists.extend(names.iter().flat_map(|named| misnamed(*named)));
            twists
        }
        Type::LocalizedText { max } => localized(*max),
        Type::Code { .. } => [json!("no-such-word"), json!(""), json!(7), json!(null)]
            .map(|value| twist("", "not-permitted", value))
            .into(),
        Type::Quantity { min, max, .. } => quantity((*min, *max), good),
        Type::Integer { min, max } => integer(*min, *max),
        Type::Boolean => [json!("true"), json!(1), json!(null)]
            .map(|value| twist("", "wrong-type", value))
            .into(),
        Type::Date => texts_of_a_form("bad-date", &DATES).collect(),
        Type::YearMonth => texts_of_a_form("bad-date", &MONTHS).collect(),
        Type::Url => {
            let long = format!("https://example.eu/{}", "a".repeat(2000));
            texts_of_a_form("bad-url", &URLS)
                .chain([twist("", "bad-url", json!(long))])
                .collect()
        }
        Type::Document => document(good),
        Type::Record { fields } => record(fields, good),
        Type::List { of, max, empty } => list(of, (*empty, *max), good),
    }
}

fn text(max: usize) -> Vec<Twist> {
    let mut twists = vec![
        twist("", "wrong-type", json!(7)),
        twist("", "wrong-type", json!(null)),
        twist("", "wrong-type", json!(["x"])),
        twist("", "empty", json!("")),
        twist("", "empty", json!(" \t\n\u{a0}\u{3000}")),
        twist("", "too-long", json!("é".repeat(max + 1))),
    ];
    let hidden = [
        '\0',
        '\u{7f}',
        '\u{85}',
        '\u{202e}',
        '\u{200b}',
        '\u{feff}',
        '\u{e0041}',
        '\u{10ffff}',
    ];
    twists.extend(
        hidden.map(|character| twist("", "not-plain-text", json!(format!("a{character}")))),
    );
    twists
}

/// Texts that do not name what they have to.
fn misnamed(named: Named) -> Vec<Twist> {
    let (rule, texts): (_, &[&str]) = match named {
        Named::Country => ("not-permitted", &["UK", "de", "XX", "D"]),
        Named::Email => ("bad-email", &["nobody", "a@b", "a b@c.eu", "@c.eu"]),
        Named::Cas => ("bad-check-digit", &["7440-48-5", "21324-40-4"]),
        Named::Identifier => (
            "bad-check-digit",
            &["gln:9521234000007", "lei:529900T8BM49AURSDO56"],
        ),
    };
    let twists = texts.iter().map(|text| twist("", rule, json!(text)));
    twists.collect()
}

fn localized(max: usize) -> Vec<Twist> {
    let mut twists = vec![
        twist("", "wrong-type", json!("a text")),
        twist("", "empty", json!({})),
        twist("/english", "not-permitted", json!({"english": "x"})),
        twist("/EN", "not-permitted", json!({"EN": "x"})),
        twist("/en\n", "not-permitted", json!({"en\n": "x"})),
        twist(
            "/__proto__",
            "not-permitted",
            json!({"en": "x", "__proto__": "x"}),
        ),
    ];
    let inner = text(max).into_iter();
    twists.extend(inner.map(|twist| twist.within(&json!({"de": "x", "en": "x"}), "en")));
    twists
}

fn quantity((min, max): (Option<f64>, Option<f64>), good: &Value) -> Vec<Twist> {
    let mut twists = vec![
        twist("", "wrong-type", good["value"].clone()),
        twist("", "wrong-type", json!(null)),
        twist("", "wrong-type", json!([good])),
        twist("/unit", "wrong-unit", with(good, "unit", json!("furlong"))),
        twist("/unit", "wrong-unit", with(good, "unit", json!(7))),
        twist("/value", "wrong-type", with(good, "value", json!("12"))),
        twist("/value", "wrong-type", with(good, "value", json!(null))),
    ];
    twists.extend(members(good, &["value", "unit"]));
    let beyond = [min.map(|min| min - 0.001), max.map(|max| max + 0.001)];
    let beyond = beyond.into_iter().flatten();
    twists.extend(
        beyond.map(|value| twist("/value", "out-of-range", with(good, "value", json!(value)))),
    );
    twists
}

fn integer(min: Option<i64>, max: Option<i64>) -> Vec<Twist> {
    let wrong = [json!("7"), json!(7.5), json!(null), json!({"value": 7})];
    let beyond = [min.map(|min| min - 1), max.map(|max| max + 1)];
    wrong
        .map(|value| twist("", "wrong-type", value))
        .into_iter()
        .chain(
            beyond
                .into_iter()
                .flatten()
                .map(|value| twist("", "out-of-range", json!(value))),
        )
        .collect()
}

/// Each of these members gone, and some that do not belong there.
fn members(good: &Value, names: &[&str]) -> Vec<Twist> {
    let gone = names
        .iter()
        .map(|name| twist(&format!("/{name}"), "missing", without(good, name)));
    let more = ["noSuchMember", "__proto__", "constructor"];
    let more = more.map(|name| {
        let mut more = good.clone();
        more.as_object_mut()
            .unwrap()
            .insert(name.to_owned(), json!("x"));
        twist(&format!("/{name}"), "unknown-member", more)
    });
    gone.chain(more).collect()
}

fn document(good: &Value) -> Vec<Twist> {
    let evidence = json!({"title": "x", "evidence": "1b4e28ba-2fa1-41d2-883f-0016d3cca427"});
    let mut twists = vec![
        twist("", "wrong-type", json!("https://example.eu/")),
        twist("", "wrong-type", without(good, "url")),
        twist(
            "",
            "wrong-type",
            with(good, "evidence", evidence["evidence"].clone()),
        ),
    ];
    twists.extend(members(good, &["title"]));
    let title = text(200)
        .into_iter()
        .map(|twist| twist.within(good, "title"));
    let url = of_type(&Type::Url, &good["url"])
        .into_iter()
        .map(|twist| twist.within(good, "url"));
    let media_type = texts_of_a_form("bad-media-type", &MEDIA_TYPES)
        .map(|twist| twist.within(good, "mediaType"));
    let reference =
        texts_of_a_form("bad-reference", &UUIDS).map(|twist| twist.within(&evidence, "evidence"));
    twists.extend(title.chain(url).chain(media_type).chain(reference));
    twists
}

fn record(fields: &[Field], good: &Value) -> Vec<Twist> {
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required && fields.len() > 1)
        .map(|field| field.id.as_str())
        .collect();
    let mut twists = members(good, &required);
    twists.push(twist("", "wrong-type", json!("x")));
    twists.push(twist("", "wrong-type", json!([good])));
    if !fields.iter().any(|field| field.required) {
        twists.push(twist("", "empty", json!(Map::new())));
    }
    for field in fields {
        let inner = of_type(&field.ty, &good[&field.id]).into_iter();
        twists.extend(inner.map(|twist| twist.within(good, &field.id)));
    }
    twists
}

fn list(of: &Type, (empty, max): (bool, usize), good: &Value) -> Vec<Twist> {
    let mut twists = vec![
        twist("", "wrong-type", json!({})),
        twist("", "wrong-type", json!(null)),
        twist("", "too-many", json!(vec![good[0].clone(); max + 1])),
    ];
    if !empty {
        twists.push(twist("", "empty", json!([])));
    }
    let inner = of_type(of, &good[0]).into_iter();
    twists.extend(inner.map(|twist| twist.within(good, "0")));
    twists
}
