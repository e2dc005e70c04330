/** The fields of a JSON object, unchecked. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The JSON value of a text, or undefined where it is none. */
export const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The texts of an array; null where it is no array or holds something else. */
export const texts = (value: unknown): ReadonlyArray<string> | null =>
  Array.isArray(value) && value.every((item): item is string => typeof item === "string") ? value : null
