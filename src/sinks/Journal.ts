import {
  Clock,
  Context,
  type Duration,
  Effect,
  FileSystem,
  Latch,
  Layer,
  Path,
  Result,
  Schema,
  Semaphore
} from "effect"
import type { Series } from "../domain/Series.ts"
import { forkRepeated } from "../runtime/Background.ts"
import * as durableFolder from "../runtime/durableFolder.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { errorText } from "../runtime/errorText.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import { type Abandoned, settleAbandoned, wereFlushed } from "./abandonedRows.ts"
import * as JournalSegment from "./JournalSegment.ts"
import { type JournalStream, StreamState } from "./JournalStream.ts"
import { liveFrames, SegmentDamaged } from "./journalTrimming.ts"
import { type Batch, PendingRecords } from "./PendingRecords.ts"
import { readBack } from "./readBack.ts"
import { ReclaimedRows } from "./ReclaimedRows.ts"
import { expose, removedSegments, SegmentsRemoved } from "./removedSegments.ts"
import { withoutJournal } from "./withoutJournal.ts"
import * as segmentReader from "./segmentReader.ts"

/** The folder of the journal, inside the data folder. */
export const journalFolder = ".journal"

export interface Options {
  readonly dataDir: string
  /** How long a row waits at most for the commit that makes it durable. */
  readonly commitEvery: Duration.Input
  /** A segment of the journal takes no more records from this size on. */
  readonly segmentBytes: number
  /** A commit is made at once when so much waits for it. */
  readonly commitBytes: number
}

const mebibyte = 1024 * 1024

/** What holds unless the configuration says otherwise. */
export const defaults: Omit<Options, "dataDir"> = {
  commitEvery: "1 second",
  segmentBytes: 16 * mebibyte,
  commitBytes: 4 * mebibyte
}

/** The folder of the journal cannot be used. */
export class JournalError extends Schema.TaggedError<JournalError>()("JournalError", {
  folder: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    const reason = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return `the journal cannot be kept in ${this.folder}: ${reason}`
  }
}

/**
 * Keeps every row that is in no row group on disk, so that a crash loses none that a commit covered. One commit for all
 * streams; a failing disk is counted and logged here and never stops or delays whoever brings rows.
 */
export class Journal extends Context.Service<Journal, {
  /** A stream for one sink of `feed`. */
  readonly open: (series: Series) => JournalStream
}>()("ticklake/Journal") {
  static readonly layer = (
    options: Partial<Options> & Pick<Options, "dataDir">
  ): Layer.Layer<Journal, JournalError, FileSystem.FileSystem | Path.Path | Telemetry> =>
    Layer.effect(Journal, make({ ...defaults, ...options }))

  /** Keeps nothing: what is in no sealed file is lost with the process. */
  static readonly layerNone: Layer.Layer<Journal> = Layer.sync(Journal, () => {
    let streams = 0
    return Journal.of({ open: () => withoutJournal(++streams) })
  })
}

const make = Effect.fnUntraced(function*(options: Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const clock = yield* Clock.Clock
  const { storage: stats } = yield* Telemetry
  const folder = path.join(options.dataDir, journalFolder)
  const numbers = yield* durableFolder.ensure(fs, path, folder).pipe(
    Effect.andThen(fs.readDirectory(folder)),
    Effect.map((names) => names.map((name) => JournalSegment.parseFileName(name) ?? 0)),
    Effect.mapError((cause) => new JournalError({ folder, cause }))
  )
  const lock = yield* Semaphore.make(1)
  const crowded = yield* Latch.make(false)
  const pending = new PendingRecords()
  const readSegment = segmentReader.make(fs)
  /** Oldest first; the one that is written to is not among them. */
  const segments: Array<JournalSegment.JournalSegment> = []
  let writer: JournalSegment.Writer | null = null
  let nextNumber = Math.max(0, ...numbers) + 1
  let streams = 0
  let failingSince: number | null = null
  const abandoned: Array<Abandoned> = []
  const reclaimed = new ReclaimedRows()

  const endSegment = (end: (writer: JournalSegment.Writer) => Effect.Effect<void>) =>
    Effect.suspend(() => {
      const ended = writer
      if (ended === null) return Effect.void
      writer = null
      segments.push(ended.segment)
      return end(ended)
    })

  const failed = (operation: string, error: unknown) =>
    Effect.suspend(() => {
      stats.journalErrors++
      stats.problem = `could not ${operation}: ${errorText(error)}`
      if (failingSince !== null) return Effect.void
      failingSince = monotonicMillis(clock)
      return Effect.logError(
        `${stats.problem}; recording goes on, but a crash before this ends loses rows that are in no row group yet`
      )
    })

  /** Rows that it was to keep are in memory alone. */
  const lacks = (error: SegmentDamaged | SegmentsRemoved) => {
    stats.rowsNotJournaled += error.rows
    return failed(`keep the journal in ${folder}`, error)
  }

  const worked = Effect.suspend(() => {
    if (failingSince === null) return Effect.void
    const seconds = Math.round((monotonicMillis(clock) - failingSince) / 1000)
    failingSince = null
    stats.problem = null
    return Effect.logInfo(`the journal works again after ${seconds} s`)
  })

  /** Writes records to the segment, a new one where there is none, and waits for the disk. */
  const append = Effect.fnUntraced(function*(records: Buffer) {
    writer ??= yield* JournalSegment.create(fs, folder, nextNumber++)
    const { segment } = writer
    yield* writer.commit(records).pipe(Effect.onError(() => endSegment((ended) => ended.abandon)))
    stats.journalBytesWritten += records.length
    return segment
  })

  const afterAppend = Effect.suspend(() =>
    writer !== null && writer.segment.bytes >= options.segmentBytes ? endSegment((ended) => ended.close) : Effect.void
  )

  const write = Effect.fnUntraced(function*(batch: Batch) {
    const { arrivals, records, sealed } = batch
    if (records === null) return true
    const startedAt = clock.monotonicTimeNanosUnsafe()
    const written = yield* append(records.written).pipe(
      Effect.onError(() => Effect.sync(() => pending.restore(batch))),
      Effect.result
    )
    if (Result.isFailure(written)) {
      yield* failed(`write the journal in ${folder}`, written.failure)
      return false
    }
    stats.commitDuration.observe(Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e9)
    const now = clock.currentTimeMillisUnsafe() * 1000
    for (let at = 0; at < arrivals.length; at += 2) {
      // Rows know their receive time by the system clock alone, which may have been set back since.
      stats.receiveToDurable.observe(Math.max(0, now - arrivals[at]!) / 1e6, arrivals[at + 1]!)
    }
    for (const { buffer, rows, span, stream } of batch.written) {
      buffer.journaled(rows)
      written.success.add(stream, span)
    }
    for (const { file } of sealed) yield* Effect.ignore(fs.remove(file))
    yield* afterAppend
    return true
  })

  const all = () => writer === null ? segments : [...segments, writer.segment]
  const total = () => all().reduce((sum, segment) => sum + segment.bytes, 0)
  const live = () => all().reduce((sum, segment) => sum + segment.liveBytes(), 0)

  stats.journalRows = () => all().reduce((sum, segment) => sum + segment.liveRows(), 0)
  const measure = Effect.sync(() => {
    stats.journalBytes = total()
    stats.journalSegments = all().length
  })

  /** Oldest first, each known to the disk before the next: what a segment says of older ones must not go before them. */
  const removeOldest = Effect.gen(function*() {
    const [oldest] = segments
    if (oldest === undefined) return
    yield* fs.remove(oldest.path, { force: true })
    yield* durableFolder.sync(fs, folder)
    segments.shift()
  })

  /** Removes what nobody needs; where old segments hold little that is needed, that little is written anew. */
  const shorten = Effect.gen(function*() {
    // Rows that are given up may be in none of those files that made them needless. Those that never were in a file are needed.
    if (abandoned.some(wereFlushed) || reclaimed.some) return true
    while (segments[0]?.liveBytes() === 0) yield* removeOldest
    while (segments[0] !== undefined && total() > 2 * live() + 2 * options.segmentBytes) {
      const [oldest] = segments
      const { records, spans, unread } = liveFrames(yield* readSegment(oldest.path, oldest.bytes), oldest)
      if (spans.length > 0) {
        const segment = yield* append(records.written)
        records.release()
        for (const { span, stream } of spans) segment.add(stream, span)
        yield* afterAppend
      }
      yield* removeOldest
      if (unread.length > 0) yield* lacks(SegmentDamaged.of(oldest.path, unread))
    }
    return true
  }).pipe(
    Effect.catch((error) => Effect.as(failed(`shorten the journal in ${folder}`, error), false)),
    Effect.ensuring(measure)
  )

  /** A segment that somebody removed takes writes as before, and none of them is found again. */
  const noticeRemoved = Effect.gen(function*() {
    const removed = yield* removedSegments(fs, all())
    if (removed.length === 0) return
    if (writer !== null && removed.includes(writer.segment)) yield* endSegment((ended) => ended.abandon)
    for (const segment of removed) segments.splice(segments.indexOf(segment), 1)
    yield* lacks(new SegmentsRemoved({ segments: removed.length, rows: expose(removed) }))
  })

  const commit = Effect.gen(function*() {
    crowded.closeUnsafe()
    yield* noticeRemoved
    const written = pending.empty || (yield* write(pending.take()))
    const shortened = yield* shorten
    if (written && shortened) yield* worked
  }).pipe(
    Effect.tapDefect((bug) => failed(`commit to the journal in ${folder}`, bug)),
    stats.disk.during,
    Effect.uninterruptible,
    lock.withPermit
  )

  const open = (series: Series): JournalStream => {
    const stream = new StreamState(++streams, series)
    return {
      id: stream.id,
      append: (rows, count, receivedAtMicros) => {
        pending.rows(stream, rows, count, receivedAtMicros)
        if (pending.bytes >= options.commitBytes && failingSince === null) crowded.openUnsafe()
      },
      flushed: (through) => {
        stream.flushed = Math.max(stream.flushed, through)
        reclaimed.flushed(stream, through)
      },
      sealed: (ranges, file) => {
        for (const range of ranges) pending.sealed({ stream, range, file })
      },
      exposed: () => {
        const { exposed } = stream
        stream.exposed = false
        return exposed
      },
      replayed: false,
      reclaim: (ranges) =>
        readBack(fs, all(), stream, ranges).pipe(
          Effect.tap((runs) => Effect.sync(() => reclaimed.add(stream, runs))),
          stats.disk.during,
          lock.withPermit
        ),
      abandon: (ranges, tell) => Effect.sync(() => abandoned.push({ stream, ranges, tell })),
      commit
    }
  }

  yield* Effect.addFinalizer(() =>
    Effect.gen(function*() {
      yield* commit
      const kept = yield* settleAbandoned(fs, all(), abandoned)
      const needless = !kept && live() === 0 && !reclaimed.some
      yield* endSegment((ended) => ended.close)
      if (!(yield* fs.exists(folder))) {
        stats.problem = `${folder} was removed while the recorder ran`
        segments.length = 0
      } else if (needless) { while (segments.length > 0) yield* removeOldest }
    }).pipe(
      Effect.ensuring(measure),
      Effect.catch((error) =>
        Effect.logWarning(`the journal in ${folder} could not be removed, which the next start does: ${error.message}`)
      )
    )
  )
  const next = crowded.await.pipe(Effect.timeoutOption(options.commitEvery), Effect.andThen(commit))
  yield* forkRepeated("the journal's commits", next)
  return Journal.of({ open })
})
