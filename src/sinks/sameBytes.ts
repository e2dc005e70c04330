import { Effect, type FileSystem } from "effect"
import { readInto } from "./readInto.ts"

const pieceBytes = 1024 * 1024

/** Whether two files have the same bytes. */
export const sameBytes = (fs: FileSystem.FileSystem, one: string, other: string) =>
  Effect.scoped(Effect.gen(function*() {
    if ((yield* fs.stat(one)).size !== (yield* fs.stat(other)).size) return false
    const files = [yield* fs.open(one), yield* fs.open(other)] as const
    const pieces = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)] as const
    for (let from = 0;; from += pieceBytes) {
      const read = yield* readInto(files[0], pieces[0], from)
      if (read !== (yield* readInto(files[1], pieces[1], from))) return false
      if (!pieces[0].subarray(0, read).equals(pieces[1].subarray(0, read))) return false
      if (read < pieceBytes) return true
    }
  }))
