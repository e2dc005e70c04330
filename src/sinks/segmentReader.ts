import { Effect, type FileSystem, type PlatformError } from "effect"
import { readInto } from "./readInto.ts"

/** Answers the first `length` bytes of a file, or all where it has fewer: a view that is valid until the next one is read. */
export type SegmentReader = (path: string, length: number) => Effect.Effect<Buffer, PlatformError.PlatformError>

/**
 * Reads segments of the journal one after the other into one piece of memory. A new one for each, of 16 MiB and more, would stay until
 * the garbage collector has walked through the whole heap: what the system reads into outlives a collection of young objects.
 */
export const make = (fs: FileSystem.FileSystem): SegmentReader => {
  let room: Buffer = Buffer.alloc(0)
  return (path, length) =>
    Effect.scoped(Effect.gen(function*() {
      const file = yield* fs.open(path)
      if (room.length < length) room = Buffer.allocUnsafeSlow(length)
      return room.subarray(0, yield* readInto(file, room.subarray(0, length), 0))
    }))
}
