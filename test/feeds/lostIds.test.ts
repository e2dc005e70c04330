import { assert, describe, it } from "@effect/vitest"
import type { TradeEvent } from "../../src/domain/Event.ts"
import { lostIds } from "../../src/feeds/lostIds.ts"

const trade = (first: number, last: number, micros: number): TradeEvent => ({
  dataType: "trade",
  symbol: "BTC-USDT",
  sequenceId: String(last),
  timestampCollector: micros,
  timestampExchange: micros,
  data: Buffer.from("{}"),
  position: { first, last, previous: null },
  tradeId: String(last),
  price: 1,
  size: 1,
  side: "buy"
})

const lost = (events: ReadonlyArray<TradeEvent>) => ({
  rows: events.length,
  firstId: events[0]?.sequenceId ?? null,
  lastId: events.at(-1)?.sequenceId ?? null,
  firstReceivedMicros: events[0]?.timestampCollector ?? 0,
  lastReceivedMicros: events.at(-1)?.timestampCollector ?? 0,
  events
})

describe("the ids of lost rows", () => {
  it("are runs, in whatever order the rows came, with all ids that a row stands for", () => {
    const runs = lostIds(
      lost([trade(20, 22, 5), trade(10, 10, 6), trade(23, 23, 7), trade(11, 12, 8), trade(30, 30, 9)])
    )
    assert.deepStrictEqual(runs, [
      { rows: 2, ids: { first: 10, last: 12 }, firstReceivedMicros: 6, lastReceivedMicros: 8 },
      { rows: 2, ids: { first: 20, last: 23 }, firstReceivedMicros: 5, lastReceivedMicros: 7 },
      { rows: 1, ids: { first: 30, last: 30 }, firstReceivedMicros: 9, lastReceivedMicros: 9 }
    ])
  })

  it("are known by their ends only where these tell how many there are", () => {
    const ends = { ...lost([trade(10, 10, 1), trade(12, 12, 2)]), events: null }
    assert.isNull(lostIds(ends)[0]?.ids)
    assert.deepStrictEqual(lostIds({ ...ends, rows: 3 })[0]?.ids, { first: 10, last: 12 })
    assert.isNull(lostIds({ ...ends, firstId: "12", lastId: "10" })[0]?.ids)
  })
})
