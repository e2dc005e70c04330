import type { ColumnMetaData } from "@dsnp/parquetjs/dist/gen-nodejs/parquet_types.js"
import { cloneInteger } from "@dsnp/parquetjs/dist/lib/util.js"

/** The 64-bit integer of the Thrift types. */
type Int64 = ColumnMetaData["num_values"]

/** `cloneInteger` only asks its argument for `valueOf`; as a method, TypeScript lets us say so. */
const integers: { cloneInteger(value: { valueOf(): number }): Int64 } = { cloneInteger }

/** A 64-bit Thrift integer, from a number that a double holds exactly. */
export const int64 = (value: number): Int64 => integers.cloneInteger(value)
