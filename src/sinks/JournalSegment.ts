import { Cause, Effect, Exit, type FileSystem, type PlatformError, Scope } from "effect"
import * as durableFolder from "../runtime/durableFolder.ts"
import type { StreamState } from "./JournalStream.ts"
import type { Span } from "./PendingRecords.ts"
import { type SeqRange, SeqRanges } from "./SeqRanges.ts"

/** The file begins with these bytes; the last is the version of the format. */
export const magic = Buffer.from("TKJRNAL\u0001", "latin1")

/** How finely it is known which bytes of a segment are still needed. */
const grainBytes = 4096

const namePattern = /^(\d{12})\.journal$/

/** The name of segment `number` in the journal's folder. */
export const fileName = (number: number): string => `${String(number).padStart(12, "0")}.journal`

/** Reads back `fileName`; null for any other name. */
export const parseFileName = (name: string): number | null => {
  const [, digits] = namePattern.exec(name) ?? []
  return digits === undefined ? null : Number(digits)
}

/** One file of the journal, and which of its rows are still needed. */
export class JournalSegment {
  readonly path: string
  /** Bytes that commits have covered. */
  bytes = magic.length
  readonly #spans = new Map<StreamState, Array<Span>>()
  readonly #rows = new Map<StreamState, SeqRanges>()

  constructor(path: string) {
    this.path = path
  }

  /** Notes that a commit covered rows of `stream`, of which none is missing in between. */
  add(stream: StreamState, { bytes, last, rows }: Span): void {
    const held = this.#rows.get(stream) ?? new SeqRanges()
    held.add({ first: last - rows + 1, last })
    this.#rows.set(stream, held)
    const spans = this.#spans.get(stream) ?? []
    const tail = spans.at(-1)
    if (tail !== undefined && tail.bytes < grainBytes) {
      // What is copied from older segments comes behind newer rows.
      tail.last = Math.max(tail.last, last)
      tail.rows += rows
      tail.bytes += bytes
    } else spans.push({ bytes, last, rows })
    this.#spans.set(stream, spans)
  }

  /** Those of `ranges` that it has no rows of. */
  missing(stream: StreamState, ranges: ReadonlyArray<SeqRange>): ReadonlyArray<SeqRange> {
    const held = this.#rows.get(stream)
    return held === undefined ? ranges : ranges.flatMap((range) => held.missing(range))
  }

  /** Bytes of rows that are in no row group on disk, to within a few KiB a stream. */
  liveBytes(): number {
    let live = 0
    for (const [stream, spans] of this.#spans) {
      let dead = 0
      for (let span = spans[0]; span !== undefined && span.last <= stream.flushed; span = spans[dead]) dead++
      spans.splice(0, dead)
      if (spans.length === 0) this.#spans.delete(stream)
      for (const span of spans) live += span.bytes
    }
    return live
  }

  /** Rows that are in no row group on disk. */
  liveRows(): number {
    this.liveBytes()
    let live = 0
    for (const [stream, spans] of this.#spans) {
      for (const span of spans) live += Math.max(0, Math.min(span.rows, span.last - stream.flushed))
    }
    return live
  }

  /** Its rows of `stream` that are in no row group on disk, exactly. */
  liveRanges(stream: StreamState): ReadonlyArray<SeqRange> {
    const from = stream.flushed + 1
    const held = this.#rows.get(stream)?.ranges ?? []
    return held.flatMap(({ first, last }) => last < from ? [] : [{ first: Math.max(first, from), last }])
  }

  /** The streams of which it has rows that are still needed. */
  liveStreams(): ReadonlyMap<number, StreamState> {
    this.liveBytes()
    return new Map([...this.#spans.keys()].map((stream) => [stream.id, stream]))
  }
}

/** A segment that can be written to. */
export interface Writer {
  readonly segment: JournalSegment
  /** Appends `records` and waits until the disk has them; after a failure the segment takes nothing more. */
  readonly commit: (records: Buffer) => Effect.Effect<void, PlatformError.PlatformError>
  /** Cuts off what no commit covered, as far as that can be done, and lets go of the file. */
  readonly abandon: Effect.Effect<void>
  readonly close: Effect.Effect<void>
}

/** Creates segment `number` in `folder`, known to the disk. */
export const create = Effect.fnUntraced(function*(fs: FileSystem.FileSystem, folder: string, number: number) {
  const segment = new JournalSegment(`${folder}/${fileName(number)}`)
  const scope = yield* Scope.make()
  const close = Scope.close(scope, Exit.void).pipe(
    Effect.catchCause((cause) => Effect.logDebug(`closing ${segment.path}: ${Cause.pretty(cause)}`))
  )
  const openAnew = Scope.provide(fs.open(segment.path, { flag: "wx" }), scope)
  const file = yield* openAnew.pipe(
    // Somebody removed the folder; the one above it is nobody's to make, for a disk may have been taken away.
    Effect.catchReason("PlatformError", "NotFound", () =>
      fs.makeDirectory(folder).pipe(
        Effect.andThen(durableFolder.sync(fs, `${folder}/..`)),
        Effect.andThen(openAnew)
      )),
    Effect.onError(() => close)
  )
  yield* file.writeAll(magic).pipe(
    Effect.andThen(file.sync),
    Effect.andThen(durableFolder.sync(fs, folder)),
    Effect.onError(() => Effect.andThen(close, Effect.ignore(fs.remove(segment.path))))
  )
  const writer: Writer = {
    segment,
    commit: Effect.fnUntraced(function*(records) {
      // In one write: of several, the disk may keep a later one alone, which would look like damage.
      yield* file.writeAll(records)
      yield* file.sync
      segment.bytes += records.length
    }),
    abandon: Effect.suspend(() => Effect.andThen(Effect.ignore(file.truncate(segment.bytes)), close)),
    close
  }
  return writer
})
