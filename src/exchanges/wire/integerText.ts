import { valueAtPath } from "./jsonSpan.ts"

const digits = /^\d+$/

/**
 * A JSON integer of any length as its exact text, or null for anything else, negative numbers included. `value` is what
 * `JSON.parse` made of the number at `path` of `bytes`; only where that is not exact the bytes are searched.
 */
export const integerText = (value: unknown, bytes: Buffer, path: ReadonlyArray<string | number>): string | null => {
  if (typeof value !== "number") return null
  if (Number.isSafeInteger(value)) return value >= 0 ? String(value) : null
  const span = valueAtPath(bytes, path)
  if (span === null) return null
  const text = bytes.toString("latin1", span.start, span.end)
  return digits.test(text) ? text : null
}
