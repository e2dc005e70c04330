import { isUtf8 } from "node:buffer"

export type JsonObject = Readonly<Record<string, unknown>>

/** The JSON value of a frame, or the reason why there is none. */
export type Decoded =
  | { readonly _tag: "Json"; readonly value: unknown }
  | { readonly _tag: "NotJson"; readonly reason: string }

/** Decodes a whole frame. Bytes that are not UTF-8 are refused, for they could not be stored as text unchanged. */
export const decode = (bytes: Buffer): Decoded => {
  if (!isUtf8(bytes)) return { _tag: "NotJson", reason: "not UTF-8" }
  try {
    return { _tag: "Json", value: JSON.parse(bytes.toString("utf8")) }
  } catch (error) {
    return { _tag: "NotJson", reason: error instanceof Error ? error.message : String(error) }
  }
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const decimal = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A number written as decimal text, such as a price; null for anything else. */
export const decimalText = (value: unknown): number | null => {
  if (typeof value !== "string" || !decimal.test(value)) return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** A JSON integer that `JSON.parse` kept exact; null for anything else. */
export const safeInteger = (value: unknown): number | null => Number.isSafeInteger(value) ? (value as number) : null

/** Milliseconds since the epoch (a JSON integer or decimal digits) as microseconds; null for anything else. */
export const millisToMicros = (value: unknown): number | null => {
  const millis = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : safeInteger(value)
  return millis !== null && millis >= 0 && millis <= 8_640_000_000_000 ? millis * 1000 : null
}

const rfc3339 = /^(\d{4}-\d\d-(\d\d)T\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/

/** An RFC 3339 UTC time with up to nine fractional digits as whole microseconds; null for anything else. */
export const rfc3339ToMicros = (value: unknown): number | null => {
  if (typeof value !== "string") return null
  const parts = rfc3339.exec(value)
  if (parts === null) return null
  const date = new Date(`${parts[1]}Z`)
  // The 30th of February is accepted and moved to March.
  if (date.getUTCDate() !== Number(parts[2])) return null
  const micros = date.getTime() * 1000 + Number((parts[3] ?? "").padEnd(6, "0").slice(0, 6))
  // A damaged year leads before the epoch or beyond the exact integers, and to no time that anybody has sent.
  return Number.isSafeInteger(micros) && micros >= 0 ? micros : null
}
