/** A JWT, or its beginning: a venue may send back what we sent. */
const token = /eyJ[\w-]{8,}(?:\.[\w-]*){0,2}/g

/**
 * Text of unknown origin as it may stand in a log line: control characters and tokens replaced, and no longer than
 * `maxLength`.
 */
export const printable = (text: string, maxLength = 300): string => {
  const clean = text.slice(0, maxLength).replaceAll(/[\p{Cc}\p{Cf}]/gu, "\u00b7").replaceAll(token, "<token>")
  return text.length > maxLength ? `${clean}... (${text.length} characters)` : clean
}

const sampleBytes = 200

/** The beginning of a frame, for a log line. */
export const sample = (bytes: Buffer): string => {
  const text = printable(bytes.subarray(0, sampleBytes).toString("utf8"))
  return bytes.length > sampleBytes ? `${text}... (${bytes.length} bytes)` : text
}
