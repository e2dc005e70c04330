import { Effect, type FileSystem, type PlatformError } from "effect"
import { unsound, type UnsoundFile } from "./footer.ts"
import { readInto } from "./readInto.ts"

/** Reads `length` bytes from `from` on, wherever writing goes on; fails where the file has not so many. */
export const readExactly = (
  file: FileSystem.File,
  from: number,
  length: number
): Effect.Effect<Buffer, UnsoundFile | PlatformError.PlatformError> =>
  Effect.gen(function*() {
    if (length < 0 || length > 2 ** 31) return yield* unsound("its footer tells of impossible sizes")
    const bytes = Buffer.alloc(length)
    if ((yield* readInto(file, bytes, from)) < length) return yield* unsound("its footer tells of bytes behind its end")
    return bytes
  })
