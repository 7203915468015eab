//! The same table as a Parquet file, compressed: what data frames read fastest.

use std::sync::Arc;

use anyhow::{Context, Result};
use parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::Value;

/// Columns of words, some of which a study may have nothing for.
const TEXTS: [&str; 6] = ["architecture", "worker", "zone", "device", "finished_at", "failure"];

/// What a column holds; every value may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Number,
    Truth,
    Text,
}

/// `rows` are flat JSON objects, each with all of `names`.
pub fn bytes(names: &[String], rows: &[serde_json::Map<String, Value>]) -> Result<Vec<u8>> {
    let columns: Vec<(&String, Kind)> = names.iter().map(|name| (name, kind(rows, name))).collect();
    let field = |(name, kind): &(&String, Kind)| {
        let (physical, converted) = match kind {
            Kind::Whole => (Physical::INT64, ConvertedType::NONE),
            Kind::Number => (Physical::DOUBLE, ConvertedType::NONE),
            Kind::Truth => (Physical::BOOLEAN, ConvertedType::NONE),
            Kind::Text => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let column = Type::primitive_type_builder(name, physical).with_converted_type(converted);
        column.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("trials").with_fields(fields).build()?);
    let properties = Arc::new(WriterProperties::builder().set_compression(Compression::SNAPPY).build());
    let mut written = Vec::new();
    let mut file = SerializedFileWriter::new(&mut written, schema, properties)?;
    let mut group = file.next_row_group()?;
    for (name, kind) in columns {
        let values = || rows.iter().map(move |row| &row[name]);
        match kind {
            Kind::Whole => column::<Int64Type>(&mut group, values().map(Value::as_i64))?,
            Kind::Number => column::<DoubleType>(&mut group, values().map(Value::as_f64))?,
            Kind::Truth => column::<BoolType>(&mut group, values().map(Value::as_bool))?,
            Kind::Text => column::<ByteArrayType>(
                &mut group,
                values().map(|value| value.as_str().map(ByteArray::from)),
            )?,
        }
    }
    group.close()?;
    file.close()?;
    Ok(written)
}

/// By the values there are; a column without any holds numbers unless its name is one of [`TEXTS`].
fn kind(rows: &[serde_json::Map<String, Value>], name: &str) -> Kind {
    let kinds = rows.iter().filter_map(|row| match &row[name] {
        Value::Number(number) if number.is_f64() => Some(Kind::Number),
        Value::Number(_) => Some(Kind::Whole),
        Value::Bool(_) => Some(Kind::Truth),
        Value::String(_) => Some(Kind::Text),
        _ => None,
    });
    kinds.reduce(|a, b| if a == b { a } else { Kind::Number }).unwrap_or(if TEXTS.contains(&name) {
        Kind::Text
    } else {
        Kind::Number
    })
}

fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, &mut Vec<u8>>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<()> {
    let values: Vec<Option<T::T>> = values.collect();
    let present: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.into_iter().flatten().collect();
    let mut column = group.next_column()?.context("as many columns as the schema has")?;
    column.typed::<T>().write_batch(&values, Some(&present), None)?;
    column.close()?;
    Ok(())
}
