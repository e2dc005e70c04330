import { type Effect, Runtime, Schema } from "effect"
import type { FileBytes } from "../../sinks/footer.ts"

/** A place that cannot be inspected at all. */
export class CannotInspect extends Schema.TaggedError<CannotInspect>()("CannotInspect", {
  place: Schema.String,
  /** What is wrong and what to do, in words. */
  problem: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override readonly [Runtime.errorExitCode] = 1

  override get message() {
    return `${this.place}: ${this.problem}`
  }
}

/** A file that could not be read. */
export class ReadFailed extends Schema.TaggedError<ReadFailed>()("ReadFailed", {
  problem: Schema.String,
  /** It was there when the place was looked through: a recorder has moved it meanwhile. */
  gone: Schema.Boolean
}) {
  override get message() {
    return this.problem
  }
}

/** A file or folder that is no business of this command, or that cannot be read, with the reason in words. */
export interface Oddity {
  readonly file: string
  readonly problem: string
}

/** Files in one place, and how their bytes are read. */
export interface Source {
  /** Null for a folder or a prefix. */
  readonly onlyFile: string | null
  /** Where each is, as an operator would write it. */
  readonly files: ReadonlyArray<string>
  readonly oddities: ReadonlyArray<Oddity>
  /** Folders that could not be looked into, so that nobody knows which files are missing here. */
  readonly unread: ReadonlyArray<Oddity>
  /** Files that a recorder still writes, and those it has set aside; neither belongs to the recording. */
  readonly leftOut: { readonly stillWritten: number; readonly setAside: number }
  readonly filesAtATime: number
  /** Lends the bytes of one of `files`. */
  readonly use: <A, E>(
    file: string,
    read: (bytes: FileBytes<ReadFailed>) => Effect.Effect<A, E>
  ) => Effect.Effect<A, E | ReadFailed>
  /** Where one of `files` is, in full. */
  readonly address: (file: string) => string
  /** Whether what has this address would be one of `files`, if it were there. */
  readonly contains: (address: string) => boolean
  /** The digest of a whole file, in hexadecimal: from what its place keeps of it, or else, where `reading`, by reading it; otherwise null. */
  readonly sha256: (file: string, reading: boolean) => Effect.Effect<string | null, ReadFailed>
  readonly digestsAtATime: number
}

/** What a path below the place says of itself: part of the recording, or one of the recorder's own folders. */
export const kindOf = (relativePath: string): "sealed" | "still written" | "set aside" | "hidden" | "foreign" => {
  const segments = relativePath.split("/")
  if (segments[0] === "quarantine") return "set aside"
  if (segments[0] === ".open" && relativePath.endsWith(".parquet")) return "still written"
  if (segments.some((segment) => segment.startsWith("."))) return "hidden"
  return relativePath.endsWith(".parquet") ? "sealed" : "foreign"
}

/** Sorts the paths below a place by what they are. */
export const sorted = (place: (relativePath: string) => string, relativePaths: ReadonlyArray<string>) => {
  const files: Array<string> = []
  const oddities: Array<Oddity> = []
  let stillWritten = 0
  let setAside = 0
  for (const each of relativePaths.toSorted()) {
    const kind = kindOf(each)
    if (kind === "sealed") files.push(place(each))
    if (kind === "foreign") oddities.push({ file: place(each), problem: "its name does not end in .parquet" })
    if (kind === "still written") stillWritten++
    if (kind === "set aside" && each.endsWith(".parquet")) setAside++
  }
  return { files, oddities, leftOut: { stillWritten, setAside } }
}
