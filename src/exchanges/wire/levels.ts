/** Whether `value` is one side of a book: an array of levels that start with a price and a size, both text. */
export const isLevels = (value: unknown): boolean => {
  if (!Array.isArray(value)) return false
  const levels: ReadonlyArray<unknown> = value
  for (const level of levels) {
    if (!Array.isArray(level) || typeof level[0] !== "string" || typeof level[1] !== "string") return false
  }
  return true
}

/** Stands for levels that a pattern of the whole frame has found to be such. */
export const soundLevels: ReadonlyArray<never> = []
