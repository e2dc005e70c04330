import { assert, describe, it } from "@effect/vitest"
import { believableTail } from "../../src/feeds/believableTail.ts"

const nowMicros = 1_700_000_000_000_000
const tail = { lastId: "7", lastReceivedMicros: nowMicros + 5_000_000, lastExchangeMicros: null, recentIds: [] }
const fileFrom = (millis: number) => ({ path: `okx/btcusdt/orderbook/2023-11-14/${millis}.parquet`, sha256: "00" })

describe("the newest row as far as it can be believed", () => {
  it("is the one that is known", () => {
    const known = { ...tail, lastReceivedMicros: nowMicros - 1 }
    assert.strictEqual(believableTail({ tail: known, gaps: [], previousFile: null }, nowMicros), known)
    assert.isNull(believableTail({ tail: null, gaps: [], previousFile: null }, nowMicros))
  })

  it("was received when the last file began, where its own time is still to come", () => {
    const before = nowMicros / 1000 - 60_000
    const at = (millis: number | null) =>
      believableTail({ tail, gaps: [], previousFile: millis === null ? null : fileFrom(millis) }, nowMicros)
        ?.lastReceivedMicros
    assert.strictEqual(at(before), before * 1000)
    assert.strictEqual(at(nowMicros / 1000 + 1), nowMicros)
    assert.strictEqual(at(null), nowMicros)
  })
})
