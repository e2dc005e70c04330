import { assert, describe, it } from "@effect/vitest"
import { make } from "../../../src/exchanges/binance/Binance.ts"
import { receivedAtMicros } from "../frameOf.ts"
import { historyOf, historySuite, reasonOf, responseOf, wantedOf } from "../historySuite.ts"
import { Raw } from "../wireText.ts"

historySuite("binance", {
  make,
  symbol: "btcusdt",
  nextId: (previous) => previous + 1n,
  isDense: true,
  isSinglePage: false,
  element: ({ id, millis, price, side, size }) => ({
    id: new Raw(String(id)),
    price,
    qty: size,
    quoteQty: "1.00000000",
    time: millis,
    isBuyerMaker: side === "sell",
    isBestMatch: true
  }),
  live: ({ id, millis, price, side, size }) => {
    const maker = side === "sell"
    const data = { e: "trade", E: millis, s: "BTCUSDT", t: Number(id), p: price, q: size, T: millis, m: maker, M: true }
    return JSON.stringify({ stream: "btcusdt@trade", data })
  },
  select: ({ searchParams }, tape, most) => {
    const from = BigInt(searchParams.get("fromId") ?? "0")
    return tape.filter(({ id }) => id >= from).slice(0, Math.min(most, Number(searchParams.get("limit"))))
  },
  wrap: (elements) => elements
})

const history = historyOf(make)
const wanted = wantedOf("btcusdt", "28456", "28458")
const read = (body: string, changes = {}) => history.read(wanted, history.first(wanted), responseOf(body, changes))

const element = "{\"id\":28457,\"price\":\"4.00000100\",\"qty\":\"12.00000000\",\"quoteQty\":\"48.000012\"," +
  "\"time\":1499865549590,\"isBuyerMaker\":true,\"isBestMatch\":true}"

describe("Binance's historicalTrades", () => {
  it("is asked at the host of the dialect, from the first missing id on", () => {
    const query = "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=28457&limit=1000"
    const hosts: ReadonlyArray<readonly [string | null, string]> = [
      [null, "https://api.binance.com"],
      ["wss://stream.binance.com:443/ws", "https://api.binance.com"],
      ["wss://data-stream.binance.vision", "https://api.binance.com"],
      ["wss://stream.binance.us:9443", "https://api.binance.us"],
      ["wss://stream.testnet.binance.vision/ws", "https://testnet.binance.vision"],
      ["wss://demo-stream.binance.com:9443", "https://demo-api.binance.com"]
    ]
    for (const [baseUrl, host] of hosts) assert.strictEqual(historyOf(make, baseUrl).first(wanted), host + query)
  })

  it("gives a trade as documented", () => {
    assert.deepStrictEqual(read(`[${element}]`), {
      _tag: "Page",
      trades: [{
        dataType: "trade",
        symbol: "btcusdt",
        sequenceId: "28457",
        timestampCollector: receivedAtMicros,
        timestampExchange: 1_499_865_549_590_000,
        data: Buffer.from(element),
        position: { first: 28_457, last: 28_457, previous: null },
        tradeId: "28457",
        price: 4.000001,
        size: 12,
        side: "sell",
        origin: "repair"
      }],
      next: null,
      complete: true
    })
  })

  it("reads milliseconds, whatever unit the stream has", () => {
    const micros = historyOf(make, "wss://stream.binance.com:9443/stream?timeUnit=MICROSECOND")
    const answer = micros.read(wanted, micros.first(wanted), responseOf(`[${element}]`))
    assert.strictEqual(answer._tag === "Page" ? answer.trades[0]?.timestampExchange : 0, 1_499_865_549_590_000)
  })

  it("remembers a hole on later pages", () => {
    const far = wantedOf("btcusdt", "10", "28459")
    const first = history.read(far, history.first(far), responseOf(`[${element}]`))
    if (first._tag !== "Page" || first.next === null) return assert.fail(first._tag)
    assert.strictEqual(new URL(first.next).searchParams.get("fromId"), "28458")
    const second = history.read(far, first.next, responseOf(`[${element.replace("28457", "28458")}]`))
    assert.deepStrictEqual([second._tag, second._tag === "Page" && second.complete], ["Page", false])
  })

  it("says what it objects to", () => {
    const unknown = "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}"
    assert.strictEqual(reasonOf(read(unknown, { status: 400 })), "HTTP 400: Invalid symbol. (code -1121)")
    assert.deepStrictEqual(read("{\"code\":-1003,\"msg\":\"x\"}", { status: 429 }), {
      _tag: "Busy",
      pauseMillis: 60_000
    })
    assert.deepStrictEqual(read("", { status: 418 }), { _tag: "Busy", pauseMillis: 300_000 })
    assert.match(reasonOf(read("<html>", { status: 403 })), /^HTTP 403; check rest_url/)
    const wrong = [["28457", "-1"], ["\"4.0", "\"x"], ["\"12.0", "\"x"], ["1499865549590", "\"x\""], [
      "true",
      "1"
    ]] as const
    for (const [right, damaged] of wrong) {
      assert.match(reasonOf(read(`[${element.replace(right, damaged)}]`)), /without a valid/, damaged)
    }
  })
})
