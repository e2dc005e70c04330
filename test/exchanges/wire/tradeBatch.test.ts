import { assert, describe, it } from "@effect/vitest"
import type { TradeEvent } from "../../../src/domain/Event.ts"
import { tradeBatch } from "../../../src/exchanges/wire/tradeBatch.ts"

const tradeOf = (tradeId: string, data: Buffer): TradeEvent => ({
  dataType: "trade",
  symbol: "x",
  sequenceId: tradeId,
  timestampCollector: 0,
  timestampExchange: null,
  data,
  position: null,
  tradeId,
  price: 1,
  size: 1,
  side: "buy"
})

const batch = (text: string) => {
  const values: unknown = JSON.parse(text).data
  if (!Array.isArray(values)) return assert.fail("no array")
  return tradeBatch(
    Buffer.from(text),
    ["data"],
    values,
    (value, data) => typeof value === "number" ? tradeOf(String(value), data) : "not a number"
  )
}

describe("tradeBatch", () => {
  it("gives each value its own bytes, and a bad one only itself", () => {
    const { events, problems } = batch(`{ "data": [ 1.50 , "x", 2e0 ] }`)
    assert.deepStrictEqual(events, [tradeOf("1.5", Buffer.from("1.50")), tradeOf("2", Buffer.from("2e0"))])
    assert.deepStrictEqual(problems, [{ _tag: "Malformed", reason: "not a number" }])
  })

  it("gives nothing where bytes and values may not belong together", () => {
    for (const text of [`{"data":[]}`, `{"data":[1],"d\\u0061ta":[1,2]}`, `{"d\\u0061ta":[1]}`]) {
      const { events, problems } = batch(text)
      assert.deepStrictEqual(events, [], text)
      assert.deepStrictEqual(problems, [{ _tag: "Malformed", reason: "no trades in data" }], text)
    }
  })
})
