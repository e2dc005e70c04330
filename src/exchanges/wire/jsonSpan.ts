/** A half-open range of byte offsets, `[start, end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

const isWhitespace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

const skipWhitespace = (bytes: Buffer, at: number): number => {
  let i = at
  while (i < bytes.length && isWhitespace(bytes[i]!)) i++
  return i
}

const stringEnd = (bytes: Buffer, at: number): number => {
  let i = at + 1
  while (i < bytes.length) {
    const byte = bytes[i]!
    if (byte === quote) return i + 1
    i += byte === backslash ? 2 : 1
  }
  return bytes.length
}

const valueEnd = (bytes: Buffer, at: number): number => {
  const first = bytes[at]
  if (first === quote) return stringEnd(bytes, at)
  let i = at
  if (first === openBrace || first === openBracket) {
    let depth = 0
    while (i < bytes.length) {
      const byte = bytes[i]!
      if (byte === quote) {
        i = stringEnd(bytes, i)
        continue
      }
      if (byte === openBrace || byte === openBracket) depth++
      else if (byte === closeBrace || byte === closeBracket) {
        depth--
        if (depth === 0) return i + 1
      }
      i++
    }
    return bytes.length
  }
  while (i < bytes.length) {
    const byte = bytes[i]!
    if (byte === comma || byte === closeBrace || byte === closeBracket || isWhitespace(byte)) return i
    i++
  }
  return i
}

/** The value that starts at or after `from`, without surrounding white space. */
export const valueAt = (bytes: Buffer, from = 0): Span => {
  const start = skipWhitespace(bytes, from)
  return { start, end: valueEnd(bytes, start) }
}

/** The only value of a frame, found without walking through it: the end may include white space. */
export const whole = (bytes: Buffer): Span => ({ start: skipWhitespace(bytes, 0), end: bytes.length })

/**
 * The value of `key` in the object at `object`, or null. The last of several equal keys wins, as in `JSON.parse`.
 * Like everything here it finds its way only in text that `JSON.parse` accepts, and only keys written without escapes.
 */
export const member = (bytes: Buffer, object: Span, key: string): Span | null => {
  let found: Span | null = null
  let i = skipWhitespace(bytes, object.start + 1)
  while (i < object.end && bytes[i] === quote) {
    const keyEnd = stringEnd(bytes, i)
    const matches = keyEnd - i - 2 === key.length && bytes.toString("latin1", i + 1, keyEnd - 1) === key
    const value = valueAt(bytes, skipWhitespace(bytes, keyEnd) + 1)
    if (matches) found = value
    i = skipWhitespace(bytes, value.end)
    if (bytes[i] !== comma) break
    i = skipWhitespace(bytes, i + 1)
  }
  return found
}

/** The elements of the array at `array`, in order. */
export const elements = (bytes: Buffer, array: Span): ReadonlyArray<Span> => {
  const spans: Array<Span> = []
  let i = skipWhitespace(bytes, array.start + 1)
  while (i < array.end && bytes[i] !== closeBracket) {
    const value = valueAt(bytes, i)
    spans.push(value)
    i = skipWhitespace(bytes, value.end)
    if (bytes[i] !== comma) break
    i = skipWhitespace(bytes, i + 1)
  }
  return spans
}

/** The bytes of a span, not copied. */
export const slice = (bytes: Buffer, span: Span): Buffer => bytes.subarray(span.start, span.end)

/** The value at the end of `path`, a list of keys and array positions, or null. */
export const valueAtPath = (bytes: Buffer, path: ReadonlyArray<string | number>): Span | null => {
  let span: Span | null = whole(bytes)
  for (const step of path) {
    if (span === null) return null
    span = typeof step === "string" ? member(bytes, span, step) : (elements(bytes, span)[step] ?? null)
  }
  return span
}

/** Whether a key anywhere in a frame is written with an escape; without one `member` and `JSON.parse` always agree. */
export const containsEscapedKey = (bytes: Buffer): boolean => {
  if (!bytes.includes(backslash)) return false
  let i = 0
  while (i < bytes.length) {
    if (bytes[i] !== quote) {
      i++
      continue
    }
    const end = stringEnd(bytes, i)
    const isKey = bytes[skipWhitespace(bytes, end)] === colon
    if (isKey && bytes.subarray(i, end).includes(backslash)) return true
    i = end
  }
  return false
}
