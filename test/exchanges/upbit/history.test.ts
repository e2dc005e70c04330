import { assert, describe, it } from "@effect/vitest"
import { make } from "../../../src/exchanges/upbit/Upbit.ts"
import { receivedAtMicros } from "../frameOf.ts"
import { historyOf, historySuite, reasonOf, responseOf, wantedOf } from "../historySuite.ts"
import { Raw } from "../wireText.ts"

const dayOf = (millis: number) => Math.floor(millis / 86_400_000)
const takers = { buy: "BID", sell: "ASK" } as const

historySuite("upbit", {
  make,
  symbol: "KRW-BTC",
  // Neighbours that a number in JavaScript cannot tell apart.
  nextId: (previous, millis) => {
    const first = BigInt(millis) * 10_000n
    return previous >= first ? previous + 1n : first
  },
  isDense: false,
  isSinglePage: false,
  element: ({ id, millis, price, side, size }) => ({
    market: "KRW-BTC",
    trade_date_utc: "2026-09-30",
    timestamp: millis,
    trade_price: new Raw(price),
    trade_volume: new Raw(size),
    prev_closing_price: new Raw("91424000.0"),
    change_price: new Raw("-224000.0"),
    ask_bid: takers[side],
    sequential_id: new Raw(String(id))
  }),
  live: ({ id, millis, price, side, size }) =>
    `{"type":"trade","code":"KRW-BTC","timestamp":${millis + 9},"trade_timestamp":${millis},"trade_price":${price},` +
    `"trade_volume":${size},"ask_bid":"${takers[side]}","sequential_id":${id},"stream_type":"REALTIME"}`,
  // A request sees the trades of one day, UTC.
  select: ({ searchParams }, tape, most, nowMillis) => {
    const daysAgo = Number(searchParams.get("days_ago") ?? "0")
    const cursor = BigInt(searchParams.get("cursor") ?? "0")
    return tape
      .filter(({ id, millis }) => dayOf(millis) === dayOf(nowMillis) - daysAgo && id < cursor)
      .slice(-Math.min(most, Number(searchParams.get("count"))))
      .toReversed()
  },
  wrap: (elements) => elements
})

const history = historyOf(make)
const wanted = wantedOf("KRW-BTC", "17853972606599999", "17853972606600009")
const read = (body: string, changes = {}) => history.read(wanted, history.first(wanted), responseOf(body, changes))

const element = "{\"market\":\"KRW-BTC\",\"trade_date_utc\":\"2026-07-30\",\"trade_time_utc\":\"07:41:00\"," +
  "\"timestamp\":1785397260660,\"trade_price\":91200000.0,\"trade_volume\":5.485e-05,\"prev_closing_price\":91424000.0," +
  "\"change_price\":-224000.0,\"ask_bid\":\"BID\",\"sequential_id\":17853972606600001}"

describe("Upbit's trades/ticks", () => {
  it("is asked at the regional host, for all up to the trade after the gap", () => {
    const query = "/v1/trades/ticks?market=KRW-BTC&count=500&cursor=17853972606600010"
    assert.strictEqual(history.first(wanted), `https://api.upbit.com${query}`)
    const regional = historyOf(make, "wss://sg-api.upbit.com/websocket/v1")
    assert.strictEqual(regional.first(wanted), `https://sg-api.upbit.com${query}`)
  })

  it("gives a trade as documented, with all 17 digits", () => {
    const afterGap = element.replace("6600001", "6600009")
    const answer = read(`[${afterGap},${element}]`)
    if (answer._tag !== "Page") return assert.fail(answer._tag)
    assert.deepStrictEqual(answer.trades.map(({ tradeId }) => tradeId), ["17853972606600001", "17853972606600009"])
    assert.deepStrictEqual(answer.trades.slice(0, 1), [{
      dataType: "trade",
      symbol: "KRW-BTC",
      sequenceId: "17853972606600001",
      timestampCollector: receivedAtMicros,
      timestampExchange: 1_785_397_260_660_000,
      data: Buffer.from(element),
      position: null,
      tradeId: "17853972606600001",
      price: 91_200_000,
      size: 0.00005485,
      side: "buy",
      origin: "repair"
    }])
    assert.strictEqual(
      answer.next,
      "https://api.upbit.com/v1/trades/ticks?market=KRW-BTC&count=500&cursor=17853972606600001"
    )
    assert.isFalse(answer.complete)
  })

  it("is asked day by day, and no further back than it remembers", () => {
    let url: string | null = history.first(wanted)
    const days: Array<string | null> = []
    while (url !== null) {
      days.push(new URL(url).searchParams.get("days_ago"))
      const answer = history.read(wanted, url, responseOf("[]"))
      url = answer._tag === "Page" ? answer.next : assert.fail(answer._tag)
    }
    assert.deepStrictEqual(days, [null, "1", "2", "3", "4", "5", "6", "7"])
  })

  it("says what it objects to", () => {
    const unknown = "{\"error\":{\"name\":404,\"message\":\"Code not found\"}}"
    assert.match(reasonOf(read(unknown, { status: 404 })), /^HTTP 404: Code not found \(404\); check rest_url/)
    assert.deepStrictEqual(read("", { status: 429 }), { _tag: "Busy", pauseMillis: 1000 })
    assert.match(
      reasonOf(read(`[${element.replace("KRW-BTC", "KRW-ETH")}]`)),
      /^trade of KRW-ETH among those of KRW-BTC/
    )
    const wrong = [
      ["17853972606600001", "1.5"],
      ["BID", "bid"],
      ["91200000.0", "\"1\""],
      ["5.485e-05", "null"],
      ["1785397260660", "-1"]
    ] as const
    for (const [right, damaged] of wrong) {
      assert.match(reasonOf(read(`[${element.replace(right, damaged)}]`)), /without a valid/, damaged)
    }
  })
})
