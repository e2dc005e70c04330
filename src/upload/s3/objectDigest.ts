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
  /** Hexadecimal, which most stores report as the ETag of an object stored whole. */
  readonly md5: string
  /** Of each part; none for a whole one. */
  readonly parts: ReadonlyArray<Buffer>
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
  return {
    add,
    ended: () => {
      end()
      return digests
    }
  }
}

const compositeOf = (parts: ReadonlyArray<Buffer>): string =>
  `${createHash("sha256").update(Buffer.concat(parts)).digest("base64")}-${parts.length}`

/** Reads a file once for its digests; in parts of `partBytes` unless that is null. */
export const digestObject = Effect.fnUntraced(function*(
  fs: FileSystem.FileSystem,
  localPath: string,
  partBytes: number | null
) {
  const collected = partBytes === null ? null : makeParts(partBytes)
  const md5 = createHash("md5")
  const read = yield* digest(fs, localPath, (chunk) =>
    Effect.sync(() => {
      md5.update(chunk)
      collected?.add(chunk)
    }))
  const parts = collected?.ended() ?? []
  const object: ObjectDigest = {
    ...read,
    checksum: Buffer.from(read.sha256, "hex").toString("base64"),
    compositeChecksum: collected === null ? null : compositeOf(parts),
    md5: md5.digest("hex"),
    parts
  }
  return object
})
