import { Effect, type FileSystem } from "effect"
import { createHash } from "node:crypto"
import type { Stored } from "./ObjectStore.ts"

/** Bytes read at a time, of larger files. */
const chunkBytes = 256 * 1024

/**
 * Reads the file at `path` from start to end, handing each piece to `each` before it answers size and SHA-256. A piece is valid
 * until `each` ends: all of them are read into one buffer, for new ones make the garbage collector stop the process.
 */
export const digest = <E = never, R = never>(
  fs: FileSystem.FileSystem,
  path: string,
  each?: (chunk: Uint8Array) => Effect.Effect<void, E, R>
) =>
  Effect.scoped(Effect.gen(function*() {
    const file = yield* fs.open(path, { flag: "r" })
    const hash = createHash("sha256")
    const { size } = yield* file.stat
    // One more byte than there are, so that the end is found with the second read.
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, Number(size) + 1))
    let bytes = 0
    while (true) {
      const count = Number(yield* file.read(buffer))
      if (count === 0) {
        const stored: Stored = { bytes, sha256: hash.digest("hex") }
        return stored
      }
      const chunk = buffer.subarray(0, count)
      hash.update(chunk)
      bytes += count
      if (each !== undefined) yield* each(chunk)
    }
  }))
