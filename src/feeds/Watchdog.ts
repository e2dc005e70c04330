import { Effect, Schema } from "effect"

/** The venue has sent no market data for so long that the feed must be taken for dead. */
export class MarketDataTimeout extends Schema.TaggedError<MarketDataTimeout>()("MarketDataTimeout", {
  quietMillis: Schema.Finite
}) {
  override get message() {
    return `no market data for ${Math.round(this.quietMillis / 1000)} s although the connection is open`
  }
}

/** After how many timeouts without market data the connection is given up. */
export const reconnectAfterTimeouts = 3

/** What is watched; times are monotonic milliseconds. */
export interface Options {
  readonly timeoutMillis: number
  readonly nowMillis: () => number
  /** When market data last arrived, or the subscription was sent. Control frames do not count. */
  readonly lastData: () => number
  /** Called once for each quiet spell, after one timeout. */
  readonly onQuiet: (quietMillis: number) => Effect.Effect<void>
}

/** Warns after one timeout without market data and fails after three. Sleeps until the next deadline, never polls. */
export const watch = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<never, MarketDataTimeout> {
  let warnedAbout = -1
  while (true) {
    const since = options.lastData()
    const quietMillis = options.nowMillis() - since
    const limit = options.timeoutMillis * reconnectAfterTimeouts
    if (quietMillis >= options.timeoutMillis && warnedAbout !== since) {
      warnedAbout = since
      yield* options.onQuiet(quietMillis)
    }
    if (quietMillis >= limit) return yield* new MarketDataTimeout({ quietMillis })
    const next = quietMillis < options.timeoutMillis ? options.timeoutMillis : limit
    yield* Effect.sleep(Math.max(1, next - quietMillis))
  }
})
