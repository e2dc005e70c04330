import { Arbitrary, Schema } from "effect"
import { randomBytes } from "node:crypto"
import type { BookEvent, GapEvent, TradeEvent } from "../../src/domain/Event.ts"
import { Gap } from "../../src/domain/Gap.ts"
import type { SeriesMemory } from "../../src/sinks/SeriesMemory.ts"

/** What is known where no file was sealed. */
export const nothingSealed: SeriesMemory = { tail: null, gaps: [], previousFile: null }

/** 2026-03-14T10:00:00Z, in microseconds. */
export const tenOClock = Date.UTC(2026, 2, 14, 10) * 1000

/** The `index`-th trade of a feed that trades every 10 ms. */
export const trade = (index: number, over: Partial<TradeEvent> = {}): TradeEvent => ({
  dataType: "trade",
  symbol: "BTC-USDT",
  sequenceId: String(1_000_000 + index),
  timestampCollector: tenOClock + index * 10_000,
  timestampExchange: tenOClock + index * 10_000 - 1500,
  data: Buffer.from(`{"t":${1_000_000 + index},"p":"67250.${index % 100}","note":"体结算 ✓"}`),
  position: null,
  tradeId: String(1_000_000 + index),
  price: 67_250 + index / 100,
  size: 0.001 * (1 + index % 7),
  side: index % 2 === 0 ? "buy" : "sell",
  ...over
})

export const trades = (count: number, from = 0): Array<TradeEvent> =>
  Array.from({ length: count }, (_, index) => trade(from + index))

/** `row` with other JSON, of which compression saves nothing. */
export const incompressible = (row: TradeEvent): TradeEvent => ({ ...row, data: randomBytes(80) })

/** The `index`-th book message of a feed whose venue sends no time. */
export const book = (index: number, over: Partial<BookEvent> = {}): BookEvent => ({
  dataType: "orderbook",
  symbol: "BTC-USDT",
  sequenceId: String(index),
  timestampCollector: tenOClock + index * 100_000,
  timestampExchange: null,
  data: Buffer.from(`{"lastUpdateId":${index},"bids":[["1.5","2"]],"asks":[]}`),
  position: null,
  isSnapshot: index % 3 === 0,
  ...over
})

const gapEvent = (gap: Gap, timestampCollector: number): GapEvent => ({
  dataType: "gap",
  symbol: "BTC-USDT",
  sequenceId: `${gap.id}#${gap.revision}`,
  timestampCollector,
  timestampExchange: null,
  data: Buffer.from(JSON.stringify(gap)),
  position: null,
  gap
})

/** What is said of a gap of a trade feed at the `index`-th second. */
export const gapRow = (index: number, over: Partial<Gap> = {}): GapEvent =>
  gapEvent({
    id: `trade-${index}`,
    revision: 1,
    dataType: "trade",
    cause: "disconnected",
    status: "missing",
    openedMicros: tenOClock + index * 1_000_000,
    closedMicros: tenOClock + index * 1_000_000 + 500_000,
    firstMissingId: null,
    lastMissingId: null,
    missing: null,
    recovered: 0,
    connectionBefore: index,
    connectionAfter: index + 1,
    ...over
  }, tenOClock + index * 1_000_000)

// From 1970 to 2100, and on both sides of where 32 bits end.
const micros = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 4_102_444_800_000_000 }))
const text = Schema.String.check(Schema.isMaxLength(200))
const common = {
  symbol: Schema.Literal("BTC-USDT"),
  sequenceId: text,
  timestampCollector: micros,
  timestampExchange: Schema.NullOr(micros),
  data: text,
  position: Schema.Null
}

const withBytes = <A extends { readonly data: string }>(fields: A) => ({ ...fields, data: Buffer.from(fields.data) })

export const anyTrade: Arbitrary.Arbitrary<TradeEvent> = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({
    ...common,
    dataType: Schema.Literal("trade"),
    tradeId: text,
    price: Schema.Finite,
    size: Schema.Finite,
    side: Schema.Literals(["buy", "sell"]),
    origin: Schema.optionalKey(Schema.Literal("repair"))
  })),
  withBytes
)

export const anyBook: Arbitrary.Arbitrary<BookEvent> = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({ ...common, dataType: Schema.Literal("orderbook"), isSnapshot: Schema.Boolean })),
  withBytes
)

// JSON has no negative zero.
const plain = <N extends number | null>(value: N): N => Object.is(value, -0) ? 0 as N : value
const wholeText = (value: string | null) => value === null ? null : Buffer.from(value).toString()

export const anyGap: Arbitrary.Arbitrary<GapEvent> = Arbitrary.map(
  Arbitrary.schema(Schema.Struct({ gap: Gap, at: micros, opened: micros, closed: Schema.NullOr(micros) })),
  ({ at, closed, gap, opened }) =>
    gapEvent({
      ...gap,
      id: Buffer.from(gap.id).toString(),
      firstMissingId: wholeText(gap.firstMissingId),
      lastMissingId: wholeText(gap.lastMissingId),
      openedMicros: opened,
      closedMicros: closed,
      revision: plain(gap.revision),
      missing: plain(gap.missing),
      recovered: plain(gap.recovered),
      connectionBefore: plain(gap.connectionBefore),
      connectionAfter: plain(gap.connectionAfter)
    }, at)
)
