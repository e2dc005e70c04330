import parquet from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { decodeThrift, serializeThrift } from "@dsnp/parquetjs/dist/lib/util.js"

/** Both work on every Thrift type; the package names only those that it uses them on. As methods, TypeScript lets us say so. */
const thrift: { serializeThrift(value: object): Buffer; decodeThrift(value: object, bytes: Buffer): number } = {
  serializeThrift,
  decodeThrift
}

const empty = {
  RowGroup: () => new parquet.RowGroup(),
  PageHeader: () => new parquet.PageHeader(),
  FileMetaData: () => new parquet.FileMetaData()
}

/** What the package makes of the `struct` that `bytes` begin with, and how it writes that itself. */
export const decode = <K extends keyof typeof empty>(struct: K, bytes: Buffer) => {
  const value = empty[struct]() as ReturnType<(typeof empty)[K]>
  const length = thrift.decodeThrift(value, bytes)
  return { value, length, encoded: thrift.serializeThrift(value) }
}

/** A row group as the package writes it. */
export const encode = (group: parquet.RowGroup): Buffer => thrift.serializeThrift(group)
