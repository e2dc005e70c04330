import { Schema } from "effect"

const Mutation = Schema.Struct({
  kind: Schema.Literals(["flip", "truncate", "delete", "duplicate", "insert"]),
  at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 })),
  length: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })),
  byte: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
})

/** Up to four changes of single bytes and short pieces. */
export const Mutations = Schema.Array(Mutation).check(Schema.isMinLength(1), Schema.isMaxLength(4))

/** The bytes with these changes. */
export const mutate = (bytes: Buffer, mutations: ReadonlyArray<typeof Mutation.Type>): Buffer => {
  let result = Buffer.from(bytes)
  for (const { at: where, byte, kind, length } of mutations) {
    const at = where % (result.length + 1)
    const before = result.subarray(0, at)
    const chunk = result.subarray(at, at + length)
    const after = result.subarray(at + length)
    switch (kind) {
      case "flip":
        result = Buffer.concat([before, Buffer.from([byte]), result.subarray(at + 1)])
        break
      case "truncate":
        result = Buffer.from(before)
        break
      case "delete":
        result = Buffer.concat([before, after])
        break
      case "duplicate":
        result = Buffer.concat([before, chunk, chunk, after])
        break
      case "insert":
        result = Buffer.concat([before, Buffer.from([byte]), result.subarray(at)])
        break
    }
  }
  return result
}

/** The JSON value with the `at`-th of its inner values, counted depth first, replaced. */
export const replaceInside = (value: unknown, at: number, replacement: unknown): unknown => {
  let count = 0
  const walk = (value: unknown): unknown => {
    if (count++ === at) return replacement
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]))
    }
    return value
  }
  return walk(value)
}

/** How many values there are in a JSON value, itself included. */
export const countInside = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + countInside(inner), 1)
    : 1
