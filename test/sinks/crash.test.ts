import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Logger } from "effect"
import { dirname } from "node:path"
import { dataDir, type History, run } from "./crashModel.ts"
import { parquetRows } from "./readers.ts"

const runs = Number(process.env["TICKLAKE_CRASH_RUNS"] ?? 300)
const firstSeed = Number(process.env["TICKLAKE_CRASH_SEED"] ?? 1)

/** Every durable row once, no row that was never given, in order within a file, and nothing left over. */
const check = Effect.fnUntraced(function*({ appended, disk, durable }: History) {
  const found = new Map([...appended.keys()].map((feed) => [feed, new Array<string>()]))
  for (const [path, content] of disk.files(dataDir)) {
    assert.notMatch(path, /^\.(?:open|journal)\//)
    if (!path.endsWith(".parquet")) continue
    if (path.startsWith("quarantine/")) continue
    const feed = dirname(dirname(path))
    const ids = (yield* Effect.promise(() => parquetRows(content))).map((row) => Number(row.exchange_sequence_id))
    assert.isAbove(ids.length, 0)
    assert.deepStrictEqual(ids, ids.toSorted((a, b) => a - b), `${path} is out of order`)
    found.get(feed)!.push(...ids.map(String))
  }
  for (const [feed, ids] of found) {
    const given = new Set(appended.get(feed))
    assert.deepStrictEqual(ids.filter((id) => !given.has(id)), [], `${feed}: never given`)
    assert.deepStrictEqual(ids.filter((id, at) => ids.indexOf(id) !== at), [], `${feed}: twice`)
    const present = new Set(ids)
    assert.deepStrictEqual([...durable.get(feed)!].filter((id) => !present.has(id)), [], `${feed}: lost`)
  }
})

describe("journal, sinks and recovery on a disk that loses, tears and reorders what was not synced", () => {
  it.effect("every durable row is in exactly one sealed file exactly once", () =>
    Effect.gen(function*() {
      const quarantined: Array<string> = []
      for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
        const history = yield* run(seed).pipe(
          Effect.tap(check),
          Effect.catchCause((cause) => Effect.die(new Error(`seed ${seed}: ${Cause.pretty(cause)}`)))
        )
        for (const [path, content] of history.disk.files(dataDir)) {
          if (path.endsWith(".reason.txt")) quarantined.push(`seed ${seed}: ${path}: ${content.toString()}`)
        }
      }
      // Nothing was damaged but by the crash itself, and that is no reason to bother anybody.
      assert.deepStrictEqual(quarantined, [])
    }).pipe(Effect.provide(Logger.layer([]))), 600_000)
})
