import { Effect, type FileSystem } from "effect"
import { createHash, type Hash } from "node:crypto"
import { digest } from "../fileDigest.ts"
import type { Stored } from "../ObjectStore.ts"

/** A file's digests in the forms in which a store may report them. */
export interface ObjectDigest extends Stored {
  /** What the store reports for an object stored whole: base64. */
  readonly checksum: string
  /** What it reports for one stored in parts: the digest of the parts' digests and their number; null for a whole one. */
  readonly compositeChecksum: string | null
}

/** Collects the digest of each part of a stream whose pieces end anywhere. */
const makeParts = (partBytes: number) => {
  const digests: Array<Buffer> = []
  let part: Hash | null = null
  let room = partBytes
  const end = () => {
    if (part !== null) digests.push(part.digest())
    part = null
    room = partBytes
  }
  const add = (chunk: Uint8Array) => {
    let rest = chunk
    while (rest.length > 0) {
      part ??= createHash("sha256")
      const some = rest.subarray(0, room)
      part.update(some)
      room -= some.length
      rest = rest.subarray(some.length)
      if (room === 0) end()
    }
  }
  const composite = () => {
    end()
    return `${createHash("sha256").update(Buffer.concat(digests)).digest("base64")}-${digests.length}`
  }
  return { add, composite }
}

/** Reads a file once for its digests; in parts of `partBytes` unless that is null. */
export const digestObject = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  localPath: string,
  partBytes: number | null
) {
  const parts = partBytes === null ? null : makeParts(partBytes)
  const read = yield* parts === null
    ? digest(fs, localPath)
    : digest(fs, localPath, (chunk) => Effect.sync(() => parts.add(chunk)))
  const object: ObjectDigest = {
    ...read,
    checksum: Buffer.from(read.sha256, "hex").toString("base64"),
    compositeChecksum: parts?.composite() ?? null
  }
  return object
})
