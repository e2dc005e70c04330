import { Schema } from "effect"

/** Text that matches a pattern. */
export const text = (expected: string, pattern: RegExp) => Schema.String.check(Schema.isPattern(pattern, { expected }))

/** A whole number within bounds. */
export const whole = (unit: string, minimum: number, maximum: number) => {
  const expected = `a whole number of ${unit} from ${minimum} to ${maximum}`
  return Schema.Int.annotate({ expected }).check(Schema.isBetween({ minimum, maximum }, { expected }))
}

/** A number above 0. */
export const amount = (unit: string, maximum: number) => {
  const expected = `a number of ${unit} above 0 and at most ${maximum}`
  return Schema.Finite.annotate({ expected }).check(
    Schema.isBetween({ minimum: 0, maximum, exclusiveMinimum: true }, { expected })
  )
}

/** A share of a whole. */
export const Share = Schema.Finite.annotate({ expected: "a number from 0 to 1" }).check(
  Schema.isBetween({ minimum: 0, maximum: 1 }, { expected: "a number from 0 to 1" })
)

/** One of some words. */
export const oneOf = <const L extends ReadonlyArray<string>>(literals: L) =>
  Schema.Literals(literals).annotate({ expected: `one of ${literals.map((literal) => `"${literal}"`).join(", ")}` })

/** A table of the file; `description` is what editors show, and what `config.toml` says of it. */
export const table = <const F extends Schema.Struct.Fields>(name: string, description: string, fields: F) =>
  Schema.Struct(fields).annotate({ expected: `a table, ${name}`, description })

/** A key with the sentences that editors show and `config.toml` says of it, and its default where it has one. */
export const key = <S extends Schema.Top>(schema: S, description: string, byDefault?: Schema.Json) =>
  Schema.optionalKey(schema.annotate({ description, ...(byDefault === undefined ? {} : { default: byDefault }) }))

/** How long a market may be silent; a quiet one for a week. */
export const secondsOfSilence = amount("seconds", 604_800)

/** A switch. */
export const Switch = Schema.Boolean.annotate({ expected: "true or false" })
