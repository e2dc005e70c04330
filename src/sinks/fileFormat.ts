import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import packageJson from "../../package.json" with { type: "json" }
import type { RowType } from "../domain/Series.ts"
import { type Column, columns } from "./columns.ts"
import { magic } from "./footer.ts"
import type { RowGroupMetadata } from "./rowGroupMetadata.ts"
import { ThriftWriter } from "./ThriftWriter.ts"

const { version } = packageJson

/** The physical type of each kind of column. */
export const physicalType: Readonly<Record<Column["kind"], parquet.Type>> = {
  text: parquet.Type.BYTE_ARRAY,
  timestamp: parquet.Type.INT64,
  integer: parquet.Type.INT64,
  double: parquet.Type.DOUBLE,
  boolean: parquet.Type.BOOLEAN
}

/** What a file begins with. */
export const header: Buffer = Buffer.from(magic)

/** Those of the columns of a row type that `rowGroups` have: files of earlier versions may have fewer. */
const columnsOf = (rowType: RowType, rowGroups: ReadonlyArray<RowGroupMetadata>): ReadonlyArray<Column> => {
  const [group] = rowGroups
  if (group === undefined) return columns[rowType]
  const names = new Set(group.chunks.map(({ column }) => column))
  return columns[rowType].filter(({ name }) => names.has(name))
}

/** What a file of `rowType` ends with whose row groups are `rowGroups`, and which says `metadata` of itself: `FileMetaData` of `parquet.thrift`. */
export const footer = (
  rowType: RowType,
  rowGroups: ReadonlyArray<RowGroupMetadata>,
  metadata: Readonly<Record<string, string>>
): Buffer => {
  const fileColumns = columnsOf(rowType, rowGroups)
  const thrift = new ThriftWriter(1024)
  thrift.i32(1, 1)
  thrift.structs(2, [null, ...fileColumns], (column) => {
    if (column === null) writeRoot(thrift, fileColumns.length)
    else writeSchema(thrift, column)
  })
  thrift.i64(3, rowGroups.reduce((sum, group) => sum + group.rows, 0))
  thrift.written(4, rowGroups.map((group) => group.thrift))
  thrift.structs(5, Object.entries(metadata), ([key, value]) => {
    thrift.binary(1, Buffer.from(key))
    thrift.binary(2, Buffer.from(value))
  })
  thrift.binary(6, Buffer.from(`ticklake version ${version}`))
  // Without the orders readers may not use the ranges: that of each column's type.
  thrift.structs(7, fileColumns, () => thrift.struct(1, () => {}))
  const encoded = thrift.finish()
  const tail = Buffer.alloc(4)
  tail.writeUInt32LE(encoded.length)
  return Buffer.concat([encoded, tail, header])
}

const writeRoot = (thrift: ThriftWriter, children: number): void => {
  thrift.binary(4, Buffer.from("root"))
  thrift.i32(5, children)
}

/** `SchemaElement`, with its `LogicalType`, without which readers take the timestamps for local time. */
const writeSchema = (thrift: ThriftWriter, { kind, name, nullable }: Column): void => {
  const { OPTIONAL, REQUIRED } = parquet.FieldRepetitionType
  thrift.i32(1, physicalType[kind])
  thrift.i32(3, nullable ? OPTIONAL : REQUIRED)
  thrift.binary(4, Buffer.from(name))
  if (kind === "text") {
    thrift.i32(6, parquet.ConvertedType.UTF8)
    thrift.struct(10, () => thrift.struct(1, () => {}))
  } else if (kind === "timestamp") {
    thrift.i32(6, parquet.ConvertedType.TIMESTAMP_MICROS)
    thrift.struct(10, () =>
      thrift.struct(8, () => {
        thrift.boolean(1, true)
        // Microseconds.
        thrift.struct(2, () => thrift.struct(2, () => {}))
      }))
  }
}
