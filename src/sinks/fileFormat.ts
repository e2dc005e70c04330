import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { ParquetSchema } from "@dsnp/parquetjs/dist/lib/schema.js"
import { decodeThrift, serializeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { ParquetEnvelopeWriter } from "@dsnp/parquetjs/dist/lib/writer.js"
import packageJson from "../../package.json" with { type: "json" }
import type { RowType } from "../domain/Series.ts"
import { type Column, columns } from "./columns.ts"
import { magic } from "./footer.ts"
import { int64 } from "./int64.ts"

const { version } = packageJson

/** A footer ends with the length of its metadata (4 bytes) and the magic number (4 bytes). */
const footerTailBytes = 8

const parquetType = {
  text: "UTF8",
  timestamp: "TIMESTAMP_MICROS",
  integer: "INT64",
  double: "DOUBLE",
  boolean: "BOOLEAN"
} as const

const schemaOf = (fileColumns: ReadonlyArray<Column>): ParquetSchema =>
  new ParquetSchema(Object.fromEntries(
    fileColumns.map(({ name, kind, nullable }) => [name, { type: parquetType[kind], optional: nullable }])
  ))

/** What a file begins with. */
export const header: Buffer = Buffer.from(magic)

/** Those of the columns of a row type that `rowGroups` have: files of earlier versions may have fewer. */
const columnsOf = (rowType: RowType, rowGroups: ReadonlyArray<parquet.RowGroup>): ReadonlyArray<Column> => {
  const [group] = rowGroups
  if (group === undefined) return columns[rowType]
  const names = new Set(group.columns.map(({ meta_data }) => meta_data?.path_in_schema[0]))
  return columns[rowType].filter(({ name }) => names.has(name))
}

/** What a file of `rowType` ends with whose row groups are `rowGroups`, and which says `metadata` of itself. */
export const footer = (
  rowType: RowType,
  rowGroups: ReadonlyArray<parquet.RowGroup>,
  metadata: Readonly<Record<string, string>>
): Buffer => {
  const fileColumns = columnsOf(rowType, rowGroups)
  let section = Buffer.alloc(0)
  const writer = new ParquetEnvelopeWriter(
    schemaOf(fileColumns),
    (bytes) => {
      section = Buffer.from(bytes)
    },
    () => {},
    int64(0),
    {}
  )
  writer.rowGroups = [...rowGroups]
  writer.rowCount = int64(rowGroups.reduce((sum, group) => sum + group.num_rows.toNumber(), 0))
  writer.writeFooter(metadata)
  return complete(section, fileColumns)
}

/**
 * Adds what the package's footer leaves out: logical types, without which readers take the timestamps for local time, and
 * column orders, without which they may not use the ranges.
 */
const complete = (footer: Buffer, fileColumns: ReadonlyArray<Column>): Buffer => {
  const metadata = new parquet.FileMetaData()
  decodeThrift(metadata, footer)
  const kinds = new Map(fileColumns.map(({ name, kind }) => [name, kind]))
  for (const element of metadata.schema) {
    const logicalType = logicalTypeOf(kinds.get(element.name))
    if (logicalType !== null) element.logicalType = logicalType
  }
  metadata.column_orders = fileColumns.map(() =>
    new parquet.ColumnOrder({ TYPE_ORDER: new parquet.TypeDefinedOrder() })
  )
  metadata.created_by = `ticklake version ${version}`
  const encoded = serializeThrift(metadata)
  const tail = Buffer.from(footer.subarray(footer.length - footerTailBytes))
  tail.writeUInt32LE(encoded.length)
  return Buffer.concat([encoded, tail])
}

const logicalTypeOf = (kind: Column["kind"] | undefined): parquet.LogicalType | null => {
  if (kind === "text") return new parquet.LogicalType({ STRING: new parquet.StringType() })
  if (kind !== "timestamp") return null
  const unit = new parquet.TimeUnit({ MICROS: new parquet.MicroSeconds() })
  return new parquet.LogicalType({ TIMESTAMP: new parquet.TimestampType({ isAdjustedToUTC: true, unit }) })
}
