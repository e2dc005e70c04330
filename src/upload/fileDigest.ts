import { Effect, type FileSystem, Option } from "effect"
import { createHash } from "node:crypto"
import type { Stored } from "./ObjectStore.ts"

/** Bytes read at a time. */
const chunkBytes = 1024 * 1024

/** Reads the file at `path` from start to end, handing each piece to `each` before it answers size and SHA-256. */
export const digest = <E = never, R = never>(
  fs: FileSystem.FileSystem,
  path: string,
  each?: (chunk: Uint8Array) => Effect.Effect<void, E, R>
) =>
  Effect.scoped(Effect.gen(function*() {
    const file = yield* fs.open(path, { flag: "r" })
    const hash = createHash("sha256")
    let bytes = 0
    while (true) {
      const chunk = yield* file.readAlloc(chunkBytes)
      if (Option.isNone(chunk)) {
        const stored: Stored = { bytes, sha256: hash.digest("hex") }
        return stored
      }
      hash.update(chunk.value)
      bytes += chunk.value.length
      if (each !== undefined) yield* each(chunk.value)
    }
  }))
