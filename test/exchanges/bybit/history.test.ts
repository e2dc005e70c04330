import { assert, describe, it } from "@effect/vitest"
import { make } from "../../../src/exchanges/bybit/Bybit.ts"
import { receivedAtMicros } from "../frameOf.ts"
import { historyOf, historySuite, reasonOf, responseOf, wantedOf } from "../historySuite.ts"

const sides = { buy: "Buy", sell: "Sell" } as const

historySuite("bybit", {
  make,
  symbol: "BTCUSDT",
  nextId: (previous, millis) =>
    (previous < 2n ** 53n ? 2_290_000_001_211_680_903n : previous) + BigInt(1 + millis % 17),
  isDense: false,
  isSinglePage: true,
  element: ({ id, millis, price, side, size }) => ({
    execId: String(id),
    symbol: "BTCUSDT",
    price,
    size,
    side: sides[side],
    time: String(millis),
    isBlockTrade: false,
    isRPITrade: true,
    seq: "123456"
  }),
  live: ({ id, millis, price, side, size }) =>
    JSON.stringify({
      topic: "publicTrade.BTCUSDT",
      ts: millis,
      type: "snapshot",
      data: [{ i: String(id), T: millis, p: price, v: size, S: sides[side], seq: 1, s: "BTCUSDT", BT: false }]
    }),
  select: ({ searchParams }, tape, most) => tape.slice(-Math.min(most, Number(searchParams.get("limit")))).toReversed(),
  wrap: (elements) =>
    `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":${elements}},"retExtInfo":{},"time":1672053054358}`
})

const history = historyOf(make)
const wanted = wantedOf("BTCUSDT", "2100000000007764262", "2100000000007764299")
const read = (body: string, changes = {}) => history.read(wanted, history.first(wanted), responseOf(body, changes))

const element =
  "{\"execId\":\"2100000000007764263\",\"symbol\":\"BTCUSDT\",\"price\":\"16618.49\",\"size\":\"0.00012\"," +
  "\"side\":\"Buy\",\"time\":\"1672052955758\",\"isBlockTrade\":false,\"isRPITrade\":true,\"seq\":\"123456\"}"
const list = (elements: string) =>
  `{"retCode":0,"retMsg":"OK","result":{"category":"spot","list":[${elements}]},"retExtInfo":{},"time":1672053054358}`

describe("Bybit's recent-trade", () => {
  it("is asked for the newest 60 trades at the host beside that of the stream", () => {
    const query = "/v5/market/recent-trade?category=spot&symbol=BTCUSDT&limit=60"
    const hosts: ReadonlyArray<readonly [string | null, string]> = [
      [null, "https://api.bybit.com"],
      ["wss://stream.bybit.com/v5/public/spot", "https://api.bybit.com"],
      ["wss://stream-testnet.bybit.com/v5/public/spot", "https://api-testnet.bybit.com"],
      ["wss://stream.bybit.kz/v5/public/spot", "https://api.bybit.kz"]
    ]
    for (const [baseUrl, host] of hosts) assert.strictEqual(historyOf(make, baseUrl).first(wanted), host + query)
  })

  it("gives a trade as documented, and does not claim to reach the gap", () => {
    const afterGap = element.replace("4263", "4299")
    const answer = read(list(`${afterGap},${element}`))
    if (answer._tag !== "Page") return assert.fail(answer._tag)
    assert.deepStrictEqual(answer.trades.map(({ tradeId }) => tradeId), ["2100000000007764263", "2100000000007764299"])
    assert.deepStrictEqual({ ...answer, trades: answer.trades.slice(0, 1) }, {
      _tag: "Page",
      trades: [{
        dataType: "trade",
        symbol: "BTCUSDT",
        sequenceId: "2100000000007764263",
        timestampCollector: receivedAtMicros,
        timestampExchange: 1_672_052_955_758_000,
        data: Buffer.from(element),
        position: null,
        tradeId: "2100000000007764263",
        price: 16_618.49,
        size: 0.00012,
        side: "buy",
        origin: "repair"
      }],
      next: null,
      complete: false
    })
    const reaching = read(list(`${afterGap},${element},${element.replace("4263", "4262")}`))
    assert.isTrue(reaching._tag === "Page" && reaching.complete)
  })

  it("is left alone for ten minutes when it was asked too often, unless the country is the reason", () => {
    assert.deepStrictEqual(read("access too frequent", { status: 403 }), { _tag: "Busy", pauseMillis: 600_000 })
    assert.match(
      reasonOf(read("<H1>configured to block access from your country.</H1>", { status: 403 })),
      /^HTTP 403; check rest_url/
    )
    assert.deepStrictEqual(read("{\"retCode\":10006,\"retMsg\":\"x\"}"), { _tag: "Busy", pauseMillis: 5000 })
    assert.strictEqual(
      reasonOf(read("{\"retCode\":10001,\"retMsg\":\"Not supported symbols\",\"result\":{}}")),
      "Not supported symbols (code 10001)"
    )
  })

  it("is refused with a trade of another symbol, or one that lacks something", () => {
    assert.match(
      reasonOf(read(list(element.replace("BTCUSDT", "ETHUSDT")))),
      /^trade of ETHUSDT among those of BTCUSDT/
    )
    const wrong = [
      ["execId", "i"],
      ["\"16618.49\"", "1"],
      ["\"0.00012\"", "1"],
      ["Buy", "buy"],
      ["1672052955758", "soon"]
    ] as const
    for (const [right, damaged] of wrong) {
      assert.match(reasonOf(read(list(element.replace(right, damaged)))), /without a valid/, damaged)
    }
  })
})
