import { Effect, type FileSystem, type PlatformError } from "effect"

/** Reads from `from` on, wherever writing goes on, until `bytes` is full or the file ends; answers how many bytes there were. */
export const readInto = Effect.fnUntraced(function*(
  file: FileSystem.File,
  bytes: Buffer,
  from: number
): Effect.fn.Return<number, PlatformError.PlatformError> {
  let done = 0
  while (done < bytes.length) {
    const some = yield* file.read(bytes.subarray(done), { position: BigInt(from + done) })
    if (some === 0) break
    done += some
  }
  return done
})
