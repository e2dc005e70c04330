import { Runtime, Schema } from "effect"

/** One thing the operator has to change: where it stands, what belongs there, and what to write. */
export const Problem = Schema.Struct({
  /** A place in the file (`markets[1].symbols[0]`), an environment variable, or a file. */
  path: Schema.String,
  /** Completes "expected". */
  expected: Schema.String,
  /** The correction, as an instruction. */
  instead: Schema.String
})
export type Problem = typeof Problem.Type

const byPlace = new Intl.Collator("en", { numeric: true })

/** The problems in the order of their places and each once: `markets[2]` before `markets[10]`. */
export const inOrder = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const distinct = new Map(problems.map((problem) => [`${problem.path}\n${problem.expected}`, problem]))
  return [...distinct.values()].toSorted((a, b) => byPlace.compare(a.path, b.path))
}

/** The configuration cannot be used; carries every problem at once, and never the value of a secret. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  file: Schema.String,
  problems: Schema.Array(Problem)
}) {
  /** EX_CONFIG of sysexits.h. */
  override readonly [Runtime.errorExitCode] = 78

  override get message() {
    const count = this.problems.length === 1 ? "1 problem" : `${this.problems.length} problems`
    const lines = this.problems.map(({ path, expected, instead }) =>
      `  ${path}\n    expected  ${expected}\n    instead   ${instead}`
    )
    return [`${count} in the configuration (${this.file} and the environment)`, ...lines].join("\n\n")
  }
}
