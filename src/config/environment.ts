import { Effect, FileSystem } from "effect"
import { parseEnv } from "node:util"
import type { Problem } from "./ConfigError.ts"

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The real environment over what `.env` in the working directory says: a variable that is set, even to nothing, wins. */
export const readEnvironment = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const problems: Array<Problem> = []
  const text = yield* fs.readFileString(".env").pipe(
    Effect.catch((error) => {
      if (error.reason._tag !== "NotFound") {
        problems.push({ path: ".env", expected: "a file that can be read", instead: "make it readable, or remove it" })
      }
      return Effect.succeed("")
    })
  )
  const variables: Environment = { ...parseEnv(text), ...process.env }
  return { variables, problems }
})
