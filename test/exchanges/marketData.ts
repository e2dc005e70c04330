import { Arbitrary, Schema } from "effect"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Seeds the spelling of a frame. */
export const seed = between(0, 2_147_483_647)

export const side = Schema.Literals(["buy", "sell"])

/** Milliseconds since the epoch between 2001 and 2096. */
export const millis = between(1_000_000_000_000, 4_000_000_000_000)

/** A decimal as venues write it, such as `0.00062000`. */
export const decimal = Arbitrary.map(
  Arbitrary.all([Arbitrary.schema(between(0, 9_999_999)), Arbitrary.schema(between(0, 99_999_999))]),
  ([whole, fraction]) => fraction % 7 === 0 ? String(whole) : `${whole}.${String(fraction).padStart(8, "0")}`
)

/** An id as text, of 1 to 22 digits without a leading zero: half of them beyond 2^53. */
export const id = Arbitrary.map(
  Arbitrary.all([Arbitrary.schema(between(1, 9_999_999)), Arbitrary.schema(Schema.Array(between(0, 9)))]),
  ([first, rest]) => `${first}${rest.slice(0, 15).join("")}`
)

/** One side of a book. */
export const levels = Arbitrary.array(Arbitrary.all([decimal, decimal]), { maxLength: 5 })

/** The id as a number where it is exact. */
export const exact = (id: string): number | null => Number.isSafeInteger(Number(id)) ? Number(id) : null
