import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Logger, Path } from "effect"
import { createHash } from "node:crypto"
import { dirname } from "node:path"
import type { Gap } from "../../src/domain/Gap.ts"
import * as MemoryKeeper from "../../src/sinks/MemoryKeeper.ts"
import { allSeries, dataDir, type History, rowOf, run } from "./crashModel.ts"
import { parquetMetadata, parquetRows } from "./readers.ts"

const runs = Number(process.env["TICKLAKE_CRASH_RUNS"] ?? 300)
const firstSeed = Number(process.env["TICKLAKE_CRASH_SEED"] ?? 1)
/** And those that once found what the first ones had not. */
const seeds = [...Array.from({ length: runs }, (_, run) => firstSeed + run), 5043, 5119]

/** The place of a row in its series, which its id tells. */
const indexOf = (id: string): number => Number(id.split("#").at(-1))

/** What recovery knows is what the files hold, and each file names the one before it, so that none can be missing unnoticed. */
const checkMemory = Effect.fnUntraced(
  function*(
    disk: History["disk"],
    found: ReadonlyMap<string, ReadonlyArray<string>>,
    files: ReadonlyMap<string, ReadonlyMap<string, Buffer>>
  ) {
    const keepers = MemoryKeeper.make(disk.fileSystem, yield* Path.Path, dataDir)
    for (const series of allSeries) {
      const ids = found.get(series.id)!.toSorted((a, b) => indexOf(a) - indexOf(b))
      const { gaps, previousFile, tail } = (yield* keepers(series)).memory()
      const last = ids.at(-1)
      assert.strictEqual(tail?.lastId, last, series.id)
      if (tail === null || last === undefined) continue
      const newest = rowOf(series, indexOf(last) % 1_000_000)
      assert.strictEqual(tail.lastReceivedMicros, newest.timestampCollector)
      assert.strictEqual(tail.lastExchangeMicros, newest.timestampExchange)
      assert.sameMembers([...tail.recentIds], series.dataType === "trade" ? ids.slice(-512) : [])
      assert.sameDeepMembers([...gaps], series.dataType === "gap" ? unsettled(ids.map(indexOf)) : [], series.id)
      // From the newest file back to the first.
      const left = new Map(files.get(series.id))
      for (let next = previousFile; next !== null;) {
        const content = left.get(next.path)
        assert.isDefined(content, `${next.path} is named and not there`)
        left.delete(next.path)
        assert.strictEqual(createHash("sha256").update(content!).digest("hex"), next.sha256, next.path)
        const said = yield* Effect.promise(async () => parquetMetadata(content!))
        const [path, sha256] = [said["ticklake.previous_file"], said["ticklake.previous_sha256"]]
        next = path === undefined || sha256 === undefined || path === "" ? null : { path, sha256 }
      }
      assert.deepStrictEqual([...left.keys()], [], `${series.id}: named by no file`)
    }
  },
  Effect.provide(Path.layer)
)

/** The last word on each gap, where it is that something is missing. */
const unsettled = (indexes: ReadonlyArray<number>): Array<Gap> => {
  const byId = new Map<string, Gap>()
  for (const index of indexes) {
    const row = rowOf(allSeries[2]!, index)
    if (row.dataType === "gap") byId.set(row.gap.id, row.gap)
  }
  return [...byId.values()].filter(({ status }) => status === "open" || status === "missing")
}

/** Every durable row once, no row that was never given, in order within a file, and nothing left over. */
const check = Effect.fnUntraced(
  function*({ appended, disk, durable, removals, removalsWhileRunning, stored, taken }: History) {
    const found = new Map([...appended.keys()].map((feed) => [feed, new Array<string>()]))
    const files = new Map([...appended.keys()].map((feed) => [feed, new Map<string, Buffer>()]))
    // What the power loss brought back is the same file.
    const again = (path: string, content: Buffer) =>
      stored.some((each) => each.path === path && each.content.equals(content))
    const local = [...disk.files(dataDir)].filter(([path, content]) => !again(path, content))
    for (const [path, content] of [...local, ...stored.map(({ content, path }) => [path, content] as const)]) {
      assert.notMatch(path, /^\.(?:open|journal)\//)
      if (!path.endsWith(".parquet")) continue
      if (path.startsWith("quarantine/")) continue
      const feed = dirname(dirname(path))
      const ids = (yield* Effect.promise(() => parquetRows(content))).map((row) => String(row.exchange_sequence_id))
      assert.isAbove(ids.length, 0)
      assert.deepStrictEqual(ids, ids.toSorted((a, b) => indexOf(a) - indexOf(b)), `${path} is out of order`)
      found.get(feed)!.push(...ids)
      files.get(feed)!.set(path, content)
    }
    for (const [feed, ids] of found) {
      const given = new Set(appended.get(feed))
      assert.deepStrictEqual(ids.filter((id) => !given.has(id)), [], `${feed}: never given`)
      assert.deepStrictEqual(ids.filter((id, at) => ids.indexOf(id) !== at), [], `${feed}: twice`)
      const present = new Set(ids)
      const lost = [...durable.get(feed)!].filter((id) => !present.has(id) && !taken.get(feed)!.has(id))
      assert.deepStrictEqual(lost, [], `${feed}: lost`)
    }
    yield* checkMemory(disk, found, files)
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
      for (const seed of seeds) {
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
