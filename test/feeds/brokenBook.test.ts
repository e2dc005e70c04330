import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { WebSocket } from "ws"
import * as Feed from "../../src/domain/Feed.ts"
import { events, type Exchange } from "../../src/exchanges/Exchange.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import * as OutageLog from "../../src/feeds/OutageLog.ts"
import { record } from "../../src/feeds/Recorder.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import { until } from "../until.ts"
import { exchangeAt, serve } from "./numberVenue.ts"
import { nothingSealed } from "../sinks/events.ts"

const feed = Feed.make("bybit", "BTCUSDT", "orderbook")

/** Books numbered by their own text, each a change of the one before; the first of a connection is a snapshot. */
const booksAt = (url: string): Exchange => {
  const venue = exchangeAt(url)
  return {
    ...venue,
    channels: { ...venue.channels, orderbook: { ...venue.channels.orderbook, continuity: "stepping" } },
    parser: () => {
      let first = true
      return ({ bytes, receivedAtMicros }) => {
        const id = Number(bytes.toString())
        const isSnapshot = first
        first = false
        return events([{
          dataType: "orderbook",
          symbol: "BTCUSDT",
          sequenceId: String(id),
          timestampCollector: receivedAtMicros,
          timestampExchange: null,
          data: bytes,
          position: { first: id, last: id, previous: null },
          isSnapshot
        }])
      }
    }
  }
}

const environment = Layer.mergeAll(
  ConnectLimiter.layer,
  Telemetry.layer,
  Tokens.layerNone,
  Logging.layerConsole("None")
)

describe("a book with a hole", () => {
  it.live("is asked for anew at the shortest delay, whatever failed before", () =>
    Effect.gen(function*() {
      const peers: Array<WebSocket> = []
      const url = yield* serve((peer) => peers.push(peer))
      const stats = (yield* Telemetry).stats(feed)
      const initialMillis = 20
      const delays: Array<number> = []
      let nextAttemptAt: number | null = null
      // It stands for the time of the delay alone, which a look from outside may miss.
      Object.defineProperty(stats, "nextAttemptAt", {
        get: () => nextAttemptAt,
        set: (at: number | null) => {
          nextAttemptAt = at
          if (at !== null) delays.push(at - stats.stateSince)
        }
      })
      yield* Effect.forkScoped(record(booksAt(url), feed, { append: () => Effect.void, memory: nothingSealed }, stats, {
        backoff: { initialSecs: initialMillis / 1000, maxSecs: 5 },
        queueCapacity: 1000,
        messageTimeoutSecs: 60,
        outage: OutageLog.make([feed]).of(feed)
      }))
      for (let failures = 1; failures <= 4; failures++) {
        yield* until(() => peers.length === failures)
        peers.at(-1)?.terminate()
      }
      // 160 ms by now, plus or minus a quarter.
      yield* until(() => peers.length === 5)
      for (const id of [10, 11, 14]) peers.at(-1)?.send(String(id))
      yield* until(() => peers.length === 6)
      assert.strictEqual(stats.reconnectsBy.gap, 1)
      assert.strictEqual(stats.sequence.missing, 2)
      assert.strictEqual(delays.length, 5)
      assert.isAbove(delays[3]!, 100)
      assert.isBelow(delays[4]!, 100)
    }).pipe(Effect.scoped, Effect.provide(environment)))
})
