import { Cause, Effect, Exit, Layer, Path, Scope } from "effect"
import { TestClock } from "effect/testing"
import { relative } from "node:path"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import * as checkpointRecord from "../../src/sinks/checkpointRecord.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as journalSurvey from "../../src/sinks/journalSurvey.ts"
import * as openFolderSurvey from "../../src/sinks/openFolderSurvey.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { book, gapRow, trade } from "./events.ts"
import { type Chance, PowerLoss, SimulatedDisk } from "./simulatedFileSystem.ts"

export const dataDir = "/data"

export const allSeries: ReadonlyArray<Series.Series> = [
  Feed.make("binance", "BTC-USDT", "trade"),
  Feed.make("okx", "ETH-USDT", "trade"),
  Series.make("okx", "ETH-USDT", "gap"),
  Feed.make("upbit", "KRW-BTC", "orderbook")
]

const statuses = ["open", "missing", "repaired", "missing", "dismissed"] as const

/** Row `index` of `series`: of a gap series the next word on one of a few gaps. */
export const rowOf = ({ dataType }: Series.Series, index: number): Row => {
  switch (dataType) {
    case "trade":
      return trade(index)
    case "orderbook":
      return book(index)
    case "gap":
      return gapRow(index, { id: `gap-${index % 5}`, revision: index, status: statuses[(index * 7) % 11 % 5]! })
  }
}

/** What checkpoints end with whose file is about to get its final name. */
const sealing = checkpointRecord.encode({ kind: "sealing" })

/** Small limits, so that everything happens often. */
const sizes = {
  sinks: { dataDir, rowGroupRows: 6, maxFileBytes: 3000, maxFileAge: "1 minute", writeBeside: false } as const,
  journal: { dataDir, segmentBytes: 700, commitEvery: "1 day" } as const
}

/** A random number generator that a seed repeats. */
export const chanceOf = (seed: number): Chance => {
  let state = (seed ^ 0x9e3779b9) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** What was handed to the recorder, and what of it a crash may not take. */
export interface History {
  readonly disk: SimulatedDisk
  readonly appended: Map<string, Array<string>>
  readonly durable: Map<string, Set<string>>
  /** Sealed files that were stored and have left the disk. */
  readonly stored: Array<{ readonly path: string; readonly content: Buffer }>
  /** Open files that somebody removed between two lives. */
  removals: number
  /** Open files that somebody removed while the recorder ran, and the rows that may be gone with them. */
  removalsWhileRunning: number
  readonly taken: Map<string, Set<string>>
}

/** The rows of the last life that recorded, by the numbers that its journal gave them: what it has left speaks of these. */
type Streams = Map<number, { readonly feed: string; readonly ids: ReadonlyArray<string> }>

const isPowerLoss = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some((reason) => Cause.isDieReason(reason) && reason.defect instanceof PowerLoss)

/** Stores some files the moment that they are sealed. */
const storing = ({ disk, stored }: History, chance: Chance) => (path: string) =>
  Effect.suspend(() => {
    if (chance() < 0.6) return Effect.void
    stored.push({ path, content: disk.files(dataDir).get(path)! })
    return Effect.orDie(disk.fileSystem.remove(`${dataDir}/${path}`))
  })

/** Somebody removes an open file: of its rows, those that the journal does not have are gone. */
const removeOpenFile = Effect.fnUntraced(function*(history: History, streams: Streams, chance: Chance) {
  const { disk, durable } = history
  const { fileSystem: fs } = disk
  const path = yield* Path.Path
  const findings = yield* openFolderSurvey.survey(fs, path, `${dataDir}/.open`)
  const open = findings.filter((finding) => finding.kind === "unfinished").filter((finding) =>
    // Those which say so may be sealed files as far as anybody can tell.
    !disk.files(dataDir).get(relative(dataDir, `${finding.path}.groups`))!.includes(sealing)
  )
  const taken = open[Math.floor(chance() * open.length)]
  if (taken === undefined) return
  disk.forget(taken.path)
  history.removals++
  const { paths } = yield* journalSurvey.list(fs, path, `${dataDir}/.journal`)
  const journaled = new Set<string>()
  for (const segment of paths) {
    for (const record of (yield* journalSurvey.read(fs, segment)).records) {
      if (record.kind !== "rows") continue
      for (const { sequenceId } of record.events()) journaled.add(`${record.series.id} ${sequenceId}`)
    }
  }
  for (const { first, last, stream } of taken.groups) {
    const { feed, ids } = streams.get(stream)!
    for (const id of ids.slice(first - 1, last)) if (!journaled.has(`${feed} ${id}`)) durable.get(feed)!.delete(id)
  }
})

/** Somebody removes an open file under the recorder's hands, which learns of it when it needs the file. */
const removeWhileRunning = Effect.fnUntraced(function*(history: History, streams: Streams, chance: Chance) {
  const { fileSystem: fs } = history.disk
  const findings = yield* openFolderSurvey.survey(fs, yield* Path.Path, `${dataDir}/.open`)
  const open = findings.filter((finding) => finding.kind === "unfinished")
  const removed = open[Math.floor(chance() * open.length)]
  if (removed === undefined) return
  history.removalsWhileRunning++
  for (const { first, last, stream } of removed.groups) {
    const { feed, ids } = streams.get(stream)!
    for (const id of ids.slice(first - 1, last)) history.taken.get(feed)!.add(id)
  }
  yield* fs.remove(removed.path)
}, Effect.provide(Path.layer))

/** One life of a recorder: recovery, then random work, until it stops or the power fails. */
const life = Effect.fnUntraced(function*(history: History, streams: Streams, chance: Chance) {
  const { appended, disk, durable } = history
  const options = { ...sizes.sinks, onSealed: storing(history, chance) }
  const pick = (limit: number) => Math.floor(chance() * limit)
  const base = Layer.mergeAll(Layer.fresh(disk.layer), Path.layer, Layer.fresh(Telemetry.layer))
  const context = yield* Layer.build(base)
  yield* Recovery.recover(options).pipe(Effect.provideContext(context))
  streams.clear()
  const storage = yield* Layer.build(
    ParquetSinks.layer(options).pipe(Layer.provideMerge(Journal.layer(sizes.journal)))
  ).pipe(Effect.provideContext(context))
  const services = Effect.all({ journal: Journal, sinks: Sinks }).pipe(Effect.provideContext(storage))
  const { journal, sinks } = yield* services
  const { sinkStats } = yield* Effect.provideContext(Telemetry, context)
  const { commit } = journal.open(allSeries[0]!)
  const scope = yield* Scope.make()
  const lanes = yield* Effect.forEach(
    allSeries,
    (series) =>
      Effect.map(Scope.provide(sinks.open(series), scope), (sink) => ({ series, sink, ids: new Array<string>() }))
  )
  // The first stream is that of `commit`.
  for (const [index, { ids, series }] of lanes.entries()) streams.set(index + 2, { feed: series.id, ids })
  /** What row groups on disk hold cannot be lost either. */
  const noteWritten = () => {
    for (const { ids, series } of lanes) {
      const { rowsLost, rowsRemoved, rowsWritten } = sinkStats(series)
      for (const id of ids.slice(0, rowsWritten - rowsRemoved + rowsLost)) durable.get(series.id)!.add(id)
    }
  }
  yield* Effect.gen(function*() {
    for (let step = 3 + pick(25); step > 0; step--) {
      // The last feed is quiet, so that its rows hold old segments of the journal.
      const lane = lanes[chance() < 0.05 ? 3 : pick(3)]!
      const action = chance()
      if (action < 0.65) {
        const rows = Array.from({ length: 1 + pick(5) }, (): Row => {
          const row = rowOf(lane.series, appended.get(lane.series.id)!.length)
          appended.get(lane.series.id)!.push(row.sequenceId)
          lane.ids.push(row.sequenceId)
          return row
        })
        yield* lane.sink.append(rows)
      } else if (action < 0.9) {
        const covered = lanes.map(({ ids }) => ids.length)
        yield* commit
        for (const [index, { ids, series }] of lanes.entries()) {
          for (const id of ids.slice(0, covered[index])) durable.get(series.id)!.add(id)
        }
      } else if (action < 0.93) yield* removeWhileRunning(history, streams, chance)
      else yield* TestClock.adjust("40 seconds")
      if (!disk.off) noteWritten()
    }
    if (chance() < 0.7) yield* Scope.close(scope, Exit.void)
  }).pipe(Effect.ensuring(Effect.sync(noteWritten)))
}, Effect.scoped)

/** Several lives, each ended by a stop in order or by a crash anywhere, and a last recovery that comes to its end. */
export const run = Effect.fnUntraced(function*(seed: number) {
  const chance = chanceOf(seed)
  const history: History = {
    disk: new SimulatedDisk(),
    appended: new Map(allSeries.map(({ id }) => [id, []])),
    durable: new Map(allSeries.map(({ id }) => [id, new Set()])),
    stored: [],
    removals: 0,
    removalsWhileRunning: 0,
    taken: new Map(allSeries.map(({ id }) => [id, new Set()]))
  }
  const { disk } = history
  const streams: Streams = new Map()
  let killed = false
  for (let lives = 2 + Math.floor(chance() * 4); lives > 0; lives--) {
    // What a kill left to the machine, recovery must not leave there: the power fails while it runs, or soon after.
    const midMove: boolean = chance() < (killed ? 0.8 : 0.5)
    let moves = midMove ? 1 + Math.floor(chance() * 6) : Infinity
    disk.failAfter = () => --moves === 0
    if (killed) disk.failAt = disk.operations + 10 + Math.floor(chance() * 60)
    // Some lives are so short that the crash comes during recovery.
    else disk.failAt = disk.operations + 1 + Math.floor(chance() * (chance() < 0.4 ? 40 : 300))
    const exit = yield* Effect.exit(life(history, streams, chance))
    if (Exit.isFailure(exit) && !isPowerLoss(exit)) return yield* Effect.failCause(exit.cause)
    killed = !killed && chance() < (midMove ? 0.85 : 0.5)
    if (killed) disk.kill()
    else {
      disk.crash(chance)
      if (chance() < 0.3) yield* Effect.provide(removeOpenFile(history, streams, chance), Path.layer)
    }
  }
  yield* Effect.scoped(
    Effect.flatMap(
      Layer.build(Layer.mergeAll(disk.layer, Path.layer, Layer.fresh(Telemetry.layer))),
      (context) => Effect.provideContext(Recovery.recover(sizes.sinks), context)
    )
  )
  // Recovery leaves nothing to chance either.
  disk.crash(chance)
  return history
})
