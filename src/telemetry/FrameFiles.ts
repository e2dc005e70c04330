import { Effect, type FileSystem, type Path, type PlatformError } from "effect"

/** How large one file and all of them together may become. */
export interface Bounds {
  readonly fileBytes: number
  readonly folderBytes: number
}

interface Known {
  readonly name: string
  readonly bytes: number
}

const lineBreak = 0x0a
const namePattern = /^(\d{4}-\d{2}-\d{2})\..+\.jsonl$/

/** The file of a feed's frames of one day: names sort by their age. */
export const fileName = (day: string, feedId: string): string => `${day}.${feedId.replaceAll("/", ".")}.jsonl`

/** The day of a name that `fileName` makes. */
export const dayOfFile = (name: string): string => name.slice(0, name.indexOf("."))

/** Append-only files in a folder that is bounded: those of other days make room for those of the present one, the oldest first. */
export class FrameFiles {
  readonly #fs: FileSystem.FileSystem
  readonly #path: Path.Path
  readonly #folder: string
  readonly #bounds: Bounds
  #folderBytes: number | null = null

  constructor(fs: FileSystem.FileSystem, path: Path.Path, folder: string, bounds: Bounds) {
    this.#fs = fs
    this.#path = path
    this.#folder = folder
    this.#bounds = bounds
  }

  /** Writes those of `lines` that there is room for, and answers how many they are. */
  readonly append = Effect.fnUntraced({ self: this }, function*(name: string, lines: ReadonlyArray<Buffer>) {
    // Opened for each write: so a file that was removed is noticed, and a line lands in no file without a name.
    const { file, size } = yield* this.#open(name)
    // Who was stopped in the middle of a line must not take the next one with it.
    const torn = size > 0 && (yield* lastByte(file, size)) !== lineBreak
    const fitting: Array<Buffer> = torn ? [Buffer.of(lineBreak)] : []
    let bytes = fitting.length
    const wanted = lines.reduce((sum, line) => sum + line.length, bytes)
    const room = Math.min(this.#bounds.fileBytes - size, yield* this.#roomFor(wanted, name))
    let written = 0
    for (const line of lines) {
      if (bytes + line.length > room) continue
      fitting.push(line)
      bytes += line.length
      written++
    }
    if (written === 0) return 0
    yield* file.writeAll(Buffer.concat(fitting)).pipe(Effect.onError(() => Effect.ignore(file.truncate(size))))
    this.#folderBytes = (this.#folderBytes ?? 0) + bytes
    return written
  }, Effect.scoped)

  readonly #open = Effect.fnUntraced({ self: this }, function*(name: string) {
    const open = this.#fs.open(this.#path.join(this.#folder, name), { flag: "a+", mode: 0o600 })
    const file = yield* Effect.catchReason(
      open,
      "PlatformError",
      "NotFound",
      () => Effect.andThen(this.#fs.makeDirectory(this.#folder, { recursive: true }), open)
    )
    return { file, size: Number((yield* file.stat).size) }
  })

  /** How many bytes may be added to the folder, after files of other days have made room for `bytes` as far as they can. */
  readonly #roomFor = Effect.fnUntraced({ self: this }, function*(bytes: number, name: string) {
    const limit = this.#bounds.folderBytes
    if (this.#folderBytes !== null && this.#folderBytes + bytes <= limit) return limit - this.#folderBytes
    // Looked at anew: somebody may have removed what they are done with.
    const files = yield* this.#files
    let total = files.reduce((sum, each) => sum + each.bytes, 0)
    const day = dayOfFile(name)
    // Of a future day by a clock that was ahead: they would outlast every other file, and take its room until that day.
    const ofFuture = files.filter((each) => dayOfFile(each.name) > day)
    const ofPast = files.filter((each) => dayOfFile(each.name) < day)
    for (const old of [...ofFuture, ...ofPast]) {
      if (total + bytes <= limit) break
      yield* this.#fs.remove(this.#path.join(this.#folder, old.name), { force: true })
      total -= old.bytes
      yield* Effect.logInfo(`removed ${old.name} from ${this.#folder}, to make room for newer frames`)
    }
    this.#folderBytes = total
    return Math.max(0, limit - total)
  })

  /** The files that are there, the oldest first. */
  get #files(): Effect.Effect<ReadonlyArray<Known>, PlatformError.PlatformError> {
    return Effect.flatMap(this.#fs.readDirectory(this.#folder), (names) =>
      Effect.forEach(
        names.filter((name) => namePattern.test(name)).toSorted(),
        (name) =>
          this.#fs.stat(this.#path.join(this.#folder, name)).pipe(
            Effect.map(({ size }): Known => ({ name, bytes: Number(size) })),
            Effect.catchReason("PlatformError", "NotFound", () => Effect.succeed({ name, bytes: 0 }))
          )
      ))
  }
}

const lastByte = Effect.fnUntraced(function*(file: FileSystem.File, size: number) {
  const last = Buffer.alloc(1)
  yield* file.read(last, { position: BigInt(size - 1) })
  return last[0]
})
