import { assert, describe, it } from "@effect/vitest"
import { make } from "../../../src/exchanges/okx/Okx.ts"
import { receivedAtMicros } from "../frameOf.ts"
import { type Dealt, historyOf, historySuite, reasonOf, responseOf, wantedOf } from "../historySuite.ts"

const fill = ({ id, millis, price, side, size }: Dealt) => ({
  instId: "BTC-USDT",
  side,
  sz: size,
  source: "0",
  px: price,
  tradeId: String(id),
  ts: String(millis)
})

historySuite("okx", {
  make,
  symbol: "BTC-USDT",
  nextId: (previous) => previous + 1n,
  isDense: true,
  isSinglePage: false,
  element: fill,
  live: (trade) =>
    JSON.stringify({
      arg: { channel: "trades", instId: "BTC-USDT" },
      data: [{ ...fill(trade), count: "1", seqId: 80_559_459_948 }]
    }),
  select: ({ searchParams }, tape, most) => {
    assert.strictEqual(searchParams.get("type"), "1")
    const after = BigInt(searchParams.get("after") ?? "0")
    const limit = Math.min(most, Number(searchParams.get("limit")))
    return tape.filter(({ id }) => id < after).slice(-limit).toReversed()
  },
  wrap: (elements) => `{"code":"0","msg":"","data":${elements}}`
})

const history = historyOf(make)
const wanted = wantedOf("BTC-USDT", "242720719", "242720721")
const read = (body: string, changes = {}) => history.read(wanted, history.first(wanted), responseOf(body, changes))

const element = "{\"instId\":\"BTC-USDT\",\"side\":\"sell\",\"sz\":\"0.00001\",\"source\":\"0\",\"px\":\"29963.2\"," +
  "\"tradeId\":\"242720720\",\"ts\":\"1654161646974\"}"

describe("OKX's history-trades", () => {
  it("is asked at the host of the region, older than the first trade after the gap", () => {
    const query = "/api/v5/market/history-trades?instId=BTC-USDT&type=1&after=242720721&limit=100"
    const hosts: ReadonlyArray<readonly [string | null, string]> = [
      [null, "https://www.okx.com"],
      ["wss://ws.okx.com:8443/ws/v5/public", "https://www.okx.com"],
      ["wss://wseea.okx.com:8443/ws/v5/public", "https://eea.okx.com"],
      ["wss://wsus.okx.com:8443/ws/v5/public", "https://us.okx.com"]
    ]
    for (const [baseUrl, host] of hosts) assert.strictEqual(historyOf(make, baseUrl).first(wanted), host + query)
  })

  it("is not asked about demo trading, of which it knows nothing", () => {
    for (const host of ["wspap", "wseeapap", "wsuspap"]) {
      assert.isNull(make(`wss://${host}.okx.com:8443/ws/v5/public?brokerId=9999`).tradeHistory)
    }
  })

  it("gives a fill as documented", () => {
    assert.deepStrictEqual(read(`{"code":"0","msg":"","data":[${element}]}`), {
      _tag: "Page",
      trades: [{
        dataType: "trade",
        symbol: "BTC-USDT",
        sequenceId: "242720720",
        timestampCollector: receivedAtMicros,
        timestampExchange: 1_654_161_646_974_000,
        data: Buffer.from(element),
        position: { first: 242_720_720, last: 242_720_720, previous: null },
        tradeId: "242720720",
        price: 29_963.2,
        size: 0.00001,
        side: "sell",
        origin: "repair"
      }],
      next: null,
      complete: true
    })
  })

  it("objects with HTTP 200 too", () => {
    const objection = (code: string, msg: string) => `{"code":"${code}","msg":"${msg}","data":[]}`
    assert.deepStrictEqual(read(objection("50011", "Too Many Requests")), { _tag: "Busy", pauseMillis: 2000 })
    assert.deepStrictEqual(read(objection("50013", "busy")), { _tag: "Busy", pauseMillis: 5000 })
    assert.deepStrictEqual(read("", { status: 429 }), { _tag: "Busy", pauseMillis: 2000 })
    assert.strictEqual(
      reasonOf(read(objection("51001", "Instrument ID doesn't exist."))),
      "Instrument ID doesn't exist. (code 51001)"
    )
    assert.strictEqual(reasonOf(read(objection("50014", "x"), { status: 400 })), "HTTP 400: x (code 50014)")
  })

  it("refuses a page with a trade of another symbol", () => {
    const other = element.replace("BTC-USDT", "ETH-USDT")
    assert.strictEqual(
      reasonOf(read(`{"code":"0","msg":"","data":[${element},${other}]}`)),
      "trade of ETH-USDT among those of BTC-USDT"
    )
  })

  it("refuses ids that are no numbers", () => {
    const named = element.replace("242720720", "x720")
    assert.match(reasonOf(read(`{"code":"0","msg":"","data":[${named}]}`)), /not a number, x720/)
  })
})
