import { Option } from "effect"
import type { Problem } from "./ConfigError.ts"
import type { Environment } from "./environment.ts"

/** A value, or null, with what is wrong about where it came from. */
export interface Found<A> {
  readonly value: A | null
  readonly problems: ReadonlyArray<Problem>
}

/** The text of a variable; an empty one counts as not set. */
export const textOf = (environment: Environment, name: string): string | null => environment[name] || null

// Effect's Config is not used here: it stops at the first problem, and its environment provider takes
// COINBASE_API_SECRET for the parent of COINBASE_API_SECRET_FILE and then misses a string there.
/** Reads one variable; its value never gets into the problem. */
export const variable = <A>(
  environment: Environment,
  name: string,
  decode: (text: string) => Option.Option<A>,
  problem: Omit<Problem, "path">
): Found<A> => {
  const text = textOf(environment, name)
  if (text === null) return { value: null, problems: [] }
  const value = decode(text)
  return Option.isSome(value)
    ? { value: value.value, problems: [] }
    : { value: null, problems: [{ path: name, ...problem }] }
}
