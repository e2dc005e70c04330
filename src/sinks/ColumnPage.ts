import type { Column } from "./columns.ts"
import { PageBytes } from "./PageBytes.ts"

/** Smallest and largest value of a column. */
export type Range =
  | { readonly kind: "timestamp"; readonly min: number; readonly max: number }
  | { readonly kind: "text"; readonly min: string; readonly max: string }
  | { readonly kind: "boolean"; readonly min: boolean; readonly max: boolean }

/** The values of one column of a row group, encoded and not yet compressed. */
export interface ColumnPage {
  readonly column: Column
  /** PLAIN bytes of the values that are not null. */
  readonly values: Buffer
  /** Definition levels, RLE/bit-packed hybrid without its length; empty where the column takes no nulls. */
  readonly levels: Buffer
  readonly nullCount: number
  /** Null where the column has no value, or where its range helps no reader. */
  readonly range: Range | null
  /** The text that each row has; not set where they differ. */
  readonly constant?: string
}

const noLevels = Buffer.alloc(0)

/** A page of a column without nulls. */
export const required = (column: Column, values: Buffer, range: Range | null = null): ColumnPage => ({
  column,
  values,
  levels: noLevels,
  nullCount: 0,
  range
})

/** A page that holds `value` in each of `rows` rows. */
export const constant = (column: Column, value: string, rows: number): ColumnPage => {
  const one = new PageBytes(64)
  one.appendText(value)
  const values = rows === 0 ? one.written.subarray(0, 0) : Buffer.alloc(one.length * rows, one.written)
  return { ...required(column, values, { kind: "text", min: value, max: value }), constant: value }
}

/**
 * Definition levels of a flat nullable column of `rows` rows, `nullCount` of them null: one run where all rows agree, which
 * is the rule, otherwise `bitmap` (a set bit for each value, least significant first) as one bit-packed run.
 */
export const definitionLevels = (rows: number, nullCount: number, bitmap: Buffer): Buffer =>
  nullCount === 0 || nullCount === rows
    ? Buffer.from([...varint(rows * 2), nullCount === 0 ? 1 : 0])
    : Buffer.concat([Buffer.from(varint(bitmap.length * 2 + 1)), bitmap])

const varint = (value: number): Array<number> => {
  const bytes: Array<number> = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
  return bytes
}
