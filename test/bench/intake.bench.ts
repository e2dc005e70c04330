/** What judging events and keeping gaps costs the way of a frame, beside parsing it: `node test/bench/intake.bench.ts`. */
import { Effect } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import type { DataType } from "../../src/domain/Feed.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import { registry } from "../../src/exchanges/registry.ts"
import { FeedIntake } from "../../src/feeds/FeedIntake.ts"
import * as PathStats from "../../src/telemetry/PathStats.ts"
import { makeStats } from "../../src/telemetry/Telemetry.ts"

const frames = 20_000
const rounds = 9
const startMicros = 1_795_000_000_000_000

const levels = (count: number) => Array.from({ length: count }, (_, level) => [`${61_000 + level / 10}`, `${level}.25`])
const bybitLevels = JSON.stringify(levels(20))
const binanceLevels = JSON.stringify(levels(20))

/** The frame with that number; times are milliseconds. */
type Text = (number: number, millis: number) => string

const cases: ReadonlyArray<readonly [name: string, venue: Venue, symbol: string, DataType, Text]> = [
  [
    "Binance, a trade (consecutive)",
    "binance",
    "btcusdt",
    "trade",
    (number, millis) =>
      `{"e":"trade","E":${millis + 2},"s":"BTCUSDT","t":${
        5_150_000_000 + number
      },"p":"61234.51000000","q":"0.00420000","T":${millis},"m":false,"M":true}`
  ],
  [
    "Bybit, a trade (none)",
    "bybit",
    "BTCUSDT",
    "trade",
    (number, millis) =>
      `{"topic":"publicTrade.BTCUSDT","ts":${
        millis + 2
      },"type":"snapshot","data":[{"T":${millis},"s":"BTCUSDT","S":"Buy","v":"0.001","p":"61234.50","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-${
        String(number).padStart(12, "0")
      }","BT":false}]}`
  ],
  [
    "Bybit, a book of 40 levels (stepping)",
    "bybit",
    "BTCUSDT",
    "orderbook",
    (number, millis) =>
      `{"topic":"orderbook.50.BTCUSDT","ts":${millis + 6},"type":"${
        number === 0 ? "snapshot" : "delta"
      }","data":{"s":"BTCUSDT","b":${bybitLevels},"a":${bybitLevels},"u":${
        330_044_002 + number
      },"seq":120000000009},"cts":${millis}}`
  ],
  [
    "Bybit, a book of 2 levels (stepping)",
    "bybit",
    "BTCUSDT",
    "orderbook",
    (number, millis) =>
      `{"topic":"orderbook.50.BTCUSDT","ts":${millis + 6},"type":"${
        number === 0 ? "snapshot" : "delta"
      }","data":{"s":"BTCUSDT","b":[["61000.1","0.25"]],"a":[["61000.2","1.25"]],"u":${
        330_044_002 + number
      },"seq":120000000009},"cts":${millis}}`
  ],
  [
    "OKX, a book of 2 levels (linked)",
    "okx",
    "BTC-USDT",
    "orderbook",
    (number, millis) =>
      `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"${
        number === 0 ? "snapshot" : "update"
      }","data":[{"asks":[["61000.2","0.6","0","1"]],"bids":[["61000.1","0.25","0","2"]],"ts":"${millis}","checksum":0,"prevSeqId":${
        number === 0 ? -1 : 7_000_000 + number * 3 - 3
      },"seqId":${7_000_000 + number * 3}}]}`
  ],
  [
    "Binance, a book of 40 levels (none)",
    "binance",
    "btcusdt",
    "orderbook",
    (number) => `{"lastUpdateId":${160_000_000 + number},"bids":${binanceLevels},"asks":${binanceLevels}}`
  ]
]

/** CPU per frame, in nanoseconds. */
const measure = (texts: ReadonlyArray<Buffer>, work: (bytes: Buffer, receivedAtMicros: number) => void): number => {
  const before = process.cpuUsage()
  for (let index = 0; index < texts.length; index++) work(texts[index]!, startMicros + index * 1000)
  const { system, user } = process.cpuUsage(before)
  return (user + system) * 1000 / texts.length
}

console.log("| frame | parsed | and taken | over two paths | intake, one path | two paths |")
console.log("| --- | --- | --- | --- | --- | --- |")
for (const [name, venue, symbol, dataType, text] of cases) {
  const feed = Feed.make(venue, symbol, dataType)
  const exchange = registry[venue](null)
  const texts = Array.from({ length: frames }, (_, number) => Buffer.from(text(number, startMicros / 1000 + number)))
  const intakeOf = (paths: number) => {
    const stats = makeStats(feed)
    stats.paths = PathStats.ofPaths(paths)
    const intake = new FeedIntake({
      feed,
      rule: exchange.channels[dataType].continuity,
      stats,
      queue: { hasRoom: () => true, put: () => {}, take: Effect.never, end: Effect.void },
      before: { tail: null, gaps: [] },
      nowMicros: () => startMicros,
      onRecorded: () => {},
      onMissing: () => {}
    })
    const connections = Array.from({ length: paths }, (_, path) => ({
      parse: exchange.parser([feed]),
      taken: intake.join(path + 1, path)
    }))
    return { stats, connections }
  }
  let taken = 0
  const ways = [
    () => {
      const parse = exchange.parser([feed])
      return measure(texts, (bytes, receivedAtMicros) => {
        parse({ bytes, receivedAtMicros })
      })
    },
    ...[1, 2].map((paths) => () => {
      const { connections, stats } = intakeOf(paths)
      const nanos = measure(texts, (bytes, receivedAtMicros) => {
        for (const { parse, taken } of connections) {
          const { connectionSequence, events } = parse({ bytes, receivedAtMicros })
          taken.receive(events, connectionSequence, receivedAtMicros / 1000)
        }
      })
      taken = stats.events
      return nanos / paths
    })
  ]
  const best = ways.map(() => Infinity)
  for (let round = 0; round < rounds; round++) {
    for (const [way, work] of ways.entries()) best[way] = Math.min(best[way] ?? Infinity, work())
  }
  if (taken !== frames) throw new Error(`${name}: ${taken} of ${frames} events were taken`)
  const [parsed = NaN, one = NaN, two = NaN] = best
  const share = (more: number) => `${((more - parsed) / parsed * 100).toFixed(1)} %`
  console.log(
    `| ${name} | ${parsed.toFixed(0)} ns | ${one.toFixed(0)} ns | ${two.toFixed(0)} ns | ${share(one)} | ${
      share(two)
    } |`
  )
}
