import { assert, it } from "@effect/vitest"
import { setImmediate as immediate } from "node:timers/promises"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import * as Feed from "../../src/domain/Feed.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import { encodeRowGroup } from "../../src/sinks/rowGroupEncoder.ts"
import { trades } from "./events.ts"

setFlagsFromString("--expose-gc")
const collectGarbage = runInNewContext("gc") as () => void

const feed = Feed.make("binance", "BTC-USDT", "trade")
/** Large enough that what a compression answers is the beginning of a larger piece of memory. */
const leastRows = 2000
const rowGroups = 150

const encode = async (rows: number) => {
  const buffer = new RowBuffer(feed)
  for (const row of trades(rows)) buffer.append(row)
  await encodeRowGroup(buffer, 0, 1)
  buffer.release()
}

/** No two row groups of one length: the pages of each are new ones. */
const encodeMany = async (from: number) => {
  for (let more = 0; more < rowGroups; more++) await encode(from + more)
  // What has gone to old space goes with the first, what only that was holding with the next one.
  for (let times = 0; times < 3; times++) {
    collectGarbage()
    await immediate()
  }
  return process.memoryUsage().arrayBuffers
}

it("of row groups that are written nothing stays in memory but the few bytes of their constant pages", async () => {
  // The first time leaves memory behind that is used again.
  const before = await encodeMany(leastRows)
  assert.isBelow(await encodeMany(leastRows + rowGroups) - before, 512 * 1024)
})
