import { NodeServices } from "@effect/platform-node"
import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { type Held, type Holder, MemoryBudget } from "../../src/sinks/MemoryBudget.ts"
import { incompressible, trades } from "./events.ts"
import { harness } from "./harness.ts"

/** Rows that nobody could compress. */
const unpacked = (bytes: number): Held => ({ bytes, packed: 0, packable: 0, ripe: false })

/** A holder of `bytes` that notes its name when it is flushed, and then holds `left`. */
const holder = (budget: MemoryBudget, flushed: Array<string>, options: {
  readonly name: string
  readonly bytes: number
  readonly left?: number
  readonly canFlush?: boolean
}): Holder => {
  let held = options.bytes
  budget.account(held)
  const made: Holder = {
    held: () => unpacked(held),
    pack: () => {},
    canFlush: () => options.canFlush ?? true,
    flush: Effect.sync(() => {
      flushed.push(options.name)
      budget.account((options.left ?? 0) - held)
      held = options.left ?? 0
    })
  }
  budget.join(made)
  return made
}

describe("MemoryBudget", () => {
  it.effect("flushes nobody within the limit", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      holder(budget, flushed, { name: "a", bytes: 60 })
      holder(budget, flushed, { name: "b", bytes: 40 })
      yield* budget.reclaim
      assert.deepStrictEqual(flushed, [])
    }))

  it.effect("flushes the largest first, and no more than it must", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      for (const [name, bytes] of [["a", 50], ["b", 90], ["c", 70], ["d", 20]] as const) {
        holder(budget, flushed, { name, bytes })
      }
      yield* budget.reclaim
      assert.deepStrictEqual(flushed, ["b", "c"])
      assert.strictEqual(budget.usedBytes, 70)
    }))

  it.effect("passes over holders that cannot flush, and ends when a flush frees nothing", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      holder(budget, flushed, { name: "failing", bytes: 500, canFlush: false })
      holder(budget, flushed, { name: "stuck", bytes: 300, left: 300 })
      holder(budget, flushed, { name: "good", bytes: 50 })
      yield* budget.reclaim
      assert.deepStrictEqual(flushed, ["stuck", "good"])
    }))

  it.effect("is relieved before the limit, several holders at a time and no more than are needed", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushing = new Set<string>()
      const written = ["a", "b", "c", "d", "e", "f"].map((name, at) => {
        const done = Deferred.makeUnsafe<void>()
        let held = 15 + at / 2
        budget.account(held)
        budget.join({
          held: () => unpacked(held),
          pack: () => {},
          canFlush: () => true,
          flush: Effect.suspend(() => {
            flushing.add(name)
            return Effect.andThen(
              Deferred.await(done),
              Effect.sync(() => {
                flushing.delete(name)
                budget.account(-held)
                held = 0
              })
            )
          })
        })
        return done
      })
      assert.isTrue(budget.wantsRelief)
      assert.isFalse(budget.exceeded)
      const relief = yield* Effect.forkChild(budget.relieve, { startImmediately: true })
      // 97.5 bytes, and 75 may be left: the two largest.
      assert.deepStrictEqual([...flushing], ["f", "e"])
      assert.isFalse(budget.wantsRelief)
      for (const done of written) Deferred.doneUnsafe(done, Effect.void)
      yield* Fiber.join(relief)
      assert.strictEqual(budget.usedBytes, 63)
    }))

  it.effect("lets those who wait go on as soon as the limit is kept", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const ends = [60, 50].map((bytes, at) => {
        const done = Deferred.makeUnsafe<void>()
        let held = bytes
        budget.account(held)
        budget.join({
          held: () => unpacked(held),
          pack: () => {},
          canFlush: () => true,
          flush: Effect.andThen(
            Deferred.await(done),
            Effect.sync(() => {
              budget.account(at === 1 ? -15 : -held)
              held = 0
            })
          )
        })
        return done
      })
      const relief = yield* Effect.forkChild(budget.relieve, { startImmediately: true })
      const waiting = yield* Effect.forkChild(budget.reclaim, { startImmediately: true })
      assert.isUndefined(waiting.pollUnsafe())
      Deferred.doneUnsafe(ends[0]!, Effect.void)
      yield* Fiber.join(waiting)
      yield* Fiber.join(relief)
      assert.strictEqual(budget.usedBytes, 50)
    }))

  it.effect("is relieved as before after somebody was interrupted at it, and flushes the others where one has a bug", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const flushed: Array<string> = []
      budget.account(60)
      let stuck = true
      budget.join({
        held: () => unpacked(60),
        pack: () => {},
        canFlush: () => true,
        flush: Effect.suspend(() => stuck ? Effect.never : Effect.die(new Error("a bug")))
      })
      holder(budget, flushed, { name: "other", bytes: 50 })
      const relief = yield* Effect.forkChild(budget.relieve, { startImmediately: true })
      yield* Fiber.interrupt(relief)
      assert.isTrue(budget.wantsRelief)
      stuck = false
      const exit = yield* Effect.exit(budget.relieve)
      assert.isTrue(Exit.isFailure(exit) && Exit.hasDies(exit))
      assert.deepStrictEqual(flushed, ["other"])
    }))

  /** A holder of `rows` bytes of which those that it packs become a fifth. */
  const packer = (budget: MemoryBudget, done: Array<string>, options: {
    readonly name: string
    readonly rows: number
    readonly ripe?: boolean
    readonly pack?: () => void
  }) => {
    let [raw, packed] = [options.rows, 0]
    budget.account(raw)
    const keep = (left: number, compressed: number) => {
      budget.account(left + compressed - raw - packed)
      raw = left
      packed = compressed
    }
    budget.join({
      held: () => ({ bytes: raw + packed, packed, packable: options.ripe ? 0 : raw, ripe: options.ripe ?? false }),
      pack: options.pack ?? (() => {
        done.push(`pack ${options.name}`)
        keep(0, packed + raw / 5)
      }),
      canFlush: () => true,
      flush: Effect.sync(() => {
        done.push(`write ${options.name}`)
        keep(0, 0)
      })
    })
    return (more: number) => keep(raw + more, packed)
  }

  it.effect("writes what makes good row groups, compresses what does not, and writes that when half of it is compressed", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(1000)
      const done: Array<string> = []
      packer(budget, done, { name: "ripe", rows: 150, ripe: true })
      const small = [250, 200, 150, 100].map((rows, at) => packer(budget, done, { name: `small ${at}`, rows }))
      budget.account(50)
      yield* budget.relieve
      assert.deepStrictEqual(done.splice(0), ["write ripe"])
      small[3]!(200)
      yield* budget.relieve
      assert.deepStrictEqual(done.splice(0), ["pack small 3"])
      // Each is compressed until that has become half of the limit; then the one that has most is written.
      while (!done.join().includes("write")) {
        for (const more of small) more(50)
        yield* budget.relieve
      }
      assert.isAbove(done.findIndex((what) => what.startsWith("write")), 8)
      assert.isAtMost(budget.usedBytes, 750)
    }))

  it.effect("goes on with the others where rows cannot be compressed, and says so", () =>
    Effect.gen(function*() {
      const budget = new MemoryBudget(100)
      const done: Array<string> = []
      const failing = () => {
        throw new Error("no memory")
      }
      packer(budget, done, { name: "failing", rows: 60, pack: failing })
      packer(budget, done, { name: "other", rows: 50 })
      const exit = yield* Effect.exit(budget.relieve)
      assert.isTrue(Exit.isFailure(exit) && Exit.hasDies(exit))
      assert.deepStrictEqual(done, ["pack other"])
      assert.strictEqual(budget.usedBytes, 70)
    }))

  it("gives each holder an equal share, also of those that left", () => {
    const budget = new MemoryBudget(100)
    assert.strictEqual(budget.shareBytes, 100)
    const leaving = holder(budget, [], { name: "a", bytes: 0 })
    holder(budget, [], { name: "b", bytes: 0 })
    assert.strictEqual(budget.shareBytes, 50)
    budget.leave(leaving)
    assert.strictEqual(budget.shareBytes, 100)
  })
})

layer(NodeServices.layer)("the memory of sinks", (it) => {
  it.effect("stays within the budget: the largest row group is written first, whoever brings the rows", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 1024 * 1024 } })
      const loud = Feed.make("binance", "BTC-USDT", "trade")
      const quiet = Feed.make("okx", "BTC-USDT", "trade")
      const loudSink = yield* storage.sinks.open(loud)
      const quietSink = yield* storage.sinks.open(quiet)
      yield* loudSink.append(trades(4000))
      assert.deepInclude(storage.stats(loud), { rowsBuffered: 4000, rowsWritten: 0 })
      for (let at = 0; at < 5000 && storage.stats(loud).rowsWritten === 0; at += 10) {
        if (!quietSink.appendNow(trades(10, at))) yield* quietSink.append(trades(10, at))
      }
      assert.deepInclude(storage.stats(loud), { rowsBuffered: 0, rowsWritten: 4000 })
      assert.strictEqual(storage.stats(quiet).rowsWritten, 0)
    }))

  it.effect("holds more rows of many feeds than fit into it, and gives all of them back", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 1024 * 1024 } })
      const feeds = Array.from({ length: 20 }, (_, index) => Feed.make("okx", `COIN${index}`, "trade"))
      yield* Effect.scoped(Effect.gen(function*() {
        const sinks = yield* Effect.forEach(feeds, (feed) => storage.sinks.open(feed))
        for (let at = 0; at < 1000; at += 20) for (const sink of sinks) yield* sink.append(trades(20, at))
        const buffered = feeds.reduce((sum, feed) => sum + storage.stats(feed).rowsBuffered, 0)
        assert.strictEqual(buffered, 20_000, "20,000 rows of 120 bytes fit into 1 MiB")
      }))
      const [first] = yield* storage.sealedFiles
      const rows = yield* storage.rows(first!)
      assert.deepStrictEqual(rows.map(({ trade_id }) => trade_id), trades(1000).map(({ tradeId }) => tradeId))
      for (const feed of feeds) assert.deepInclude(storage.stats(feed), { rowsSealed: 1000, rowsLost: 0 })
    }))

  it.effect("is bounded for many feeds together, and no row is lost", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 1024 * 1024 } })
      const feeds = Array.from({ length: 40 }, (_, index) => Feed.make("okx", `COIN${index}`, "trade"))
      yield* Effect.scoped(Effect.gen(function*() {
        const sinks = yield* Effect.forEach(feeds, (feed) => storage.sinks.open(feed))
        for (let at = 0; at < 1000; at += 50) {
          for (const sink of sinks) yield* sink.append(trades(50, at).map(incompressible))
          const buffered = feeds.reduce((sum, feed) => sum + storage.stats(feed).rowsBuffered, 0)
          // A row takes some 120 bytes.
          assert.isBelow(buffered * 100, 1024 * 1024)
        }
      }))
      for (const feed of feeds) {
        assert.deepInclude(storage.stats(feed), { rowsSealed: 1000, rowsLost: 0, rowsBuffered: 0 })
      }
    }))

  it.effect("is small for a thousand quiet feeds", () =>
    Effect.gen(function*() {
      const storage = yield* harness({ sinks: { memoryBudgetBytes: 6 * 1024 * 1024 } })
      const feeds = Array.from({ length: 1000 }, (_, index) => Feed.make("okx", `COIN${index}`, "trade"))
      yield* Effect.scoped(Effect.gen(function*() {
        const sinks = yield* Effect.forEach(feeds, (feed) => storage.sinks.open(feed))
        for (const sink of sinks) yield* sink.append(trades(5))
        const rows = feeds.reduce((sum, feed) => sum + storage.stats(feed).rowsWritten, 0)
        assert.strictEqual(rows, 0, "6 MiB are enough for 1000 feeds with 5 rows each")
      }))
      assert.strictEqual((yield* storage.sealedFiles).length, 1000)
    }), 90_000)
})
