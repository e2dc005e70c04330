import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { ParquetSchema } from "@dsnp/parquetjs/dist/lib/schema.js"
import { decodeThrift, serializeThrift } from "@dsnp/parquetjs/dist/lib/util.js"
import { ParquetEnvelopeWriter } from "@dsnp/parquetjs/dist/lib/writer.js"
import packageJson from "../../package.json" with { type: "json" }
import type { DataType, Feed } from "../domain/Feed.ts"
import { type Column, columns } from "./columns.ts"
import { int64 } from "./int64.ts"

const { version } = packageJson

/** A footer ends with the length of its metadata (4 bytes) and the magic number (4 bytes). */
const footerTailBytes = 8

const parquetType = { text: "UTF8", timestamp: "TIMESTAMP_MICROS", double: "DOUBLE", boolean: "BOOLEAN" } as const

const schemaOf = (dataType: DataType): ParquetSchema =>
  new ParquetSchema(Object.fromEntries(
    columns[dataType].map(({ name, kind, nullable }) => [name, { type: parquetType[kind], optional: nullable }])
  ))

const schemas: Readonly<Record<DataType, ParquetSchema>> = {
  trade: schemaOf("trade"),
  orderbook: schemaOf("orderbook")
}

/** What a file says about itself beside its rows. */
export const fileMetadata = (feed: Feed, homeServerName: string | null): Record<string, string> => ({
  "ticklake.version": version,
  "ticklake.feed": feed.id,
  "ticklake.exchange": feed.exchange,
  // As the venue writes it: the column and the path hold the normalized one.
  "ticklake.symbol": feed.symbol,
  "ticklake.data_type": feed.dataType,
  ...(homeServerName === null ? {} : { "ticklake.home_server": homeServerName })
})

/** The frame of a Parquet file: what comes before and after its row groups. */
export interface Envelope {
  readonly header: Buffer
  /** The footer of a file whose row groups so far are `rowGroups`. */
  readonly footer: (rowGroups: ReadonlyArray<parquet.RowGroup>) => Buffer
}

/** The frame for files of `dataType` that carry `metadata`. */
export const envelope = (dataType: DataType, metadata: Record<string, string>): Envelope => {
  let section = Buffer.alloc(0)
  const writer = new ParquetEnvelopeWriter(
    schemas[dataType],
    (bytes) => {
      section = Buffer.from(bytes)
    },
    () => {},
    int64(0),
    {}
  )
  writer.writeHeader()
  return {
    header: section,
    footer: (rowGroups) => {
      writer.rowGroups = [...rowGroups]
      writer.rowCount = int64(rowGroups.reduce((sum, group) => sum + group.num_rows.toNumber(), 0))
      writer.writeFooter(metadata)
      return complete(section, columns[dataType])
    }
  }
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
