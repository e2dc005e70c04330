import { decimalText } from "./json.ts"

/** Whether `value` is one side of a book: an array of levels that start with a price and a size, both decimal numbers as text. */
export const isLevels = (value: unknown): boolean => {
  if (!Array.isArray(value)) return false
  const levels: ReadonlyArray<unknown> = value
  for (const level of levels) {
    if (!Array.isArray(level) || decimalText(level[0]) === null || decimalText(level[1]) === null) return false
  }
  return true
}

/** Stands for levels that a pattern of the whole frame has found to be such. */
export const soundLevels: ReadonlyArray<never> = []
