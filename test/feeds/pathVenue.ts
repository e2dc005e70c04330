import { Clock, Effect } from "effect"
import { setImmediate } from "node:timers/promises"
import type { WebSocket } from "ws"
import type { Row } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { control, type Exchange } from "../../src/exchanges/Exchange.ts"
import { FeedIntake } from "../../src/feeds/FeedIntake.ts"
import { FeedStates } from "../../src/feeds/FeedStates.ts"
import * as Path from "../../src/feeds/Path.ts"
import { makeStats } from "../../src/telemetry/Telemetry.ts"
import { exchangeAt, serve } from "./numberVenue.ts"

/** A venue of numbers that announces its end with `closing`. */
export const noticingAt = (url: string, overrides: Partial<Exchange> = {}): Exchange => {
  const venue = exchangeAt(url, overrides)
  return {
    ...venue,
    parser: (subscriptions) => {
      const parse = venue.parser(subscriptions)
      return (frame) =>
        frame.bytes.toString() === "closing"
          ? control({ _tag: "Notice", code: "closing", message: "the server goes down", closing: true })
          : parse(frame)
    }
  }
}

/** A market that sends each number to all who have subscribed. */
export interface Market {
  readonly url: string
  readonly peers: ReadonlyArray<WebSocket>
  readonly subscribed: ReadonlySet<WebSocket>
  readonly published: ReadonlyArray<string>
  readonly publish: () => void
  /** Publishes every few milliseconds until the scope ends. */
  readonly trade: Effect.Effect<never>
}

export const openMarket = Effect.gen(function*() {
  const peers: Array<WebSocket> = []
  const subscribed = new Set<WebSocket>()
  const published: Array<string> = []
  const url = yield* serve((peer) => {
    peers.push(peer)
    peer.once("message", () => subscribed.add(peer))
  })
  const publish = () => {
    const open = [...subscribed].filter((peer) => peer.readyState === peer.OPEN)
    if (open.length === 0) return
    const text = String(published.length)
    published.push(text)
    for (const peer of open) peer.send(text)
  }
  const market: Market = {
    url,
    peers,
    subscribed,
    published,
    publish,
    trade: Effect.forever(Effect.andThen(Effect.sync(publish), Effect.sleep(2)))
  }
  return market
})

/** Runs a path of a feed; its rows end up in a list. */
export const startPath = Effect.fnUntraced(function*(
  exchange: () => Exchange,
  options: { readonly symbol?: string; readonly messageTimeoutSecs?: number } = {}
) {
  const clock = yield* Clock.Clock
  const feed = Feed.make("bybit", options.symbol ?? "BTCUSDT", "trade")
  const stats = makeStats(feed)
  const rows: Array<Row> = []
  const nowMicros = () => clock.currentTimeMillisUnsafe() * 1000
  const intake = new FeedIntake({
    feed,
    rule: "none",
    stats,
    queue: { hasRoom: () => true, put: (more) => rows.push(...more), take: Effect.never, end: Effect.void },
    before: { tail: null, gaps: [] },
    nowMicros,
    onRecorded: () => {},
    onMissing: () => {}
  })
  const path = yield* Path.make(exchange, {
    feed,
    index: 0,
    stats,
    states: new FeedStates(stats, () => clock.currentTimeMillisUnsafe()),
    intake,
    outage: { lost: () => Effect.void, delivers: () => Effect.void },
    backoff: { initialSecs: 0.02, maxSecs: 0.1 },
    messageTimeoutSecs: () => options.messageTimeoutSecs ?? 60,
    mayAskAnew: () => true
  })
  const fiber = yield* Effect.forkScoped(path.run)
  return { fiber, intake, path, rows, stats }
})

/** Waits for a condition in real time, whatever the clock of the test says. */
export const untilReally = (condition: () => boolean): Effect.Effect<void> =>
  Effect.promise(async () => {
    while (!condition()) await setImmediate()
  })
