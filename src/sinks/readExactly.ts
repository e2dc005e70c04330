import { Effect, type FileSystem, type PlatformError } from "effect"
import { unsound, type UnsoundFile } from "./footer.ts"

/** Reads `length` bytes from `from` on, wherever writing goes on; fails where the file has not so many. */
export const readExactly = (
  file: FileSystem.File,
  from: number,
  length: number
): Effect.Effect<Buffer, UnsoundFile | PlatformError.PlatformError> =>
  Effect.gen(function*() {
    if (length < 0 || length > 2 ** 31) return yield* unsound("its footer tells of impossible sizes")
    const bytes = Buffer.alloc(length)
    let done = 0
    while (done < length) {
      const some = yield* file.read(bytes.subarray(done), { position: BigInt(from + done) })
      if (some === 0) return yield* unsound("its footer tells of bytes behind its end")
      done += some
    }
    return bytes
  })
