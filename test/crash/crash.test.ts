import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Console, Effect, FileSystem, Path, Random } from "effect"
import { readRows } from "../../src/cli/readRows.ts"
import { venues } from "../../src/domain/Venue.ts"
import { audit } from "../../src/simulator/audit.ts"
import { accountForTrades } from "../endToEnd/accounting.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { brokenLinks } from "../sinks/chain.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import type { S3StandIn } from "../upload/s3StandIn.ts"
import { configText, exited, start } from "./recorderProcess.ts"

/** Of a recorder that archives; a quarter as many of one that uploads. */
const kills = Number(process.env["TICKLAKE_KILLS"] ?? 80)
const commitMillis = 100
/**
 * How long before a kill an event may have been sent and yet be missing: one commit interval, and the time from the
 * simulator's clock to the end of the commit, on a machine with more to do than processors.
 */
const graceMillis = commitMillis + Number(process.env["TICKLAKE_GRACE_MS"] ?? 1500)

/** Kills a recorder again and again, ends it in order, and compares what is in its archive with what was sent. */
const crash = Effect.fnUntraced(function*(kills: number, store: S3StandIn | null) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-crash-" })
  const simulator = yield* Simulator.make({ rate: 300 })
  const configPath = `${folder}/config.toml`
  yield* fs.writeFileString(configPath, configText({ folder, simulator, venues, store, commitMillis }))
  for (let kill = 0; kill < kills; kill++) {
    const { child, recording, state } = yield* start(configPath, store)
    // A third dies within the start and its recovery, the others while recording, sealing and moving.
    if ((yield* Random.next) < 1 / 3) yield* Effect.sleep(yield* Random.nextBetween(200, 1300))
    else yield* Effect.andThen(recording, Effect.sleep(yield* Random.nextBetween(0, 2500)))
    assert.isNull(child.exitCode, state.said)
    child.kill("SIGKILL")
    yield* exited(child)
  }

  const last = yield* start(configPath, store)
  yield* last.recording
  const enough = simulator.ledger.count + 2000
  yield* simulator.until((ledger) => ledger.count > enough)
  yield* simulator.stopTraffic
  yield* simulator.flushed
  last.child.kill("SIGTERM")
  assert.strictEqual(yield* exited(last.child), 0, last.state.said)

  for (const [key, { body }] of store?.objects() ?? []) {
    const target = path.join(folder, "archive", key)
    yield* fs.makeDirectory(path.dirname(target), { recursive: true })
    yield* fs.writeFile(target, body)
  }
  assert.deepStrictEqual(yield* Effect.promise(() => brokenLinks(`${folder}/archive`)), [])
  const rows = yield* readRows(`${folder}/archive`)
  const connections = new Map(simulator.ledger.connections().map((each) => [each.connection, each]))
  let lost = 0
  let oldestMillis = 0
  for (const found of audit(simulator.ledger.entries(), simulator.ledger.connections(), rows)) {
    assert.deepStrictEqual(
      { feed: found.feedId, missing: found.missing.length, doubled: found.surplus.length },
      { feed: found.feedId, missing: 0, doubled: 0 }
    )
    for (const entry of found.lostWithConnection) {
      const closedAt = connections.get(entry.connection)?.closedAt ?? 0
      oldestMillis = Math.max(oldestMillis, closedAt - entry.sentAtMillis)
      assert.isAtLeast(entry.sentAtMillis, closedAt - graceMillis, `${found.feedId}: a durable row is lost`)
    }
    lost += found.lostWithConnection.length
  }
  // By their ids and times: a trade that was sent over two connections, or fetched, is one trade.
  for (const { doubled, feed } of yield* accountForTrades(simulator, `${folder}/archive`)) {
    assert.deepStrictEqual({ feed, doubled: doubled.slice(0, 3) }, { feed, doubled: [] })
  }
  const left = yield* fs.readDirectory(`${folder}/recording`, { recursive: true })
  assert.deepStrictEqual(left.filter((name) => name.endsWith(".parquet") || name.includes("quarantine/")), [])
  yield* Console.log(
    `${kills} kills: ${simulator.ledger.count} events sent, ${rows.length} rows in files, none doubled; ${lost} lost with ` +
      `the recorder, the oldest sent ${oldestMillis} ms before its end`
  )
})

describe("crash", () => {
  it.live(
    `a recorder killed ${kills} times loses no durable row and doubles none`,
    () => crash(kills, null).pipe(Effect.provide(NodeServices.layer)),
    60_000 + kills * 10_000
  )

  const uploading = Math.ceil(kills / 4)
  it.live(
    `a recorder killed ${uploading} times while it uploads has every row in the store exactly once`,
    () =>
      Effect.gen(function*() {
        const store = yield* s3StandIn.make()
        // Answers that come late or never leave the kills a wide gap between PUT, HEAD and delete.
        store.fail("PutObject", { kind: "answerLost" }, uploading)
        store.fail("HeadObject", { kind: "status", status: 503, code: "SlowDown" }, uploading)
        yield* crash(uploading, store)
      }).pipe(Effect.provide(NodeServices.layer)),
    60_000 + kills * 10_000
  )
})
