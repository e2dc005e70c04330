import { assert, describe, it } from "@effect/vitest"
import { make } from "../../../src/exchanges/coinbase/Coinbase.ts"
import { receivedAtMicros } from "../frameOf.ts"
import { historyOf, historySuite, reasonOf, responseOf, wantedOf } from "../historySuite.ts"
import { Raw } from "../wireText.ts"

const makerSide = (taker: "buy" | "sell") => taker === "buy" ? "sell" : "buy"

historySuite("coinbase", {
  make,
  symbol: "BTC-USD",
  nextId: (previous) => previous + 1n,
  isDense: true,
  isSinglePage: false,
  element: ({ id, millis, price, side, size }) => ({
    time: new Date(millis).toISOString(),
    trade_id: new Raw(String(id)),
    price,
    size,
    side: makerSide(side)
  }),
  live: ({ id, millis, price, side, size }) =>
    JSON.stringify({
      channel: "market_trades",
      timestamp: "2026-09-27T16:42:07.141291854Z",
      sequence_num: 0,
      events: [{
        type: "update",
        trades: [{
          product_id: "BTC-USD",
          trade_id: String(id),
          price,
          size,
          time: new Date(millis).toISOString(),
          side: makerSide(side).toUpperCase()
        }]
      }]
    }),
  select: ({ searchParams }, tape, most) => {
    const after = BigInt(searchParams.get("after") ?? "0")
    const limit = Math.min(most, Number(searchParams.get("limit")))
    return tape.filter(({ id }) => id < after).slice(-limit).toReversed()
  },
  wrap: (elements) => elements
})

const history = historyOf(make)
const wanted = wantedOf("BTC-USD", "1099158136", "1099158138")
const read = (body: string, changes = {}) => history.read(wanted, history.first(wanted), responseOf(body, changes))

const element = "{\"trade_id\":1099158137,\"side\":\"sell\",\"size\":\"0.00046022\",\"price\":\"84451.04\"," +
  "\"time\":\"2026-09-27T16:42:06.745095Z\"}"

describe("Coinbase's trades", () => {
  it("are asked for at Coinbase Exchange, older than the first trade after the gap", () => {
    const query = "/products/BTC-USD/trades?after=1099158138&limit=1000"
    const hosts: ReadonlyArray<readonly [string | null, string]> = [
      [null, "https://api.exchange.coinbase.com"],
      ["wss://advanced-trade-ws.coinbase.com", "https://api.exchange.coinbase.com"],
      ["wss://ws-feed.exchange.coinbase.com", "https://api.exchange.coinbase.com"],
      ["wss://ws-feed-public.sandbox.exchange.coinbase.com", "https://api-public.sandbox.exchange.coinbase.com"]
    ]
    for (const [baseUrl, host] of hosts) assert.strictEqual(historyOf(make, baseUrl).first(wanted), host + query)
  })

  it("have the product under which a pair in USDC is delivered", () => {
    const path = (symbol: string) => new URL(history.first({ ...wanted, symbol })).pathname
    assert.strictEqual(path("BTC-USDC"), "/products/BTC-USD/trades")
    assert.strictEqual(path("USDT-USDC"), "/products/USDT-USDC/trades")
  })

  it("are filed with the taker's side, where Coinbase writes the maker's", () => {
    assert.deepStrictEqual(read(`[${element}]`), {
      _tag: "Page",
      trades: [{
        dataType: "trade",
        symbol: "BTC-USD",
        sequenceId: "1099158137",
        timestampCollector: receivedAtMicros,
        timestampExchange: 1_790_527_326_745_095,
        data: Buffer.from(element),
        position: { first: 1_099_158_137, last: 1_099_158_137, previous: null },
        tradeId: "1099158137",
        price: 84_451.04,
        size: 0.00046022,
        side: "buy",
        origin: "repair"
      }],
      next: null,
      complete: true
    })
  })

  it("come with Coinbase's words where it objects", () => {
    assert.match(
      reasonOf(read("{\"message\":\"NotFound\"}", { status: 404 })),
      /^HTTP 404: NotFound; check rest_url/
    )
    const limited = "{\"message\":\"Public rate limit exceeded\"}"
    assert.deepStrictEqual(read(limited, { status: 429 }), { _tag: "Busy", pauseMillis: 1000 })
    assert.strictEqual(reasonOf(read(`[${element.replace("sell", "SOLD")}]`)), "side is neither buy nor sell")
  })
})
