/** JSON text that is taken over as it is: a number that JavaScript cannot hold, or an element that must keep its bytes. */
export class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Wire = null | boolean | number | string | Raw | ReadonlyArray<Wire> | { readonly [key: string]: Wire }

/** Numbers in [0, 1) that depend on `seed` alone (mulberry32). */
export const randomOf = (seed: number): () => number => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const spaces = ["", "", "", " ", "\t", "\r\n", "  "]

const unknownValues: ReadonlyArray<Wire> = [null, true, -1.5e-7, "}\"],\\", [], {}, { "d": ["\u{1f642}"] }, "é\u0000"]

const pick = <A>(values: ReadonlyArray<A>, random: () => number): A => values[Math.floor(random() * values.length)]!

const string = (text: string, random: () => number): string => {
  if (random() < 0.8) return JSON.stringify(text)
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, "0"))
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`
}

const shuffle = <A>(values: ReadonlyArray<A>, random: () => number): ReadonlyArray<A> =>
  values.map((value) => ({ value, rank: random() })).toSorted((a, b) => a.rank - b.rank).map(({ value }) => value)

/**
 * `value` as JSON in a spelling that depends on `random`: any order of keys, white space, escapes in text values, and
 * unknown keys added to every object.
 */
export const encode = (value: Wire, random: () => number): string => {
  const space = () => pick(spaces, random)
  if (value instanceof Raw) return value.text
  if (typeof value === "string") return string(value, random)
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (Array.isArray(value)) {
    const items: ReadonlyArray<Wire> = value
    return `[${space()}${items.map((item) => encode(item, random)).join(`${space()},${space()}`)}${space()}]`
  }
  const members = Object.entries(value).map(([key, inner]): [string, Wire] => [key, inner])
  if (random() < 0.3) members.push([`unknown${Math.floor(random() * 100)}`, pick(unknownValues, random)])
  const texts = shuffle(members, random).map(([key, inner]) =>
    `${JSON.stringify(key)}${space()}:${space()}${encode(inner, random)}`
  )
  return `{${space()}${texts.join(`${space()},${space()}`)}${space()}}`
}
