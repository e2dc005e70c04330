import { Effect, type Path, Schema } from "effect"
import { statfs } from "node:fs/promises"
import { errorText } from "./errorText.ts"

/** The system does not tell the room on the disk of a folder. */
export class NoDiskSpace extends Schema.TaggedError<NoDiskSpace>()("NoDiskSpace", {
  folder: Schema.String,
  /** That of the operating system. */
  code: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return errorText(this.cause)
  }
}

/** The room on a disk, in bytes. */
export interface DiskSpace {
  /** The folder that was asked for; the nearest one above it that exists, where it is yet to be made. */
  readonly at: string
  readonly freeBytes: number
  readonly totalBytes: number
}

/** The room on the disk of a folder, or on that where it will be made. */
export const measure = (path: Path.Path, folder: string): Effect.Effect<DiskSpace, NoDiskSpace> =>
  Effect.tryPromise({
    try: () => statfs(folder),
    catch: (cause) =>
      new NoDiskSpace({
        folder,
        code: cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : "",
        cause
      })
  }).pipe(
    Effect.map(({ bavail, blocks, bsize }) => ({ at: folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize })),
    Effect.catchIf(
      ({ code }) => (code === "ENOENT" || code === "ENOTDIR") && path.dirname(folder) !== folder,
      () => measure(path, path.dirname(folder))
    )
  )
