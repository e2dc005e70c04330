import { Effect, Fiber, Semaphore } from "effect"
import type { Feed } from "../domain/Feed.ts"
import * as Series from "../domain/Series.ts"
import type { OpenOptions, Sink, SinkError } from "../sinks/Sink.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import * as Ledger from "./Ledger.ts"

/** A sink that stays open until its fiber is interrupted. */
export interface HeldSink {
  readonly sink: Sink
  readonly holding: Fiber.Fiber<void>
}

/** Opens a sink; `beforeClose` runs before it closes. */
export type OpenSink = (
  series: Series.Series,
  options: Partial<OpenOptions>,
  beforeClose: Effect.Effect<void>
) => Effect.Effect<HeldSink, SinkError>

/** The gaps of the feeds of a symbol go to one sink, open as long as one of them is recorded. */
export interface Ledgers {
  /** Where the gaps of a feed go until it leaves. */
  readonly join: (feed: Feed) => Effect.Effect<Sink, SinkError>
  /** The feed, which may not have joined, has said its last. */
  readonly leave: (feed: Feed) => Effect.Effect<void>
  /** Says again what has not been written. */
  readonly again: Effect.Effect<void>
}

interface OfSymbol {
  readonly series: Series.Series
  /** Ids of the feeds whose gaps go there, or are about to. */
  readonly feeds: Set<string>
  /** One opens or closes it at a time: a sink that still closes has the files of the one that would follow. */
  readonly turn: Semaphore.Semaphore
  open: { readonly ledger: Ledger.Ledger; readonly holding: Fiber.Fiber<void> } | null
}

export const make = Effect.fnUntraced(function*(openSink: OpenSink) {
  const telemetry = yield* Telemetry
  const bySeries = new Map<string, OfSymbol>()

  const of = ({ exchange, symbol }: Feed): OfSymbol => {
    const series = Series.make(exchange, symbol, "gap")
    const known = bySeries.get(series.id)
    if (known !== undefined) return known
    const made: OfSymbol = { series, feeds: new Set(), turn: Semaphore.makeUnsafe(1), open: null }
    bySeries.set(series.id, made)
    return made
  }

  const open = Effect.fnUntraced(function*(symbol: OfSymbol) {
    let made: Ledger.Ledger | null = null
    const { holding, sink } = yield* openSink(
      symbol.series,
      { onLost: (rows) => made?.lost(rows) },
      Effect.suspend(() => made?.end ?? Effect.void)
    )
    const ledger = made = yield* Ledger.make(sink, telemetry.sinkStats(symbol.series))
    symbol.open = { ledger, holding }
    return ledger.sink
  })

  const closeUnused = (symbol: OfSymbol) =>
    Effect.suspend(() => {
      if (symbol.feeds.size > 0 || symbol.open === null) return Effect.void
      const { holding } = symbol.open
      symbol.open = null
      // Closing writes what is left of them, and counts it.
      return Effect.ensuring(
        Fiber.interrupt(holding),
        Effect.sync(() => telemetry.removeSeries(symbol.series.id))
      )
    })

  const ledgers: Ledgers = {
    join: (feed) =>
      Effect.suspend(() => {
        const symbol = of(feed)
        // Before anything is waited for: another feed that leaves meanwhile must not close what this one is about to use.
        symbol.feeds.add(feed.id)
        return symbol.turn.withPermit(
          Effect.suspend(() => symbol.open === null ? open(symbol) : Effect.succeed(symbol.open.ledger.sink))
        )
      }),
    leave: (feed) =>
      Effect.suspend(() => {
        const symbol = of(feed)
        symbol.feeds.delete(feed.id)
        return symbol.turn.withPermit(closeUnused(symbol))
      }),
    again: Effect.suspend(() =>
      Effect.forEach(bySeries.values(), ({ open: opened }) => opened?.ledger.again ?? Effect.void, { discard: true })
    )
  }
  return ledgers
})
