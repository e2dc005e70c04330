/** JSON text that goes to the wire as it stands: a number in a notation of its own, or an element encoded before. */
export class Verbatim {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Loose = string | number | boolean | null | Verbatim | ReadonlyArray<Loose> | {
  readonly [key: string]: Loose
}

/** Whole numbers below `limit`, the same ones for the same seed. */
export type Dice = (limit: number) => number

export const makeDice = (seed: number): Dice => {
  let state = (seed ^ 0x9e3779b9) >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

const spaces = ["", "", "", " ", "\n", "\t ", "\r\n  "]

const unknownValues = [
  "0",
  "-1.5e-3",
  "null",
  "[]",
  "{\"a\":[{}]}",
  "\"]},{\\\"\\\\\"",
  "\"\\ud55c\\u0022\"",
  "[1,[2,\"}\"]]"
]

const shuffled = <A>(values: ReadonlyArray<A>, dice: Dice): ReadonlyArray<A> =>
  values.map((value) => ({ value, order: dice(1_000_000) })).toSorted((a, b) => a.order - b.order).map((v) => v.value)

/**
 * JSON text of `value` as another sender might write it: keys in any order, white space anywhere, unknown keys, and
 * now and then a key twice, of which the second counts.
 */
export const encodeLoosely = (value: Loose, dice: Dice): string => {
  const space = (): string => spaces[dice(spaces.length)]!
  const unknownValue = (): string => unknownValues[dice(unknownValues.length)]!
  const encode = (value: Loose): string => {
    if (value instanceof Verbatim) return value.text
    if (Array.isArray(value)) return `[${space()}${value.map(encode).join(`${space()},${space()}`)}${space()}]`
    if (typeof value !== "object" || value === null) return JSON.stringify(value)
    const members = shuffled(
      Object.entries(value).map(([key, inner]) => {
        const member = `"${key}"${space()}:${space()}${encode(inner)}`
        return dice(20) === 0 ? `"${key}":${unknownValue()}${space()},${space()}${member}` : member
      }).concat(Array.from({ length: dice(3) }, (_, i) => `"unknown_${i}":${space()}${unknownValue()}`)),
      dice
    )
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`
  }
  return encode(value)
}
