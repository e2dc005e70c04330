import { Effect, FileSystem, Option, Result } from "effect"
import { Toml } from "effect/encoding"
import type { SymbolNotation } from "../domain/SymbolNotation.ts"
import type { Venue } from "../domain/Venue.ts"
import type { Problem } from "./ConfigError.ts"
import type { ConfigFile } from "./ConfigFile.ts"
import { crossChecks } from "./crossChecks.ts"
import { marketChecks } from "./marketChecks.ts"
import { type Readable, readable } from "./Readable.ts"
import { decodeFile } from "./schemaProblems.ts"
import type { Found } from "./variable.ts"

/** What a path may lead to, in words. */
const kinds: Readonly<Record<FileSystem.File.Type, string>> = {
  File: "a file",
  Directory: "a folder",
  SymbolicLink: "a link",
  BlockDevice: "a device",
  CharacterDevice: "a device",
  FIFO: "a named pipe",
  Socket: "a socket",
  Unknown: "something else"
}

/** What a file says, and `[shard]` also where the rest is wrong: null where that itself cannot be read. */
export interface FileFound extends Found<ConfigFile> {
  readonly shard: Readable["shard"]
}

const wrong = (path: string, expected: string, instead: string): FileFound => ({
  value: null,
  problems: [{ path, expected, instead }],
  shard: null
})

// The parser repeats the value it stumbled over, which is a secret where the path leads to an environment file.
const withoutValue = (message: string): string =>
  message.replace(/^(Invalid value|Invalid date-time|Integer out of range|Invalid escape) [^]* at line/, "$1 at line")

/** Checks the text of a config file as far as it can be read, with the data folder that the environment sets, or null. */
export const checkText = (
  path: string,
  text: string,
  notations: Readonly<Record<Venue, SymbolNotation>>,
  dataDir: string | null = null
): FileFound => {
  const toml = Toml.parse(text)
  if (Result.isFailure(toml)) {
    return wrong(path, `TOML: ${withoutValue(toml.failure.message)}`, "correct the file there; words stand in quotes")
  }
  const decoded = decodeFile(toml.success)
  const file = Option.getOrNull(readable(toml.success))
  const problems: ReadonlyArray<Problem> = [
    ...(Result.isFailure(decoded) ? decoded.failure : []),
    ...(file === null ? [] : [...crossChecks(file, dataDir), ...marketChecks(file, notations)])
  ]
  return {
    value: Result.isSuccess(decoded) ? decoded.success : null,
    problems,
    shard: file === null ? null : file.shard
  }
}

/** Reads and checks a config file; an unreadable one is a problem like any other. */
export const readConfigFile = Effect.fnUntraced(function*(
  path: string,
  notations: Readonly<Record<Venue, SymbolNotation>>,
  dataDir: string | null
) {
  const fs = yield* FileSystem.FileSystem
  // Reading a named pipe or a terminal waits for whoever writes to it, which may be nobody.
  const kind = yield* fs.stat(path).pipe(Effect.map(({ type }) => type), Effect.orElseSucceed(() => "File" as const))
  if (kind !== "File") {
    return wrong(path, `a regular file, not ${kinds[kind]}`, "name the file with --config or CONFIG_PATH")
  }
  const text = yield* fs.readFileString(path).pipe(Effect.result)
  return Result.isSuccess(text) ? checkText(path, text.success, notations, dataDir) : wrong(
    path,
    text.failure.reason._tag === "NotFound" ? "a file that exists" : "a file that can be read",
    "create it, or name another one with --config or CONFIG_PATH"
  )
})
