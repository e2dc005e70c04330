import { type Venue, venues } from "../domain/Venue.ts"
import type { ScheduledFault } from "./Fault.ts"

/**
 * When the venues lose patience. Milliseconds; the defaults are the venues' own. Lifetimes that no venue documents have
 * no end; OKX announces the end of a connection, Binance ends it without a word.
 */
export interface Timings {
  readonly binancePingEvery: number
  readonly binancePongWithin: number
  readonly binanceLifetime: number
  /** How long an address is banned that goes on after it was told to stop. */
  readonly binanceBan: number
  readonly coinbaseSubscribeWithin: number
  readonly coinbaseQuietChannel: number
  readonly coinbaseHeartbeatEvery: number
  readonly coinbaseTradeBatch: number
  readonly coinbaseLifetime: number
  readonly upbitIdle: number
  readonly upbitSnapshotDelay: readonly [minimum: number, maximum: number]
  readonly upbitErrorClose: number
  readonly upbitUpEvery: number
  readonly upbitLifetime: number
  readonly upbitBan: number
  readonly okxIdle: number
  readonly okxKeepAlive: number
  readonly okxLifetime: number
  /** How long before its end a connection is told of it, where the venue tells. */
  readonly noticeLead: number
  readonly bybitIdle: number
  readonly bybitLifetime: number
  readonly bybitBan: number
}

export interface SimulatorOptions {
  /** 0 lets the system choose. */
  readonly port: number
  /** How many ports to listen on: the given one and those after it. Each is a way of its own to the same venues. */
  readonly listeners: number
  /** The same seed gives the same markets, ids and scheduled faults. */
  readonly seed: string
  /** Paths of other venues answer 404. */
  readonly venues: ReadonlyArray<Venue>
  /** The symbols that exist, in the venue's own notation (Binance: as in stream names). */
  readonly symbols: Readonly<Record<Venue, ReadonlyArray<string>>>
  /** Events per second of each feed. */
  readonly rate: number
  readonly tickMillis: number
  readonly timings: Timings
  /** Levels per side of a Coinbase book; 22,000 give the several megabytes of a real snapshot. */
  readonly coinbaseLevels: number
  /** How likely a change of an OKX or Bybit book restarts the venue's numbering. */
  readonly restartProbability: number
  /** The newest trades, and changes of the book, of each symbol that are remembered: what is told over HTTP and audited. */
  readonly tapeLength: number
  readonly faults: ReadonlyArray<ScheduledFault>
  /** A connection whose client is this far behind is dropped. */
  readonly maxBufferedBytes: number
  readonly ledger: {
    /** Also append the ledger to this file, one JSON object per line. */
    readonly path: string | null
    /** Keep entries in memory; without, only their number. */
    readonly keep: boolean
  }
}

/** What can be left out, which is everything. */
export interface PartialSimulatorOptions extends Partial<Omit<SimulatorOptions, "symbols" | "timings" | "ledger">> {
  readonly symbols?: Partial<SimulatorOptions["symbols"]>
  readonly timings?: Partial<Timings>
  readonly ledger?: Partial<SimulatorOptions["ledger"]>
}

export const defaultTimings: Timings = {
  binancePingEvery: 20_000,
  binancePongWithin: 60_000,
  binanceLifetime: 86_400_000,
  binanceBan: 120_000,
  coinbaseSubscribeWithin: 5_000,
  coinbaseQuietChannel: 75_000,
  coinbaseHeartbeatEvery: 1_000,
  coinbaseTradeBatch: 250,
  coinbaseLifetime: Number.POSITIVE_INFINITY,
  upbitIdle: 60_000,
  upbitSnapshotDelay: [172, 354],
  upbitErrorClose: 150,
  upbitUpEvery: 10_000,
  upbitLifetime: Number.POSITIVE_INFINITY,
  upbitBan: 10_000,
  okxIdle: 30_000,
  okxKeepAlive: 60_000,
  okxLifetime: Number.POSITIVE_INFINITY,
  noticeLead: 60_000,
  bybitIdle: 600_000,
  bybitLifetime: Number.POSITIVE_INFINITY,
  bybitBan: 600_000
}

export const defaults: SimulatorOptions = {
  port: 0,
  listeners: 1,
  seed: "ticklake",
  venues,
  symbols: {
    binance: ["btcusdt", "ethusdt"],
    coinbase: ["BTC-USD", "ETH-USD"],
    upbit: ["KRW-BTC", "KRW-ETH"],
    okx: ["BTC-USDT", "ETH-USDT"],
    bybit: ["BTCUSDT", "ETHUSDT"]
  },
  rate: 20,
  tickMillis: 10,
  timings: defaultTimings,
  coinbaseLevels: 500,
  restartProbability: 1 / 5_000,
  tapeLength: 100_000,
  faults: [],
  maxBufferedBytes: 64 * 1024 * 1024,
  ledger: { path: null, keep: true }
}

/** Fills in what was left out. */
export const complete = (options: PartialSimulatorOptions): SimulatorOptions => ({
  ...defaults,
  ...options,
  symbols: { ...defaults.symbols, ...options.symbols },
  timings: { ...defaults.timings, ...options.timings },
  ledger: { ...defaults.ledger, ...options.ledger }
})
