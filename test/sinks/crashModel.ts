import { Cause, Effect, Exit, Layer, Path, Scope } from "effect"
import { TestClock } from "effect/testing"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { book, trade } from "./events.ts"
import { type Chance, PowerLoss, SimulatedDisk } from "./simulatedFileSystem.ts"

export const dataDir = "/data"

const feeds = [
  Feed.make("binance", "BTC-USDT", "trade"),
  Feed.make("okx", "ETH-USDT", "trade"),
  Feed.make("upbit", "KRW-BTC", "orderbook")
]

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
  crashes: number
}

const isPowerLoss = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) &&
  exit.cause.reasons.some((reason) => Cause.isDieReason(reason) && reason.defect instanceof PowerLoss)

/** One life of a recorder: recovery, then random work, until it stops or the power fails. */
const life = Effect.fnUntraced(function*(history: History, chance: Chance) {
  const { appended, disk, durable } = history
  const pick = (limit: number) => Math.floor(chance() * limit)
  const base = Layer.mergeAll(Layer.fresh(disk.layer), Path.layer, Layer.fresh(Telemetry.layer))
  const context = yield* Layer.build(base)
  yield* Recovery.recover(sizes.sinks).pipe(Effect.provideContext(context))
  const storage = yield* Layer.build(
    ParquetSinks.layer(sizes.sinks).pipe(Layer.provideMerge(Journal.layer(sizes.journal)))
  ).pipe(Effect.provideContext(context))
  const services = Effect.all({ journal: Journal, sinks: Sinks }).pipe(Effect.provideContext(storage))
  const { journal, sinks } = yield* services
  const { stats } = yield* Effect.provideContext(Telemetry, context)
  const { commit } = journal.open(feeds[0]!)
  const scope = yield* Scope.make()
  const lanes = yield* Effect.forEach(
    feeds,
    (feed) => Effect.map(Scope.provide(sinks.open(feed), scope), (sink) => ({ feed, sink, ids: new Array<string>() }))
  )
  /** What row groups on disk hold cannot be lost either. */
  const noteWritten = () => {
    for (const { feed, ids } of lanes) {
      for (const id of ids.slice(0, stats(feed).rowsWritten)) durable.get(feed.id)!.add(id)
    }
  }
  yield* Effect.gen(function*() {
    for (let step = 3 + pick(25); step > 0; step--) {
      // The last feed is quiet, so that its rows hold old segments of the journal.
      const lane = lanes[chance() < 0.05 ? 2 : pick(2)]!
      const action = chance()
      if (action < 0.65) {
        const events = Array.from({ length: 1 + pick(5) }, (): Event => {
          const index = appended.get(lane.feed.id)!.length
          const event = lane.feed.dataType === "trade" ? trade(index) : book(index)
          appended.get(lane.feed.id)!.push(event.sequenceId)
          lane.ids.push(event.sequenceId)
          return event
        })
        yield* lane.sink.append(events)
      } else if (action < 0.9) {
        const covered = lanes.map(({ ids }) => ids.length)
        yield* commit
        for (const [index, { feed, ids }] of lanes.entries()) {
          for (const id of ids.slice(0, covered[index])) durable.get(feed.id)!.add(id)
        }
      } else yield* TestClock.adjust("40 seconds")
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
    appended: new Map(feeds.map(({ id }) => [id, []])),
    durable: new Map(feeds.map(({ id }) => [id, new Set()])),
    crashes: 0
  }
  const { disk } = history
  for (let lives = 2 + Math.floor(chance() * 4); lives > 0; lives--) {
    // Some lives are so short that the crash comes during recovery.
    disk.failAt = disk.operations + 1 + Math.floor(chance() * (chance() < 0.4 ? 40 : 300))
    const exit = yield* Effect.exit(life(history, chance))
    if (Exit.isFailure(exit) && !isPowerLoss(exit)) return yield* Effect.failCause(exit.cause)
    history.crashes++
    if (chance() < 0.3) disk.kill()
    else disk.crash(chance)
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
