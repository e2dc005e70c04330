import { Clock, Effect, FileSystem, Path, Semaphore } from "effect"
import type { Row } from "../domain/Event.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { createOpenFile } from "./createOpenFile.ts"
import { type PendingFile, SeriesBuffer } from "./SeriesBuffer.ts"
import { leaveDamaged } from "./leaveDamaged.ts"
import { leaveUnsealed } from "./leaveUnsealed.ts"
import * as lostRows from "./lostRows.ts"
import * as fileNames from "./fileNames.ts"
import type { Holder } from "./MemoryBudget.ts"
import type * as ParquetFile from "./ParquetFile.ts"
import { beginAnew, standing } from "./removedFile.ts"
import type { RowBuffer } from "./RowBuffer.ts"
import type { SeqRange } from "./SeqRanges.ts"
import { makeSealing } from "./sealFile.ts"
import type { Sink } from "./Sink.ts"
import type { Settings } from "./sinkSettings.ts"
import { WriteHealth } from "./WriteHealth.ts"

/** The sink of a series as its owner sees it. */
export interface SeriesSink extends Sink {
  /** As `append`, for rows whose first has the number `firstSeq` in the journal. */
  readonly appendAt: (firstSeq: number, events: ReadonlyArray<Row>) => Effect.Effect<void>
  /** Whether something is due by the clock: a file that is old enough is to end, what failed is to be tried again. */
  readonly due: () => boolean
  /** Does what is due. */
  readonly tick: Effect.Effect<void>
  /** Writes and seals everything; what cannot be written is lost, counted and logged. */
  readonly close: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function*(settings: Settings) {
  const { budget, series, stats, stream } = settings
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const clock = yield* Clock.Clock
  const lock = yield* Semaphore.make(1)
  const buffer = new SeriesBuffer(series, settings, () => settings.counts?.newestGap ?? null)
  const sealFile = makeSealing(fs, path, settings)
  const health = new WriteHealth(stats, settings.retryMillis)
  let heldBytes = 0
  let closed = false
  let working = false
  let nextSeq = 1

  const account = () => {
    const held = buffer.heldBytes
    budget.account(held - heldBytes)
    heldBytes = held
  }

  /** Rows a failing sink may hold: its share of the budget, and never more than a row group. */
  const boundBytes = () => Math.min(settings.rowGroupBytes, budget.shareBytes)

  /** Runs one step; false when it failed, and then nothing that comes after it may be tried now. */
  const attempt = <E extends Error>(operation: string, step: Effect.Effect<void, E>): Effect.Effect<boolean> =>
    health.attempt(operation, step, () =>
      stream.replayed
        ? "its rows stay in the journal"
        : `rows stay in memory, up to ${boundBytes()} bytes, and it is tried again every ${settings.retryMillis} ms`)

  /** Tells which file grows: the last of those that are there. */
  const tellOpenFile = () => {
    const open = buffer.files.findLast(({ file, sealedAs }) => file !== null && sealedAs === null)?.file ?? null
    stats.openFile = open === null ? null : `${fileNames.openFolder}/${path.basename(open.path)}`
  }

  const createFile = Effect.fnUntraced(function*(pending: PendingFile) {
    pending.file = yield* createOpenFile(fs, path, settings, pending)
    stats.filesOpen++
    stats.openFileBytes += pending.file.bytes()
    tellOpenFile()
  })

  const drop = (pending: PendingFile, group: RowBuffer) => {
    pending.groups.splice(pending.groups.indexOf(group), 1)
    stats.rowsBuffered -= group.rows
    account()
  }

  /** Its memory is left to the garbage collector: other columns of it may be in the thread pool still. */
  const dropUnencodable = (pending: PendingFile, group: RowBuffer, why: string) =>
    Effect.suspend(() => {
      drop(pending, group)
      stream.flushed(group.lastSeq)
      settings.onLost(group.ends())
      return health.lose(group.rows, why)
    })

  const countBytes = <A, E>(file: ParquetFile.ParquetFile, self: Effect.Effect<A, E>): Effect.Effect<A, E> => {
    const before = file.bytes()
    const count = Effect.sync(() => (stats.openFileBytes += file.bytes() - before))
    return Effect.ensuring(self, count)
  }

  const writeGroup = Effect.fnUntraced(
    function*(pending: PendingFile, file: ParquetFile.ParquetFile, group: RowBuffer) {
      // Another recorder may have sealed it, where this one did not run for long: what is written then would damage that file.
      yield* standing(fs, file.path)
      yield* settings.writing(countBytes(file, file.append(group)))
      yield* standing(fs, file.path)
      pending.groups.shift()
      group.release()
      pending.written.add({ first: group.firstSeq, last: group.lastSeq })
      stream.flushed(group.lastSeq)
      stats.rowsBuffered -= group.rows
      stats.rowsWritten += group.rows
      account()
      if (file.bytes() >= settings.maxFileBytes) buffer.split(pending, clock.currentTimeMillisUnsafe())
    }
  )

  const seal = Effect.fnUntraced(function*(pending: PendingFile, file: ParquetFile.ParquetFile) {
    const sealedAs = yield* countBytes(file, sealFile(pending, file))
    stream.sealed(pending.written.ranges, file.checkpoints)
    yield* file.close
    buffer.files.splice(buffer.files.indexOf(pending), 1)
    tellOpenFile()
    stats.openFileBytes -= file.bytes()
    stats.rowsSealed += file.rows()
    stats.filesOpen--
    stats.filesSealed++
    stats.sealedBytes += file.bytes()
    yield* Effect.logDebug(`sealed ${sealedAs}: ${file.rows()} rows, ${file.bytes()} bytes`)
    yield* settings.onSealed(sealedAs)
  })

  const tell = Effect.sync(() => {
    tellOpenFile()
    account()
  })
  const goOnWithout = (pending: PendingFile, file: ParquetFile.ParquetFile) =>
    Effect.andThen(beginAnew({ ...settings, fs, buffer, pending, file }), tell)
  const leave = (pending: PendingFile, file: ParquetFile.ParquetFile, problem: string) =>
    Effect.andThen(leaveDamaged({ ...settings, fs, path, buffer, pending, file, problem }), tell)

  /** Does what is due, in the order of the rows, until all is done or a step fails; also what falls due meanwhile. */
  const work = Effect.gen(function*() {
    working = true
    for (let pending = buffer.files[0]; pending !== undefined; pending = buffer.files[0]) {
      if (pending.file === null && !(yield* attempt("create a file", createFile(pending)))) return
      const file = pending.file
      if (file === null) return
      const owner = pending
      const without = () => goOnWithout(owner, file)
      for (let group = owner.groups[0]; group?.frozen && buffer.files[0] === owner; group = owner.groups[0]) {
        const frozen = group
        const append = Effect.catchTags(writeGroup(owner, file, frozen), {
          EncodeError: (error) => dropUnencodable(owner, frozen, error.message),
          FileRemoved: without
        })
        if (!(yield* attempt(`write to ${file.path}`, append))) return
      }
      if (buffer.files[0] !== owner) continue
      if (!owner.complete || owner.groups.length > 0) return
      const sealed = seal(owner, file).pipe(
        Effect.catchTag("UnsoundFile", ({ message }) => leave(owner, file, message)),
        Effect.catchTag("FileRemoved", without)
      )
      if (!(yield* attempt(`seal ${file.path}`, sealed))) return
    }
  }).pipe(Effect.ensuring(Effect.sync(() => {
    working = false
  })))

  const annotations = feedLabels(series)
  const locked = (self: Effect.Effect<void>) =>
    lock.withPermit(Effect.uninterruptible(self)).pipe(Effect.annotateLogs(annotations))
  const workIfAllowed = locked(
    Effect.suspend(() => health.mayTry(monotonicMillis(clock)) ? work : Effect.void)
  )

  const holder: Holder = {
    held: () => buffer.held,
    pack: () => {
      buffer.pack()
      account()
    },
    canFlush: () => health.mayTry(monotonicMillis(clock)),
    flush: Effect.suspend(() => {
      buffer.freeze()
      return workIfAllowed
    })
  }
  budget.join(holder)

  /** Buffers and journals `events` and answers how many there was no room for. */
  const take = (firstSeq: number, events: ReadonlyArray<Row>): number => {
    const now = clock.currentTimeMillisUnsafe()
    let taken = 0
    let journaled = 0
    let group: RowBuffer | null = null
    const journal = () => {
      if (group !== null && taken > journaled) {
        stream.append(group, taken - journaled, events[journaled]!.timestampCollector)
      }
      journaled = taken
    }
    try {
      // A file holds the rows of a stream in their order.
      if (firstSeq < nextSeq) buffer.complete()
      for (const event of events) {
        if (closed || (health.failing && buffer.heldBytes >= boundBytes())) break
        const to = buffer.add(event, firstSeq + taken, now)
        if (to !== group) journal()
        group = to
        taken++
      }
    } catch (bug) {
      if (!stream.replayed) {
        stats.rowsLost += events.length - taken
        settings.onLost(lostRows.ofRows(events.slice(taken)))
      }
      throw bug
    } finally {
      stats.rowsBuffered += taken
      nextSeq = firstSeq + taken
      account()
      journal()
    }
    return events.length - taken
  }

  /** Has written what is due; the budget makes whoever brings rows wait where writing is slower than they are. */
  const settle = Effect.suspend(() => {
    const due = !working && buffer.due && health.mayTry(monotonicMillis(clock))
    const written = due ? settings.write(workIfAllowed) : Effect.void
    const relieved = budget.wantsRelief ? Effect.andThen(written, settings.write(budget.relieve)) : written
    return budget.exceeded ? Effect.andThen(relieved, budget.reclaim) : relieved
  })

  const appendAt = (firstSeq: number, events: ReadonlyArray<Row>): Effect.Effect<void> =>
    Effect.suspend(() => {
      // Before anything can wait or be interrupted, the rows are in.
      const refused = take(firstSeq, events)
      if (refused > 0 && !stream.replayed) {
        settings.onLost(lostRows.ofRows(events.slice(-refused)))
        const why = closed ? "the sink is closed" : "what waits to be written has reached its bound"
        return Effect.andThen(Effect.annotateLogs(health.lose(refused, why), annotations), settle)
      }
      return settle
    })

  /** What becomes due with these rows is done with the next ones, or by the clock. */
  const appendNow = (events: ReadonlyArray<Row>): boolean => {
    if (closed || health.failing || budget.exceeded || budget.wantsRelief || buffer.due) return false
    take(nextSeq, events)
    return true
  }

  const due = () => {
    buffer.expire(clock.currentTimeMillisUnsafe())
    if (stream.exposed()) buffer.freeze()
    return buffer.due
  }

  /** Gives up the rows that could not be written, so that those which were become a file. */
  const abandon = Effect.gen(function*() {
    const left: Array<SeqRange> = []
    for (const pending of buffer.files.slice()) {
      for (const group of pending.groups.slice()) {
        drop(pending, group)
        stats.rowsUnwritten += group.rows
        left.push({ first: group.firstSeq, last: group.lastSeq })
      }
      const { file } = pending
      if (file === null) continue
      if (file.rows() > 0 && (yield* attempt(`seal ${file.path}`, seal(pending, file)))) continue
      if (pending.sealedAs === null) yield* Effect.ignore(settings.memory.withdraw(path.basename(file.path)))
      stats.openFileBytes -= file.bytes()
      if (file.rows() === 0) stats.filesOpen--
      left.push(...(yield* leaveUnsealed(fs, path, settings.openFolder, pending, file)))
    }
    stats.openFile = null
    if (left.length === 0) return
    yield* stream.commit
    yield* stream.abandon(left, (fate) => Effect.annotateLogs(health.left(fate, stream.replayed), annotations))
  })

  const close = locked(Effect.gen(function*() {
    closed = true
    buffer.complete()
    yield* work
    yield* abandon
  })).pipe(Effect.ensuring(Effect.sync(() => budget.leave(holder))))

  const sink: SeriesSink = {
    append: (events) => Effect.suspend(() => appendAt(nextSeq, events)),
    appendNow,
    appendAt,
    due,
    tick: workIfAllowed,
    close,
    get memory() {
      return settings.memory.memory()
    }
  }
  return sink
})
