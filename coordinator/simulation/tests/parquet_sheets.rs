//! Tables in Parquet files, as their own writer makes them, and broken in every place.

use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use simulation::sheet::{Direction, Sheet};

const ARCHITECTURES: [&str; 3] = [
    "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|",
    "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|",
    "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|",
];

/// A file with `arch`, `acc` and `params`; the third accuracy is absent where `with_gap`.
fn write(path: &Path, compression: Compression, with_gap: bool) {
    let schema =
        "message table { REQUIRED BYTE_ARRAY arch (UTF8); OPTIONAL DOUBLE acc; REQUIRED INT64 params; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(compression).build());
    let file = std::fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts: Vec<ByteArray> = ARCHITECTURES.iter().map(|text| ByteArray::from(*text)).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let (values, present): (&[f64], [i16; 3]) =
        if with_gap { (&[90.0, 60.5], [1, 1, 0]) } else { (&[90.0, 60.5, 80.25], [1; 3]) };
    column.typed::<DoubleType>().write_batch(values, Some(&present), None).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[100, 20, 50], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn every_codec_tells_the_same() {
    let zstd = Compression::ZSTD(ZstdLevel::try_new(3).unwrap());
    for compression in
        [Compression::UNCOMPRESSED, Compression::SNAPPY, zstd, Compression::GZIP(Default::default())]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table.parquet");
        write(&path, compression, false);
        let sheet = Sheet::read(&path, None).unwrap();
        let texts: Vec<String> = sheet.architectures().iter().map(|row| sheet.space().encode(row)).collect();
        assert_eq!(texts, ARCHITECTURES);
        let accuracy = sheet.measure("acc", Some(Direction::Maximise)).unwrap();
        assert_eq!(accuracy.minimised, [-90.0, -60.5, -80.25]);
        let size = sheet.measure("params", Some(Direction::Minimise)).unwrap();
        assert_eq!(size.minimised, [100.0, 20.0, 50.0]);
    }
}

#[test]
fn an_absent_value_is_named_by_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    write(&path, Compression::SNAPPY, true);
    let error = Sheet::read(&path, None).unwrap().measure("acc", Some(Direction::Maximise)).unwrap_err();
    let told = format!("{error:#}");
    assert!(told.contains("table.parquet, row 2 from 0, column acc: nothing stands"), "{told}");
}

#[test]
fn files_without_rows_and_nested_columns_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    let refused = |schema: &str, phrase: &str| {
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = Arc::new(WriterProperties::builder().build());
        let file = std::fs::File::create(&path).unwrap();
        SerializedFileWriter::new(file, schema, properties).unwrap().close().unwrap();
        let told = format!("{:#}", Sheet::read(&path, None).unwrap_err());
        assert!(told.contains(phrase), "{told}");
    };
    refused("message table { REQUIRED BYTE_ARRAY arch (UTF8); }", "has a header and no rows");
    refused("message table { REQUIRED GROUP arch { REQUIRED INT32 gene; } }", "column `arch` is nested");
}

#[test]
fn broken_files_are_refused_and_end_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.parquet");
    write(&path, Compression::SNAPPY, false);
    let whole = std::fs::read(&path).unwrap();
    for length in (4..whole.len()).step_by(7) {
        std::fs::write(&path, &whole[..length]).unwrap();
        let told = format!("{:#}", Sheet::read(&path, None).expect_err("it was cut short"));
        assert!(told.contains("table.parquet can't be read as Parquet: was it cut short"), "{told}");
    }
    // A flipped bit may go unnoticed in a value; it must not end the program.
    for place in (4..whole.len()).step_by(3) {
        for bit in [1, 0x80] {
            let mut changed = whole.clone();
            changed[place] ^= bit;
            std::fs::write(&path, &changed).unwrap();
            let _ = Sheet::read(&path, None);
        }
    }
}
