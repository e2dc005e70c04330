const digits = /^\d{1,30}$/

/** An id that is a number, of as many digits as any venue writes; null for another. */
export const idOf = (text: string): bigint | null => digits.test(text) ? BigInt(text) : null
