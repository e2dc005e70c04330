/** What metrics cost the way of a frame: `node test/bench/counting.bench.ts`. */
import * as Feed from "../../src/domain/Feed.ts"
import type { DataType } from "../../src/domain/Feed.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import type { Parsed } from "../../src/exchanges/Exchange.ts"
import { registry } from "../../src/exchanges/registry.ts"
import { countLatencies } from "../../src/feeds/countLatencies.ts"
import { type FeedStats, makeStats } from "../../src/telemetry/Telemetry.ts"
import * as binance from "../exchanges/binance/frames.ts"
import * as okx from "../exchanges/okx/frames.ts"

const frames = 50_000
const rounds = 7
const books = (levels: number) =>
  Array.from({ length: levels }, (_, level) => [`${61_000 + level / 10}`, `${level}.25`])
const wideBook = JSON.stringify({
  topic: "orderbook.50.BTCUSDT",
  ts: 1_795_000_000_146,
  type: "delta",
  data: { s: "BTCUSDT", b: books(20), a: books(20), u: 330_044_002, seq: 120_000_000_009 },
  cts: 1_795_000_000_140
})

const cases: ReadonlyArray<readonly [name: string, venue: Venue, symbol: string, DataType, text: string]> = [
  ["Binance, a trade", "binance", "btcusdt", "trade", binance.trade],
  ["OKX, two trades", "okx", "BTC-USDT", "trade", okx.trades],
  ["Bybit, a book with 40 levels", "bybit", "BTCUSDT", "orderbook", wideBook]
]

/** What a session and the feed's intake count of each frame. */
const count = (stats: FeedStats, { events, problems }: Parsed, receivedAtMicros: number) => {
  stats.frames++
  stats.parseErrors += problems.length
  stats.lastEventAt = Math.floor(receivedAtMicros / 1000)
  stats.events += events.length
  stats.completeness.record(events, receivedAtMicros)
}

/** CPU per frame, in nanoseconds. */
const measure = (work: (receivedAtMicros: number) => void): number => {
  const before = process.cpuUsage()
  for (let index = 0; index < frames; index++) work(1_795_000_000_600_000 + (Math.imul(index, 2_654_435_761) >>> 12))
  const { system, user } = process.cpuUsage(before)
  return (user + system) * 1000 / frames
}

console.log("| frame | parsed | and counted | and latency observed | counting | latency |")
console.log("| --- | --- | --- | --- | --- | --- |")
for (const [name, venue, symbol, dataType, text] of cases) {
  const feed = Feed.make(venue, symbol, dataType)
  const exchange = registry[venue](null)
  const parse = exchange.parser([feed])
  const bytes = Buffer.from(text)
  const stats = makeStats(feed)
  stats.completeness.begin({
    rule: exchange.channels[dataType].continuity,
    startedMicros: 1_795_000_000_000_000,
    lastReceivedMicros: null,
    gaps: []
  })
  const ways = [
    (receivedAtMicros: number) => {
      parse({ bytes, receivedAtMicros })
    },
    (receivedAtMicros: number) => count(stats, parse({ bytes, receivedAtMicros }), receivedAtMicros),
    (receivedAtMicros: number) => {
      const parsed = parse({ bytes, receivedAtMicros })
      count(stats, parsed, receivedAtMicros)
      countLatencies(stats, parsed.events)
    }
  ]
  const best = ways.map(() => Infinity)
  for (let round = 0; round < rounds; round++) {
    for (const [way, work] of ways.entries()) best[way] = Math.min(best[way] ?? Infinity, measure(work))
  }
  const [parsed = NaN, counted = NaN, observed = NaN] = best
  if (stats.latency.count === 0) throw new Error(`${name}: no latency was observed`)
  const share = (more: number) => `${(more / observed * 100).toFixed(1)} %`
  console.log(
    `| ${name} | ${parsed.toFixed(0)} ns | ${counted.toFixed(0)} ns | ${observed.toFixed(0)} ns | ${
      share(counted - parsed)
    } | ${share(observed - counted)} |`
  )
}
