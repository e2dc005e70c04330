import { assert, describe, it } from "@effect/vitest"
import type { Event, Position } from "../../src/domain/Event.ts"
import * as FeedJudge from "../../src/feeds/FeedJudge.ts"
import * as SequenceStats from "../../src/telemetry/SequenceStats.ts"

const trade = (id: number | string, position: Position | null): Event => ({
  dataType: "trade",
  symbol: "BTC-USDT",
  sequenceId: String(id),
  timestampCollector: 0,
  timestampExchange: 0,
  data: Buffer.from("{}"),
  position,
  tradeId: String(id),
  price: 1,
  size: 1,
  side: "buy"
})
const numbered = (id: number) => trade(id, { first: id, last: id, previous: null })
const ids = (events: ReadonlyArray<Event>) => events.map(({ sequenceId }) => Number(sequenceId))

describe("FeedJudge", () => {
  it("keeps what is new and late, drops what came before, and names what is missing", () => {
    const stats = SequenceStats.make()
    const { judge } = FeedJudge.make("consecutive", stats)
    const whole = [numbered(1), numbered(2)]
    assert.strictEqual(judge(whole, null).events, whole)
    const { events, gap } = judge([numbered(2), numbered(6), numbered(7)], null)
    assert.deepStrictEqual(ids(events), [6, 7])
    assert.deepStrictEqual(gap, { missing: { first: 3, last: 5 } })
    assert.deepStrictEqual(ids(judge([numbered(4), numbered(4)], null).events), [4])
    assert.deepInclude(stats, { gaps: 1, missing: 2, outOfOrder: 1, duplicates: 2, resets: 0 })
    assert.deepInclude(stats.gapSize, { count: 1, sum: 3 })
  })

  it("knows trades without such numbers by their ids, over connections, and forgets the oldest", () => {
    const stats = SequenceStats.make()
    const judge = FeedJudge.make("none", stats)
    const upTo = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, i) => trade(first + i, null))
    assert.strictEqual(judge.judge(upTo(1, 4097), null).events.length, 4097)
    judge.connected()
    assert.deepStrictEqual(ids(judge.judge([trade(4097, null), trade(2, null), trade(1, null)], null).events), [1])
    assert.deepInclude(stats, { gaps: 0, duplicates: 2 })
  })

  it("judges every message of a connection that numbers them, those without events too", () => {
    const stats = SequenceStats.make()
    const judge = FeedJudge.make("connection", stats)
    const book: Event = {
      dataType: "orderbook",
      symbol: "BTC-USD",
      sequenceId: "1",
      timestampCollector: 0,
      timestampExchange: null,
      data: Buffer.from("{}"),
      position: null,
      isSnapshot: false
    }
    assert.isNull(judge.judge([book], 0).gap)
    assert.isNull(judge.judge([], 1).gap)
    assert.deepStrictEqual(judge.judge([book], 4), { events: [book], gap: { missing: { first: 2, last: 3 } } })
    assert.deepStrictEqual(judge.judge([book], 4).events, [])
    assert.deepStrictEqual(judge.judge([book], 3).events, [book])
    judge.connected()
    assert.isNull(judge.judge([book], 0).gap)
    // How many events the messages held, nobody knows.
    assert.deepInclude(stats, { gaps: 1, missing: 0, outOfOrder: 1, duplicates: 1 })
  })

  it("lets a book be asked for anew at once, and then once a minute", () => {
    const { mayAskAnew } = FeedJudge.make("linked", SequenceStats.make())
    assert.deepStrictEqual([0, 1, 59_999, 60_000, 60_001, 200_000].map(mayAskAnew), [
      true,
      false,
      false,
      true,
      false,
      true
    ])
  })
})
