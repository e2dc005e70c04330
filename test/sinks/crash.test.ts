import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Logger } from "effect"
import { dirname } from "node:path"
import { dataDir, type History, run } from "./crashModel.ts"
import { parquetRows } from "./readers.ts"

const runs = Number(process.env["TICKLAKE_CRASH_RUNS"] ?? 300)
const firstSeed = Number(process.env["TICKLAKE_CRASH_SEED"] ?? 1)

/** Every durable row once, no row that was never given, in order within a file, and nothing left over. */
const check = Effect.fnUntraced(
  function*({ appended, disk, durable, removals, removalsWhileRunning, stored, taken }: History) {
    const found = new Map([...appended.keys()].map((feed) => [feed, new Array<string>()]))
    // What the power loss brought back is the same file.
    const again = (path: string, content: Buffer) =>
      stored.some((each) => each.path === path && each.content.equals(content))
    const local = [...disk.files(dataDir)].filter(([path, content]) => !again(path, content))
    for (const [path, content] of [...local, ...stored.map(({ content, path }) => [path, content] as const)]) {
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
      const lost = [...durable.get(feed)!].filter((id) => !present.has(id) && !taken.get(feed)!.has(id))
      assert.deepStrictEqual(lost, [], `${feed}: lost`)
    }
    // Nothing was damaged but by the crash itself, and that is no reason to bother anybody; a hand is.
    const reasons = [...disk.files(dataDir)].filter(([path]) => path.endsWith(".reason.txt")).map(([, text]) =>
      `${text}`
    )
    for (const reason of reasons) assert.match(reason, /was removed before it was sealed/)
    assert.isAtLeast(reasons.length, removals)
    // What the recorder noticed is told in its log.
    assert.isAtMost(reasons.length, removals + removalsWhileRunning)
  }
)

describe("journal, sinks and recovery on a disk that loses, tears and reorders what was not synced", () => {
  it.effect("every durable row is in exactly one sealed file exactly once", () =>
    Effect.gen(function*() {
      let removals = 0
      let removalsWhileRunning = 0
      let stored = 0
      for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
        const history = yield* run(seed).pipe(
          Effect.tap(check),
          Effect.catchCause((cause) => Effect.die(new Error(`seed ${seed}: ${Cause.pretty(cause)}`)))
        )
        removals += history.removals
        removalsWhileRunning += history.removalsWhileRunning
        stored += history.stored.length
      }
      assert.isAbove(removals, runs / 30)
      assert.isAbove(removalsWhileRunning, runs / 10)
      assert.isAbove(stored, runs / 3)
    }).pipe(Effect.provide(Logger.layer([]))), 600_000)
})
