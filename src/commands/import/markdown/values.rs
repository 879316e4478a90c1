//! The values and keys of a front matter, read from YAML straight into JSON.

use std::fmt;

use serde::de::{self, DeserializeSeed, EnumAccess, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::reading::Reading;

/// How deep lists and mappings may lie within each other.
const DEEPEST_NESTING: usize = 32;

/// Reads one value, and the values in it, straight into JSON.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'reading> {
    pub(super) reading: &'reading Reading,
    pub(super) depth: usize,
}

impl ValueSeed<'_> {
    /// The seed for the values inside this one.
    fn inner<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.saturating_add(1);
        if depth > DEEPEST_NESTING {
            let message = format!("the lists and mappings are nested deeper than {DEEPEST_NESTING}");
            return Err(self.reading.refuse(message));
        }
        Ok(Self { depth, ..self })
    }

    fn number<E: de::Error>(self, number: impl Into<Number>) -> Result<Value, E> {
        self.reading.weigh(0)?;
        Ok(Value::Number(number.into()))
    }

    fn refuse_number<E: de::Error>(self, number: impl fmt::Display) -> E {
        self.reading
            .refuse(format!("{number} is not a number that can be stored: put it in quotes if it is meant as text"))
    }
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plain value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        self.reading.weigh(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        self.reading.weigh(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        self.number(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        self.number(value)
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Err(self.refuse_number(value))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        Err(self.refuse_number(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| self.refuse_number(value))?;
        self.number(number)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        self.reading.weigh(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.reading.weigh(0)?;
        let seed = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(seed)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.reading.weigh(0)?;
        let seed = self.inner()?;
        let reading = self.reading;
        let mut fields = Map::new();
        while let Some(key) = entries.next_key_seed(KeySeed { reading, fields: &fields })? {
            let value = entries.next_value_seed(seed)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Value, A::Error> {
        let (tag, _) = tagged.variant::<String>()?;
        let tag = tag.trim_start_matches('!');
        Err(self.reading.refuse(format!(
            "the tag !{tag} has no meaning here: remove it, or put the value in quotes if the \
             exclamation mark belongs to it"
        )))
    }
}

/// Reads one key of a mapping. It knows the fields before it, so that a key that is there
/// twice is refused at its own line and not at that of the mapping.
#[derive(Clone, Copy)]
struct KeySeed<'reading> {
    reading: &'reading Reading,
    fields: &'reading Map<String, Value>,
}

impl KeySeed<'_> {
    fn refuse_key<E: de::Error>(self, key: impl fmt::Display) -> E {
        self.reading.refuse(format!("the name of a field must be text: write \"{key}\" in quotes"))
    }
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = String;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeySeed<'_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a field")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<String, E> {
        self.reading.weigh(key.len())?;
        if key == "<<" {
            return Err(self.reading.refuse("merge keys (<<) are not supported: write the fields out"));
        }
        if self.fields.contains_key(key) {
            return Err(self.reading.refuse(format!("the field {key} is there twice")));
        }
        Ok(key.to_owned())
    }

    fn visit_unit<E: de::Error>(self) -> Result<String, E> {
        Err(self.reading.refuse("the name of a field must be text: there is none before the colon, or it is null"))
    }

    fn visit_bool<E: de::Error>(self, key: bool) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_i64<E: de::Error>(self, key: i64) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_u64<E: de::Error>(self, key: u64) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_i128<E: de::Error>(self, key: i128) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_u128<E: de::Error>(self, key: u128) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_f64<E: de::Error>(self, key: f64) -> Result<String, E> {
        Err(self.refuse_key(key))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.reading.refuse("the name of a field must be text, not a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.reading.refuse("the name of a field must be text, not a mapping; a value with braces needs quotes"))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _: A) -> Result<String, A::Error> {
        Err(self.reading.refuse("the name of a field must not have a tag (!)"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::fields;

    #[test]
    fn values_become_json() {
        for (yaml, value) in [
            ("2024-05-01", json!("2024-05-01")),
            ("2024-05-01T10:00:00+02:00", json!("2024-05-01T10:00:00+02:00")),
            ("2024-05-01 10:00", json!("2024-05-01 10:00")),
            ("10:30", json!("10:30")),
            ("2024", json!(2024)),
            ("-3", json!(-3)),
            ("1.5", json!(1.5)),
            ("007", json!("007")),
            ("nan", json!("nan")),
            ("true", json!(true)),
            ("no", json!("no")),
            ("~", Value::Null),
            ("", Value::Null),
            ("\"2024\"", json!("2024")),
            ("!!str 2024", json!("2024")),
            ("\"!Foo &a *a <<\"", json!("!Foo &a *a <<")),
            ("\n  - a: 1\n    b: []\n  - |\n    text\n    more", json!([{"a": 1, "b": []}, "text\nmore\n"])),
        ] {
            assert_eq!(fields(&format!("key: {yaml}")), json!({ "key": value }), "{yaml}");
        }
        assert_eq!(fields("a: &name [x]\nb: *name"), json!({"a": ["x"], "b": ["x"]}));
    }
}
