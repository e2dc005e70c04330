import { registry } from "../../src/exchanges/registry.ts"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { venues } from "../../src/domain/Venue.ts"
import { garbageForms } from "../../src/simulator/Fault.ts"
import { assertComplete, assertNothingLost, environment, type World, world } from "./harness.ts"
import { until } from "../until.ts"

/** Every feed has delivered `count` events more than when this was called. */
const deliver = ({ feeds }: World, count: number) =>
  Effect.suspend(() => {
    const before = new Map(feeds().map((stats) => [stats.feed.id, stats.events]))
    return until(() => feeds().every((stats) => stats.events >= (before.get(stats.feed.id) ?? 0) + count))
  })

const reconnected = ({ feeds }: World, connections: number) =>
  until(() => feeds().every((stats) => stats.connections >= connections && stats.state === "live"))

/** The frames of a feed that could not be parsed, as they were received. */
const keptFrames = Effect.fnUntraced(function*({ config }: World, feedId: string) {
  const fs = yield* FileSystem.FileSystem
  const folder = `${config.storage.dataDir}/quarantine/frames`
  const names = (yield* fs.readDirectory(folder)).filter((name) =>
    name.endsWith(`.${feedId.replaceAll("/", ".")}.jsonl`)
  )
  const texts = yield* Effect.forEach(names, (name) => fs.readFileString(`${folder}/${name}`))
  return texts.flatMap((text) => text.split("\n").slice(0, -1)).map((line) => {
    const { base64, text } = JSON.parse(line)
    return base64 === undefined ? Buffer.from(text) : Buffer.from(base64, "base64")
  })
})

const fast = { rate: 200 }

describe.concurrent("faults", () => {
  for (const venue of venues) {
    it.live(`${venue}: an orderly disconnect loses nothing, and the feeds come back`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: [venue], simulator: fast })
        yield* deliver(recorder, 50)
        for (let round = 2; round <= 3; round++) {
          yield* recorder.simulator.faults.inject({ kind: "disconnect", code: 1001, reason: "going away" })
          yield* reconnected(recorder, round)
          yield* deliver(recorder, 50)
        }
        assertNothingLost(yield* recorder.finish)
      }).pipe(Effect.provide(environment)))

    it.live(`${venue}: a cut connection costs no more than what was on its way`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: [venue], simulator: fast })
        yield* deliver(recorder, 50)
        yield* recorder.simulator.faults.inject({ kind: "abrupt" })
        yield* reconnected(recorder, 2)
        yield* deliver(recorder, 50)
        assertComplete(yield* recorder.finish)
      }).pipe(Effect.provide(environment)))

    it.live(`${venue}: garbage is counted, shown, kept whole and never a row`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: [venue], simulator: fast })
        yield* deliver(recorder, 50)
        for (const form of garbageForms.filter((form) => form !== "huge")) {
          yield* recorder.simulator.faults.inject({ kind: "garbage", form })
          yield* deliver(recorder, 10)
        }
        yield* until(() => recorder.feeds().every(({ parseErrors }) => parseErrors >= 3))
        for (const stats of recorder.feeds()) assert.strictEqual(stats.connections, 1, stats.feed.id)
        assertNothingLost(yield* recorder.finish)
        for (const { feed, framesKept, framesNotKept } of recorder.feeds()) {
          const kept = yield* keptFrames(recorder, feed.id)
          assert.deepStrictEqual([framesKept, framesNotKept], [kept.length, 0])
          assert.isTrue(kept.some((bytes) => /^\{"stream":"btcusdt@trade",.*"p":"8$/.test(bytes.toString())))
          assert.isTrue(kept.some((bytes) => /^\{"hello":"world",.*\}\}$/.test(bytes.toString())))
          assert.isTrue(kept.some((bytes) => bytes.length === 64))
        }
      }).pipe(Effect.provide(environment)))

    it.live(`${venue}: what arrives twice, late or not at all is told by the venue's numbers, and nothing else is`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: [venue], simulator: fast, hides: true })
        const { orderbook, trade } = registry[venue](null).channels
        const book = recorder.feeds().find(({ feed }) => feed.dataType === "orderbook") ?? assert.fail("no book")
        const trades = recorder.feeds().find(({ feed }) => feed.dataType === "trade") ?? assert.fail("no trades")
        yield* deliver(recorder, 50)
        for (const { sequence } of recorder.feeds()) {
          assert.deepInclude(sequence, { gaps: 0, missing: 0, outOfOrder: 0, duplicates: 0, resets: 0 })
        }
        yield* recorder.simulator.faults.inject({ kind: "duplicate" })
        yield* until(() => trades.sequence.duplicates > 0)
        if (orderbook.continuity !== "none") yield* until(() => book.sequence.duplicates > 0)
        yield* deliver(recorder, 20)
        assert.strictEqual(book.sequence.duplicates, orderbook.continuity === "none" ? 0 : 1)
        const isCounted = trade.continuity === "consecutive"
        yield* recorder.simulator.faults.inject({ kind: "reorder" })
        yield* isCounted ? until(() => trades.sequence.outOfOrder > 0) : deliver(recorder, 20)
        yield* recorder.simulator.faults.inject({ kind: "gap" })
        yield* isCounted ? until(() => trades.sequence.missing > 0) : Effect.void
        yield* deliver(recorder, 20)
        // A book with a hole is asked for anew, and not again and again.
        const gaps = book.sequence.gaps
        for (let times = 0; times < 3; times++) {
          yield* recorder.simulator.faults.inject({ kind: "gap" })
          yield* deliver(recorder, 10)
        }
        if (orderbook.continuity !== "none") assert.isAtLeast(book.sequence.gaps, gaps + 2)
        assert.strictEqual(book.reconnectsBy.gap, orderbook.continuity === "none" ? 0 : 1)
        assertComplete(yield* recorder.finish)
      }).pipe(Effect.provide(environment)))

    it.live(`${venue}: a venue that stalls or goes silent is left and asked again`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: [venue], simulator: fast, messageTimeoutSecs: 0.3 })
        yield* deliver(recorder, 50)
        yield* recorder.simulator.faults.inject({ kind: "stall" })
        yield* reconnected(recorder, 2)
        for (const stats of recorder.feeds()) assert.isAtLeast(stats.timeouts, 1, stats.feed.id)
        yield* recorder.simulator.faults.lift
        yield* deliver(recorder, 20)
        yield* recorder.simulator.faults.inject({ kind: "half-open" })
        yield* reconnected(recorder, 3)
        yield* deliver(recorder, 20)
        assertComplete(yield* recorder.finish)
      }).pipe(Effect.provide(environment)))

    it.live(`${venue}: a refused subscription is shown with the venue's words and tried again`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: [venue], simulator: fast, messageTimeoutSecs: 0.3 })
        yield* deliver(recorder, 20)
        yield* recorder.simulator.faults.reject()
        yield* recorder.simulator.faults.inject({ kind: "disconnect" })
        yield* until(() => recorder.feeds().every((stats) => stats.state === "rejected"))
        for (const stats of recorder.feeds()) {
          assert.isAbove(stats.rejections, 0, stats.feed.id)
          assert.match(stats.reason ?? "", /^the venue rejects the subscription to .+: .+/)
        }
        yield* recorder.simulator.faults.lift
        yield* until(() => recorder.feeds().every((stats) => stats.state === "live"))
        assertComplete(yield* recorder.finish)
      }).pipe(Effect.provide(environment)))
  }

  it.live("a message beyond any size the venue sends costs the connection, not the process", () =>
    Effect.gen(function*() {
      const recorder = yield* world({ venues: ["okx"], simulator: fast })
      yield* deliver(recorder, 20)
      yield* recorder.simulator.faults.inject({ kind: "garbage", form: "huge", bytes: 64 * 1024 * 1024 })
      yield* reconnected(recorder, 2)
      yield* deliver(recorder, 20)
      assertComplete(yield* recorder.finish)
    }).pipe(Effect.provide(environment)))

  for (const status of [403, 418, 429, 451, 503]) {
    it.live(`HTTP ${status} at the handshake is survived`, () =>
      Effect.gen(function*() {
        const recorder = yield* world({ venues: ["binance"], simulator: fast })
        yield* deliver(recorder, 20)
        yield* recorder.simulator.faults.refuse({ kind: "refuse", status, retryAfterSecs: 1 }, { times: 1 })
        yield* recorder.simulator.faults.inject({ kind: "disconnect" })
        yield* until(() => recorder.simulator.ledger.refusals().length === 1)
        const refusedAt = recorder.simulator.ledger.refusals()[0]!.atMillis
        yield* reconnected(recorder, 2)
        const later = recorder.simulator.ledger.connections().slice(2)
        // The other feed may have been let in before the refusal was heard of.
        assert.isAtLeast(Math.max(...later.map((each) => each.openedAt)), refusedAt + 990)
        assertNothingLost(yield* recorder.finish)
      }).pipe(Effect.provide(environment)))
  }

  it.live("frames that do not parse break the circuit: the feed says so and reconnects", () =>
    Effect.gen(function*() {
      const recorder = yield* world({ venues: ["bybit"], simulator: { rate: 5 } })
      yield* deliver(recorder, 3)
      for (let i = 0; i < 200; i++) yield* recorder.simulator.faults.inject({ kind: "garbage", form: "broken-json" })
      yield* until(() => recorder.feeds().every((stats) => stats.circuitBreaks === 1))
      yield* reconnected(recorder, 2)
      yield* deliver(recorder, 3)
      assertComplete(yield* recorder.finish)
    }).pipe(Effect.provide(environment)))

  it.live("a stop does not hang on a venue that never answers the close handshake", () =>
    Effect.gen(function*() {
      const recorder = yield* world({ venues: ["upbit"], simulator: fast })
      yield* deliver(recorder, 20)
      yield* recorder.simulator.faults.inject({ kind: "hang-close" })
      assertComplete(yield* recorder.finish)
    }).pipe(Effect.provide(environment)))
})
