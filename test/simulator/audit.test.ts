import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { audit, type RecordedRow } from "../../src/simulator/audit.ts"
import type { ConnectionRecord, Entry } from "../../src/simulator/Ledger.ts"

const entryOf = (connection: number, data: string): Entry => ({
  connection,
  venue: "okx",
  symbol: "BTC-USDT",
  dataType: "trade",
  sequenceId: null,
  data,
  timestampExchange: null,
  trade: null,
  isSnapshot: null,
  history: false,
  sentAtMillis: 0,
  duplicate: false
})

const connectionOf = (connection: number, suffixMayBeLost: boolean): ConnectionRecord => ({
  connection,
  venue: "okx",
  address: { listener: 0, host: "127.0.0.1", path: "/ws/v5/public", query: "" },
  openedAt: 0,
  subscriptions: [],
  closedAt: 1,
  end: suffixMayBeLost ? "fault:abrupt" : "clean",
  suffixMayBeLost
})

const rowOf = (data: string, dataType = "trade"): RecordedRow => ({
  exchange: "okx",
  symbol: "btcusdt",
  dataType,
  sequenceId: "",
  exchangeMicros: null,
  origin: "live",
  data
})

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))

describe("audit", () => {
  it.prop(
    "finds every row that is missing or too many",
    [Arbitrary.array(Arbitrary.schema(Count), { minLength: 1, maxLength: 30 })],
    ([copies]) => {
      const entries = copies.map((_, i) => entryOf(1, `event ${i}`))
      const rows = copies.flatMap((count, i) => Array.from({ length: count }, () => rowOf(`event ${i}`)))
      const [found] = audit(entries, [connectionOf(1, false)], rows)
      assert.strictEqual(found?.missing.length, copies.filter((count) => count === 0).length)
      assert.strictEqual(found?.surplus.length, copies.reduce((sum, count) => sum + Math.max(0, count - 1), 0))
    }
  )

  it("excuses only the end of a connection that was cut", () => {
    const entries = ["a", "b", "c", "d"].map((data) => entryOf(1, data))
    const [suffix] = audit(entries, [connectionOf(1, true)], [rowOf("a"), rowOf("b")])
    assert.deepStrictEqual([suffix?.missing.length, suffix?.lostWithConnection.length], [0, 2])
    const [hole] = audit(entries, [connectionOf(1, true)], [rowOf("a"), rowOf("c")])
    assert.deepStrictEqual([hole?.missing.map((entry) => entry.data), hole?.lostWithConnection.length], [["b"], 1])
    const [orderly] = audit(entries, [connectionOf(1, false)], [rowOf("a"), rowOf("b")])
    assert.deepStrictEqual([orderly?.missing.length, orderly?.lostWithConnection.length], [2, 0])
  })

  it("wants a trade once that was sent twice, and a book as often as the venue means it", () => {
    const counts = (entry: Entry, rows: number) => {
      const book = { ...rowOf("a"), dataType: entry.dataType }
      const [found] = audit([entry, { ...entry }], [connectionOf(1, false)], Array.from({ length: rows }, () => book))
      return [found?.missing.length, found?.surplus.length]
    }
    const trade = entryOf(1, "a")
    assert.deepStrictEqual([0, 1, 2, 3].map((rows) => counts(trade, rows)), [[1, 0], [0, 0], [0, 0], [0, 1]])
    const book: Entry = { ...trade, dataType: "orderbook" }
    assert.deepStrictEqual([1, 2].map((rows) => counts(book, rows)), [[1, 0], [0, 0]])
    const repeated = [book, { ...book, duplicate: true }]
    const rows = [{ ...rowOf("a"), dataType: "orderbook" }]
    assert.strictEqual(audit(repeated, [connectionOf(1, false)], rows)[0]?.missing.length, 0)
  })

  it("wants what went over two connections once, whichever of them it came over", () => {
    const trade = { ...entryOf(1, "realtime"), sequenceId: "7", timestampExchange: 1_000 }
    const again = { ...trade, connection: 2, data: "snapshot" }
    const connections = [connectionOf(1, true), connectionOf(2, false)]
    const found = (sent: ReadonlyArray<Entry>, ...texts: ReadonlyArray<string>) => {
      const rows = texts.map((data) => rowOf(data, sent[0]?.dataType))
      const [result] = audit(sent, connections, rows)
      return [result?.missing.length, result?.lostWithConnection.length, result?.surplus.length]
    }
    assert.deepStrictEqual(found([trade, again], "realtime"), [0, 0, 0])
    assert.deepStrictEqual(found([trade, again], "snapshot"), [0, 0, 0])
    // The second connection had to be read to its end, so the loss of the first one excuses nothing.
    assert.deepStrictEqual(found([trade, again]), [1, 0, 0])
    assert.deepStrictEqual(found([trade]), [0, 1, 0])
    // The same id at another time is another trade: the venue began to number anew.
    assert.deepStrictEqual(found([trade, { ...again, timestampExchange: 2_000 }], "realtime"), [1, 0, 0])
    const book: Entry = { ...entryOf(1, "update"), dataType: "orderbook" }
    assert.deepStrictEqual(found([book, { ...book, connection: 2 }], "update"), [0, 0, 0])
    assert.deepStrictEqual(found([book, { ...book, connection: 2 }]), [1, 0, 0])
  })

  it("holds rows of a feed that was never sent against the recorder", () => {
    const found = audit([], [], [rowOf("a")])
    assert.deepStrictEqual(found.map(({ feedId, surplus }) => [feedId, surplus]), [["okx/btcusdt/trade", ["a"]]])
  })
})
