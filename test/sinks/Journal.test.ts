import { NodeServices } from "@effect/platform-node"
import { assert, layer, vi } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber, FileSystem, Layer, Logger, Path, Queue, Scope } from "effect"
import { TestClock } from "effect/testing"
import { dirname } from "node:path"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import type { Series } from "../../src/domain/Series.ts"
import { Journal, type Options } from "../../src/sinks/Journal.ts"
import { magic } from "../../src/sinks/JournalSegment.ts"
import * as journalSurvey from "../../src/sinks/journalSurvey.ts"
import { type Fate, StreamState } from "../../src/sinks/JournalStream.ts"
import { liveFrames } from "../../src/sinks/journalTrimming.ts"
import { PageBytes } from "../../src/sinks/PageBytes.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { appendRows } from "./appendRows.ts"
import { chanceOf } from "./crashModel.ts"
import { trades } from "./events.ts"
import * as faultyFileSystem from "./faultyFileSystem.ts"

const feed = Feed.make("binance", "BTC-USDT", "trade")
const other = Feed.make("okx", "ETH-USDT", "trade")

/** A journal in a folder of its own, and what its folder holds. */
const journalIn = Effect.fnUntraced(function*(options: Partial<Options> = {}) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const faults = faultyFileSystem.make()
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    Journal.layer({ dataDir, ...options }).pipe(
      Layer.provideMerge(Telemetry.layer),
      Layer.provide(Layer.fresh(faultyFileSystem.layer(faults))),
      Layer.provide(NodeServices.layer)
    ),
    scope
  )
  const journal = yield* Effect.provide(Journal, context)
  const folder = path.join(dataDir, ".journal")
  const segments = Effect.map(fs.readDirectory(folder), (names) => names.toSorted())
  const records = Effect.flatMap(
    segments,
    (names) => Effect.forEach(names, (name) => journalSurvey.read(fs, path.join(folder, name)))
  ).pipe(Effect.map((read) => read.flatMap(({ records }) => records.filter((record) => record.kind === "rows"))))
  return {
    faults,
    /** A stream of rows that wait in buffers of their own. */
    open: (series: Series) => {
      const stream = journal.open(series)
      return {
        ...stream,
        append: (firstSeq: number, events: ReadonlyArray<Row>) => {
          const rows = new RowBuffer(series)
          for (const event of events) rows.append(event)
          rows.firstSeq = firstSeq
          rows.lastSeq = firstSeq + events.length - 1
          stream.append(rows, events.length, rows.firstMicros)
        }
      }
    },
    stats: (yield* Effect.provide(Telemetry, context)).storage,
    folder,
    segments,
    /** The records of rows that it has. */
    records,
    rows: Effect.map(records, (found) => found.flatMap((record) => record.events())),
    /** By stream, the numbers of the rows that it has. */
    seqs: Effect.map(records, (found) => {
      const seqs = new Map<number, Set<number>>()
      for (const { first, last, stream } of found) {
        const known = seqs.get(stream) ?? new Set()
        for (let seq = first; seq <= last; seq++) known.add(seq)
        seqs.set(stream, known)
      }
      return seqs
    }),
    close: Scope.close(scope, Exit.void)
  }
})

const ids = (rows: ReadonlyArray<{ readonly sequenceId: string }>) => rows.map(({ sequenceId }) => sequenceId)

layer(NodeServices.layer)("Journal", (it) => {
  it.effect("commits all streams together, at every interval in which rows came", () =>
    Effect.gen(function*() {
      const journal = yield* journalIn({ commitEvery: "1 second" })
      const streams = [journal.open(feed), journal.open(other)]
      for (const stream of streams) stream.append(1, trades(3))
      assert.deepStrictEqual(yield* journal.rows, [])
      yield* TestClock.adjust("1 second")
      while (journal.stats.commitDuration.count === 0) yield* Effect.yieldNow
      yield* streams[0]!.commit
      assert.deepStrictEqual(ids(yield* journal.rows), ids([...trades(3), ...trades(3)]))
      assert.strictEqual(journal.stats.commitDuration.count, 1)
      const { done } = journal.faults
      done.length = 0
      yield* streams[0]!.commit
      assert.deepStrictEqual(done, [])
    }))

  it.effect("tells how long a commit has waited for a disk that does not answer", () =>
    Effect.gen(function*() {
      const journal = yield* journalIn({ commitEvery: "1 day" })
      const { disk } = journal.stats
      const stream = journal.open(feed)
      const asked = yield* Deferred.make<void>()
      const answers = yield* Deferred.make<void>()
      journal.faults.beforeWrite = Effect.andThen(Deferred.succeed(asked, undefined), Deferred.await(answers))
      stream.append(1, trades(3))
      const commit = yield* Effect.forkChild(stream.commit)
      yield* Deferred.await(asked)
      yield* TestClock.adjust("45 seconds")
      const another = yield* Effect.forkChild(stream.commit, { startImmediately: true })
      assert.strictEqual(disk.longestMillis, 45_000)
      assert.strictEqual(journal.stats.problem, null)
      yield* Deferred.succeed(answers, undefined)
      yield* Fiber.joinAll([commit, another])
      assert.strictEqual(disk.longestMillis, 0)
    }))

  it.effect("is gone after a stop in order when every row is in a file, and stays when not", () =>
    Effect.gen(function*() {
      for (const flushed of [3, 2]) {
        const journal = yield* journalIn()
        const stream = journal.open(feed)
        stream.append(1, trades(3))
        yield* stream.commit
        stream.flushed(flushed)
        yield* journal.close
        assert.strictEqual((yield* journal.segments).length, flushed === 3 ? 0 : 1)
      }
    }))

  it.effect(
    "stays within twice what is needed and two segments, over a long run of loud and quiet feeds",
    () =>
      Effect.gen(function*() {
        const segmentBytes = 20_000
        const journal = yield* journalIn({ segmentBytes, commitEvery: "1 day" })
        const chance = chanceOf(7)
        const lanes = Array.from({ length: 12 }, (_, index) => ({
          stream: journal.open(Feed.make("okx", `COIN${index}`, "trade")),
          // From one row a tick down to one in two thousand.
          odds: 0.5 ** index,
          appended: 0,
          flushed: 0
        }))
        /** Every row that is in no row group yet is there, once the copies are taken together. */
        const holdsWhatIsNeeded = Effect.fnUntraced(function*(when: string) {
          const found = yield* journal.seqs
          for (const { appended, flushed, stream } of lanes) {
            for (let seq = flushed + 1; seq <= appended; seq++) {
              assert.isTrue(found.get(stream.id)?.has(seq), `row ${seq} of ${appended} of stream ${stream.id} ${when}`)
            }
          }
        })
        const rowBytes = 160
        let highest = 0
        for (let tick = 0; tick < 6000; tick++) {
          for (const lane of lanes) {
            if (chance() < lane.odds) {
              const count = 1 + Math.floor(chance() * 8)
              lane.stream.append(lane.appended + 1, trades(count, lane.appended))
              lane.appended += count
            }
            // A quiet feed's row group is ended by the age of its file, and may be on disk long after more rows came.
            if (lane.appended - lane.flushed >= 100 || chance() < 0.005) {
              lane.flushed = Math.max(lane.flushed, lane.appended - Math.floor(chance() * 5))
              lane.stream.flushed(lane.flushed)
            }
          }
          if (tick % 5 === 0) yield* lanes[0]!.stream.commit
          const live = lanes.reduce((sum, { appended, flushed }) => sum + appended - flushed, 0) * rowBytes
          // What one commit brings, and the grain in which it is known what is needed.
          assert.isAtMost(journal.stats.journalBytes, 2 * live + 3 * segmentBytes + lanes.length * 8192)
          highest = Math.max(highest, journal.stats.journalBytes)
          if (tick % 20 === 0) yield* holdsWhatIsNeeded(`at tick ${tick}`)
        }
        const rows = lanes.reduce((sum, { appended }) => sum + appended, 0)
        assert.isAbove(rows, 40_000)
        assert.isBelow(highest, 400_000)
        yield* lanes[0]!.stream.commit
        yield* holdsWhatIsNeeded("at the end")
        // Copies included.
        assert.isBelow(journal.stats.journalBytesWritten, 2 * rows * rowBytes)
      }),
    60_000
  )

  it.effect("writes again without the rows that are in row groups already", () =>
    Effect.sync(() => {
      const bytes = new PageBytes(64)
      appendRows(bytes, 1, feed, 1, trades(4))
      appendRows(bytes, 1, feed, 5, trades(4, 4))
      appendRows(bytes, 2, other, 1, trades(4))
      const stream = new StreamState(1, feed)
      stream.flushed = 6
      const { records: copied, spans } = liveFrames(Buffer.concat([magic, bytes.written]), {
        liveBytes: () => 0,
        liveRanges: () => [{ first: 7, last: 8 }],
        liveStreams: () => new Map([[1, stream]])
      })
      const expected = new PageBytes(64)
      const written = appendRows(expected, 1, feed, 7, trades(2, 6))
      assert.deepStrictEqual(copied.written, expected.written)
      assert.deepStrictEqual(spans, [{ stream, span: { last: 8, rows: 2, bytes: written } }])
    }))

  it.effect("keeps what was taken back until all of it is on disk again, whatever is taken back after it", () =>
    Effect.gen(function*() {
      const journal = yield* journalIn({ commitEvery: "1 day", segmentBytes: 100 })
      const stream = journal.open(feed)
      for (const at of [0, 10]) stream.append(at + 1, trades(10, at))
      yield* stream.commit
      stream.flushed(20)
      yield* stream.reclaim([{ first: 1, last: 20 }])
      stream.flushed(10)
      yield* stream.reclaim([{ first: 1, last: 10 }])
      stream.flushed(10)
      yield* stream.commit
      assert.strictEqual((yield* journal.seqs).get(stream.id)?.size, 20)
      yield* journal.close
      assert.strictEqual((yield* journal.seqs).get(stream.id)?.size, 20)
    }))

  it.effect("goes on after a bug in a commit, says so, and loses none of what waits", () =>
    Effect.gen(function*() {
      for (const where of ["encoding", "writing"]) {
        const lines: Array<string> = []
        const logger = Logger.make(({ message }) => void lines.push(String(message)))
        const journal = yield* journalIn({ commitEvery: "1 second" }).pipe(Effect.provide(Logger.layer([logger])))
        const stream = journal.open(feed)
        const bug = new RangeError("Array buffer allocation failed")
        const seen = vi.spyOn(RowBuffer.prototype, "unjournaled").mockImplementation(function(this: RowBuffer) {
          seen.mockRestore()
          if (where === "encoding") throw bug
          return this.unjournaled()
        })
        if (where === "writing") journal.faults.beforeWrite = Effect.die(bug)
        stream.append(1, trades(10))
        yield* TestClock.adjust("1 second")
        while (journal.stats.problem === null) yield* Effect.yieldNow
        assert.match(journal.stats.problem, /could not commit to the journal in .*: Array buffer allocation failed/)
        journal.faults.beforeWrite = Effect.void
        // A pause after the bug, and the next commit.
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("1 second")
        while (journal.stats.problem !== null) yield* Effect.promise(() => new Promise(setImmediate))
        assert.deepStrictEqual(ids(yield* journal.rows), ids(trades(10)))
        assert.lengthOf(lines.filter((line) => line.includes("a bug ended the journal's commits")), 1)
      }
    }))

  it.effect("has rows that cannot be read back from a damaged segment brought to disk, and counts them once", () =>
    Effect.gen(function*() {
      const fs = yield* FileSystem.FileSystem
      const journal = yield* journalIn({ commitEvery: "1 day", segmentBytes: 2000 })
      const [quiet, busy] = [journal.open(other), journal.open(feed)]
      quiet.append(1, trades(5))
      yield* quiet.commit
      quiet.append(6, trades(5, 5))
      yield* quiet.commit
      const [name] = yield* journal.segments
      const file = `${journal.folder}/${name}`
      const bytes = yield* fs.readFile(file)
      bytes[bytes.length - 3]! ^= 0xff
      yield* fs.writeFile(file, bytes)
      assert.isFalse(quiet.exposed())
      for (let at = 0; at < 120; at += 20) {
        busy.append(at + 1, trades(20, at))
        yield* busy.commit
        busy.flushed(at + 20)
      }
      yield* busy.commit
      assert.deepStrictEqual([...(yield* journal.seqs).get(quiet.id) ?? []], [1, 2, 3, 4, 5])
      assert.isTrue(quiet.exposed())
      assert.isFalse(busy.exposed())
      assert.strictEqual(journal.stats.rowsNotJournaled, 5)
      assert.strictEqual(journal.stats.journalErrors, 1)
    }))

  it.effect("that cannot write says so once, goes on in a new segment when it can, and loses none of what waits", () =>
    Effect.gen(function*() {
      const journal = yield* journalIn({ commitEvery: "1 day" })
      const stream = journal.open(feed)
      stream.append(1, trades(10))
      yield* stream.commit
      for (const failing of [[], ["sync"], ["sync", "open"]] as const) {
        if (failing.length === 0) journal.faults.roomBytes = 100
        for (const method of failing) journal.faults.failing.add(method)
        const { journalErrors } = journal.stats
        const from = Number(ids(yield* journal.rows).length)
        stream.append(from + 1, trades(10, from))
        yield* stream.commit
        yield* stream.commit
        assert.strictEqual(journal.stats.journalErrors, journalErrors + 2)
        assert.match(journal.stats.problem ?? "", /could not write the journal in .*(?:ENOSPC|EIO)/)
        journal.faults.roomBytes = Infinity
        journal.faults.failing.clear()
        yield* stream.commit
        assert.isNull(journal.stats.problem)
      }
      assert.deepStrictEqual(ids(yield* journal.rows), ids(trades(40)))
      assert.strictEqual(journal.stats.rowsNotJournaled, 0)
    }))

  it.effect("measures no time by the system clock, which may be set back", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let wall = 1_800_000_000_000
      const setBack = {
        ...clock,
        currentTimeMillisUnsafe: () => wall -= 10_000,
        currentTimeNanosUnsafe: () => BigInt(wall -= 10_000) * 1_000_000n
      }
      const lines: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void lines.push(String(message)))])
      const journal = yield* Effect.provideService(journalIn({ commitEvery: "1 day" }), Clock.Clock, setBack)
      const stream = journal.open(feed)
      stream.append(1, trades(3))
      journal.faults.failing.add("sync")
      yield* Effect.provide(stream.commit, logger)
      yield* TestClock.adjust("7 seconds")
      journal.faults.failing.clear()
      yield* Effect.provide(stream.commit, logger)
      assert.strictEqual(lines.at(-1), "the journal works again after 7 s")
      assert.strictEqual(journal.stats.commitDuration.count, 1)
      assert.isAtLeast(journal.stats.commitDuration.sum, 0)
      assert.isAtLeast(journal.stats.receiveToDurable.sum, 0)
    }))

  it.effect("counts the rows that it keeps, when it is asked", () =>
    Effect.gen(function*() {
      const journal = yield* journalIn({ commitEvery: "1 day" })
      const stream = journal.open(feed)
      stream.append(1, trades(3))
      assert.strictEqual(journal.stats.journalRows(), 0)
      yield* stream.commit
      assert.strictEqual(journal.stats.journalRows(), 3)
      stream.flushed(2)
      assert.strictEqual(journal.stats.journalRows(), 1)
      yield* journal.close
      assert.strictEqual(journal.stats.journalRows(), 1)
    }))

  it.effect("gives up no row that waits while it cannot write", () =>
    Effect.gen(function*() {
      const journal = yield* journalIn({ commitEvery: "1 day" })
      const stream = journal.open(feed)
      journal.faults.roomBytes = 0
      for (let at = 0; at < 60_000; at += 1000) {
        stream.append(at + 1, trades(1000, at))
        if (at % 10_000 === 0) yield* stream.commit
      }
      journal.faults.roomBytes = Infinity
      yield* stream.commit
      assert.deepStrictEqual(ids(yield* journal.rows), ids(trades(60_000)))
      assert.strictEqual(journal.stats.rowsNotJournaled, 0)
      assert.strictEqual(journal.stats.receiveToDurable.count, 60_000)
      const fates: Array<Fate> = []
      yield* stream.abandon([{ first: 1, last: 60_000 }], (fate) => Effect.sync(() => fates.push(fate)))
      yield* journal.close
      assert.deepStrictEqual(fates, [{ held: 60_000, lost: 0 }])
    }))

  it.effect("keeps the rows that a removed feed could not write, and is shortened all the same", () =>
    Effect.gen(function*() {
      const segmentBytes = 20_000
      const journal = yield* journalIn({ segmentBytes, commitEvery: "1 day" })
      const removed = journal.open(other)
      removed.append(1, trades(10))
      const fates: Array<Fate> = []
      yield* removed.abandon([{ first: 1, last: 10 }], (fate) => Effect.sync(() => fates.push(fate)))
      const stream = journal.open(feed)
      for (let at = 0; at < 20_000; at += 100) {
        stream.append(at + 1, trades(100, at))
        yield* stream.commit
        stream.flushed(at + 100)
        assert.isAtMost(journal.stats.journalBytes, 4 * segmentBytes + 10 * 160)
      }
      yield* journal.close
      assert.deepStrictEqual(fates, [{ held: 10, lost: 0 }])
      const kept = (yield* journal.records).filter((record) => record.stream === removed.id)
      assert.deepStrictEqual(kept.flatMap((record) => ids(record.events())), ids(trades(10)))
    }))

  it.effect("knows of rows that are given up exactly which it has, whatever failed before", () =>
    Effect.gen(function*() {
      for (let seed = 1; seed <= 20; seed++) {
        const chance = chanceOf(seed)
        const pick = (limit: number) => Math.floor(chance() * limit)
        const journal = yield* journalIn({ commitEvery: "1 day", segmentBytes: 20_000 })
        const lanes = [feed, other].map((each) => ({ stream: journal.open(each), appended: 0, flushed: 0 }))
        for (let step = 0; step < 30; step++) {
          const lane = lanes[pick(2)]!
          const count = chance() < 0.1 ? 8000 : 1 + pick(60)
          lane.stream.append(lane.appended + 1, trades(count, lane.appended))
          lane.appended += count
          if (chance() < 0.2) journal.faults.roomBytes = pick(3) === 0 ? pick(20_000) : Infinity
          if (chance() < 0.5) yield* lane.stream.commit
          if (chance() < 0.2) {
            lane.flushed += pick(lane.appended - lane.flushed)
            lane.stream.flushed(lane.flushed)
          }
        }
        // Another sink may free room after this one gave up its rows.
        const roomAgain = chance() < 0.5
        const fates: Array<Fate> = []
        for (const { appended, flushed, stream } of lanes) {
          yield* stream.abandon(
            [{ first: flushed + 1, last: appended }],
            (fate) => Effect.sync(() => fates.push(fate))
          )
        }
        if (roomAgain) journal.faults.roomBytes = Infinity
        yield* journal.close
        const left = yield* journal.records
        for (const [index, { appended, flushed, stream }] of lanes.entries()) {
          const held = new Set<number>()
          for (const { first, last } of left.filter((record) => record.stream === stream.id)) {
            for (let seq = Math.max(first, flushed + 1); seq <= last; seq++) held.add(seq)
          }
          assert.deepStrictEqual(
            fates[index],
            { held: held.size, lost: appended - flushed - held.size },
            `seed ${seed}`
          )
        }
      }
    }))

  const cases = [
    ["folder is gone begins anew in a new one", (folder: string) => folder, { held: 5, lost: 10 }],
    ["data folder is gone has no rows, whatever the disk answered", dirname, { held: 0, lost: 15 }]
  ] as const
  for (const [what, removed, fate] of cases) {
    it.effect(`whose ${what}`, () =>
      Effect.gen(function*() {
        const fs = yield* FileSystem.FileSystem
        const journal = yield* journalIn({ commitEvery: "1 day" })
        const stream = journal.open(feed)
        stream.append(1, trades(10))
        yield* stream.commit
        yield* fs.remove(removed(journal.folder), { recursive: true })
        stream.append(11, trades(5, 10))
        const fates: Array<Fate> = []
        yield* stream.abandon([{ first: 1, last: 15 }], (fate) => Effect.sync(() => fates.push(fate)))
        yield* journal.close
        assert.deepStrictEqual(fates, [fate])
        assert.strictEqual(yield* fs.exists(journal.folder), fate.held > 0)
        assert.isAbove(journal.stats.journalErrors, 0)
      }))
  }

  it.effect("does not wait for its interval when much comes at once", () =>
    Effect.gen(function*() {
      const committed = yield* Queue.unbounded<void>()
      const journal = yield* journalIn({ commitEvery: "1 day", commitBytes: 25_000 })
      const stream = journal.open(feed)
      yield* Effect.yieldNow
      stream.append(1, trades(300))
      yield* Queue.offer(committed, undefined)
      while (journal.stats.commitDuration.count === 0) yield* Effect.promise(() => new Promise(setImmediate))
      assert.isAbove((yield* journal.rows).length, 0)
    }))
})
