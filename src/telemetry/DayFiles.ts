import { Effect, type FileSystem, type Path, PlatformError } from "effect"
import { errorText } from "../runtime/errorText.ts"
import * as logFileNames from "./logFileNames.ts"
import type { PendingLines } from "./PendingLines.ts"

/** What one write holds at most, so that a file grows in steps that are small beside its limit. */
const batchBytes = 256 * 1024

const lineBreak = 0x0a

/**
 * The log files of a folder: one for each day, and more where a day has much to say. The folder and a file that are gone are
 * made anew, and what another process appends stays as it is.
 */
export class DayFiles {
  readonly #fs: FileSystem.FileSystem
  readonly #path: Path.Path
  readonly #folder: string
  readonly #maxFileBytes: number
  #day = ""
  #index = 0

  constructor(fs: FileSystem.FileSystem, path: Path.Path, folder: string, maxFileBytes: number) {
    this.#fs = fs
    this.#path = path
    this.#folder = folder
    this.#maxFileBytes = maxFileBytes
  }

  /** Opens the file that lines of `day` go to, and so shows that it can be written. */
  readonly check = (day: string): Effect.Effect<void, PlatformError.PlatformError> =>
    Effect.scoped(Effect.asVoid(this.#open(day, 0)))

  /** Writes as many of the oldest lines as go into one file at once, and forgets those that the file has. */
  readonly append = (lines: PendingLines): Effect.Effect<void, PlatformError.PlatformError> =>
    Effect.suspend(() => lines.first === undefined ? Effect.void : this.#append(lines, lines.first))

  readonly #append = Effect.fnUntraced(
    { self: this },
    function*(lines: PendingLines, first: { readonly day: string; readonly bytes: Buffer }) {
      // Opened for each write: so a file that was removed or renamed is noticed, and a line lands in no file without a name.
      const { file, size } = yield* this.#open(first.day, first.bytes.length)
      // Who was stopped in the middle of a line, this process or another, must not take the next line with it.
      if (size > 0 && (yield* lastByte(file, size)) !== lineBreak) yield* file.writeAll(Buffer.of(lineBreak))
      const batch = lines.batch(Math.min(batchBytes, this.#maxFileBytes - size))
      let done = 0
      // One write takes it all, and in one piece among those of other processes, unless the disk is full.
      yield* Effect.gen(function*() {
        while (done < batch.length) {
          const written = Number(yield* file.write(batch.subarray(done)))
          if (written === 0) {
            return yield* PlatformError.systemError({ _tag: "WriteZero", module: "FileSystem", method: "write" })
          }
          done += written
        }
      }).pipe(Effect.ensuring(Effect.sync(() => lines.written(done))))
    },
    Effect.scoped
  )

  /** The last file of `day`, or the next where that one has no room for `bytes` more. */
  readonly #open = Effect.fnUntraced({ self: this }, function*(day: string, bytes: number) {
    if (day !== this.#day) {
      this.#index = yield* this.#lastIndex(day)
      this.#day = day
    }
    while (true) {
      const file = yield* this.#openFile(this.#path.join(this.#folder, logFileNames.format(day, this.#index)))
      const size = Number((yield* file.stat).size)
      if (size === 0 || size + bytes <= this.#maxFileBytes) return { file, size }
      this.#index++
    }
  })

  readonly #openFile = (path: string) => {
    const open = this.#fs.open(path, { flag: "a+" })
    return Effect.catchReason(
      open,
      "PlatformError",
      "NotFound",
      () => Effect.andThen(this.#fs.makeDirectory(this.#folder, { recursive: true }), open)
    )
  }

  readonly #lastIndex = (day: string): Effect.Effect<number, PlatformError.PlatformError> =>
    this.#fs.readDirectory(this.#folder).pipe(
      Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed([])),
      Effect.map((names) =>
        names.map(logFileNames.parse).reduce(
          (last, name) => name?.day === day ? Math.max(last, name.index) : last,
          0
        )
      )
    )

  /**
   * Removes files of days before `today`, but for those of the last `keptDays` that have any; every other name is left alone. Days
   * without files do not count, or a clock that leaps ahead would cost them all.
   */
  readonly removeOld = Effect.fnUntraced({ self: this }, function*(today: string, keptDays: number) {
    const removed: Array<string> = []
    const names = yield* this.#fs.readDirectory(this.#folder)
    const past = names.flatMap((name) => logFileNames.parse(name)?.day ?? []).filter((day) => day < today)
    const kept = new Set([...new Set(past)].toSorted().slice(Math.max(0, new Set(past).size - keptDays)))
    for (const name of names) {
      const own = logFileNames.parse(name)
      if (own === null || own.day >= today || kept.has(own.day)) continue
      const path = this.#path.join(this.#folder, name)
      yield* this.#fs.remove(path).pipe(
        Effect.tap(() => Effect.sync(() => removed.push(name))),
        // Another process with the same folder was faster.
        Effect.catchReason("PlatformError", "NotFound", () => Effect.void),
        Effect.catch((error) =>
          Effect.logWarning(
            `the old log file ${path} could not be removed: ${
              errorText(error)
            }; it stays, and that is tried again tomorrow`
          )
        )
      )
    }
    return removed
  })
}

const lastByte = Effect.fnUntraced(function*(file: FileSystem.File, size: number) {
  const last = Buffer.alloc(1)
  yield* file.read(last, { position: BigInt(size - 1) })
  return last[0]
})
